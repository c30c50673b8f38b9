"""One label for each text.

Shapes: N texts, C classes.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.datasets.class_weights import ClassWeights, weights_of_classes
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation import classification_scores, with_main_score
from kerasnlp_zoo.tasks.exportable import Texts
from kerasnlp_zoo.tasks.labelling import Labelling
from kerasnlp_zoo.tasks.long_texts import AnyAnswer
from kerasnlp_zoo.tasks.task import require_references


class NodeAnswer(TypedDict):
    """The label of a node of a tree; `text` is the words below the node."""

    text: str
    label: str
    probability: float


class TextClassificationAnswer(AnyAnswer):
    """The label of a text, its probability, and the probability of every label."""

    label: str
    probability: float
    probabilities: dict[str, float]
    nodes: NotRequired[list[NodeAnswer]]  # only from a TreeClassification whose model labels nodes


class TextClassification(Labelling[TextClassificationAnswer]):
    """Assign one of the labels to every text, with probabilities.

    Args:
        model: `keras.Model`, token_ids -> logits [N, C].
        preprocessor: converts strings to the model's inputs.
        labels: C different labels, in the order of the logits.

    Example:

    >>> from kerasnlp_zoo.models import text_cnn
    >>> from kerasnlp_zoo.text import WordPreprocessor
    >>> preprocessor = WordPreprocessor.from_texts(["a fine film", "a dull film"])
    >>> model = text_cnn(preprocessor.vocabulary_size, num_classes=2, embedding_dim=8, num_filters=4)
    >>> task = TextClassification(model, preprocessor, labels=["negative", "positive"])
    >>> sorted(task.predict(["fine"])[0])
    ['label', 'probabilities', 'probability']
    """

    name = "text_classification"
    main_metric: str = "accuracy"

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
            labels: a label name or id for each text; None for all 0.
            batch_size: number of rows in a batch.
            training: whether to shuffle the examples in each epoch.
            seed: seed of the shuffling.
            class_weights: {label: weight}, or "balanced" for weights with which all classes count equally: see
                `datasets.class_weights.weights_of_classes`. They are a part of the third element of a batch, because
                Keras does not accept `class_weight` for a data set with weights. None for 1.

        Returns:
            Batches (inputs, labels, weights). The padding rows of the last batch have weight 0.

        Raises:
            InputError: if there is no text, a text is not a string, a label is unknown, or a class has no weight.
        """
        if class_weights is None:
            return super().dataset(texts, labels, batch_size, training, seed)
        texts = self._checked(texts)
        label_ids = self.label_ids(require_labels(labels))
        weights = self._class_weights(class_weights, label_ids)[label_ids]
        return self._batches(self._features(texts), label_ids, batch_size, training, seed, weights)

    def _class_weights(self, class_weights: ClassWeights, label_ids: np.ndarray) -> np.ndarray:
        """Return the weight of each class, float [C], for these training labels."""
        counts = np.bincount(label_ids, minlength=len(self.labels))
        return weights_of_classes(class_weights, self.labels, counts)

    def _probabilities(self, outputs: tf.Tensor) -> tf.Tensor:
        """Convert logits [N, C] to probabilities, float32 [N, C]."""
        return keras.ops.softmax(keras.ops.cast(outputs, "float32"))

    def _labelled(self, probabilities: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return label [N], probability [N] and probabilities [N, C] in the order of the labels."""
        return {
            "label": tf.gather(tf.constant(self.labels), tf.argmax(probabilities, axis=-1)),
            "probability": tf.reduce_max(probabilities, axis=-1),
            "probabilities": probabilities,
        }

    def to_python(self, row: Mapping[str, Any], text: Any) -> TextClassificationAnswer:
        """Return {"label": str, "probability": float, "probabilities": {label: float}}."""
        return {
            "label": row["label"].decode(),
            "probability": float(row["probability"]),
            "probabilities": dict(zip(self.labels, map(float, row["probabilities"]), strict=True)),
        }

    def readable(self, answer: TextClassificationAnswer) -> str:
        """Return the label and its probability."""
        return f"{answer['label']} {answer['probability']:.3f}"

    def evaluate(
        self, texts: Texts, references: Sequence[Any] | None = None, batch_size: int | None = None
    ) -> dict[str, Any]:
        """Score the task on labelled texts.

        Args:
            texts: strings, or pairs of strings where the preprocessor takes pairs.
            references: a label name or id for each text.
            batch_size: number of texts in a batch; None for the default of the task.

        Returns:
            dict of score, metric ("accuracy"), accuracy, macro_f1, expected_calibration_error, calibration_bins,
            confusion_matrix, and per_class: {label: {"precision", "recall", "f1", "support"}}.

        Raises:
            InputError: if there is no text, the numbers of labels and texts differ, or a label is unknown.
        """
        label_ids = self.label_ids(require_references(texts, references, "a label"))
        scores = classification_scores(self.outputs(texts, batch_size)["probabilities"], label_ids)
        scores["per_class"] = dict(zip(self.labels, scores["per_class"], strict=True))
        return with_main_score(scores, self.main_metric)


def require_labels(labels: Sequence[Any] | None) -> Sequence[Any]:
    """Return the labels of texts whose classes have weights. Raise InputError if there are none."""
    if labels is None:
        raise InputError("Class weights are the weights of labels. Received: class_weights without labels")
    return labels
