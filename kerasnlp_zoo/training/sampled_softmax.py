"""A softmax over some of the words, to train large vocabularies by; what is scored is always the whole one.

Shapes: B batch, T words to predict, D width of a vector, V vocabulary, S candidates.
"""

import keras
import numpy as np
from keras import ops

from kerasnlp_zoo.layers.masking import LOWEST, mask_scores


def draw_candidates(vocabulary_size, num_candidates, seed_generator):
    """Choose the words that a softmax is estimated by: the most frequent ones, and some of the others.

    The first half of the candidates are the first words of the vocabulary, always: most of the sum under a
    softmax stands there. The others are cut into equal pieces, and one word is drawn from each.

    Args:
        vocabulary_size: int, V; ids are ordered by falling frequency.
        num_candidates: int, S.
        seed_generator: `keras.random.SeedGenerator`.

    Returns:
        (int32 [S], the ids; float32 [S], for how many words each stands, as a logarithm: the lowest number for
        a place that no word was left for).
    """
    num_fixed = num_candidates // 2
    num_drawn = num_candidates - num_fixed
    piece = max(1, -(-(vocabulary_size - num_fixed) // num_drawn))
    offsets = ops.cast(ops.floor(piece * keras.random.uniform((num_drawn,), seed=seed_generator)), "int32")
    drawn = num_fixed + piece * ops.arange(num_drawn, dtype="int32") + ops.minimum(offsets, piece - 1)
    ids = ops.concatenate([ops.arange(num_fixed, dtype="int32"), drawn])
    stands_for = np.repeat(np.log([1.0, piece]), [num_fixed, num_drawn]).astype("float32")
    stands_for = ops.where(ids < vocabulary_size, ops.convert_to_tensor(stands_for), LOWEST["float32"])
    return ops.minimum(ids, vocabulary_size - 1), stands_for


def sampled_cross_entropy(hidden, words, vectors, biases, candidates, stands_for):
    """Return -log of each word's probability, the softmax' sum estimated from candidates.

    The expectation of the sum is the true one, whatever the scores; with all words as candidates it is the sum
    itself.

    Args:
        hidden: float tensor [B, T, D].
        words: int tensor [B, T].
        vectors: float tensor [V, D].
        biases: float tensor [V].
        candidates: int32 tensor [S], from `draw_candidates`.
        stands_for: float32 tensor [S], likewise.

    Returns:
        float32 tensor [B, T].

    Example:

    >>> candidates, stands_for = draw_candidates(3, 4, keras.random.SeedGenerator(1))  # all three
    >>> arguments = ops.ones((1, 1, 2)), ops.ones((1, 1), "int32"), ops.zeros((3, 2)), ops.log([0.7, 0.2, 0.1])
    >>> sampled_cross_entropy(*arguments, candidates, stands_for).numpy().round(3)  # log 0.2
    array([[1.609]], dtype=float32)

    References: Bengio and Senecal 2008, "Adaptive Importance Sampling to Accelerate Training of a Neural
    Probabilistic Language Model"; Jean et al. 2015, section 3.1.
    """
    biases = ops.cast(biases, "float32")
    target = ops.sum(hidden * ops.take(vectors, words, axis=0), axis=-1)
    target = ops.cast(target, "float32") + ops.take(biases, words)
    scores = ops.matmul(hidden, ops.transpose(ops.take(vectors, candidates, axis=0)))  # [B, T, S]
    scores = ops.cast(scores, "float32") + (ops.take(biases, candidates) + stands_for)
    scores = mask_scores(scores, ops.not_equal(candidates, ops.cast(words, "int32")[..., None]))
    return ops.softplus(ops.logsumexp(scores, axis=-1) - target)  # log(e^target + sum of the others) - target
