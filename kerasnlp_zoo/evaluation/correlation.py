"""Cosine similarities, and their correlation with human scores.

Shapes: N pairs, D width of a vector.
"""

import warnings
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from scipy import stats

Numbers: TypeAlias = Sequence[float] | np.ndarray  # float [N]
Vectors: TypeAlias = Sequence[Sequence[float]] | np.ndarray  # float [N, D]


def cosines(first: Vectors, second: Vectors) -> np.ndarray:
    """Return the cosine similarity of every pair of rows; it is 0 if a vector is zero.

    Args:
        first, second: float [N, D].

    Returns:
        float array [N] in [-1, 1].

    Example:

    >>> cosines([[3.0, 1.0, 2.0]], [[3.0, 0.0, 2.0]]).round(3)
    array([0.964])
    """
    return np.sum(normalized(first) * normalized(second), axis=1)


def normalized(vectors: Vectors) -> np.ndarray:
    """Return every row divided by its Euclidean norm; rows of zeros are unchanged.

    Args:
        vectors: float [N, D].

    Returns:
        float array [N, D].

    Example:

    >>> normalized(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors) / np.where(lengths == 0, 1, lengths)


def correlations(predictions: Numbers, scores: Numbers) -> dict[str, float]:
    """Return the correlation coefficients of predictions and human scores.

    Args:
        predictions: float [N], N >= 2.
        scores: float [N].

    Returns:
        dict of spearman, with the mean rank for ties, and pearson. Both are NaN if all predictions, or all scores,
        are equal.

    Example:

    >>> correlations([0.1, 0.2, 0.4], [1.0, 2.0, 3.0])
    {'spearman': 1.0, 'pearson': 0.981...}
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.ConstantInputWarning)  # the result is NaN
        return {
            "spearman": float(stats.spearmanr(predictions, scores).statistic),
            "pearson": float(stats.pearsonr(predictions, scores).statistic),
        }
