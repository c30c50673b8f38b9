"""Special tokens around a text or a pair of texts.

Shapes: N texts.
"""

import tensorflow as tf

from kerasnlp_zoo.text.ragged import cut_rows
from kerasnlp_zoo.text.truncation import longest_first
from kerasnlp_zoo.text.types import Features

NUM_PAIR_TOKENS = 3  # special tokens of a pair


def framed(values: tf.RaggedTensor, *numbers: int) -> tf.RaggedTensor:
    """Add numbers to every row of a ragged int32 tensor: one at both ends, or a single one at the end.

    Example:

    >>> rows = tf.ragged.constant([[5, 6], []], tf.int32, ragged_rank=1)
    >>> framed(rows, 2, 3).to_list(), framed(rows, 3).to_list()
    ([[2, 5, 6, 3], [2, 3]], [[5, 6, 3], [3]])
    """
    *first, last = (tf.fill([values.nrows(), 1], number) for number in numbers)
    return tf.concat([*first, values, last], axis=1)


def filled(values: tf.RaggedTensor, number: int) -> tf.RaggedTensor:
    """Return a ragged tensor with the same row lengths in which every value is `number`.

    Example:

    >>> filled(tf.ragged.constant([[5, 6], [7]]), 1).to_list()
    [[1, 1], [1]]
    """
    return values.with_values(tf.fill(tf.shape(values.values), number))


def framed_pair(
    first: tf.RaggedTensor, second: tf.RaggedTensor, begin_id: int, end_id: int, max_length: int
) -> Features:
    """Join two texts to one: begin, first text, end, second text, end. The longer text of a pair is truncated first.

    Args:
        first, second: token ids of both texts, ragged int32 [N, (length)].
        begin_id: id of the special token before the first text.
        end_id: id of the special token after each text.
        max_length: maximum length of a row of the result.

    Returns:
        dict of ragged int32 [N, (length)]: token_ids, and segment_ids, which are 1 from the second text on.

    Example:

    >>> first, second = (tf.ragged.constant([ids], tf.int32, row_splits_dtype=tf.int64) for ids in ([5, 6], [7, 8, 9]))
    >>> {name: ids.to_list() for name, ids in framed_pair(first, second, 2, 3, max_length=7).items()}
    {'token_ids': [[2, 5, 6, 3, 7, 8, 3]], 'segment_ids': [[0, 0, 0, 0, 1, 1, 1]]}

    Reference: Devlin et al. 2019, section 3.
    """
    room = max_length - NUM_PAIR_TOKENS
    first_kept, second_kept = longest_first(first.row_lengths(), second.row_lengths(), room)
    first = framed(cut_rows(first, first_kept), begin_id, end_id)
    second = framed(cut_rows(second, second_kept), end_id)
    return {
        "token_ids": tf.concat([first, second], axis=1),
        "segment_ids": tf.concat([filled(first, 0), filled(second, 1)], axis=1),
    }
