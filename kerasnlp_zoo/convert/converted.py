"""A BERT or DistilBERT from the files of another library, with everything that a model and a task need."""

import dataclasses
from typing import TYPE_CHECKING, Any, Self

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import Config, Language

if TYPE_CHECKING:
    import keras
    import numpy as np

    from kerasnlp_zoo.tasks import Task

CLASSIFIERS = ("bert_classifier", "bert_token_classifier")
# Builder of the file -> name of the task, and builder of the task's model.
TASKS_OF_BUILDERS = {
    "bert_classifier": ("text_classification", "bert_classifier"),
    "bert_token_classifier": ("token_classification", "bert_token_classifier"),
    "bert_span_predictor": ("question_answering", "bert_span_predictor"),
    "bert_masked_language_model": ("fill_mask", "bert_masked_language_model"),
    "bert_pretrainer": ("fill_mask", "bert_masked_language_model"),
    "sentence_encoder": ("sentence_similarity", "sentence_encoder"),
}


@dataclasses.dataclass(frozen=True)
class ConvertedBert:
    """A BERT model that was read from files of another library.

    Attributes:
        source: path of the files, for messages.
        builder: name of the builder of the model, such as "bert_classifier".
        arguments: arguments of the builder `bert`.
        weights: our variable paths -> float32 arrays, for the encoder and the heads that the files have.
        tokens: the vocabulary.
        lower_case: whether the tokenizer converts texts to lower case.
        max_sequence_length: number of tokens that texts are truncated to.
        head: arguments of the builder in addition to those of `bert` and num_classes, such as the pooling.
        labels: names of the classes; None for other builders.
        thresholds: the smallest probability of each label of a classifier that assigns any number of labels; None for
            other models.
        can_abstain: whether a "bert_span_predictor" was trained to answer that there is no answer.
        pairs: whether the files say that an example is a pair of texts, as for a CrossEncoder.
    """

    source: str
    builder: str
    arguments: Config
    weights: "dict[str, np.ndarray]"
    tokens: list[str]
    lower_case: bool
    max_sequence_length: int
    head: Config = dataclasses.field(default_factory=dict)
    labels: list[str] | None = None
    thresholds: list[float] | None = None
    can_abstain: bool = False
    pairs: bool = False

    def abstaining(self) -> Self:
        """Return the same model, whose task may answer that there is no answer, as on SQuAD 2.0.

        Raises:
            InputError: if the model does not answer questions.
        """
        if self.builder != "bert_span_predictor":
            raise InputError(f"Only a model that answers questions can abstain. Received: {self.builder} {self.source}")
        return dataclasses.replace(self, can_abstain=True)

    def model(self, builder: str | None = None, skip: str | None = None, **head_arguments: Any) -> "keras.Model":
        """Build a model with these weights.

        Args:
            builder: name of a builder of the family; None for the builder of the files.
            skip: prefix of the variable paths that keep their initial weights, such as "logits/" for a new head.
            **head_arguments: arguments of the builder in addition to the arguments of `bert`.

        Raises:
            InputError: if the files lack a weight of the model, or the shape of a weight differs.
        """
        from kerasnlp_zoo.models import build
        from kerasnlp_zoo.models.size_limit import limited_to
        from kerasnlp_zoo.weights import assign_weights

        if builder is None:
            builder, head_arguments = self.builder, {**self._head_arguments(), **head_arguments}
        with limited_to({path: value.shape for path, value in self.weights.items()}, self.source):
            model = build({"builder": builder, "arguments": {**self.arguments, **head_arguments}})
        paths = {weight.path for weight in model.weights}
        assign_weights(
            model,
            {path: self.weights[path] for path in paths & self.weights.keys()},
            self.source,
            (skip,) if skip else (),
        )
        return model

    def task(self, language: Language, pairs: bool = False) -> "Task":
        """Return the task with this model.

        Args:
            language: language of the texts.
            pairs: whether an example is a pair of texts. Only the files of a CrossEncoder contain this setting.

        Raises:
            InputError: if there is no task for the head, or the vocabulary lacks a special token.
        """
        from kerasnlp_zoo.tasks import TASKS
        from kerasnlp_zoo.tasks.question_answering import NO_ANSWER
        from kerasnlp_zoo.text import WordPiecePreprocessor, WordPieceVocabulary

        task, builder = TASKS_OF_BUILDERS.get(self.builder, ("", self.builder))
        if self.builder == "bert_classifier" and self._head_arguments()["num_classes"] == 1:
            task = "text_regression"  # a single output is a number, not a class
        if self.thresholds is not None:
            task = "multi_label_classification"
        if task not in TASKS:
            with_task = [builder for builder, (task, _) in TASKS_OF_BUILDERS.items() if task in TASKS]
            raise InputError(
                f"{self.source} is a {self.builder}, which has no task. Expected one of {', '.join(with_task)}. For "
                "sentence vectors, choose the pooling"
            )
        preprocessor = WordPiecePreprocessor(
            WordPieceVocabulary(self.tokens),
            lower_case=self.lower_case,
            language=language,
            pairs=pairs or self.pairs or task == "question_answering",
            max_sequence_length=self.max_sequence_length,
        )
        model = self.model(None if builder == self.builder else builder)
        arguments = {} if self.thresholds is None else {"thresholds": self.thresholds}
        labels = [NO_ANSWER] if self.can_abstain else self.labels or []
        return TASKS[task](model, preprocessor, labels, **arguments)

    def _head_arguments(self) -> Config:
        """Return the arguments of `builder` in addition to the arguments of `bert`."""
        count = {"num_classes": len(self.weights["logits/bias"])} if self.builder in CLASSIFIERS else {}
        return {**count, **self.head}
