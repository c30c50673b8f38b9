"""Ragged rows in few operations: TensorFlow's own checks and detours make a graph ten times as large.

Shapes: N rows, K values of all rows together.
"""

import tensorflow as tf


def row_ids(values):
    """Return the row of every value, int64 [K].

    Example:

    >>> row_ids(tf.ragged.constant([[5, 6], [], [7]], row_splits_dtype=tf.int64)).numpy().tolist()
    [0, 0, 2]
    """
    places = tf.range(tf.size(values.values, out_type=tf.int64))
    return tf.searchsorted(values.row_splits[1:], places, side="right", out_type=tf.int64)


def cut_rows(values, lengths):
    """Keep the first `lengths[n]` values of every row n.

    Args:
        values: ragged [N, (length)].
        lengths: int64 [N], or one int for all; no more than each row has.

    Returns:
        ragged [N, (length)].

    Example:

    >>> cut_rows(tf.ragged.constant([[5, 6], [7]], row_splits_dtype=tf.int64), tf.constant([1, 0], tf.int64)).to_list()
    [[5], []]
    """
    starts = values.row_starts()
    return tf.gather(values.values, tf.ragged.range(starts, starts + lengths))


def filter_rows(values, keep):
    """Keep the values whose `keep`, bool [K], is true, in ragged rows [N, (length)].

    Example:

    >>> filter_rows(tf.ragged.constant([[5, 6], [7]], row_splits_dtype=tf.int64), [True, False, True]).to_list()
    [[5], [7]]
    """
    kept_before = tf.concat([[0], tf.cumsum(tf.cast(keep, tf.int64))], axis=0)  # [K + 1]
    row_splits = tf.gather(kept_before, values.row_splits)
    return tf.RaggedTensor.from_row_splits(tf.boolean_mask(values.values, keep), row_splits, validate=False)


def join_rows(parts):
    """Put the rows of several ragged tensors [N, (length)] one behind the other.

    Example:

    >>> first = tf.ragged.constant([[5, 6], []], row_splits_dtype=tf.int64)
    >>> join_rows([first, tf.RaggedTensor.from_tensor([[8], [9]])]).to_list()
    [[5, 6, 8], [9]]
    """
    lengths = [part.row_lengths() for part in parts]
    row_splits = tf.concat([[0], tf.cumsum(tf.add_n(lengths))], axis=0)  # [N + 1]
    begins, places = row_splits[:-1], []
    for part, length in zip(parts, lengths, strict=True):
        shift = tf.gather(begins - part.row_starts(), row_ids(part))
        places.append(tf.cast(tf.range(tf.size(shift, out_type=tf.int64)) + shift, tf.int32))
        begins += length
    joined = tf.dynamic_stitch(places, [part.values for part in parts])
    return tf.RaggedTensor.from_row_splits(joined, row_splits, validate=False)
