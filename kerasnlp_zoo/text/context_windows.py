"""Every word of a text with the words before it: training data of a language model with fixed context.

Shapes: N tokens, B batch size, L words of context.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.text.batches import BATCHES_AHEAD, chunk_order, without_autotuning
from kerasnlp_zoo.vocabulary import START_ID


def context_windows(
    ids: Sequence[int] | np.ndarray, context_size: int, batch_size: int, seed: int = 0
) -> tf.data.Dataset:
    """Return a data set of (inputs, words, weights) that contains every word of a text once.

    A batch contains words from all parts of the text. The order of batches depends only on (seed, epoch).

    Args:
        ids: int [N], the text; its first words have `[START]` as context.
        context_size: L.
        batch_size: B.
        seed: seed of the order.

    Returns:
        `tf.data.Dataset` of known cardinality. Inputs are {"token_ids": int32 [B, L], the contexts, in order of the
        text; "words": int32 [B], the words after them}. Words int32 [B] are the labels. Weights float32 [B] are 0 for
        rows of padding.

    Raises:
        InputError: if the text is empty or a size is not positive.

    Example:

    >>> for inputs, words, weights in context_windows([7, 8, 9], context_size=2, batch_size=4):
    ...     print(inputs["token_ids"].numpy().tolist(), words.numpy(), weights.numpy())
    [[2, 2], [2, 7], [7, 8], [0, 0]] [7 8 9 0] [1. 1. 1. 0.]
    """
    require_positive(context_size=context_size, batch_size=batch_size)
    if not len(ids):
        raise InputError("The text is empty. Expected the id of at least one token. Received: none")
    num_batches = -(-len(ids) // batch_size)
    padded = tf.constant(np.concatenate([np.full(context_size, START_ID), ids]), tf.int32)

    def gather(_: tf.Tensor, place: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]:
        rows = tf.range(batch_size, dtype=tf.int64) * num_batches + place
        is_word = rows < len(ids)
        rows = tf.where(is_word, rows, 0)
        windows = tf.gather(padded, rows[:, None] + tf.range(context_size + 1, dtype=tf.int64))
        windows *= tf.cast(is_word, tf.int32)[:, None]
        contexts, words = windows[:, :-1], windows[:, -1]
        return {"token_ids": contexts, "words": words}, words, tf.cast(is_word, tf.float32)

    return chunk_order(num_batches, seed).map(gather).prefetch(BATCHES_AHEAD).with_options(without_autotuning())
