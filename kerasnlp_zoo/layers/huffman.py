"""Huffman's binary tree over a vocabulary: short codes for frequent words.

Shapes: V words, L longest code.
"""

import heapq

import numpy as np


def zipf_counts(vocabulary_size):
    """Return counts by Zipf's law for ids ordered by falling frequency: float array [V].

    Example:

    >>> zipf_counts(4).round(2)
    array([1.  , 0.5 , 0.33, 0.25])

    Reference: Zipf 1935.
    """
    return 1.0 / np.arange(1, vocabulary_size + 1)


def huffman_codes(counts):
    """Build the tree and return every word's way through it.

    Args:
        counts: array [V], V >= 2, how often each word occurs; 0 is allowed.

    Returns:
        (nodes int32 [V, L], the inner nodes from the root down, 0..V-2 with the root V-2;
        signs float32 [V, L], 1 where the way goes left and -1 where it goes right, 0 behind its end).

    Example:

    >>> nodes, signs = huffman_codes([5, 2, 1])
    >>> nodes.tolist(), signs.astype(int).tolist()
    ([[1, 0], [1, 0], [1, 0]], [[-1, 0], [1, -1], [1, 1]])

    Reference: Huffman 1952.
    """
    counts = np.asarray(counts)
    size = len(counts)
    parents, is_left = np.zeros(2 * size - 1, "int64"), np.zeros(2 * size - 1, bool)
    heap = [(count, place) for place, count in enumerate(counts.tolist())]
    heapq.heapify(heap)
    for inner in range(size, 2 * size - 1):
        (low, left), (high, right) = heapq.heappop(heap), heapq.heappop(heap)
        parents[left] = parents[right] = inner
        is_left[left] = True
        heapq.heappush(heap, (low + high, inner))
    # All words climb to the root together, a node at a time.
    root, at, ways = 2 * size - 2, np.arange(size), []
    while np.any(at != root):
        moving = at != root
        signs = np.where(moving, np.where(is_left[at], 1, -1), 0)
        at = np.where(moving, parents[at], root)
        ways.append((np.where(moving, at - size, 0), signs))
    nodes, signs = (np.stack(part, axis=1) for part in zip(*ways, strict=True))  # [V, L], from the leaf up
    lengths = np.count_nonzero(signs, axis=1)[:, None]
    turned = lengths - 1 - np.arange(nodes.shape[1])  # the same from the root down
    inside = turned >= 0
    turned = np.maximum(turned, 0)
    nodes = np.where(inside, np.take_along_axis(nodes, turned, axis=1), 0)
    signs = np.where(inside, np.take_along_axis(signs, turned, axis=1), 0)
    return nodes.astype("int32"), signs.astype("float32")
