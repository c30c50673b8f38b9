"""What a classifier of points in the plane answers where, and how its loss fell at several learning rates."""

import numpy as np

from kerasnlp_zoo.plots.figure import BLUE, GREY, ORANGE, new_figure, save

EDGE = 0.6  # how far the pictures reach beyond the outermost points
CELLS = 200


def decision_regions(panels, points, labels, losses, path):
    """Draw the regions of several classifiers, and below them the loss of several runs.

    Args:
        panels: list of (title, function from float array [N, 2] to the probability [N] of class 1).
        points: float array [P, 2], the examples.
        labels: int array [P], 0 or 1.
        losses: dict, name of a run -> (steps, losses), two lists of numbers.
        path: PNG file to write.
    """
    figure = new_figure(3.1 * len(panels), 6.2)
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.15, 1))
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


def _regions(axes, probability, points, labels):
    """Colour the plane by the answer, deeper where it is surer, and put the examples on it."""
    (left, bottom), (right, top) = points.min(axis=0) - EDGE, points.max(axis=0) + EDGE
    x, y = np.meshgrid(np.linspace(left, right, CELLS), np.linspace(bottom, top, CELLS))
    grid = np.stack([x.ravel(), y.ravel()], axis=1).astype("float32")
    values = np.reshape(probability(grid), x.shape)
    axes.imshow(values, extent=(left, right, bottom, top), origin="lower", cmap="PuOr", vmin=0, vmax=1, alpha=0.75)
    axes.contour(x, y, values, levels=[0.5], colors="black", linewidths=1)
    for label, color, marker in ((0, ORANGE, "o"), (1, BLUE, "s")):
        axes.scatter(*points[labels == label].T, c=color, marker=marker, s=70, edgecolors="black", zorder=3)
    axes.set(xticks=(0, 1), yticks=(0, 1))
