"""One label for each text.

Shapes: N texts, C classes.
"""

import keras
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation import classification_scores
from kerasnlp_zoo.tasks.task import Task


class TextClassification(Task):
    """Give every text one of the labels, with probabilities.

    Args:
        model: `keras.Model`, token_ids -> logits [N, C].
        preprocessor: turns strings into the model's inputs.
        labels: C different strings, in the order of the logits.

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
    main_score = "accuracy", 100

    def answer(self, outputs):
        """Return label [N], probability [N] and probabilities [N, C] in the order of the labels."""
        probabilities = keras.ops.softmax(keras.ops.cast(outputs, "float32"))
        return {
            "label": tf.gather(tf.constant(self.labels), tf.argmax(probabilities, axis=-1)),
            "probability": tf.reduce_max(probabilities, axis=-1),
            "probabilities": probabilities,
        }

    def to_python(self, row, text):
        """Return {"label": str, "probability": float, "probabilities": {label: float}}."""
        return {
            "label": row["label"].decode(),
            "probability": float(row["probability"]),
            "probabilities": dict(zip(self.labels, map(float, row["probabilities"]), strict=True)),
        }

    def readable(self, answer):
        """Return the label and its probability."""
        return f"{answer['label']} {answer['probability']:.3f}"

    def evaluate(self, texts, labels, batch_size=256):
        """Score the task on labelled texts.

        Args:
            texts: list of str.
            labels: label names or ids, one for each text.
            batch_size: int.

        Returns:
            dict of accuracy, macro_f1, expected_calibration_error, calibration_bins, confusion_matrix.

        Raises:
            InputError: for a label this task does not have, no text, or another number of labels.
        """
        label_ids = self.label_ids(labels)
        if not len(texts) or len(texts) != len(labels):
            raise InputError(
                "A score needs at least one text, and one label for each. "
                f"Received: {len(texts)} texts and {len(labels)} labels"
            )
        return classification_scores(self.outputs(texts, batch_size)["probabilities"], label_ids)
