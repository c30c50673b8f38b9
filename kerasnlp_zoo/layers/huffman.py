"""Huffman codes of a vocabulary: frequent words have short codes.

Shapes: V words, L length of the longest code.
"""

import heapq
from collections.abc import Sequence

import numpy as np


def zipf_counts(vocabulary_size: int) -> np.ndarray:
    """Return counts by Zipf's law for ids in order of decreasing frequency: float array [V].

    Example:

    >>> zipf_counts(4).round(2)
    array([1.  , 0.5 , 0.33, 0.25])

    Reference: Zipf 1935.
    """
    return 1.0 / np.arange(1, vocabulary_size + 1)


def huffman_codes(counts: Sequence[float] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Build the Huffman tree and return the path from the root to every word.

    Args:
        counts: number of occurrences of each word, V >= 2 numbers; 0 is allowed.

    Returns:
        (nodes int32 [V, L], signs float32 [V, L]). `nodes` are the inner nodes of each path, from the root down; their
        numbers are 0 to V - 2, and the root is V - 2. `signs` are 1 where a path goes left, -1 where it goes right and
        0 after its end.

    Example:

    >>> nodes, signs = huffman_codes([5, 2, 1])
    >>> nodes.tolist(), signs.astype(int).tolist()
    ([[1, 0], [1, 0], [1, 0]], [[-1, 0], [1, -1], [1, 1]])

    Reference: Huffman 1952.
    """
    counts = np.asarray(counts)
    size = len(counts)
    parents, is_left = np.zeros(2 * size - 1, "int64"), np.zeros(2 * size - 1, bool)
    heap = [(count, index) for index, count in enumerate(counts.tolist())]
    heapq.heapify(heap)
    for inner in range(size, 2 * size - 1):
        (low, left), (high, right) = heapq.heappop(heap), heapq.heappop(heap)
        parents[left] = parents[right] = inner
        is_left[left] = True
        heapq.heappush(heap, (low + high, inner))
    # The paths of all words are followed from the leaf to the root together, one node at a time.
    root, at = 2 * size - 2, np.arange(size)
    steps = []
    while np.any(at != root):
        moving = at != root
        signs = np.where(moving, np.where(is_left[at], 1, -1), 0)
        at = np.where(moving, parents[at], root)
        steps.append((np.where(moving, at - size, 0), signs))
    nodes, signs = (np.stack(part, axis=1) for part in zip(*steps, strict=True))  # [V, L], from the leaf up
    lengths = np.count_nonzero(signs, axis=1)[:, None]
    reverse = lengths - 1 - np.arange(nodes.shape[1])  # indices of the same path from the root down
    inside = reverse >= 0
    reverse = np.maximum(reverse, 0)
    nodes = np.where(inside, np.take_along_axis(nodes, reverse, axis=1), 0)
    signs = np.where(inside, np.take_along_axis(signs, reverse, axis=1), 0)
    return nodes.astype("int32"), signs.astype("float32")


def tree_levels(nodes: np.ndarray, signs: np.ndarray) -> tuple[list[tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """Return the places of a tree by level, from its codes. A place is an inner node or a word.

    Args:
        nodes, signs: codes from `huffman_codes`, [V, L].

    Returns:
        (levels, leaves). Each of the L levels below the root is (parents int32 [places], the parent's index in the
        level above; ways int32 [places], the parent's number, plus V - 1 if the place is to its right). `leaves`
        int32 [V] is the index of each word in the sequence of all places, from the root down.

    Example:

    >>> levels, leaves = tree_levels(*huffman_codes([5, 2, 1]))
    >>> [(parents.tolist(), ways.tolist()) for parents, ways in levels], leaves.tolist()
    ([([0, 0], [1, 3]), ([0, 0], [0, 2])], [2, 4, 3])
    """
    ways = np.where(signs < 0, nodes + len(nodes) - 1, nodes).astype("int32")
    lengths = np.count_nonzero(signs, axis=1)
    above = np.zeros(len(nodes), "int32")  # index of each word's ancestor in the level above
    leaves = np.zeros(len(nodes), "int32")
    levels, count = [], 1
    for depth in range(nodes.shape[1]):
        words = np.flatnonzero(lengths > depth)  # all words below this level or in it
        level, first, places = np.unique(ways[words, depth], return_index=True, return_inverse=True)
        levels.append((above[words[first]], level))
        above[words] = places
        is_leaf = lengths == depth + 1
        leaves[is_leaf] = count + above[is_leaf]
        count += len(level)
    return levels, leaves
