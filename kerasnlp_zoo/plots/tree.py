"""A tree with what a model says of each of its nodes."""

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.plots.figure import GREY, diverging_colors, new_figure, save
from kerasnlp_zoo.plots.shaded_text import shortened
from kerasnlp_zoo.text.trees import NO_PARENT

LARGEST = 120  # nodes; a larger tree cannot be read
LONGEST_WORD = 16  # characters
# Inches: between levels, around all, between a node and its word, around a word, of a letter.
LEVEL, MARGIN, BELOW, SPACE, CHARACTER = 0.62, 0.4, 0.16, 0.34, 0.085


def tree_labels(tree, answer, labels, path, title=""):
    """Draw a tree whose nodes have the colours of their labels.

    Args:
        tree: `text.trees.Tree`.
        answer: dict, what `TreeClassification.predict` gives for it, with "nodes".
        labels: list of str, in an order that makes sense: the first is orange, the last blue.
        path: PNG file.
        title: str.

    Raises:
        InputError: if the answer has no nodes, those of another tree, or too many to be drawn.
    """
    nodes = answer.get("nodes")
    if nodes is None or len(nodes) != len(tree.words):
        raise InputError(
            f"Expected an answer for each of the {len(tree.words)} nodes of the tree, from a model with "
            f"labelled='nodes'. Received: {'none' if nodes is None else len(nodes)}"
        )
    if len(nodes) > LARGEST:
        raise InputError(f"A tree of at most {LARGEST} nodes can be drawn. Received: {len(nodes)}")
    x, depth, width = _places(tree, [told["label"] for told in nodes])
    width, height = max(width, 4.0), (max(depth) + 1) * LEVEL
    figure = new_figure(width + 2 * MARGIN, height + MARGIN + 0.5)
    axes = figure.add_subplot()
    colors = diverging_colors()(np.linspace(0.08, 0.92, len(labels)))
    for node, parent in enumerate(tree.parents):
        if parent != NO_PARENT:
            axes.plot([x[node], x[parent]], [-depth[node], -depth[parent]], color=GREY, linewidth=1, zorder=1)
    for node, told in enumerate(nodes):
        color = colors[labels.index(told["label"])]
        axes.text(
            x[node],
            -depth[node],
            shortened(told["label"], LONGEST_WORD),
            ha="center",
            va="center",
            fontsize=9,
            color="white" if color[:3] @ (0.299, 0.587, 0.114) < 0.5 else "black",
            bbox={"facecolor": color, "edgecolor": GREY, "boxstyle": "round,pad=0.35", "linewidth": 0.8},
            parse_math=False,
            zorder=2,
        )
        if tree.words[node]:
            axes.text(
                x[node],
                -depth[node] - BELOW / LEVEL,
                shortened(tree.words[node], LONGEST_WORD),
                ha="center",
                va="top",
                fontsize=11,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},  # over lines that pass
                parse_math=False,
                zorder=1.5,
            )
    axes.set_xlim(-MARGIN, width + MARGIN)
    axes.set_ylim(0.4 - height / LEVEL, 0.4)
    axes.axis("off")
    save(figure, path, title or f"{answer['label']} {answer['probability']:.2f}: {tree.text()}"[:110])


def _places(tree, labels):
    """Return the x and the depth of every node, words beside each other, and the width of all, in inches.

    A node without a word stands in the middle over its children; one with a word over its place in the sentence.
    """
    count = len(tree.words)
    in_order = sorted((node for node in range(count) if tree.words[node]), key=tree.positions.__getitem__)
    x, end = [0.0] * count, 0.0
    for node in in_order:
        room = SPACE + CHARACTER * min(max(len(tree.words[node]), len(labels[node])), LONGEST_WORD)
        x[node] = end + room / 2
        end += room
    depth = [0] * count
    for node in range(1, count):
        depth[node] = depth[tree.parents[node]] + 1
    for node in range(count - 1, -1, -1):
        below = [x[other] for other in range(node + 1, count) if tree.parents[other] == node]
        if not tree.words[node] and below:
            x[node] = sum(below) / len(below)
    return x, depth, end
