"""How well cosines follow human scores.

Shapes: N pairs, D width of a vector.
"""

import warnings

import numpy as np
from scipy import stats


def cosines(first, second):
    """Return the cosine of every pair of rows; 0 where a vector is zero.

    Args:
        first, second: float arrays [N, D].

    Returns:
        float array [N] in [-1, 1].

    Example:

    >>> cosines([[3.0, 1.0, 2.0]], [[3.0, 0.0, 2.0]]).round(3)
    array([0.964])
    """
    return np.sum(normalized(first) * normalized(second), axis=1)


def normalized(vectors):
    """Divide every row by its length; rows of zeros stay.

    Args:
        vectors: float array [N, D].

    Returns:
        float array [N, D].

    Example:

    >>> normalized(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors) / np.where(lengths == 0, 1, lengths)


def correlations(predictions, scores):
    """Correlate two lists of numbers.

    Args:
        predictions: float array [N], N at least 2.
        scores: float array [N], what people said.

    Returns:
        dict of spearman, over ranks, equal values sharing their mean rank; and pearson, over the numbers
        themselves. Both are NaN where all predictions, or all scores, are equal.

    Example:

    >>> correlations([0.1, 0.2, 0.4], [1.0, 2.0, 3.0])
    {'spearman': 1.0, 'pearson': 0.981...}
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.ConstantInputWarning)  # NaN says it
        return {
            "spearman": float(stats.spearmanr(predictions, scores).statistic),
            "pearson": float(stats.pearsonr(predictions, scores).statistic),
        }
