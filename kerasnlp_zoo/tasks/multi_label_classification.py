"""Any number of labels for each text.

Shapes: N texts, C labels, M the largest number of labels of a text.
"""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.datasets.class_weights import BALANCED, ClassWeights, weights_of_classes
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.label_sets import DEFAULT_THRESHOLD, best_thresholds, label_set_scores
from kerasnlp_zoo.evaluation.main_score import with_main_score
from kerasnlp_zoo.tasks.exportable import Texts
from kerasnlp_zoo.tasks.labelling import Labelling
from kerasnlp_zoo.tasks.long_texts import AnyAnswer
from kerasnlp_zoo.tasks.task import require_references
from kerasnlp_zoo.text.preprocessors.preprocessor import Preprocessor
from kerasnlp_zoo.types import Config


class MultiLabelClassificationAnswer(AnyAnswer):
    """The labels of a text, in the order of the task's labels, and the probability of every label."""

    labels: list[str]
    probabilities: dict[str, float]


class MultiLabelClassification(Labelling[MultiLabelClassificationAnswer]):
    """Assign to every text all labels whose probability reaches their threshold.

    Any classifier of texts fits: the probability of a label is the sigmoid of its logit. A softmax regression is then a
    logistic regression for each label.

    Args:
        model: `keras.Model`, token_ids -> logits [N, C].
        preprocessor: converts strings to the model's inputs.
        labels: C different labels, in the order of the logits.
        thresholds: a number in (0, 1) for each label; None for 0.5. `choose_thresholds` finds better ones.

    Raises:
        InputError: if the labels do not fit the model, or a threshold is missing or out of range.

    Example:

    >>> from kerasnlp_zoo.models import text_cnn
    >>> from kerasnlp_zoo.text import WordPreprocessor
    >>> preprocessor = WordPreprocessor.from_texts(["the film of the match", "a match of chess"])
    >>> model = text_cnn(preprocessor.vocabulary_size, num_classes=3, embedding_dim=8, num_filters=4)
    >>> task = MultiLabelClassification(model, preprocessor, labels=["film", "sport", "chess"], thresholds=[0.01] * 3)
    >>> task.predict(["the match"])[0]["labels"]
    ['film', 'sport', 'chess']
    """

    name = "multi_label_classification"
    main_metric: str = "micro_f1"

    def __init__(
        self,
        model: keras.Model,
        preprocessor: Preprocessor,
        labels: Sequence[str],
        thresholds: Sequence[float] | None = None,
    ) -> None:
        super().__init__(model, preprocessor, labels)
        self.thresholds = [DEFAULT_THRESHOLD] * len(self.labels) if thresholds is None else thresholds

    @property
    def thresholds(self) -> list[float]:
        """The smallest probability with which a text has each label."""
        return self._thresholds

    @thresholds.setter
    def thresholds(self, thresholds: Sequence[float]) -> None:
        are_numbers = isinstance(thresholds, (Sequence, np.ndarray)) and all(isinstance(t, Real) for t in thresholds)
        if not are_numbers or len(thresholds) != len(self.labels) or not all(0 < t < 1 for t in thresholds):
            raise InputError(
                f"Expected a threshold between 0 and 1 for each of {len(self.labels)} labels. "
                f"Received: {thresholds!r:.80}"
            )
        self._thresholds = [float(threshold) for threshold in thresholds]
        self.__dict__.pop("serve", None)  # the compiled graph contains the thresholds

    @property
    def arguments(self) -> Config:
        """The thresholds, which an entry keeps."""
        return {"thresholds": self.thresholds}

    def choose_thresholds(self, texts: Texts, references: Sequence[Any]) -> None:
        """Set the threshold of each label to the one with the highest F1.

        Args:
            texts: texts that the model was not trained on, such as the validation texts.
            references: the labels of each text, as `evaluate` takes them.

        Raises:
            InputError: if there is no text, the numbers of label sets and texts differ, or a label is unknown.
        """
        expected = self.label_ids(require_references(texts, references, "the labels")) > 0
        thresholds = best_thresholds(self.outputs(texts)["probabilities"], expected)
        smallest = np.finfo("float32").tiny
        self.thresholds = np.clip(thresholds, smallest, 1 - np.finfo("float32").eps).tolist()

    def _after_training(self, texts: Texts, labels: Sequence[Any]) -> None:
        """Choose the thresholds on the validation texts."""
        self.choose_thresholds(texts, labels)

    def dataset(
        self,
        texts: Texts,
        labels: Sequence[Any] | None = None,
        batch_size: int = 32,
        training: bool = False,
        seed: int = 0,
        class_weights: ClassWeights | None = None,
    ) -> tf.data.Dataset:
        """Return a `tf.data.Dataset` for `model.fit` or `model.evaluate`.

        Args:
            texts: strings, or pairs of strings where the preprocessor takes pairs.
            labels: for each text a list of label names or ids, which may be empty; None for no labels.
            batch_size: number of rows in a batch.
            training: whether to shuffle the examples in each epoch.
            seed: seed of the shuffling.
            class_weights: {label: weight of the texts with the label}, relative to the texts without it, or
                "balanced": both count equally. None for 1.

        Returns:
            Batches (inputs, labels, weights), labels and weights float [B, C]. The padding rows of the last batch have
            weight 0.

        Raises:
            InputError: if there is no text, a text is not a string, a label is unknown, or a class has no weight.
        """
        texts = self._checked(texts)
        targets = self.label_ids([()] * len(texts) if labels is None else labels)
        weights = np.ones_like(targets)
        if class_weights is not None:
            weights = np.where(targets > 0, self._positive_weights(class_weights, targets), weights)
        return self._batches(self._features(texts), targets, batch_size, training, seed, weights)

    def _positive_weights(self, class_weights: ClassWeights, targets: np.ndarray) -> np.ndarray:
        """Return the weight of the texts with each label, float [C]."""
        positive = targets.sum(axis=0)
        if class_weights == BALANCED:
            return ((len(targets) - positive) / np.maximum(positive, 1)).astype("float32")
        return weights_of_classes(class_weights, self.labels, positive)

    def _probabilities(self, outputs: tf.Tensor) -> tf.Tensor:
        """Convert logits [N, C] to probabilities, float32 [N, C]."""
        return keras.ops.sigmoid(keras.ops.cast(outputs, "float32"))

    def _labelled(self, probabilities: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return labels [N, M], padded with "", count [N] and probabilities [N, C] in the order of the labels."""
        has_label = probabilities >= tf.constant(self.thresholds, tf.float32)
        names = tf.broadcast_to(tf.constant(self.labels), tf.shape(has_label))
        return {
            "labels": tf.ragged.boolean_mask(names, has_label).to_tensor(""),
            "count": tf.reduce_sum(tf.cast(has_label, tf.int32), axis=-1),
            "probabilities": probabilities,
        }

    def to_python(self, row: Mapping[str, Any], text: Any) -> MultiLabelClassificationAnswer:
        """Return {"labels": [str, ...], "probabilities": {label: float}}."""
        return {
            "labels": [label.decode() for label in row["labels"][: row["count"]]],
            "probabilities": dict(zip(self.labels, map(float, row["probabilities"]), strict=True)),
        }

    def readable(self, answer: MultiLabelClassificationAnswer) -> str:
        """Return the labels and their probabilities."""
        found = [f"{label} {answer['probabilities'][label]:.3f}" for label in answer["labels"]]
        return ", ".join(found) or "(no label)"

    def label_ids(self, labels: Sequence[Any]) -> np.ndarray:
        """Convert the labels of each text, names or ids, to a float32 array [N, C] of 1 and 0.

        Raises:
            InputError: for a label that this task does not have, or a text whose labels are not a list.
        """
        targets = np.zeros((len(labels), len(self.labels)), "float32")
        for row, of_text in enumerate(labels):
            if isinstance(of_text, (str, bytes)) or not isinstance(of_text, (Sequence, set, frozenset, np.ndarray)):
                raise InputError(
                    f"Expected a list of labels for text {row}, such as {self.labels[:1]}. Received: {of_text!r:.60}"
                )
            targets[row, super().label_ids(list(of_text))] = 1.0
        return targets

    def evaluate(
        self, texts: Texts, references: Sequence[Any] | None = None, batch_size: int | None = None
    ) -> dict[str, Any]:
        """Score the task on labelled texts.

        Args:
            texts: strings, or pairs of strings where the preprocessor takes pairs.
            references: for each text a list of label names or ids, which may be empty.
            batch_size: number of texts in a batch; None for the default of the task.

        Returns:
            dict of score, metric ("micro_f1"), micro_f1, macro_f1, exact_match, and per_class: {label: {"precision",
            "recall", "f1", "support"}}.

        Raises:
            InputError: if there is no text, the numbers of label sets and texts differ, or a label is unknown.
        """
        expected = self.label_ids(require_references(texts, references, "the labels")) > 0
        probabilities = self.outputs(texts, batch_size)["probabilities"]
        scores = label_set_scores(probabilities >= np.array(self.thresholds, "float32"), expected)
        scores["per_class"] = dict(zip(self.labels, scores["per_class"], strict=True))
        return with_main_score(scores, self.main_metric)
