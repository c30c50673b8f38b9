"""Smoothing of n-gram models: from counts to probabilities, also of n-grams that do not occur.

Every method returns two tables: P(w | h) of the n-grams that occur, and for every history h a factor for all other
words, P(w | h) = factor(h) P(w | h'), where h' is h without its first word. For the empty history, P(w | h') is the
uniform distribution over the events: all ids except `[PAD]` and `[START]`. A history that does not occur has the factor
1.

Shapes: N tokens of a text, V vocabulary, M different n-grams of one order, H different histories.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models.ngram_counts import MISSING, NgramCounts
from kerasnlp_zoo.vocabulary import PADDING_ID, START_ID

# float64 arrays: P(last word | history) of each n-gram [M], one array for each order from 1 on; and the factor of each
# history [H], one array for each order from 2 on.
Tables: TypeAlias = tuple[list[np.ndarray], list[np.ndarray]]
Discounts: TypeAlias = tuple[float, float, float]  # for the counts 1, 2, and 3 or more

STEPS = 50  # steps of expectation maximization
BUCKETS = 32  # histories that occur 1, 2-3, 4-7, ... times share a weight
USUAL_DISCOUNTS = (0.5, 1.0, 1.5)  # for texts that are too short to estimate them


def uniform(vocabulary_size: int) -> np.ndarray:
    """Return the uniform distribution over the events: float64 array [V], 0 for `[PAD]` and `[START]`.

    Example:

    >>> uniform(6)
    array([0.  , 0.25, 0.  , 0.25, 0.25, 0.25])
    """
    probabilities = np.full(vocabulary_size, 1 / (vocabulary_size - 2))
    probabilities[[PADDING_ID, START_ID]] = 0
    return probabilities


def maximum_likelihood(counts: NgramCounts, order: int) -> Tables:
    """Return relative frequencies, c(h, w) / c(h): 0 for words that do not occur after a known history.

    Args:
        counts: counts of at least this order.
        order: order of the model.

    Returns:
        (probabilities, factors).
    """
    return _interpolate(counts, order, lambda n: _shares(counts, n))


def add_k(counts: NgramCounts, order: int, k: float) -> Tables:
    """Return (c(h, w) + k) / (c(h) + k E), where E is the number of events.

    Args:
        counts, order: as for `maximum_likelihood`.
        k: > 0, added to every count.

    Returns:
        (probabilities, factors).

    Raises:
        InputError: if `k` is not positive.

    Reference: Lidstone 1920; Laplace for k = 1.
    """
    if not 0 < k < np.inf:
        raise InputError(f"k must be a finite number above 0. Received: k={k!r}")

    def level(n: int) -> tuple[np.ndarray, np.ndarray]:
        if n < order:
            return np.zeros(counts.numbers.size(n)), np.ones(_num_histories(counts, n))
        added = k * (counts.numbers.vocabulary_size - 2)
        totals = counts.per_history(n, counts.counts[n - 1]) + added
        return counts.counts[n - 1] / totals[counts.numbers.histories(n)], added / totals

    return _interpolate(counts, order, level)


def interpolation(counts: NgramCounts, order: int, validation: np.ndarray | None) -> Tables:
    """Return weight c(h, w) / c(h) + (1 - weight) P(w | h'), with weights that make a validation text most probable.

    Each order has one weight for all histories that occur once, one for 2 or 3 times, one for 4 to 7 times, and so
    on. Expectation maximization estimates the weights.

    Args:
        counts, order: as for `maximum_likelihood`.
        validation: int array [N], ids of a text that was not counted.

    Returns:
        (probabilities, factors).

    Raises:
        InputError: if there is no validation text.

    Reference: Jelinek and Mercer 1980; Chen and Goodman 1998, section 2.3.
    """
    if validation is None or not len(validation):
        raise InputError(
            "Interpolation estimates its weights on a text that was not counted. Pass its ids as validation=ids"
        )
    weights = _best_weights(counts, order, np.asarray(validation))

    def level(n: int) -> tuple[np.ndarray, np.ndarray]:
        shares, unseen = _shares(counts, n)
        of_history = weights[n][_buckets(counts.per_history(n, counts.counts[n - 1]))]
        return shares * of_history[counts.numbers.histories(n)], np.where(unseen, 1, 1 - of_history)

    return _interpolate(counts, order, level)


def back_off(counts: NgramCounts, order: int) -> Tables:
    """Return (c(h, w) - D) / c(h) for n-grams that occur, and use the shorter history only for all other words.

    This is Katz's scheme with absolute discounting: D = n1 / (n1 + 2 n2) for each order, where n1 and n2 are the
    numbers of n-grams that occur once and twice. Absolute discounts, unlike Good-Turing's, always leave probability
    for the other words, so the result is a distribution. After a history that every event follows, nothing is
    discounted. Order 1 is interpolated with the uniform distribution.

    Args:
        counts, order: as for `maximum_likelihood`.

    Returns:
        (probabilities, factors).

    Reference: Katz 1987; Ney, Essen and Kneser 1994.
    """
    probabilities, factors = _interpolate(counts, 1, lambda n: _discounted(counts, n, counts.counts[0], _one_discount))
    for n in range(2, order + 1):
        order_counts, histories = counts.counts[n - 1], counts.numbers.histories(n)
        shares, _ = _shares(counts, n)
        discounted, left = _discounted(counts, n, order_counts, _one_discount)
        shorter_rest = 1 - counts.per_history(n, probabilities[-1][counts.shorter[n - 2]])
        all_seen = counts.per_history(n, order_counts > 0) == counts.numbers.vocabulary_size - 2
        factors.append(np.where(all_seen, 0, left / np.where(all_seen, 1, shorter_rest)))
        probabilities.append(np.where(all_seen[histories], shares, discounted))
    return probabilities, factors


def modified_kneser_ney(counts: NgramCounts, order: int) -> Tables:
    """Return (c(h, w) - D(c)) / c(h) + (discounted probability) P(w | h'), with three discounts for each order.

    Below the highest order, c is the number of different words before an n-gram: "Francisco" is frequent, but only
    after "San". The discounts for the counts 1, 2, and 3 or more are estimated from the numbers of n-grams with the
    counts 1 to 4. If one of these numbers is 0 or a discount is not positive, the discounts are 0.5, 1 and 1.5.

    Args:
        counts, order: as for `maximum_likelihood`.

    Returns:
        (probabilities, factors).

    Reference: Chen and Goodman 1998, section 3, equations 26 and 27; Kneser and Ney 1995.
    """

    def level(n: int) -> tuple[np.ndarray, np.ndarray]:
        order_counts = counts.counts[n - 1] if n == order else counts.continuations(n)
        return _discounted(counts, n, order_counts, estimate_discounts)

    return _interpolate(counts, order, level)


SMOOTHINGS: dict[str, Callable[..., Tables]] = {
    function.__name__: function
    for function in (maximum_likelihood, add_k, interpolation, back_off, modified_kneser_ney)
}


def estimate_discounts(order_counts: np.ndarray) -> Discounts:
    """Return Chen and Goodman's discounts for the counts 1, 2, and 3 or more.

    Args:
        order_counts: int array [M], the counts of all n-grams of an order.

    Example:

    >>> estimate_discounts(np.array([1] * 8 + [2] * 4 + [3] * 2 + [4]))
    (0.5, 1.25, 2.0)
    """
    n1, n2, n3, n4 = (int(np.count_nonzero(order_counts == count)) for count in (1, 2, 3, 4))
    if not (n1 and n2 and n3 and n4):
        return USUAL_DISCOUNTS
    base = n1 / (n1 + 2 * n2)
    discounts = 1 - 2 * base * n2 / n1, 2 - 3 * base * n3 / n2, 3 - 4 * base * n4 / n3
    return discounts if min(discounts) > 0 else USUAL_DISCOUNTS


def _one_discount(order_counts: np.ndarray) -> Discounts:
    """Return the same discount for all counts."""
    n1, n2 = (np.count_nonzero(order_counts == count) for count in (1, 2))
    discount = n1 / (n1 + 2 * n2) if n1 and n2 else USUAL_DISCOUNTS[0]
    return discount, discount, discount


def _interpolate(counts: NgramCounts, order: int, level: Callable[[int], tuple[np.ndarray, np.ndarray]]) -> Tables:
    """Return tables from level(n), which returns the part of each n-gram for order n and the factor of each history."""
    shorter = uniform(counts.numbers.vocabulary_size)
    probabilities, factors = [], []
    for n in range(1, order + 1):
        own, factor = level(n)
        shorter = own + factor[counts.numbers.histories(n)] * (shorter if n == 1 else shorter[counts.shorter[n - 2]])
        probabilities.append(shorter)
        factors.append(factor)
    return probabilities, factors[1:]


def _shares(counts: NgramCounts, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return c(h, w) / c(h) [M], and a factor [H]: 1.0 for histories that nothing follows, otherwise 0."""
    totals = counts.per_history(n, counts.counts[n - 1])
    return counts.counts[n - 1] / np.maximum(totals, 1)[counts.numbers.histories(n)], (totals == 0).astype("float64")


def _discounted(
    counts: NgramCounts, n: int, order_counts: np.ndarray, estimate: Callable[[np.ndarray], Discounts]
) -> tuple[np.ndarray, np.ndarray]:
    """Return max(c - D, 0) / c(h) [M], and the probability that the discounts leave for each history [H]."""
    discounts = np.array([0, *estimate(order_counts)])[np.minimum(order_counts, 3)]
    discounts = np.minimum(discounts, order_counts)
    totals = counts.per_history(n, order_counts)
    left = counts.per_history(n, discounts)
    own = (order_counts - discounts) / np.maximum(totals, 1)[counts.numbers.histories(n)]
    return own, np.where(totals == 0, 1, left / np.maximum(totals, 1))


def _num_histories(counts: NgramCounts, n: int) -> int:
    return 1 if n == 1 else counts.numbers.size(n - 1)


def _buckets(totals: np.ndarray) -> np.ndarray:
    """Return the bucket of each history: floor(log2(count))."""
    return np.minimum(np.log2(np.maximum(totals, 1)).astype("int32"), BUCKETS - 1)


def _best_weights(counts: NgramCounts, order: int, validation: np.ndarray) -> np.ndarray:
    """Return the weights by order and bucket, float64 [order + 1, BUCKETS + 1], that make a text most probable."""
    events = validation != START_ID
    shares = [uniform(counts.numbers.vocabulary_size)[validation][events]]
    # The bucket of each token's history, by order: BUCKETS if the history does not occur. Order 0 has none.
    buckets = [np.zeros(0, "int32")]
    for n, (histories, numbers) in enumerate(counts.numbers.numbers_along(validation), start=1):
        if n > order:
            break
        totals = counts.per_history(n, counts.counts[n - 1])
        known = (histories != MISSING) & (totals[histories] > 0)
        share = np.where(numbers == MISSING, 0, _shares(counts, n)[0][numbers])
        shares.append(share[events])
        buckets.append(np.where(known, _buckets(totals[histories]), BUCKETS)[events])
    weights = np.full((order + 1, BUCKETS + 1), 0.5)
    weights[:, BUCKETS] = 0
    for _ in range(STEPS):
        rest, parts = np.ones(len(shares[0])), []  # parts of the mixture, from the highest order to the lowest
        for n in range(order, 0, -1):
            weight = weights[n][buckets[n]]
            parts.append(rest * weight * shares[n])
            rest = rest * (1 - weight)
        parts = [rest * shares[0], *parts[::-1]]
        total = sum(parts)
        below = parts[0]  # sum of the parts of this and all lower orders
        for n in range(1, order + 1):
            below = below + parts[n]
            taken = np.bincount(buckets[n], parts[n] / total, BUCKETS + 1)
            reached = np.bincount(buckets[n], below / total, BUCKETS + 1)
            weights[n] = np.where(reached > 0, taken / np.where(reached > 0, reached, 1), weights[n])
        weights[:, BUCKETS] = 0
    return weights
