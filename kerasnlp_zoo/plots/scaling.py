"""The efficiency of training over the number of replicas."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from kerasnlp_zoo.plots.figure import new_figure, save
from kerasnlp_zoo.types import FilePath

Efficiencies: TypeAlias = Mapping[str, Sequence[tuple[int, float]]]  # model -> (number of replicas, percent)


def efficiency_over_replicas(panels: Mapping[str, Efficiencies], path: FilePath, title: str = "") -> None:
    """Draw the efficiency of each model over the number of replicas, with a panel for each connection.

    Args:
        panels: name of a connection -> curves of the models.
        path: PNG file to write.
        title: title of the plot.
    """
    figure = new_figure(4.2 * len(panels), 3.8)
    all_axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (name, curves) in zip(all_axes, panels.items(), strict=True):
        for model, points in curves.items():
            axes.plot(*zip(*points, strict=True), "o-", lw=1.8, ms=3, label=model)
        axes.set(xlabel="replicas", ylim=(0, 102))
        axes.set_xscale("log", base=2)
        axes.set_title(name, fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
    all_axes[0].set_ylabel("efficiency in percent")
    all_axes[-1].legend(frameon=False, fontsize=8, loc="lower left")
    save(figure, path, title)
