"""One score for each text, or pair of texts.

Shapes: N texts.
"""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.correlation import correlations
from kerasnlp_zoo.tasks.task import Task


class TextRegression(Task):
    """Give every text a score, such as how alike the two sentences of a pair are.

    Args:
        model: `keras.Model` -> scores [N, 1], such as `bert_classifier(num_classes=1, ...)`.
        preprocessor: turns strings into the model's inputs.
        labels: one str, what the score is called.

    Raises:
        InputError: if there is not one label.

    Example:

    >>> from kerasnlp_zoo.models import text_cnn
    >>> from kerasnlp_zoo.text import WordPreprocessor
    >>> preprocessor = WordPreprocessor.from_texts(["a fine film", "a dull film"])
    >>> model = text_cnn(preprocessor.vocabulary_size, num_classes=1, embedding_dim=8, num_filters=4)
    >>> list(TextRegression(model, preprocessor).predict(["fine"])[0])
    ['score']
    """

    name = "text_regression"
    main_score = "spearman", 100

    def __init__(self, model, preprocessor, labels=("score",)):
        super().__init__(model, preprocessor, labels)
        if len(self.labels) != 1:
            raise InputError(f"A score has one name. Received: {len(self.labels)} labels")

    def answer(self, outputs):
        """Return score [N]."""
        return {"score": tf.cast(outputs[:, 0], tf.float32)}

    def to_python(self, row, text):
        """Return {"score": float}."""
        return {"score": float(row["score"])}

    def readable(self, answer):
        """Return the score."""
        return f"{answer['score']:.3f}"

    def label_ids(self, labels):
        """Return the scores as a float array [N].

        Raises:
            InputError: for a score that is no finite number.
        """
        for row, label in enumerate(labels):
            if isinstance(label, (str, bytes)) or not np.isfinite(label):
                raise InputError(f"Expected a number as the score of text {row}. Received: {label!r}")
        return np.array(labels, "float32")

    def evaluate(self, texts, labels, batch_size=256):
        """Compare scores with those that people gave.

        Args:
            texts: list of str, or of pairs.
            labels: list of numbers, one for each text.
            batch_size: int.

        Returns:
            dict of spearman, pearson and mean_squared_error.

        Raises:
            InputError: if there are fewer than two texts, or another number of scores.
        """
        expected = self.label_ids(labels)
        if len(texts) < 2 or len(texts) != len(labels):
            raise InputError(
                "A correlation needs at least two texts, and one score for each. "
                f"Received: {len(texts)} texts and {len(labels)} scores"
            )
        scores = self.outputs(texts, batch_size)["score"]
        return {**correlations(scores, expected), "mean_squared_error": float(np.mean((scores - expected) ** 2))}
