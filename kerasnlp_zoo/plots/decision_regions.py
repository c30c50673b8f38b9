"""Plot of the decision regions of classifiers of points in the plane, and of their loss during training."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from kerasnlp_zoo.plots.figure import BLUE, GREY, ORANGE, new_figure, save
from kerasnlp_zoo.types import FilePath

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Classifier: TypeAlias = Callable[[np.ndarray], np.ndarray]  # points [N, 2] -> probability of class 1 [N]
EDGE = 0.6  # distance between the outermost points and the edge of the plot
CELLS = 200


def decision_regions(
    panels: Sequence[tuple[str, Classifier]],
    points: npt.ArrayLike,
    labels: npt.ArrayLike,
    losses: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    path: FilePath,
) -> None:
    """Draw the decision regions of several classifiers, and below them the loss of several runs.

    Args:
        panels: title of each panel, and a function from points [N, 2] to probabilities of class 1 [N].
        points: the examples, float array [P, 2].
        labels: class of each example, int array [P], 0 or 1.
        losses: name of a run -> (steps, losses).
        path: PNG file to write.
    """
    figure = new_figure(3.1 * len(panels), 6.2)
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=(1.15, 1)).ravel()
    for axes, (title, probability) in zip(upper.subplots(1, len(panels)), panels, strict=True):
        _regions(axes, probability, np.asarray(points, "float32"), np.asarray(labels))
        axes.set_title(title, fontsize=10)
    axes = lower.subplots()
    for name, (steps, values) in losses.items():
        axes.plot(steps, values, label=name)
    axes.set(xlabel="step", ylabel="cross entropy", yscale="log")
    axes.axhline(np.log(2), color=GREY, ls=":", label="guessing")
    axes.legend(frameon=False)
    save(figure, path)


def _regions(axes: "Axes", probability: Classifier, points: np.ndarray, labels: np.ndarray) -> None:
    """Draw the probability at every point of the plane as a colour, and the examples."""
    (left, bottom), (right, top) = points.min(axis=0) - EDGE, points.max(axis=0) + EDGE
    x, y = np.meshgrid(np.linspace(left, right, CELLS), np.linspace(bottom, top, CELLS))
    grid = np.stack([x.ravel(), y.ravel()], axis=1).astype("float32")
    values = np.reshape(probability(grid), x.shape)
    axes.imshow(values, extent=(left, right, bottom, top), origin="lower", cmap="PuOr", vmin=0, vmax=1, alpha=0.75)
    axes.contour(x, y, values, levels=[0.5], colors="black", linewidths=1)
    for label, color, marker in ((0, ORANGE, "o"), (1, BLUE, "s")):
        chosen = points[labels == label]
        axes.scatter(chosen[:, 0], chosen[:, 1], c=color, marker=marker, s=70, edgecolors="black", zorder=3)
    axes.set(xticks=(0, 1), yticks=(0, 1))
