"""From counts to probabilities: what an n-gram model says of n-grams that it has not seen.

Every method ends in the same two tables: P(w | h) of the n-grams that occur, and for every history h the
factor of the shorter history's probability for all other words, P(w | h) = factor(h) P(w | h'). The shortest
history of all is followed by the uniform distribution over the events, all ids but `[PAD]` and `[START]`. A
history that does not occur is shortened until it does: its factor is 1.

Shapes: N tokens of a text, V vocabulary, M different n-grams of one order, H different histories.
"""

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models.ngram_counts import MISSING
from kerasnlp_zoo.vocabulary import PADDING_ID, START_ID

STEPS = 50  # of expectation maximisation
BUCKETS = 32  # histories seen 1, 2-3, 4-7, ... times share a weight
USUAL_DISCOUNTS = (0.5, 1.0, 1.5)  # where a text is too short to estimate them


def uniform(vocabulary_size):
    """Return the distribution that knows nothing: float64 [V], 0 for `[PAD]` and `[START]`.

    Example:

    >>> uniform(6)
    array([0.  , 0.25, 0.  , 0.25, 0.25, 0.25])
    """
    probabilities = np.full(vocabulary_size, 1 / (vocabulary_size - 2))
    probabilities[[PADDING_ID, START_ID]] = 0
    return probabilities


def maximum_likelihood(counts, order):
    """Return shares of counts, c(h, w) / c(h): 0 for whatever did not occur after a history that did.

    Args:
        counts: `NgramCounts`.
        order: int, of the model.

    Returns:
        (list of float64 arrays [M], of the orders from 1 on; list of float64 arrays [H], factors of the
        histories of the orders from 2 on).
    """
    return _interpolate(counts, order, lambda n: _shares(counts, n))


def add_k(counts, order, k):
    """Return (c(h, w) + k) / (c(h) + k E), E events: every one was seen k times more.

    Args:
        counts, order: as for `maximum_likelihood`.
        k: float > 0.

    Returns:
        As `maximum_likelihood`.

    Raises:
        InputError: if `k` is not positive.

    Reference: Lidstone 1920; with k = 1 Laplace's.
    """
    if not 0 < k < np.inf:
        raise InputError(f"add_k adds a number above 0 to every count. Received: k={k!r}")

    def level(n):
        if n < order:
            return np.zeros(counts.numbers.size(n)), np.ones(_num_histories(counts, n))
        added = k * (counts.numbers.vocabulary_size - 2)
        totals = counts.per_history(n, counts.counts[n - 1]) + added
        return counts.counts[n - 1] / totals[counts.numbers.histories(n)], added / totals

    return _interpolate(counts, order, level)


def interpolation(counts, order, validation):
    """Return weight c(h, w) / c(h) + (1 - weight) P(w | h'), with the weights that suit another text best.

    A weight belongs to an order and to the histories seen 1, 2 to 3, 4 to 7, ... times; expectation
    maximisation finds them.

    Args:
        counts, order: as for `maximum_likelihood`.
        validation: int array [N], a text that was not counted.

    Returns:
        As `maximum_likelihood`.

    Raises:
        InputError: without a validation text.

    Reference: Jelinek and Mercer 1980; Chen and Goodman 1998, section 2.3.
    """
    if validation is None or not len(validation):
        raise InputError("Interpolation finds its weights on another text: give one as validation=ids")
    weights = _best_weights(counts, order, np.asarray(validation))

    def level(n):
        shares, unseen = _shares(counts, n)
        of_history = weights[n][_buckets(counts.per_history(n, counts.counts[n - 1]))]
        return shares * of_history[counts.numbers.histories(n)], np.where(unseen, 1, 1 - of_history)

    return _interpolate(counts, order, level)


def back_off(counts, order):
    """Return (c(h, w) - D) / c(h) of what occurred; only for the rest the shorter history is asked.

    Katz's scheme with absolute discounts, D = n1 / (n1 + 2 n2) for each order, where n1 and n2 n-grams occur
    once and twice: unlike Good-Turing's they always leave something for the rest, so that it is a distribution.
    Nothing is discounted after a history that every event follows, and the order 1 is interpolated with the
    uniform distribution.

    Args:
        counts, order: as for `maximum_likelihood`.

    Returns:
        As `maximum_likelihood`.

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


def modified_kneser_ney(counts, order):
    """Return (c(h, w) - D(c)) / c(h) + what the discounts leave times P(w | h'), three discounts an order.

    Below the highest order c is not how often an n-gram occurs but after how many different words: "Francisco"
    is frequent, yet only after "San". D1, D2 and D3+ are estimated from how many n-grams have the counts 1 to
    4; where one of these numbers is 0 or a discount would not be positive, 0.5, 1 and 1.5 stand for them.

    Args:
        counts, order: as for `maximum_likelihood`.

    Returns:
        As `maximum_likelihood`.

    Reference: Chen and Goodman 1998, section 3, equations 26 and 27; Kneser and Ney 1995.
    """

    def level(n):
        order_counts = counts.counts[n - 1] if n == order else counts.continuations(n)
        return _discounted(counts, n, order_counts, estimate_discounts)

    return _interpolate(counts, order, level)


SMOOTHINGS = {
    function.__name__: function
    for function in (maximum_likelihood, add_k, interpolation, back_off, modified_kneser_ney)
}


def estimate_discounts(order_counts):
    """Return Chen and Goodman's discounts for the counts 1, 2, and 3 or more.

    Args:
        order_counts: int array [M].

    Returns:
        tuple of 3 floats.

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


def _one_discount(order_counts):
    """Return one discount for all counts, three times."""
    n1, n2 = (np.count_nonzero(order_counts == count) for count in (1, 2))
    return (n1 / (n1 + 2 * n2) if n1 and n2 else USUAL_DISCOUNTS[0],) * 3


def _interpolate(counts, order, level):
    """Return probabilities and factors where level(n) gives each n-gram's own part and each history's factor."""
    shorter = uniform(counts.numbers.vocabulary_size)
    probabilities, factors = [], []
    for n in range(1, order + 1):
        own, factor = level(n)
        shorter = own + factor[counts.numbers.histories(n)] * (shorter if n == 1 else shorter[counts.shorter[n - 2]])
        probabilities.append(shorter)
        factors.append(factor)
    return probabilities, factors[1:]


def _shares(counts, n):
    """Return c(h, w) / c(h) [M], and 1.0 [H] for histories that nothing follows, else 0."""
    totals = counts.per_history(n, counts.counts[n - 1])
    return counts.counts[n - 1] / np.maximum(totals, 1)[counts.numbers.histories(n)], (totals == 0).astype("float64")


def _discounted(counts, n, order_counts, estimate):
    """Return max(c - D, 0) / c(h) [M], and the share that the discounts leave [H]."""
    discounts = np.array([0, *estimate(order_counts)])[np.minimum(order_counts, 3)]
    discounts = np.minimum(discounts, order_counts)
    totals = counts.per_history(n, order_counts)
    left = counts.per_history(n, discounts)
    own = (order_counts - discounts) / np.maximum(totals, 1)[counts.numbers.histories(n)]
    return own, np.where(totals == 0, 1, left / np.maximum(totals, 1))


def _num_histories(counts, n):
    return 1 if n == 1 else counts.numbers.size(n - 1)


def _buckets(totals):
    """Return the bucket of each history by how often it was seen: the whole part of the logarithm to base 2."""
    return np.minimum(np.log2(np.maximum(totals, 1)).astype("int32"), BUCKETS - 1)


def _best_weights(counts, order, validation):
    """Return weights by order and bucket, float64 [order + 1, BUCKETS], that make a text most probable."""
    events = validation != START_ID
    shares = [uniform(counts.numbers.vocabulary_size)[validation][events]]
    places = [None]  # of each token's weight in its order's row; BUCKETS where the history was not seen
    for n, (histories, numbers) in enumerate(counts.numbers.along(validation), start=1):
        if n > order:
            break
        totals = counts.per_history(n, counts.counts[n - 1])
        known = (histories != MISSING) & (totals[histories] > 0)
        share = np.where(numbers == MISSING, 0, _shares(counts, n)[0][numbers])
        shares.append(share[events])
        places.append(np.where(known, _buckets(totals[histories]), BUCKETS)[events])
    weights = np.full((order + 1, BUCKETS + 1), 0.5)
    weights[:, BUCKETS] = 0
    for _ in range(STEPS):
        rest, parts = np.ones(len(shares[0])), []  # parts of the mixture, from the highest order down
        for n in range(order, 0, -1):
            weight = weights[n][places[n]]
            parts.append(rest * weight * shares[n])
            rest = rest * (1 - weight)
        parts = [rest * shares[0], *parts[::-1]]
        total = sum(parts)
        below = parts[0]  # the part of all orders below
        for n in range(1, order + 1):
            below = below + parts[n]
            taken = np.bincount(places[n], parts[n] / total, BUCKETS + 1)
            reached = np.bincount(places[n], below / total, BUCKETS + 1)
            weights[n] = np.where(reached > 0, taken / np.where(reached > 0, reached, 1), weights[n])
        weights[:, BUCKETS] = 0
    return weights
