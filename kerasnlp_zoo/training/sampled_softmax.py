"""A softmax over a sample of the vocabulary, for training; evaluation uses the complete softmax.

Shapes: B batch, T words to predict, D width of a vector, V vocabulary, S candidates.
"""

import keras
import numpy as np
from keras import ops

from kerasnlp_zoo.layers.masking import LOWEST, mask_scores
from kerasnlp_zoo.types import Tensor


def draw_candidates(
    vocabulary_size: int, num_candidates: int, seed_generator: keras.random.SeedGenerator
) -> tuple[Tensor, Tensor]:
    """Draw the words from which a softmax is estimated: the most frequent ones, and a sample of the others.

    The first half of the candidates are always the most frequent words, which contribute most to the denominator of
    a softmax. The other words are divided into intervals of equal size, and one word is drawn from each interval.

    Args:
        vocabulary_size: V; ids are sorted by decreasing frequency.
        num_candidates: S.
        seed_generator: source of the random numbers.

    Returns:
        (ids int32 [S], log_counts float32 [S]): log_counts is the logarithm of the number of words that a candidate
        represents. It is the lowest number for a candidate beyond the end of the vocabulary.
    """
    num_fixed = num_candidates // 2
    num_drawn = num_candidates - num_fixed
    piece = max(1, -(-(vocabulary_size - num_fixed) // num_drawn))
    offsets = ops.cast(ops.floor(piece * keras.random.uniform((num_drawn,), seed=seed_generator)), "int32")
    drawn = num_fixed + piece * ops.arange(num_drawn, dtype="int32") + ops.minimum(offsets, piece - 1)
    ids = ops.concatenate([ops.arange(num_fixed, dtype="int32"), drawn])
    log_counts = np.repeat(np.log([1.0, piece]), [num_fixed, num_drawn]).astype("float32")
    log_counts = ops.where(ids < vocabulary_size, ops.convert_to_tensor(log_counts), LOWEST["float32"])
    return ops.minimum(ids, vocabulary_size - 1), log_counts


def sampled_cross_entropy(
    hidden: Tensor, words: Tensor, vectors: Tensor, biases: Tensor, candidates: Tensor, log_counts: Tensor
) -> Tensor:
    """Return -log of the probability of each word, with the denominator of the softmax estimated from candidates.

    The estimate of the denominator is unbiased. If all words are candidates, it is exact.

    Args:
        hidden: float [B, T, D].
        words: ids of the words, int [B, T].
        vectors: vectors of the output projection, float [V, D].
        biases: biases of the output projection, float [V].
        candidates: ids from `draw_candidates`, int32 [S].
        log_counts: logarithms from `draw_candidates`, float32 [S].

    Returns:
        float32 [B, T].

    Example:

    >>> candidates, log_counts = draw_candidates(3, 4, keras.random.SeedGenerator(1))  # all three words
    >>> arguments = ops.ones((1, 1, 2)), ops.ones((1, 1), "int32"), ops.zeros((3, 2)), ops.log([0.7, 0.2, 0.1])
    >>> sampled_cross_entropy(*arguments, candidates, log_counts).numpy().round(3)  # -log 0.2
    array([[1.609]], dtype=float32)

    References: Bengio and Senecal 2008, "Adaptive Importance Sampling to Accelerate Training of a Neural
    Probabilistic Language Model"; Jean et al. 2015, section 3.1.
    """
    biases = ops.cast(biases, "float32")
    target = ops.sum(hidden * ops.take(vectors, words, axis=0), axis=-1)
    target = ops.cast(target, "float32") + ops.take(biases, words)
    scores = ops.matmul(hidden, ops.transpose(ops.take(vectors, candidates, axis=0)))  # [B, T, S]
    scores = ops.cast(scores, "float32") + (ops.take(biases, candidates) + log_counts)
    scores = mask_scores(scores, ops.not_equal(candidates, ops.cast(words, "int32")[..., None]))
    return ops.softplus(ops.logsumexp(scores, axis=-1) - target)  # log(e^target + sum over the others) - target
