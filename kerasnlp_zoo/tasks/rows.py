"""Rows of answers: emptied, and concatenated from batches.

Shapes: N texts, L longest list of a batch.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

FILLERS: dict[str, Any] = {"i": -1, "S": b"", "O": b"", "f": 0.0}  # pads lists of answers, by NumPy's kind of dtype


def emptied(values: tf.Tensor, where: tf.Tensor) -> tf.Tensor:
    """Return values [N, ...] with 0 or "" in the rows of `where`, bool [N]."""
    return tf.where(tf.reshape(where, [-1] + [1] * (values.shape.rank - 1)), tf.zeros_like(values), values)


def concatenate_padded(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Concatenate batches [N, ...] of answers; lists of different lengths [N, L] are padded with -1, "" or 0.

    Example:

    >>> concatenate_padded([np.array([[1, 2]]), np.array([[3]])])
    array([[ 1,  2],
           [ 3, -1]])
    """
    if parts[0].ndim < 2:
        return np.concatenate(parts)
    longest = np.max([part.shape[1:] for part in parts], axis=0)
    widths = [
        [(0, 0), *((0, most - size) for most, size in zip(longest, part.shape[1:], strict=True))] for part in parts
    ]
    filler = FILLERS[parts[0].dtype.kind]
    return np.concatenate(
        [np.pad(part, width, constant_values=filler) for part, width in zip(parts, widths, strict=True)]
    )
