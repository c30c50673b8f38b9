"""Truncation of two texts that share a maximum length.

Shapes: N pairs.
"""

import tensorflow as tf


def longest_first(first_lengths: tf.Tensor, second_lengths: tf.Tensor, room: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the lengths to which two texts are truncated; the longer text is truncated first.

    If both texts are longer than half the room, each gets half of it, and the longer one gets the odd token.

    Args:
        first_lengths: int [N].
        second_lengths: int [N].
        room: maximum length of both texts together.

    Returns:
        two int tensors [N].

    Example:

    >>> first, second = longest_first(tf.constant([2, 9, 9]), tf.constant([9, 2, 9]), 7)
    >>> first.numpy().tolist(), second.numpy().tolist()
    ([2, 5, 3], [5, 2, 4])
    """
    shorter = tf.minimum(tf.minimum(first_lengths, second_lengths), room // 2)
    longer = tf.minimum(tf.maximum(first_lengths, second_lengths), room - shorter)
    is_first_longer = first_lengths > second_lengths
    return tf.where(is_first_longer, longer, shorter), tf.where(is_first_longer, shorter, longer)
