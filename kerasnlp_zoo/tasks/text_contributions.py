"""What each text contributes to the score of a task, for comparisons of two models on the same texts.

Shapes: N texts, K numbers of each text.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.correlation import correlations, cosines
from kerasnlp_zoo.evaluation.entities import unlabelled
from kerasnlp_zoo.evaluation.question_answering import question_answering_scores
from kerasnlp_zoo.evaluation.significance import Score
from kerasnlp_zoo.evaluation.translation import bleu_from_statistics, bleu_statistics
from kerasnlp_zoo.tasks.language_modeling import LanguageModeling
from kerasnlp_zoo.tasks.multi_label_classification import MultiLabelClassification
from kerasnlp_zoo.tasks.question_answering import QuestionAnswering
from kerasnlp_zoo.tasks.sentence_similarity import SentenceSimilarity
from kerasnlp_zoo.tasks.span_tags import TOKENS
from kerasnlp_zoo.tasks.task import Task, Texts, require_references
from kerasnlp_zoo.tasks.text_classification import TextClassification
from kerasnlp_zoo.tasks.text_regression import TextRegression
from kerasnlp_zoo.tasks.token_classification import TokenClassification
from kerasnlp_zoo.tasks.translation import Translation
from kerasnlp_zoo.tasks.tree_classification import TreeClassification


@dataclasses.dataclass(frozen=True)
class TextContributions:
    """What the score of a task is computed from.

    Attributes:
        values: float64 [N, K], the numbers of each text.
        score: function that computes the score of `evaluate` from the rows of any texts.
        metric: name of the score.
        is_right: bool [N], whether the answer is correct; None if an answer is not simply right or wrong.
    """

    values: np.ndarray
    score: Score
    metric: str
    is_right: np.ndarray | None = None


def text_contributions(task: Task, texts: Texts, references: Sequence[Any] | None) -> TextContributions:
    """Answer texts, and return what each of them contributes to the score that `evaluate` returns.

    Args:
        task: a task of `COMPARED`.
        texts: texts as for `task.evaluate`.
        references: references as for `task.evaluate`.

    Raises:
        InputError: if the task has no such score, or the texts or references are not those of the task.
    """
    if task.name not in COMPARED:
        raise InputError(f"Entries of {task.name} cannot be compared. Expected one of {', '.join(COMPARED)}")
    return COMPARED[task.name](task, texts, references)


def _mean(values: np.ndarray) -> float:
    return 100 * float(values.mean())


def _f1(values: np.ndarray) -> float:
    """Return F1 from the numbers of predicted, expected and correct items."""
    predicted, expected, correct = values.sum(axis=0)
    return 200 * float(correct) / float(predicted + expected) if correct else 0.0


def _recall(values: np.ndarray) -> float:
    _, expected, correct = values.sum(axis=0)
    return 100 * float(correct) / float(expected) if expected else 0.0


def _spearman(values: np.ndarray) -> float:
    return 100 * correlations(values[:, 0], values[:, 1])["spearman"]


def _perplexity(values: np.ndarray) -> float:
    log_probability, tokens = values.sum(axis=0)
    return float(np.exp(-log_probability / tokens))


def _classified(task: TextClassification, texts: Texts, references: Sequence[Any] | None) -> TextContributions:
    expected = task.label_ids(require_references(texts, references, "a label"))
    is_right = np.argmax(task.outputs(texts)["probabilities"], axis=-1) == expected
    return TextContributions(is_right[:, np.newaxis].astype("float64"), _mean, "accuracy", is_right)


def _parsed(task: TreeClassification, texts: Texts, references: Sequence[Any] | None) -> TextContributions:
    roots = [labels[0] for labels in references or ()] if task.has_node_labels else references
    return _classified(task, texts, roots)


def _with_label_sets(
    task: MultiLabelClassification, texts: Texts, references: Sequence[Any] | None
) -> TextContributions:
    expected = task.label_ids(require_references(texts, references, "the labels")) > 0
    found = task.outputs(texts)["probabilities"] >= np.array(task.thresholds, "float32")
    counts = np.stack([found.sum(axis=1), expected.sum(axis=1), (found & expected).sum(axis=1)], axis=1)
    return TextContributions(counts.astype("float64"), _f1, "micro_f1")


def _tagged(task: TokenClassification, texts: Sequence[str], references: Sequence[Any] | None) -> TextContributions:
    found, expected, metric = task.compared_spans(texts, references)
    if metric == "unlabelled_f1":
        found, expected = unlabelled(found), unlabelled(expected)
    rows = [(set(spans), set(true)) for spans, true in zip(found, expected, strict=True)]
    counts = np.array([(len(spans), len(true), len(spans & true)) for spans, true in rows], "float64")
    return TextContributions(counts, _recall if task.scheme == TOKENS else _f1, metric)


def _asked(task: QuestionAnswering, texts: Texts, references: Sequence[Any] | None) -> TextContributions:
    references = require_references(texts, references, "a list of answers")
    answers = [answer["answer"] for answer in task.predict(texts)]
    language = task.preprocessor.language
    f1 = [
        question_answering_scores([answer], [true], language)["f1"]
        for answer, true in zip(answers, references, strict=True)
    ]
    return TextContributions(np.array(f1)[:, np.newaxis], _mean, "f1")


def _scored(task: TextRegression, texts: Texts, references: Sequence[Any] | None) -> TextContributions:
    expected = task.label_ids(require_references(texts, references, "a score", least=2))
    return TextContributions(np.stack([task.outputs(texts)["score"], expected], axis=1), _spearman, "spearman")


def _similar(task: SentenceSimilarity, texts: Texts, references: Sequence[Any] | None) -> TextContributions:
    expected = np.array(require_references(texts, references, "a score", least=2), "float64")
    first, second = zip(*texts, strict=True)
    vectors = task.vectors([*first, *second])
    found = cosines(vectors[: len(first)], vectors[len(first) :])
    return TextContributions(np.stack([found, expected], axis=1), _spearman, "spearman")


def _continued(task: LanguageModeling, texts: Sequence[str], references: Sequence[Any] | None) -> TextContributions:
    return TextContributions(task.line_scores(texts, references), _perplexity, "perplexity")


def _translated(task: Translation, texts: Texts, references: Sequence[Any] | None) -> TextContributions:
    references = require_references(texts, references, "a list of translations")
    translations = [answer["text"] for answer in task.predict(texts)]
    statistics = bleu_statistics(translations, references, task.preprocessor.target_language)
    return TextContributions(statistics, bleu_from_statistics, "bleu")


COMPARED: dict[str, Callable[[Any, Any, Sequence[Any] | None], TextContributions]] = {
    "text_classification": _classified,
    "feature_classification": _classified,
    "tree_classification": _parsed,
    "multi_label_classification": _with_label_sets,
    "token_classification": _tagged,
    "question_answering": _asked,
    "text_regression": _scored,
    "sentence_similarity": _similar,
    "language_modeling": _continued,
    "translation": _translated,
}
