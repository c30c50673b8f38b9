"""Functions on ragged rows with few operations. TensorFlow's own functions need a hundred to validate their input.

Shapes: N rows, K values of all rows.
"""

import tensorflow as tf


def row_ids(values: tf.RaggedTensor) -> tf.Tensor:
    """Return the row number of every value: int64 [K].

    Example:

    >>> row_ids(tf.ragged.constant([[5, 6], [], [7]], row_splits_dtype=tf.int64)).numpy().tolist()
    [0, 0, 2]
    """
    places = tf.range(tf.size(values.values, out_type=tf.int64))
    return tf.searchsorted(values.row_splits[1:], places, side="right", out_type=tf.int64)


def cut_rows(values: tf.RaggedTensor, lengths: tf.Tensor | int) -> tf.RaggedTensor:
    """Return the first `lengths[n]` values of every row n.

    Args:
        values: ragged [N, (length)].
        lengths: int64 [N], or one int for all rows; at most the length of each row.

    Returns:
        ragged [N, (length)].

    Example:

    >>> cut_rows(tf.ragged.constant([[5, 6], [7]], row_splits_dtype=tf.int64), tf.constant([1, 0], tf.int64)).to_list()
    [[5], []]
    """
    starts = values.row_starts()
    return tf.gather(values.values, tf.ragged.range(starts, starts + lengths))


def filter_rows(values: tf.RaggedTensor, keep: tf.Tensor) -> tf.RaggedTensor:
    """Return the values for which `keep`, bool [K], is true, in ragged rows [N, (length)].

    Example:

    >>> filter_rows(tf.ragged.constant([[5, 6], [7]], row_splits_dtype=tf.int64), [True, False, True]).to_list()
    [[5], [7]]
    """
    kept_before = tf.concat([[0], tf.cumsum(tf.cast(keep, tf.int64))], axis=0)  # [K + 1]
    row_splits = tf.gather(kept_before, values.row_splits)
    return tf.RaggedTensor.from_row_splits(tf.boolean_mask(values.values, keep), row_splits, validate=False)
