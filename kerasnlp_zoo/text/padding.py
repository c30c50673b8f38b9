"""Padding: from ragged features to dense tensors.

Shapes: N texts, T tokens of the longest.
"""

from collections.abc import Mapping

import tensorflow as tf


def padded(features: Mapping[str, tf.RaggedTensor]) -> dict[str, tf.Tensor]:
    """Return features padded with 0 to the length of the longest text, and at least to length 1.

    Args:
        features: ragged int tensors [N, (length), ...], all with the same row lengths.

    Returns:
        dict of tensors [N, T, ...], T >= 1.

    Example:

    >>> padded({"token_ids": tf.ragged.constant([[4, 2], []])})["token_ids"].numpy().tolist()
    [[4, 2], [0, 0]]
    """
    dense = {name: values.to_tensor() for name, values in features.items()}
    is_empty = tf.cast(tf.equal(tf.shape(next(iter(dense.values())))[1], 0), tf.int32)
    return {
        name: tf.pad(values, [[0, 0], [0, is_empty], *[[0, 0]] * (len(values.shape) - 2)])
        for name, values in dense.items()
    }
