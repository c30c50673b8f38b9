"""The words of a vocabulary with the best scores, and the scores of word vectors, in TensorFlow operations.

Shapes: N rows, K words, V vocabulary, D width of a vector.
"""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from kerasnlp_zoo.models.sentence_vectors import FIRST_WORD

BELOW_ANY_SCORE = -2.0  # below any cosine and any probability


class RankedWords(NamedTuple):
    """The K best words of each row, the best first; a shorter list is padded with "", -1 and 0.

    Attributes:
        words: string [N, K].
        ids: int32 [N, K].
        scores: float32 [N, K].
        count: number of words of each row, int32 [N].
    """

    words: tf.Tensor
    ids: tf.Tensor
    scores: tf.Tensor
    count: tf.Tensor


def ranked_words(tokens: Sequence[str], scores: tf.Tensor, allowed: tf.Tensor, most: int) -> RankedWords:
    """Return the words with the best scores.

    Args:
        tokens: V tokens.
        scores: float32 [N, V], above -2.
        allowed: bool [N, V], whether a word may be listed.
        most: K.

    Example:

    >>> found = ranked_words(["a", "b", "c"], tf.constant([[0.1, 0.9, 0.5]]), tf.constant([[True, False, True]]), 3)
    >>> found.words.numpy().tolist(), found.count.numpy().tolist()
    ([[b'c', b'a', b'']], [2])
    """
    scores, ids = tf.math.top_k(tf.where(allowed, scores, BELOW_ANY_SCORE), min(most, len(tokens)))
    filler = [[0, 0], [0, max(0, most - len(tokens))]]
    scores, ids = tf.pad(scores, filler, constant_values=BELOW_ANY_SCORE), tf.pad(ids, filler)
    is_listed = scores > BELOW_ANY_SCORE
    return RankedWords(
        tf.where(is_listed, tf.gather(tf.constant(tokens), ids), ""),
        tf.where(is_listed, ids, -1),
        tf.where(is_listed, scores, 0.0),
        tf.reduce_sum(tf.cast(is_listed, tf.int32), axis=1),
    )


def cosines(vectors: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
    """Return the cosine of every vector [N, D] with every row [V, D]: [N, V]; 0 for a vector of zeros."""
    lengths = tf.norm(vectors, axis=1)[:, None] * tf.norm(matrix, axis=1)
    return tf.math.divide_no_nan(tf.matmul(vectors, matrix, transpose_b=True), lengths)


def word_probabilities(logits: tf.Tensor) -> tf.Tensor:
    """Return the softmax of logits [N, V] over the words, float32 [N, V]; 0 for `[PAD]` and `[UNK]`."""
    is_word = tf.range(logits.shape[-1]) >= FIRST_WORD
    return tf.nn.softmax(tf.where(is_word, tf.cast(logits, tf.float32), tf.float32.min))
