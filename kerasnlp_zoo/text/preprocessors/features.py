"""Preprocessing of rows of numbers: there is only the check that they are numbers.

Shapes: N rows, F columns.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.preprocessors.preprocessor import Preprocessor
from kerasnlp_zoo.text.types import Features
from kerasnlp_zoo.types import Config
from kerasnlp_zoo.vocabulary import TokenList

LARGEST = float(np.finfo("float32").max)
NOT_FINITE = "Expected finite numbers. Received: NaN or infinity"


def finite_number(value: Any) -> float | None:
    """Return a number, or a string with a number, as float; None unless it is finite as float32.

    Example:

    >>> finite_number(" 6.5"), finite_number("many"), finite_number(1e60)
    (6.5, None, None)
    """
    if isinstance(value, (complex, np.complexfloating)):  # NumPy would drop the imaginary part
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) <= LARGEST else None  # the comparison is False for NaN


def required_number(value: Any, place: str) -> float:
    """Return a number, or a string with a number, as float.

    Args:
        value: the value.
        place: where it comes from, for the message.

    Raises:
        InputError: unless it is finite as float32.
    """
    number = finite_number(value)
    if number is None:
        raise InputError(f"{place}: expected a finite number, such as 6.5. Received: {value!r:.60}")
    return number


class FeaturePreprocessor(Preprocessor):
    """Convert rows of numbers into the inputs of a model: `preprocessor(rows) -> {"features": float32 [N, F]}`.

    Args:
        vocabulary: names of the F columns, in the order of the numbers of a row.

    Example:

    >>> preprocessor = FeaturePreprocessor(TokenList(["hours", "absences"]))
    >>> preprocessor([[6.5, 1.0]])["features"].numpy()
    array([[6.5, 1. ]], dtype=float32)
    """

    vocabulary_class = TokenList
    language = "none"
    max_sequence_length = None

    def __init__(self, vocabulary: TokenList) -> None:
        self.vocabulary = vocabulary

    @property
    def inputs(self) -> tuple[str, ...]:
        """Name of the tensor that the preprocessor takes."""
        return ("features",)

    @property
    def signature(self) -> list[tf.TensorSpec]:
        """Type of this tensor in an exported graph: float32 [N, F]."""
        return [tf.TensorSpec([None, len(self.vocabulary)], tf.float32, name="features")]

    @property
    def golden_texts(self) -> list[list[float]]:
        """Rows that check a task."""
        count = len(self.vocabulary)
        return [[1.0 + column for column in range(count)], [0.0] * count, [-0.25] * count]

    def faults(self, rows: tf.Tensor) -> tf.Tensor:
        """Return which rows [N, F] contain NaN or infinity: string [N]."""
        return tf.where(tf.reduce_all(tf.math.is_finite(rows), axis=1), "", NOT_FINITE)

    def __call__(self, rows: tf.Tensor | Sequence[Sequence[float]], **named: Any) -> dict[str, tf.Tensor]:
        """Return the rows as float32 [N, F]; fail, also in the exported graph, if a number is not finite."""
        numbers = tf.convert_to_tensor(rows, tf.float32)
        return {"features": tf.debugging.assert_all_finite(numbers, NOT_FINITE)}

    def features(self, rows: tf.Tensor | Sequence[Sequence[float]], **named: Any) -> Features:
        """Return the rows as ragged float32 [N, (F)]."""
        return {"features": tf.RaggedTensor.from_tensor(self(rows)["features"])}

    def get_config(self) -> Config:
        """Return the constructor's arguments, without the vocabulary: none."""
        return {}
