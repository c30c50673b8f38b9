"""Sentence vectors out of word vectors: their mean, plain or with smooth inverse frequency (SIF).

SIF in four steps: probabilities of the words -> weights -> weighted means -> minus the direction that the
sentences of a collection have in common:

    weights = inverse_frequency_weights(probabilities_from_counts(counts))
    means = mean_vectors(token_ids, vectors, weights)
    sentence_vectors = without_direction(means, common_direction(means))

Ids 0 and 1, `[PAD]` and `[UNK]`, are no words: they add nothing and are not counted. What is fitted, one
direction, comes from data by counting and linear algebra: a model, though none that is trained.

Shapes: V vocabulary, D width of a vector, N sentences.

Reference: Arora et al. 2017, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings", algorithm 1.
"""

import numpy as np
from scipy import sparse

FIRST_WORD = 2  # id after [PAD] and [UNK]


def mean_vectors(token_ids, vectors, weights=None):
    """Average the vectors of each sentence's words.

    Args:
        token_ids: ragged int tensor [N, (length)], as of `WordPreprocessor.features`.
        vectors: float array [V, D].
        weights: float array [V], what the vector of each word is multiplied with; None for 1.

    Returns:
        float array [N, D], sum of weight * vector over a sentence's known words, divided by their number;
        zeros where it has none.

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


def probabilities_from_counts(counts):
    """Return the share of each word in a corpus.

    Args:
        counts: int array [V]; those of `[PAD]` and `[UNK]` do not matter.

    Returns:
        float array [V], 0 for `[PAD]` and `[UNK]`.

    Example:

    >>> probabilities_from_counts(np.array([0, 0, 3, 1]))
    array([0.  , 0.  , 0.75, 0.25])
    """
    counts = np.array(counts, "float64")
    counts[:FIRST_WORD] = 0
    return counts / counts.sum()


def zipf_probabilities(vocabulary_size):
    """Guess the share of each word from its rank alone, where counts are unknown: p proportional to 1 / rank.

    Args:
        vocabulary_size: int, V, of a vocabulary with its most frequent word first.

    Returns:
        float array [V], 0 for `[PAD]` and `[UNK]`.

    Example:

    >>> zipf_probabilities(4)
    array([0.        , 0.        , 0.66666667, 0.33333333])

    Reference: Zipf 1949, "Human Behavior and the Principle of Least Effort".
    """
    ranks = np.arange(vocabulary_size) - FIRST_WORD + 1
    return probabilities_from_counts(1 / np.maximum(ranks, 1))


def inverse_frequency_weights(probabilities, a=1e-3):
    """Weight frequent words down: a / (a + p(w)).

    Args:
        probabilities: float array [V].
        a: float, probability at which a word counts half; the paper's 1e-3 serves most texts.

    Returns:
        float array [V] in (0, 1].

    Example:

    >>> inverse_frequency_weights(np.array([0.0, 1e-3, 0.1])).round(3)
    array([1.  , 0.5 , 0.01])
    """
    return a / (a + probabilities)


def common_direction(sentence_vectors):
    """Return the direction that sentences share most: their first singular vector, without centring.

    Args:
        sentence_vectors: float array [N, D], the collection it is fitted on.

    Returns:
        float array [D] of length 1; its sign means nothing.

    Example:

    >>> np.abs(common_direction(np.array([[2.0, 0.1], [2.0, -0.1]])))
    array([1., 0.])
    """
    # The first right singular vector of X is the last eigenvector of X'X, which is small: [D, D].
    matrix = np.asarray(sentence_vectors, "float64")
    return np.linalg.eigh(matrix.T @ matrix).eigenvectors[:, -1]


def without_direction(sentence_vectors, direction):
    """Take the part along `direction` out of every sentence: v - u u'v.

    Args:
        sentence_vectors: float array [N, D].
        direction: float array [D], from `common_direction`.

    Returns:
        float array [N, D], at right angles to `direction`.

    Example:

    >>> without_direction(np.array([[2.0, 0.5]]), np.array([1.0, 0.0]))
    array([[0. , 0.5]])
    """
    return sentence_vectors - np.outer(sentence_vectors @ direction, direction)
