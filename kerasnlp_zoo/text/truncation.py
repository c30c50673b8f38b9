"""Which of two texts loses how much where both do not fit.

Shapes: N pairs.
"""

import tensorflow as tf


def longest_first(first_lengths, second_lengths, room):
    """Share the room between two texts: the longer one loses its end first, until both are as long.

    Where both are longer than half the room, each gets half, and the longer one the odd place.

    Args:
        first_lengths: int [N].
        second_lengths: int [N].
        room: int, places for both together.

    Returns:
        two int tensors [N], how much of each is kept.

    Example:

    >>> first, second = longest_first(tf.constant([2, 9, 9]), tf.constant([9, 2, 9]), 7)
    >>> first.numpy().tolist(), second.numpy().tolist()
    ([2, 5, 3], [5, 2, 4])
    """
    shorter = tf.minimum(tf.minimum(first_lengths, second_lengths), room // 2)
    longer = tf.minimum(tf.maximum(first_lengths, second_lengths), room - shorter)
    is_first_longer = first_lengths > second_lengths
    return tf.where(is_first_longer, longer, shorter), tf.where(is_first_longer, shorter, longer)
