import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.layers.tree_composition import INNER_PLACES, LEAF_PLACES
from kerasnlp_zoo.text.tree_schedules import read_nodes, schedule
from kerasnlp_zoo.text.trees import bracketed, read_tree
from tests.random_trees import children_of, random_tree


def scheduled(strings, num_inboxes=1):
    return {name: values.numpy() for name, values in schedule(read_nodes(strings), len(strings), num_inboxes).items()}


def test_nodes_read_in_the_graph_equal_those_of_the_trees(random):
    trees = [random_tree(random, size, 4, words_at) for size in (1, 2, 9, 30) for words_at in ("leaves", "all")]
    nodes = read_nodes([bracketed(tree) for tree in trees])
    starts = np.cumsum([0, *(len(tree.words) for tree in trees)])
    for number, tree in enumerate(trees):
        own = slice(starts[number], starts[number + 1])
        assert [word.decode() for word in nodes["words"].numpy()[own]] == list(tree.words)
        parents = nodes["parents"].numpy()[own]
        assert tuple(np.where(parents < 0, -1, parents - starts[number])) == tree.parents
        ranks = nodes["ranks"].numpy()[own]
        assert all(ranks[child] == place for below in children_of(tree) for place, child in enumerate(below))


@pytest.mark.parametrize("seed", range(3))
def test_children_have_later_rows_than_parents_and_positions_are_not_shared(seed):
    random = np.random.default_rng(seed)
    trees = [random_tree(random, int(random.integers(1, 40)), 3) for _ in range(8)]
    found = scheduled([bracketed(tree) for tree in trees], num_inboxes=3)
    start = 0
    for number, tree in enumerate(trees):
        own = slice(start, start := start + len(tree.words))
        rows, places, parents = (found[name][own] for name in ("rows", "places", "parents"))
        assert (rows[0], places[0], parents[0]) == (0, 0, 0)
        assert len(set(zip(rows, places, strict=True))) == len(tree.words)
        assert found["num_rows"][number] == rows.max() + 1
        for node, below in enumerate(children_of(tree)):
            assert (places[node] < INNER_PLACES) == bool(below or node == 0)
            for rank, child in enumerate(below):
                assert rows[child] > rows[node] or places[child] >= INNER_PLACES
                assert parents[child] == 1 + (rows[node] * INNER_PLACES + places[node]) * 3 + rank


def test_the_number_of_rows_is_minimal():
    comb = "( a " * 9 + "b" + " )" * 9
    bushy = "x"
    for _ in range(5):
        bushy = f"( {bushy} {bushy} )"
    flat = "( " + "a " * 40 + ")"
    rows = scheduled([bracketed(read_tree(text, "binary")) for text in (comb, bushy, flat)])["num_rows"]
    inner = 2**5 - 1
    assert list(rows) == [9, 1 + -(-(inner - 1) // INNER_PLACES), -(-40 // LEAF_PLACES)]


def test_both_trees_of_a_pair_begin_in_the_first_row():
    found = scheduled(["((a) (b)) (c)", "(a) ((b) (c))"])
    assert list(found["places"][[0, 3, 4, 5]]) == [0, 1, 0, 1]
    assert not found["rows"][[0, 3, 4, 5]].any()


@pytest.mark.parametrize("text", ["((a)", "(a))", "(a b)", "a", "(a) (b) (c)"])
def test_malformed_brackets_fail_in_the_graph(text):
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected"):
        scheduled(["((a) (b))", text])


def test_more_children_than_inboxes_fail_in_the_graph():
    with pytest.raises(tf.errors.InvalidArgumentError, match="2 children"):
        scheduled(["((a) (b) (c))"], num_inboxes=2)
