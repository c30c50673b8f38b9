"""Plots of the memory of recurrent networks: accuracy of copying over a delay, and gradients over a distance.

Shapes: K distances.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasnlp_zoo.plots.figure import BLUE, GREY, ORANGE, new_figure, save
from kerasnlp_zoo.types import FilePath

STYLES: dict[str, dict[str, Any]] = {
    "rnn": {"color": GREY, "label": "simple RNN"},
    "orthogonal_rnn": {"color": GREY, "ls": "--", "label": "simple RNN, orthogonal initialization"},
    "gru": {"color": ORANGE, "label": "GRU"},
    "lstm": {"color": BLUE, "label": "LSTM"},
}
FAINTEST = 1e-12  # smallest gradient in the plot, relative to the gradient at distance 0


def copy_curves(
    curves: Mapping[int, Mapping[str, tuple[Sequence[int], Sequence[float]]]],
    chance: float,
    path: FilePath,
    title: str = "",
) -> None:
    """Draw the accuracy of each network during training in the copy task, with a panel for each delay.

    Args:
        curves: delay -> network, one of STYLES -> (steps, accuracies).
        chance: accuracy of guessing.
        path: PNG file to write.
        title: title of the plot.
    """
    figure = new_figure(1 + 3.6 * len(curves), 3.7)
    panels = np.ravel(figure.subplots(1, len(curves), sharey=True))
    for axes, (delay, networks) in zip(panels, curves.items(), strict=True):
        end = max(steps[-1] for steps, _ in networks.values())
        for network, (steps, accuracies) in networks.items():
            style = STYLES[network]
            axes.plot([0, *steps], 100 * np.array([chance, *accuracies]), lw=1.8, **style)
            if steps[-1] < end:  # training stopped because the task was learned
                axes.plot(steps[-1], 100 * accuracies[-1], color=style["color"], marker="o", ms=6, clip_on=False)
        axes.axhline(100 * chance, color="black", lw=1, ls=":", label="guessing")
        axes.set(xlabel="training step", xlim=(0, end), ylim=(0, 103))
        axes.set_title(f"delay of {delay} steps", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set(ylabel="accuracy, in %")
    figure.legend(*panels[0].get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=5)
    save(figure, path, title)


def gradients_over_distance(panels: Mapping[str, Mapping[str, np.ndarray]], path: FilePath, title: str = "") -> None:
    """Draw the norm of the gradient of an output with respect to earlier inputs, over their distance.

    Args:
        panels: title of a panel -> network, one of STYLES -> norms at the distances from 0, relative to the norm at
            distance 0, float array [K].
        path: PNG file to write.
        title: title of the plot.
    """
    figure = new_figure(1 + 4.6 * len(panels), 3.9)
    all_axes = np.ravel(figure.subplots(1, len(panels), sharey=True))
    for axes, (name, networks) in zip(all_axes, panels.items(), strict=True):
        for network, norms in networks.items():
            axes.plot(norms, lw=1.8, **STYLES[network])
        axes.set(xlabel="steps between input and output", yscale="log", xlim=(0, len(norms) - 1))
        axes.set_ylim(bottom=max(axes.get_ylim()[0], FAINTEST))
        axes.grid(axis="y", color="#e4e4e4")
        axes.set_title(name, fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
    all_axes[0].set(ylabel="norm of the gradient (1 at distance 0)")
    figure.legend(*all_axes[0].get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=4)
    save(figure, path, title)
