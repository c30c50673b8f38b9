"""Counts of n-grams in sorted arrays equal those of a Counter."""

import collections

import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import ngram_counts as module
from kerasnlp_zoo.models.ngram_counts import MISSING, count_ngrams

START = 2
VOCABULARY_SIZE = 9


def histories_of(ids, order):
    """Return the n-gram that ends at each token, slowly. An n-gram does not continue past a [START]."""
    for place in range(len(ids)):
        gram = []
        for earlier in range(place, place - order, -1):
            if earlier < 0 or (gram and gram[0] == START):
                gram.insert(0, START)
            else:
                gram.insert(0, int(ids[earlier]))
        yield tuple(gram)


def grams(counts, order):
    """Return all n-grams of an order from the trie."""
    if order == 1:
        return [(word,) for word in range(counts.numbers.vocabulary_size)]
    shorter = grams(counts, order - 1)
    pairs = zip(counts.numbers.histories(order), counts.numbers.words(order), strict=True)
    return [(*shorter[history], int(word)) for history, word in pairs]


@pytest.fixture
def ids(random):
    ids = random.integers(3, VOCABULARY_SIZE, 300).astype("int32")
    ids[random.integers(1, 300, 20)] = START
    return ids


@pytest.mark.parametrize("block", [7, 2**22])
def test_counts_equal_those_of_a_counter(ids, block, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "BLOCK", block)
    on_disk = np.memmap(tmp_path / "ids", "int32", "w+", shape=ids.shape)
    on_disk[:] = ids
    counts = count_ngrams(on_disk, VOCABULARY_SIZE, order=4)
    assert counts.order == 4
    for order in range(1, 5):
        expected = collections.Counter(gram for gram in histories_of(ids, order) if gram[-1] != START)
        spelled = grams(counts, order)
        found = dict(zip(spelled, counts.counts[order - 1].tolist(), strict=True))
        assert {gram: count for gram, count in found.items() if count} == expected
        if order > 1:
            below = grams(counts, order - 1)
            assert [below[number] for number in counts.shorter[order - 2]] == [gram[1:] for gram in spelled]
        if order < 4:
            longer = {gram for gram in histories_of(ids, order + 1) if gram[-1] != START}
            before = collections.Counter(gram[1:] for gram in longer)
            assert counts.continuations(order).tolist() == [before[gram] for gram in spelled]


def test_shared_ngrams_are_found_in_another_text(ids, random):
    counts = count_ngrams(ids, VOCABULARY_SIZE, order=3)
    other = random.integers(1, VOCABULARY_SIZE, 200)
    for order, (histories, numbers) in enumerate(counts.numbers.numbers_along(other), start=1):
        known = {gram: number for number, gram in enumerate(grams(counts, order))}
        expected = [known.get(gram, MISSING) for gram in histories_of(other, order)]
        assert numbers.tolist() == expected
        if order > 1:
            shorter = {gram: number for number, gram in enumerate(grams(counts, order - 1))}
            assert histories.tolist() == [shorter.get(gram[:-1], MISSING) for gram in histories_of(other, order)]


@pytest.mark.parametrize(
    ("ids", "order", "message"),
    [
        ([], 1, "The text is empty"),
        ([4, 5], 3, "has only 2 tokens.*order of the n-grams, 3"),
        ([4, 5], 0, "order must be an integer of at least 1"),
        ([4, 9], 2, "ids 0 to 8. Received: 9"),
        ([4, -1], 2, "Received: -1"),
        ([4.0, 5.0], 2, "integers. Received: float64"),
        ([[4, 5]], 2, r"one row of integers. Received: int64 \[1, 2\]"),
    ],
)
def test_invalid_input_is_refused(ids, order, message):
    with pytest.raises(InputError, match=message):
        count_ngrams(np.array(ids), VOCABULARY_SIZE, order)
