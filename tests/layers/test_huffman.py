"""Huffman's tree has the shortest possible codes, and no code is the beginning of another."""

import heapq

import numpy as np
import pytest

from kerasnlp_zoo.layers.huffman import huffman_codes, tree_levels


def least_cost(counts):
    """Return the sum of count x code length of the best binary code, which is the sum of all merges."""
    heap, cost = list(counts), 0
    heapq.heapify(heap)
    while len(heap) > 1:
        merged = heapq.heappop(heap) + heapq.heappop(heap)
        cost += merged
        heapq.heappush(heap, merged)
    return cost


@pytest.mark.parametrize("size", [2, 3, 50, 1000])
def test_code_lengths_are_optimal(size, random):
    counts = random.zipf(1.3, size)
    nodes, signs = huffman_codes(counts)
    lengths = np.count_nonzero(signs, axis=1)
    assert np.sum(counts * lengths) == least_cost(counts.tolist())
    assert np.sum(0.5**lengths) == pytest.approx(1)  # Kraft: the tree is full
    assert len({tuple(row) for row in signs}) == size
    assert np.all(nodes[:, 0] == size - 2)  # every path starts at the root
    assert set(nodes[signs != 0]) == set(range(size - 1))


def test_words_that_never_occur_have_a_code():
    _, signs = huffman_codes([0, 0, 5, 3])
    assert np.all(np.count_nonzero(signs, axis=1) == [3, 3, 1, 2])


def test_levels_contain_every_place_once_below_its_parent(random):
    counts = random.zipf(1.3, 50)
    nodes, signs = huffman_codes(counts)
    levels, leaves = tree_levels(nodes, signs)
    probabilities = [np.ones(1)]
    for parents, ways in levels:
        probabilities.append(probabilities[-1][parents] / 2)
        assert len(set(zip(parents, ways, strict=True))) == len(ways)
    assert sum(map(len, probabilities)) == 2 * 50 - 1
    np.testing.assert_array_equal(np.concatenate(probabilities)[leaves], 0.5 ** np.count_nonzero(signs, axis=1))
