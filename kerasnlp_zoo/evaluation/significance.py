"""Significance tests of the difference between the scores of two models on the same texts.

Shapes: N texts, K numbers of each text.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from scipy import stats

from kerasnlp_zoo.errors import InputError, require_positive

Score: TypeAlias = Callable[[np.ndarray], float]  # the score of float [M, K], the numbers of any M texts
INTERVAL = (2.5, 97.5)  # percentiles that enclose 95%


def paired_bootstrap(
    first: np.ndarray, second: np.ndarray, score: Score, resamples: int = 2000, seed: int = 0
) -> dict[str, float]:
    """Draw test sets of N texts with replacement, and compare the scores of two models on each.

    Args:
        first: float [N, K], what the score of the first model is computed from, a row for each text.
        second: float [N, K], the same of the second model, for the same texts.
        score: function of rows, such as the mean.
        resamples: number of test sets that are drawn.
        seed: random seed.

    Returns:
        dict of difference, the score of the second model minus that of the first; low and high, the 95% interval of
        the difference; and p_value, the probability of a difference at least as far from 0 if the models were equally
        good (two-sided).

    Raises:
        InputError: if there are no texts, or the numbers of texts differ.

    Example:

    >>> right = np.array([[1.0], [0.0], [1.0], [1.0]] * 50)
    >>> found = paired_bootstrap(right, np.ones_like(right), lambda rows: float(rows.mean()))
    >>> found["difference"], found["p_value"] < 0.01
    (0.25, True)

    References: Efron and Tibshirani 1993, "An Introduction to the Bootstrap"; Koehn 2004, "Statistical Significance
    Tests for Machine Translation Evaluation".
    """
    require_positive(resamples=resamples)
    if not len(first) or len(first) != len(second):
        raise InputError(
            "Two models can be compared on at least one text, and on the same texts. "
            f"Received: {len(first)} and {len(second)} texts"
        )
    random = np.random.default_rng(seed)
    draws = (random.integers(0, len(first), len(first)) for _ in range(resamples))
    differences = np.array([score(second[rows]) - score(first[rows]) for rows in draws])
    differences = differences[np.isfinite(differences)]  # the correlation of equal numbers is NaN
    if not len(differences):
        raise InputError("These texts have no score: with every choice of them it is NaN. Use more texts")
    low, high = np.percentile(differences, INTERVAL)
    # One is added to both numbers: a share of 0 would claim more than the number of draws can show.
    beyond = min(np.sum(differences <= 0), np.sum(differences >= 0))
    return {
        "difference": score(second) - score(first),
        "low": float(low),
        "high": float(high),
        "p_value": float(min(1.0, 2 * (beyond + 1) / (len(differences) + 1))),
    }


def mcnemar(first: np.ndarray, second: np.ndarray) -> dict[str, float]:
    """Compare two classifiers by the texts that only one of them answers correctly, with McNemar's exact test.

    Args:
        first: bool [N], whether the first model is right.
        second: bool [N], whether the second model is right.

    Returns:
        dict of only_first and only_second, the numbers of texts that only this model answers correctly; and p_value,
        the probability of numbers at least as different if both models were equally good (two-sided).

    Example:

    >>> mcnemar(np.array([True] * 8 + [False]), np.array([False] * 8 + [True]))
    {'only_first': 8, 'only_second': 1, 'p_value': 0.0390625}

    References: McNemar 1947, "Note on the Sampling Error of the Difference between Correlated Proportions"; Dietterich
    1998, "Approximate Statistical Tests for Comparing Supervised Classification Learning Algorithms".
    """
    only_first, only_second = int(np.sum(first & ~second)), int(np.sum(second & ~first))
    different = only_first + only_second
    p_value = float(stats.binomtest(only_first, different).pvalue) if different else 1.0
    return {"only_first": only_first, "only_second": only_second, "p_value": p_value}
