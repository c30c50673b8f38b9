"""Scores of models over the minutes of their training, and over the number of their training texts."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from kerasnlp_zoo.plots.figure import BLUE, new_figure, save
from kerasnlp_zoo.types import FilePath

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Point: TypeAlias = tuple[str, float, float]  # name of a model, minutes, score
Curves: TypeAlias = Mapping[str, Sequence[tuple[int, float]]]  # model -> (number of training texts, score)
LOWER_IS_BETTER = "perplexity"


def score_over_cost(panels: Mapping[str, tuple[str, Sequence[Point]]], path: FilePath, title: str = "") -> None:
    """Draw the score of each model over the minutes of its training, with a panel for each data set.

    Better scores are higher in the panel; the axis of perplexities is therefore inverted.

    Args:
        panels: name of a data set -> (name of the score, points of its models).
        path: PNG file to write.
        title: title of the plot.
    """
    figure, all_axes = _panels(len(panels))
    for axes, (dataset, (metric, points)) in zip(all_axes, panels.items(), strict=True):
        for name, minutes, score in points:
            axes.plot(minutes, score, "o", color=BLUE, ms=5)
            axes.annotate(name, (minutes, score), xytext=(4, 3), textcoords="offset points", fontsize=7)
        axes.margins(x=0.25, y=0.1)
        _describe(axes, dataset, metric, "minutes of training")
    save(figure, path, title)


def score_over_examples(panels: Mapping[str, tuple[str, Curves]], path: FilePath, title: str = "") -> None:
    """Draw the score of each model over the number of its training texts, with a panel for each data set.

    Args:
        panels: name of a data set -> (name of the score, curves of its models).
        path: PNG file to write.
        title: title of the plot.
    """
    figure, all_axes = _panels(len(panels))
    for axes, (dataset, (metric, curves)) in zip(all_axes, panels.items(), strict=True):
        for name, points in curves.items():
            axes.plot(*zip(*sorted(points), strict=True), "o-", lw=1.8, ms=4, label=name)
        axes.legend(frameon=False, fontsize=8)
        _describe(axes, dataset, metric, "training texts")
    save(figure, path, title)


def _panels(count: int) -> "tuple[Figure, list[Axes]]":
    """Return a figure with this number of panels, at most two in a row."""
    columns = min(2, count)
    rows = -(-count // columns)
    figure = new_figure(5.5 * columns, 4.2 * rows)
    panels = list(np.ravel(figure.subplots(rows, columns, squeeze=False)))
    for unused in panels[count:]:
        unused.set_visible(False)
    return figure, panels[:count]


def _describe(axes: "Axes", dataset: str, metric: str, cost: str) -> None:
    """Name the axes of a panel; better scores are at the top."""
    axes.set(xscale="log", xlabel=cost, ylabel=metric)
    if metric == LOWER_IS_BETTER:
        axes.invert_yaxis()
    axes.set_title(dataset, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
