"""Word vectors from counts: positive pointwise mutual information (PPMI) and truncated SVD of co-occurrence counts.

    counts = cooccurrence_counts(corpus, window=5, weighting="flat")
    vectors = truncated_svd(positive_pointwise_mutual_information(counts), dim=100)

Shapes: V words, M contexts or documents, D width of a vector.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse.linalg import svds

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.sparse_counts import require_counts, require_finite_sparse


def one_hot(vocabulary_size: int) -> sparse.csr_array:
    """Return one-hot vectors of all words. They are orthogonal.

    Args:
        vocabulary_size: V.

    Returns:
        `scipy.sparse.csr_array` float64 [V, V], the identity.

    Example:

    >>> one_hot(3).toarray()[1]
    array([0., 1., 0.])
    """
    require_positive(vocabulary_size=vocabulary_size)
    return sparse.eye_array(vocabulary_size, format="csr")


def positive_pointwise_mutual_information(
    counts: sparse.sparray, smoothing: float = 0.75, shift: float = 1.0
) -> sparse.csr_array:
    """Return max(0, log p(w, c) / (p(w) p'(c)) - log shift): how much more often two words co-occur than by chance.

    Args:
        counts: scipy.sparse array [V, M], at least 0.
        smoothing: in (0, 1], exponent of the context counts in p'(c). A value below 1 makes rare contexts more
            probable, which reduces their otherwise high PMI. 1 is plain PMI.
        shift: >= 1; its logarithm is subtracted. It corresponds to the number of negative samples in word2vec.

    Returns:
        `scipy.sparse.csr_array` float64 [V, M].

    Raises:
        InputError: if a count is negative, NaN or infinite, all are 0, or an argument is outside its range.

    Example:

    >>> counts = sparse.csr_array([[3.0, 1.0], [1.0, 3.0]])
    >>> positive_pointwise_mutual_information(counts).toarray().round(3)  # log (3/8) / (1/2 1/2)
    array([[0.405, 0.   ],
           [0.   , 0.405]])

    Reference: Church and Hanks 1990; Levy et al. 2015, "Improving Distributional Similarity with Lessons
    Learned from Word Embeddings", sections 3.1 and 3.2: smoothing 0.75 is best, and shift 1 in most cases.
    """
    require_counts(counts)
    if not (0 < smoothing <= 1 and shift >= 1):
        raise InputError(
            "smoothing must be above 0 and at most 1, and shift at least 1. "
            f"Received: smoothing={smoothing!r}, shift={shift!r}"
        )
    if not counts.count_nonzero():
        raise InputError(
            "The counts are all 0: no two words co-occur. Count a corpus whose sentences have at least two known words"
        )
    cells = sparse.csr_array(counts, dtype="float64", copy=True)
    of_words = cells.sum(axis=1)
    of_contexts = cells.sum(axis=0) ** smoothing
    rows = np.repeat(np.arange(cells.shape[0]), np.diff(cells.indptr))
    with np.errstate(divide="ignore"):  # stored zeros become -inf, then 0
        ratios = np.log(cells.data / (of_words[rows] * (of_contexts / of_contexts.sum())[cells.indices]))
    cells.data = np.maximum(ratios - np.log(shift), 0)
    cells.eliminate_zeros()
    return cells


def truncated_svd(matrix: sparse.sparray, dim: int, exponent: float = 0.0, seed: int = 1) -> np.ndarray:
    """Return U S^exponent of the `dim` largest singular values: the rows of a matrix in fewer dimensions.

    Args:
        matrix: scipy.sparse array [V, M].
        dim: D, smaller than V and M.
        exponent: exponent of the singular values. 1 best approximates the products of the rows; 0 and 0.5 make
            better word vectors.
        seed: seed of the first vector of the iteration; the result hardly depends on it.

    Returns:
        float64 array [V, D], the largest singular value first. The sign of a singular vector is arbitrary. Here the
        entry of a column with the largest absolute value is positive.

    Raises:
        InputError: if `dim` is too large for the matrix, or the matrix contains NaN or infinity.

    Example:

    >>> np.abs(truncated_svd(sparse.csr_array(np.diag([4.0, 9.0, 1.0])), dim=2, exponent=0.5).round(3))
    array([[0., 2.],
           [3., 0.],
           [0., 0.]])

    Reference: Deerwester et al. 1990; Levy et al. 2015, section 3.3, for the exponent.
    """
    require_positive(dim=dim)
    require_finite_sparse(matrix)
    if dim >= min(matrix.shape):
        raise InputError(
            "dim must be below the number of rows and of columns of the matrix, "
            f"{matrix.shape[0]:,} x {matrix.shape[1]:,}. Received: dim={dim}. "
            "Lower dim, or use a larger corpus or vocabulary"
        )
    matrix = sparse.csr_array(matrix, dtype="float64")
    start = np.random.default_rng(seed).normal(size=min(matrix.shape))
    left, values, _ = svds(matrix, k=dim, v0=start)
    order = np.argsort(-values, kind="stable")
    left, values = left[:, order], values[order]
    largest = left[np.argmax(np.abs(left), axis=0), np.arange(dim)]
    # Directions with singular value 0 are arbitrary. With exponent 0 they would remain, because 0 ** 0 is 1.
    scales = np.where(values > 0, np.maximum(values, np.finfo("float64").tiny) ** exponent, 0)
    return left * np.sign(largest) * scales


def cosine(first: ArrayLike, second: ArrayLike) -> float:
    """Return the cosine similarity v . w / (|v| |w|), 0 if a vector is zero.

    Args:
        first, second: float [D].

    Returns:
        float in [-1, 1].

    Example:

    >>> round(cosine([3, 1, 2], [3, 0, 2]), 3)
    0.964
    """
    lengths = np.linalg.norm(first) * np.linalg.norm(second)
    return float(np.dot(first, second) / lengths) if lengths else 0.0
