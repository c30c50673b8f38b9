"""Random trees for tests."""

import numpy as np

from kerasnlp_zoo.text.trees import Tree


def random_tree(random, num_nodes, most_children, words_at="leaves", words=("a", "b", "c", "d")):
    """Return a tree in which random earlier nodes are the parents; words are at the leaves, or at all nodes."""
    parents = [-1]
    for node in range(1, num_nodes):
        free = [other for other in range(node) if parents.count(other) < most_children]
        parents.append(int(random.choice(free)))
    order, waiting = [], [0]
    while waiting:  # before its descendants
        node = waiting.pop(0)
        order.append(node)
        waiting = [other for other in range(num_nodes) if parents[other] == node] + waiting
    parents = [-1 if parents[node] < 0 else order.index(parents[node]) for node in order]
    has_word = [words_at == "all" or node not in parents for node in range(num_nodes)]
    chosen = [str(random.choice(words)) if has else "" for has in has_word]
    return Tree(tuple(chosen), ("",) * num_nodes, tuple(parents), tuple(np.cumsum(has_word) * has_word - 1))


def children_of(tree):
    """Return the children of each node, from left to right."""
    return [[n for n, parent in enumerate(tree.parents) if parent == node] for node in range(len(tree.words))]
