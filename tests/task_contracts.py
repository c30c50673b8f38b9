"""The promises that each small task is tried on. A new task adds a line to TASKS.

small_tasks.py makes the tasks; test_task_contracts.py proves the promises.
"""

import dataclasses
import functools
import re
import typing

import keras
import numpy as np

from kerasnlp_zoo.evaluation.analogies import AnalogyQuestions
from kerasnlp_zoo.evaluation.word_similarity import WordPairs
from kerasnlp_zoo.tasks.span_tags import tags_for
from tests.quick_cases import FAMILIES
from tests.small_tasks import (
    LABEL_SETS,
    LABELS,
    ROWS,
    STRANGE,
    STRANGE_TREES,
    TEXTS,
    TREES,
    WORDS,
    feature_classification,
    fill_mask,
    language_modeling,
    language_modeling_by_ngrams,
    language_modeling_by_nnlm,
    language_modeling_by_transformer,
    multi_label_classification,
    pair_classification,
    question_answering,
    sentence_similarity,
    tagging_with_crf,
    text_classification,
    text_regression,
    token_classification,
    translation_by_seq2seq,
    translation_by_transformer,
    tree_classification,
    word_embedding,
    word_embedding_with_contexts,
    word_pair_classification,
)


@dataclasses.dataclass(frozen=True)
class TaskCase:
    """A function that makes a small task, and texts for it.

    Args:
        make: function that returns a new task.
        module: name of the module of the model.
        numbers: name of the output that int8 weights may change a little.
        texts: tuple of str.
        labels: tuple, one per text; empty for a task that is not trained on labels.
        other_labels: tuple of str, labels for a new output layer; empty if the labels cannot be chosen.
        strange: tuple of texts that careless preprocessing cannot answer.
        evaluated: tuple of examples to evaluate the task on; the texts if it is empty.
        references: list of their references, None for a task that needs none.
        quantizable: bool, whether the model has a layer that Keras can quantize.
    """

    make: callable
    module: str
    numbers: str
    texts: tuple = tuple(TEXTS)
    labels: tuple = tuple(LABELS)
    other_labels: tuple = ("a", "b", "c")
    strange: tuple = STRANGE
    evaluated: tuple = ()
    references: list | None = None
    quantizable: bool = True

    def __str__(self):
        return self.make.__name__

    @property
    def type(self):
        """Class of the task."""
        return typing.get_type_hints(self.make)["return"]

    @property
    def family(self):
        """Name of the family of the model."""
        return FAMILIES.get(self.module, self.module)

    @functools.cached_property
    def task(self):
        """The task, which tests share, because tracing its graph takes seconds. They do not change it."""
        keras.utils.set_random_seed(0)
        return self.make()


WORD_QUERIES = {
    "texts": (*WORDS, "Queen", "ＣＵＰ", "cafe\u0301", "unheard", "two words"),
    "labels": (),
    "other_labels": (),
    "evaluated": (
        WordPairs("pairs", [("king", "queen"), ("cup", "mug"), ("cup", "bus")], np.array([9.0, 8.0, 1.0])),
        AnalogyQuestions("questions", {"family": [("man", "king", "woman", "queen")]}),
    ),
}

TASKS = [
    TaskCase(text_classification, "text_cnn", "probabilities", references=LABELS),
    TaskCase(
        multi_label_classification,
        "text_cnn",
        "probabilities",
        labels=tuple(LABEL_SETS),
        references=LABEL_SETS,
    ),
    TaskCase(
        feature_classification,
        "linear",
        "probabilities",
        ROWS,
        labels=("hired", "rejected", "hired", "rejected", "hired"),
        strange=("1e30,-1e30,0,0", [1e-40] * 4),
        references=["hired", "rejected", "hired", "rejected", "hired"],
    ),
    TaskCase(
        pair_classification,
        "bert_heads",
        "probabilities",
        tuple(zip(TEXTS, TEXTS[::-1], strict=True)),
        strange=tuple((text, other) for text in STRANGE for other in STRANGE),
        references=LABELS,
    ),
    TaskCase(
        word_pair_classification,
        "transformer_encoder",
        "probabilities",
        tuple(zip(TEXTS, TEXTS[::-1], strict=True)),
        strange=tuple((text, other) for text in STRANGE for other in STRANGE),
        references=LABELS,
    ),
    TaskCase(
        text_regression,
        "bert_heads",
        "score",
        labels=tuple(map(float, range(len(TEXTS)))),
        other_labels=(),
        references=list(range(len(TEXTS))),
    ),
    TaskCase(
        token_classification,
        "bert_heads",
        "probabilities",
        labels=tuple([(0, 1, "THING")] for _ in TEXTS),
        other_labels=tuple(tags_for(["NAME"])),
        references=[[(0, 1, "THING")]] * len(TEXTS),
    ),
    TaskCase(
        tagging_with_crf,
        "bilstm_crf",
        "probabilities",
        labels=tuple([(0, 1, "THING")] for _ in TEXTS),
        other_labels=tuple(tags_for(["NAME"], "bmes")),
        references=[[(0, 1, "THING")]] * len(TEXTS),
    ),
    TaskCase(
        question_answering,
        "bert_heads",
        "probabilities",
        tuple((text, f"{text} . {other}") for text, other in zip(TEXTS, TEXTS[::-1], strict=True)),
        labels=((0, 4), None, *[(2, 6)] * 9),
        other_labels=(),
        strange=tuple((text, other) for text in STRANGE for other in STRANGE),
        references=[[text] for text in TEXTS],
    ),
    TaskCase(
        tree_classification,
        "tree_lstm",
        "node_probabilities",
        TREES,
        labels=tuple(re.findall(r"\((\S)", text) for text in TREES),
        strange=STRANGE_TREES,
        references=[re.findall(r"\((\S)", text) for text in TREES],
    ),
    TaskCase(
        sentence_similarity,
        "bert_heads",
        "vector",
        labels=(),
        other_labels=(),
        evaluated=tuple(zip(TEXTS, TEXTS[::-1], strict=True)),
        references=list(range(len(TEXTS))),
    ),
    TaskCase(
        fill_mask,
        "bert_heads",
        "probabilities",
        ("a [MASK] film", "the actors are [MASK] .", "[MASK]", "too long and too[MASK]"),
        labels=(),
        other_labels=(),
        strange=("ＣＡＦＥ\u0301 [MASK] 👍🏽", "word " * 3000 + "[MASK]"),
    ),
    TaskCase(language_modeling, "rnn_language_model", "next_probabilities", labels=(), other_labels=()),
    TaskCase(language_modeling_by_nnlm, "nnlm", "next_probabilities", labels=(), other_labels=()),
    TaskCase(
        language_modeling_by_transformer,
        "transformer_language_model",
        "next_probabilities",
        labels=(),
        other_labels=(),
    ),
    TaskCase(
        language_modeling_by_ngrams,
        "ngram_language_model",
        "next_probabilities",
        labels=(),
        other_labels=(),
        quantizable=False,
    ),
    TaskCase(
        translation_by_transformer,
        "transformer",
        "unknown_share",
        labels=(),
        other_labels=(),
        references=[[text] for text in TEXTS],
    ),
    TaskCase(
        translation_by_seq2seq,
        "seq2seq",
        "unknown_share",
        labels=(),
        other_labels=(),
        references=[[text] for text in TEXTS],
    ),
    TaskCase(word_embedding, "word_embedding", "vector", **WORD_QUERIES),
    TaskCase(word_embedding_with_contexts, "word_embedding", "context_probabilities", **WORD_QUERIES),
]
