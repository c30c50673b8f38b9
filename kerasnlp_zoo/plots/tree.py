"""Plot of a tree with the predicted label of each node."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.plots.figure import GREY, diverging_colors, new_figure, save
from kerasnlp_zoo.plots.shaded_text import shortened
from kerasnlp_zoo.text.trees import NO_PARENT
from kerasnlp_zoo.types import FilePath

if TYPE_CHECKING:
    from kerasnlp_zoo.text.trees import Tree

LARGEST = 120  # nodes; a larger plot cannot be read
LONGEST_WORD = 16  # characters
# Inches: distance of levels, margin of the figure, distance of a node and its word, space around a word, character.
LEVEL, MARGIN, BELOW, SPACE, CHARACTER = 0.62, 0.4, 0.16, 0.34, 0.085


def tree_labels(
    tree: "Tree", answer: Mapping[str, Any], labels: Sequence[str], path: FilePath, title: str = ""
) -> None:
    """Draw a tree whose nodes have the colours of their labels.

    Args:
        tree: the tree.
        answer: answer of `TreeClassification.predict` for the tree, with "nodes".
        labels: all labels in a meaningful order: the first is orange, the last blue.
        path: PNG file to write.
        title: title of the plot; by default the answer.

    Raises:
        InputError: if the answer has no nodes or another number of nodes than the tree, or the tree is too large.
    """
    nodes = answer.get("nodes")
    if nodes is None or len(nodes) != len(tree.words):
        raise InputError(
            f"Expected an answer for each of the {len(tree.words)} nodes of the tree, from a model with "
            f"labelled='nodes'. Received: {'no' if nodes is None else len(nodes)} answers for nodes"
        )
    if len(nodes) > LARGEST:
        raise InputError(
            f"A tree can have at most {LARGEST} nodes to be drawn. Received: {len(nodes)}. Use another text"
        )
    x, depth, width = _places(tree, [node["label"] for node in nodes])
    width, height = max(width, 4.0), (max(depth) + 1) * LEVEL
    figure = new_figure(width + 2 * MARGIN, height + MARGIN + 0.5)
    axes = figure.add_subplot()
    colors = diverging_colors()(np.linspace(0.08, 0.92, len(labels)))
    for node, parent in enumerate(tree.parents):
        if parent != NO_PARENT:
            axes.plot([x[node], x[parent]], [-depth[node], -depth[parent]], color=GREY, linewidth=1, zorder=1)
    for node, node_answer in enumerate(nodes):
        color = colors[labels.index(node_answer["label"])]
        axes.text(
            x[node],
            -depth[node],
            shortened(node_answer["label"], LONGEST_WORD),
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
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},  # hides lines behind the word
                parse_math=False,
                zorder=1.5,
            )
    axes.set_xlim(-MARGIN, width + MARGIN)
    axes.set_ylim(0.4 - height / LEVEL, 0.4)
    axes.axis("off")
    save(figure, path, title or f"{answer['label']} {answer['probability']:.2f}: {tree.text()}"[:110])


def _places(tree: "Tree", labels: Sequence[str]) -> tuple[list[float], list[int], float]:
    """Return the x in inches and the depth of every node, and the width of the tree in inches.

    A node with a word is at the position of the word in the sentence. Other nodes are in the middle of their children.
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
