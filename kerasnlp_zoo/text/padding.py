"""From ragged features to the rectangle that a model takes.

Shapes: N texts, T tokens of the longest.
"""

import tensorflow as tf


def padded(features):
    """Fill every feature up with 0 to the longest text, and to one place at least.

    Args:
        features: dict of ragged int tensors [N, (length), ...], alike in their lengths.

    Returns:
        dict of tensors [N, T, ...], T at least 1.

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
