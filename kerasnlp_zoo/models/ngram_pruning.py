"""Pruning of n-gram models: rare n-grams are dropped, and the distributions are normalised again.

Shapes: M different n-grams of one order.
"""

from collections.abc import Sequence

import numpy as np

from kerasnlp_zoo.models.ngram_counts import NgramCounts, NgramIndex
from kerasnlp_zoo.models.ngram_smoothing import Tables
from kerasnlp_zoo.vocabulary import START_ID


def prune(counts: NgramCounts, tables: Tables, min_counts: Sequence[int]) -> tuple[NgramIndex, Tables]:
    """Drop the n-grams that occur less often than a minimum for their number of words.

    The n-grams that remain keep their probabilities. The factor of each history is computed again, so that the
    probabilities after it sum to 1: what its remaining words leave, divided by what they leave after the shorter
    history.

    Args:
        counts: the counts that the tables were computed from.
        tables: probabilities and factors, from a function of `ngram_smoothing`.
        min_counts: minimum number of occurrences of pairs, of n-grams of three words, and so on, not decreasing; the
            last one also applies to longer n-grams.

    Returns:
        (the n-grams that remain, their tables).

    Reference: Stolcke 1998, "Entropy-based Pruning of Backoff Language Models", section 2, for the factors.
    """
    probabilities, _ = tables
    size, order = counts.numbers.vocabulary_size, len(probabilities)
    new_numbers = np.arange(size)  # of the n-grams of the next lower order
    keys, kept_probabilities, factors = [], [probabilities[0]], []
    for n in range(2, order + 1):
        words = counts.numbers.words(n)
        # [START] begins histories and is never counted.
        kept = (counts.counts[n - 1] >= min_counts[min(n - 2, len(min_counts) - 1)]) | (words == START_ID)
        histories = new_numbers[counts.numbers.histories(n)[kept]]  # an n-gram is at most as frequent as its history
        shorter = new_numbers[counts.shorter[n - 2][kept]]
        own = probabilities[n - 1][kept]
        num_histories = len(kept_probabilities[-1])
        left = 1 - np.bincount(histories, own, num_histories)
        shorter_left = 1 - np.bincount(histories, kept_probabilities[-1][shorter], num_histories)
        is_full = shorter_left < 1e-9  # every word remains
        factors.append(np.where(is_full, 0, np.maximum(left, 0) / np.where(is_full, 1, shorter_left)))
        keys.append(histories * size + words[kept])
        kept_probabilities.append(own)
        new_numbers = np.cumsum(kept) - 1
    return NgramIndex(size, keys), (kept_probabilities, factors)
