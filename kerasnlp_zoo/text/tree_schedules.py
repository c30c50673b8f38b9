"""Schedules of trees: the row and the place of every node in a batch. A loop over rows computes children first.

A row for each level of a tree would be simpler, but levels differ in width, and a batch with the width of the widest
level is mostly empty. Here a row has `INNER_PLACES` places for nodes with children. The nodes with the longest path to
a leaf come first. For this number of places, no order needs fewer rows. Leaves depend on no other node and have
separate places.

Shapes: N forests (a tree, or the two trees of a pair), M nodes of all forests, C nodes of the largest forest, R rows,
P places of a row.

Reference: Hu 1961, "Parallel Sequencing and Assembly Line Problems", for the order. The layers that read a schedule
are in layers/tree_composition.py.
"""

from collections.abc import Mapping

import tensorflow as tf

from kerasnlp_zoo.layers.tree_composition import INNER_PLACES, LEAF_PLACES
from kerasnlp_zoo.text.types import Strings

PLACES = INNER_PLACES + LEAF_PLACES
UNPLACED = 2**30  # larger than every row
ADVICE = "Expected a tree in which each bracket begins with a word or a bracket, such as (((A) (dog)) (barks))"


def read_nodes(strings: Strings) -> dict[str, tf.Tensor]:
    """Read forests in the notation of `trees.bracketed`.

    Args:
        strings: strings [N]; each contains one or more trees.

    Returns:
        dict of tensors [M], in the order of the forests and of their text: "words", string; "forest", number of the
        forest; "parents", -1 for roots; "ranks", the index among the children of the same parent, or among the roots
        of the forest; "depths", 1 for roots.

    Raises:
        InvalidArgumentError: if brackets do not match, or a word is not directly after a (.

    Example:

    >>> nodes = read_nodes(["(barks (dog (The)))"])
    >>> nodes["parents"].numpy()
    array([-1,  0,  1], dtype=int32)
    """
    tokens = _tokens(strings)
    values, forests = tokens.flat_values, tf.cast(tokens.value_rowids(), tf.int32)
    is_open, is_close = tf.equal(values, "("), tf.equal(values, ")")
    is_word = ~is_open & ~is_close
    steps = tf.cast(is_open, tf.int32) - tf.cast(is_close, tf.int32)
    depths = tf.cumsum(steps)  # if brackets match, each forest begins and ends with 0
    after_open = tf.concat([[False], is_open], axis=0)[:-1]
    sums = tf.math.unsorted_segment_sum(steps, forests, tf.shape(strings)[0])
    is_sound = tf.reduce_all(sums == 0) & tf.reduce_all(depths >= 0) & tf.reduce_all(~is_word | after_open)
    with tf.control_dependencies([tf.debugging.Assert(is_sound, [ADVICE])]):
        starts = tf.cast(tf.where(is_open)[:, 0], tf.int32)  # [M]
    following = tf.gather(values, tf.minimum(starts + 1, tf.size(values) - 1))
    is_own = tf.gather(is_word, tf.minimum(starts + 1, tf.size(values) - 1))
    depths, forests = tf.gather(depths, starts), tf.gather(forests, starts)
    parents = _parents(depths)
    return {
        "words": tf.where(is_own, following, ""),
        "forest": forests,
        "parents": parents,
        "ranks": _ranks(tf.where(parents < 0, tf.size(starts) + forests, parents)),
        "depths": depths,
    }


def tree_faults(strings: Strings, most_children: int | None = None) -> tf.Tensor:
    """Return what is wrong with each string [N]; "" for one tree in the notation of `trees.bracketed`.

    Args:
        strings: strings [N].
        most_children: maximum number of children of a node; None for any number.

    Example:

    >>> tree_faults(["(barks (dog (The)))", "(barks (dog"]).numpy()[0]
    b''
    """
    tokens = _tokens(strings)
    values, rows, count = tokens.flat_values, tokens.value_rowids(), tokens.nrows()
    is_open, is_close = tf.equal(values, "("), tf.equal(values, ")")
    steps = tf.cast(is_open, tf.int32) - tf.cast(is_close, tf.int32)
    sums = tf.math.unsorted_segment_sum(steps, rows, count)
    depths = tf.cumsum(steps) - tf.gather(tf.cumsum(sums, exclusive=True), rows)  # each string begins with 0
    is_first = tf.equal(tf.range(tf.size(values, tf.int64)), tf.gather(tokens.row_starts(), rows))
    after_open = tf.concat([[False], is_open], axis=0)[:-1] & ~is_first
    is_misplaced = (depths < 0) | ~(is_open | is_close | after_open)

    def number(which: tf.Tensor) -> tf.Tensor:
        return tf.math.unsorted_segment_sum(tf.cast(which, tf.int32), rows, count)

    is_tree = (number(is_misplaced) == 0) & (sums == 0)
    faults = tf.where(is_tree & (number(is_open & (depths == 1)) == 1), "", ADVICE)
    if most_children is None:
        return faults
    nodes = read_nodes(tf.where(faults == "", strings, ""))
    ranks = tf.where(nodes["parents"] < 0, 0, nodes["ranks"])
    is_few = tf.math.unsorted_segment_max(ranks, nodes["forest"], count) < most_children
    return tf.where((faults != "") | is_few, faults, f"Expected at most {most_children} children of a node")


def _tokens(strings: Strings) -> tf.RaggedTensor:
    """Split strings into brackets and words: ragged [N, (tokens)]."""
    return tf.strings.split(tf.strings.regex_replace(strings, r"([()])", r" \1 "))


def _parents(depths: tf.Tensor) -> tf.Tensor:
    """Return the parent of each node, which is the last previous node with its depth - 1; -1 for roots."""
    count = tf.size(depths, tf.int64)
    numbers, depths = tf.range(count), tf.cast(depths, tf.int64)
    keys = depths * count + numbers
    order = tf.argsort(keys)
    before = tf.searchsorted(tf.gather(keys, order), keys - count, side="right") - 1
    return tf.where(depths > 1, tf.gather(order, tf.maximum(before, 0)), -1)


def _ranks(groups: tf.Tensor) -> tf.Tensor:
    """Return how many elements of the same group come before each element."""
    count = tf.size(groups, tf.int64)
    order = tf.argsort(tf.cast(groups, tf.int64) * count + tf.range(count))
    in_order = tf.gather(groups, order)
    ranks = tf.range(tf.size(groups)) - tf.searchsorted(in_order, in_order)
    return tf.scatter_nd(order[:, None], ranks, tf.shape(groups))


def schedule(
    nodes: Mapping[str, tf.Tensor], num_forests: tf.Tensor | int, num_inboxes: int = 1
) -> dict[str, tf.Tensor]:
    """Return a row and a place for every node.

    Args:
        nodes: result of `read_nodes`.
        num_forests: N.
        num_inboxes: K of the layer: 1 if it adds the children, otherwise the maximum number of children.

    Returns:
        dict of int32 tensors: "rows" and "places" [M]; "parents" [M], the number of each node's parent in a batch
        (layers/tree_composition.py); "num_rows" [N].

    Raises:
        InvalidArgumentError: if a forest has more than INNER_PLACES trees, or a node has more children than inboxes.

    Example:

    >>> scheduled = schedule(read_nodes(["(((The) (dog)) (barks))"]), 1)
    >>> [scheduled[name].numpy().tolist() for name in ("rows", "places", "parents")]
    [[0, 1, 0, 0, 0], [0, 0, 2, 3, 4], [0, 1, 3, 3, 1]]
    """
    forests, parents, ranks = nodes["forest"], nodes["parents"], nodes["ranks"]
    is_root = parents < 0
    counts = tf.math.bincount(forests, minlength=num_forests, maxlength=num_forests)  # nodes of each forest
    local = tf.range(tf.size(forests)) - tf.gather(tf.cumsum(counts, exclusive=True), forests)
    heights = _heights(parents, nodes["depths"])
    is_leaf = (heights == 0) & ~is_root

    def dense(values: tf.Tensor) -> tf.Tensor:
        return tf.scatter_nd(tf.stack([forests, local], axis=1), values, [num_forests, tf.reduce_max(counts)])

    local_parents = tf.where(is_root, 0, tf.gather(local, tf.maximum(parents, 0)))
    rows, places = _place_inner(
        dense(tf.where(is_leaf, 0, heights)), dense(tf.cast(is_root, tf.int32)), dense(ranks), dense(local_parents)
    )
    order = tf.stack([forests, local], axis=1)
    rows, places = tf.gather_nd(rows, order), tf.gather_nd(places, order)
    leaf_number = _ranks(tf.where(is_leaf, forests, num_forests))
    rows = tf.where(is_leaf, leaf_number // LEAF_PLACES, rows)
    places = tf.where(is_leaf, INNER_PLACES + leaf_number % LEAF_PLACES, places)
    box = ranks if num_inboxes > 1 else tf.zeros_like(ranks)
    is_sound = tf.reduce_all(tf.where(is_root, ranks < INNER_PLACES, box < num_inboxes))
    advice = (
        f"Expected at most {INNER_PLACES} trees, and at most {num_inboxes} children of a node if their order counts"
    )
    with tf.control_dependencies([tf.debugging.Assert(is_sound, [advice])]):
        above = tf.gather(rows * INNER_PLACES + places, tf.maximum(parents, 0))
    return {
        "rows": rows,
        "places": places,
        "parents": tf.where(is_root, 0, 1 + above * num_inboxes + box),
        "num_rows": 1 + tf.maximum(tf.math.unsorted_segment_max(rows, forests, num_forests), 0),
    }


def _heights(parents: tf.Tensor, depths: tf.Tensor) -> tf.Tensor:
    """Return the length of the longest path from each node to a leaf, 0 for leaves."""
    count = tf.size(parents)
    targets = tf.where(parents < 0, count, parents)

    def climb(step: tf.Tensor, heights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        below = tf.math.unsorted_segment_max(heights + 1, targets, count + 1)[:-1]
        return step + 1, tf.maximum(heights, below)

    deepest = tf.reduce_max(tf.concat([depths, [1]], axis=0))
    return tf.while_loop(lambda step, _: step < deepest, climb, (1, tf.zeros_like(parents)))[1]


def _place_inner(
    heights: tf.Tensor, is_root: tf.Tensor, ranks: tf.Tensor, parents: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the row and the place [N, C] of roots and inner nodes, parents first; all arguments are int32 [N, C]."""
    is_root = is_root > 0
    numbers = tf.range(tf.shape(heights)[1])

    def waiting(rows: tf.Tensor) -> tf.Tensor:
        return (heights > 0) & (rows == UNPLACED)

    def fill_row(row: tf.Tensor, rows: tf.Tensor, places: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        is_ready = waiting(rows) & (tf.gather(rows, parents, batch_dims=1) < row)
        padded = tf.pad(tf.where(is_ready, heights, 0), [[0, 0], [0, INNER_PLACES]])  # top_k needs INNER_PLACES values
        most, chosen = tf.math.top_k(padded, INNER_PLACES)
        for place in range(INNER_PLACES):
            is_it = (numbers == chosen[:, place, None]) & (most[:, place, None] > 0)
            rows, places = tf.where(is_it, row, rows), tf.where(is_it, place, places)
        return row + 1, rows, places

    rows, places = tf.where(is_root, 0, UNPLACED), tf.where(is_root, ranks, 0)
    shapes = tf.TensorShape([]), heights.shape, heights.shape
    _, rows, places = tf.while_loop(
        lambda _, rows, __: tf.reduce_any(waiting(rows)), fill_row, (1, rows, places), shape_invariants=shapes
    )
    return rows, places
