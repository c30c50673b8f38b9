"""Every word of a text beside the words before it: what a language model of fixed context learns from.

Shapes: N tokens, B batch size, L words of context.
"""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.text.batches import BATCHES_AHEAD, chunk_order, without_autotuning
from kerasnlp_zoo.vocabulary import START_ID


def context_windows(ids, context_size, batch_size, seed=0):
    """Make a tf.data set of (contexts, words, weights) in which every word of a text stands once.

    A batch takes words from all over the text; the order of batches depends on (seed, epoch) alone.

    Args:
        ids: int array [N]; before it stands `[START]`.
        context_size: int, L.
        batch_size: int, B.
        seed: int.

    Returns:
        `tf.data.Dataset` of known cardinality: contexts int32 [B, L], the word right before last; words int32
        [B]; weights float32 [B], 0 for rows that fill up a batch.

    Raises:
        InputError: if the text is empty or a size is not positive.

    Example:

    >>> for contexts, words, weights in context_windows([7, 8, 9], context_size=2, batch_size=4):
    ...     print(contexts.numpy().tolist(), words.numpy(), weights.numpy())
    [[2, 2], [2, 7], [7, 8], [0, 0]] [7 8 9 0] [1. 1. 1. 0.]
    """
    require_positive(context_size=context_size, batch_size=batch_size)
    if not len(ids):
        raise InputError("The text is empty: expected the ids of at least one token")
    num_batches = -(-len(ids) // batch_size)
    padded = tf.constant(np.concatenate([np.full(context_size, START_ID), ids]), tf.int32)

    def gather(_, place):
        rows = tf.range(batch_size, dtype=tf.int64) * num_batches + place
        is_word = rows < len(ids)
        rows = tf.where(is_word, rows, 0)
        windows = tf.gather(padded, rows[:, None] + tf.range(context_size + 1, dtype=tf.int64))
        windows *= tf.cast(is_word, tf.int32)[:, None]
        return windows[:, :-1], windows[:, -1], tf.cast(is_word, tf.float32)

    return chunk_order(num_batches, seed).map(gather).prefetch(BATCHES_AHEAD).with_options(without_autotuning())
