"""Scores of models over the minutes of their training."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from kerasnlp_zoo.plots.figure import BLUE, new_figure, save
from kerasnlp_zoo.types import FilePath

Point: TypeAlias = tuple[str, float, float]  # name of a model, minutes, score
LOWER_IS_BETTER = "perplexity"


def score_over_cost(panels: Mapping[str, tuple[str, Sequence[Point]]], path: FilePath, title: str = "") -> None:
    """Draw the score of each model over the minutes of its training, with a panel for each data set.

    Better scores are higher in the panel; the axis of perplexities is therefore inverted.

    Args:
        panels: name of a data set -> (name of the score, points of its models).
        path: PNG file to write.
        title: title of the plot.
    """
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    figure = new_figure(5.5 * columns, 4.2 * rows)
    all_axes = np.ravel(figure.subplots(rows, columns, squeeze=False))
    for axes in all_axes[len(panels) :]:
        axes.set_visible(False)
    for axes, (dataset, (metric, points)) in zip(all_axes[: len(panels)], panels.items(), strict=True):
        for name, minutes, score in points:
            axes.plot(minutes, score, "o", color=BLUE, ms=5)
            axes.annotate(name, (minutes, score), xytext=(4, 3), textcoords="offset points", fontsize=7)
        axes.set(xscale="log", xlabel="minutes of training", ylabel=metric)
        axes.margins(x=0.25, y=0.1)
        if metric == LOWER_IS_BETTER:
            axes.invert_yaxis()
        axes.set_title(dataset, fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
    save(figure, path, title)
