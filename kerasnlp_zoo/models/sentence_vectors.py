"""Sentence vectors from word vectors: the mean, plain or with smooth inverse frequency (SIF).

SIF weights each word by its probability, computes the weighted mean of each sentence, and removes the direction that
the sentences of a collection have in common:

    weights = inverse_frequency_weights(probabilities_from_counts(counts))
    means = mean_vectors(token_ids, vectors, weights)
    sentence_vectors = without_direction(means, common_direction(means))

Ids 0 and 1, `[PAD]` and `[UNK]`, are ignored. The only fitted parameter is the direction; no gradient descent is
needed.

Shapes: V vocabulary, D width of a vector, N sentences.

Reference: Arora et al. 2017, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings", algorithm 1.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

if TYPE_CHECKING:
    import tensorflow as tf

FIRST_WORD = 2  # id after [PAD] and [UNK]


def mean_vectors(token_ids: "tf.RaggedTensor", vectors: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the mean vector of the words of each sentence.

    Args:
        token_ids: ragged int tensor [N, (length)], for example from `WordPreprocessor.features`.
        vectors: float array [V, D].
        weights: float array [V], factor of each word's vector; None for 1.

    Returns:
        float array [N, D], the sum of weight * vector over the known words of a sentence, divided by their number;
        zeros if it has none.

    Example:

    >>> from kerasnlp_zoo.text import Vocabulary, WordPreprocessor
    >>> preprocessor = WordPreprocessor(Vocabulary(["[PAD]", "[UNK]", "a", "film"]))
    >>> token_ids = preprocessor.features(["A gripping film", "A", "Gripping"])["token_ids"]
    >>> mean_vectors(token_ids, np.array([[0.0, 0.0], [9.0, 9.0], [1.0, 0.0], [0.0, 1.0]]))
    array([[0.5, 0.5],
           [1. , 0. ],
           [0. , 0. ]])
    """
    ids, starts = np.asarray(token_ids.flat_values), np.asarray(token_ids.row_splits)
    known = (ids >= FIRST_WORD).astype(vectors.dtype)
    values = known if weights is None else known * weights[ids]
    shape = (len(starts) - 1, len(vectors))
    sums = sparse.csr_array((values, ids, starts), shape=shape) @ vectors
    lengths = sparse.csr_array((known, ids, starts), shape=shape).sum(axis=1)
    return sums / np.maximum(lengths, 1)[:, None]


def probabilities_from_counts(counts: ArrayLike) -> np.ndarray:
    """Return the relative frequency of each word in a corpus.

    Args:
        counts: numbers [V]; the counts of `[PAD]` and `[UNK]` are ignored.

    Returns:
        float array [V], 0 for `[PAD]` and `[UNK]`.

    Example:

    >>> probabilities_from_counts(np.array([0, 0, 3, 1]))
    array([0.  , 0.  , 0.75, 0.25])
    """
    counts = np.array(counts, "float64")
    counts[:FIRST_WORD] = 0
    return counts / counts.sum()


def zipf_probabilities(vocabulary_size: int) -> np.ndarray:
    """Return estimated relative frequencies for unknown counts, from the ranks: p proportional to 1 / rank.

    Args:
        vocabulary_size: V, size of a vocabulary with the most frequent word first.

    Returns:
        float array [V], 0 for `[PAD]` and `[UNK]`.

    Example:

    >>> zipf_probabilities(4)
    array([0.        , 0.        , 0.66666667, 0.33333333])

    Reference: Zipf 1949, "Human Behavior and the Principle of Least Effort".
    """
    ranks = np.arange(vocabulary_size) - FIRST_WORD + 1
    return probabilities_from_counts(1 / np.maximum(ranks, 1))


def inverse_frequency_weights(probabilities: np.ndarray, a: float = 1e-3) -> np.ndarray:
    """Return weights a / (a + p(w)), which are low for frequent words.

    Args:
        probabilities: float array [V].
        a: the probability of a word with weight 1/2; the paper's 1e-3 is good for most texts.

    Returns:
        float array [V] in (0, 1].

    Example:

    >>> inverse_frequency_weights(np.array([0.0, 1e-3, 0.1])).round(3)
    array([1.  , 0.5 , 0.01])
    """
    return a / (a + probabilities)


def common_direction(sentence_vectors: ArrayLike) -> np.ndarray:
    """Return the first singular vector of sentence vectors, which are not centred.

    Args:
        sentence_vectors: float [N, D], the collection to fit.

    Returns:
        float array [D] of length 1; its sign is arbitrary.

    Example:

    >>> np.abs(common_direction(np.array([[2.0, 0.1], [2.0, -0.1]])))
    array([1., 0.])
    """
    # The first right singular vector of X is the last eigenvector of X'X, a small matrix [D, D].
    matrix = np.asarray(sentence_vectors, "float64")
    return np.linalg.eigh(matrix.T @ matrix).eigenvectors[:, -1]


def without_direction(sentence_vectors: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Return every sentence vector without its component along `direction`: v - u u'v.

    Args:
        sentence_vectors: float array [N, D].
        direction: float array [D], from `common_direction`.

    Returns:
        float array [N, D], orthogonal to `direction`.

    Example:

    >>> without_direction(np.array([[2.0, 0.5]]), np.array([1.0, 0.0]))
    array([[0. , 0.5]])
    """
    return sentence_vectors - np.outer(sentence_vectors @ direction, direction)
