"""One score for each text, or pair of texts.

Shapes: N texts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.correlation import correlations
from kerasnlp_zoo.evaluation.main_score import with_main_score
from kerasnlp_zoo.tasks.long_texts import AnyAnswer
from kerasnlp_zoo.tasks.task import Preprocessor, Task, Texts, require_references


class TextRegressionAnswer(AnyAnswer):
    """The score of a text."""

    score: float


class TextRegression(Task[TextRegressionAnswer]):
    """Predict a score for every text, such as the similarity of the two sentences of a pair.

    Args:
        model: `keras.Model` -> scores [N, 1], such as `bert_classifier(num_classes=1, ...)`.
        preprocessor: converts strings to the model's inputs.
        labels: one label, the name of the score.

    Raises:
        InputError: if there is not exactly one label.

    Example:

    >>> from kerasnlp_zoo.models import text_cnn
    >>> from kerasnlp_zoo.text import WordPreprocessor
    >>> preprocessor = WordPreprocessor.from_texts(["a fine film", "a dull film"])
    >>> model = text_cnn(preprocessor.vocabulary_size, num_classes=1, embedding_dim=8, num_filters=4)
    >>> list(TextRegression(model, preprocessor).predict(["fine"])[0])
    ['score']
    """

    name = "text_regression"
    main_metric: str = "spearman"

    def __init__(self, model: keras.Model, preprocessor: Preprocessor, labels: Sequence[str] = ("score",)) -> None:
        super().__init__(model, preprocessor, labels)
        if len(self.labels) != 1:
            raise InputError(f"Expected one label, the name of the score. Received: {len(self.labels)} labels")

    def answer(self, outputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return score [N]."""
        return {"score": tf.cast(outputs[:, 0], tf.float32)}

    def to_python(self, row: Mapping[str, Any], text: Any) -> TextRegressionAnswer:
        """Return {"score": float}."""
        return {"score": float(row["score"])}

    def readable(self, answer: TextRegressionAnswer) -> str:
        """Return the score."""
        return f"{answer['score']:.3f}"

    def label_ids(self, labels: Sequence[float]) -> np.ndarray:
        """Return the scores as a float array [N].

        Raises:
            InputError: for a score that is not a finite number.
        """
        for row, label in enumerate(labels):
            if isinstance(label, (str, bytes)) or not np.isfinite(label):
                raise InputError(f"Expected a number as the score of text {row}. Received: {label!r}")
        return np.array(labels, "float32")

    def evaluate(
        self, texts: Texts, references: Sequence[float] | None = None, batch_size: int | None = None
    ) -> dict[str, Any]:
        """Compare the predicted scores with human scores.

        Args:
            texts: strings, or pairs of strings where the preprocessor takes pairs.
            references: a human score for each text.
            batch_size: number of texts in a batch; None for the default of the task.

        Returns:
            dict of score, metric ("spearman"), spearman, pearson and mean_squared_error.

        Raises:
            InputError: if there are fewer than two texts, or the numbers of scores and texts differ.
        """
        expected = self.label_ids(require_references(texts, references, "a score", least=2))
        found = self.outputs(texts, batch_size)["score"]
        scores = {**correlations(found, expected), "mean_squared_error": float(np.mean((found - expected) ** 2))}
        return with_main_score(scores, self.main_metric)
