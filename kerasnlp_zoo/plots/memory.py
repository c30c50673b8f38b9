"""How far back recurrent networks remember: what they learn over a delay, and what reaches the past when they learn.

Shapes: K distances.
"""

import numpy as np

from kerasnlp_zoo.plots.figure import BLUE, GREY, ORANGE, new_figure, save

STYLES = {"rnn": (GREY, "simple RNN"), "gru": (ORANGE, "GRU"), "lstm": (BLUE, "LSTM")}
FAINTEST = 1e-12  # of the gradient at distance 0; below it stands nothing but rounding


def copy_curves(curves, chance, path, title=""):
    """Draw how well each cell repeats symbols over training, one panel for each delay.

    Args:
        curves: dict, delay -> dict, cell ("rnn", "gru", "lstm") -> (steps, accuracies), two lists of numbers.
        chance: float, accuracy of guessing.
        path: PNG file to write.
        title: str.
    """
    figure = new_figure(1 + 3.6 * len(curves), 3.7)
    panels = np.ravel(figure.subplots(1, len(curves), sharey=True))
    for axes, (delay, cells) in zip(panels, curves.items(), strict=True):
        end = max(steps[-1] for steps, _ in cells.values())
        for cell, (steps, accuracies) in cells.items():
            color, name = STYLES[cell]
            axes.plot(steps, np.multiply(100, accuracies), color=color, lw=1.8, label=name)
            if steps[-1] < end:  # learned, and stopped
                axes.plot(steps[-1], 100 * accuracies[-1], color=color, marker="o", ms=6)
        axes.axhline(100 * chance, color="black", lw=1, ls=":", label="guessing")
        axes.set(xlabel="training step", xlim=(0, end), ylim=(0, 103))
        axes.set_title(f"delay of {delay} steps", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set(ylabel="symbols repeated rightly, in %")
    figure.legend(*panels[0].get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=4)
    save(figure, path, title)


def gradients_over_distance(panels, path, title=""):
    """Draw how large the gradient of an answer is with respect to inputs further and further back.

    Args:
        panels: dict, title of a panel -> dict, cell ("rnn", "gru", "lstm") -> float array [K], the norm at each
            distance from 0, as a share of that at distance 0.
        path: PNG file to write.
        title: str.
    """
    figure = new_figure(1 + 4.6 * len(panels), 3.9)
    all_axes = np.ravel(figure.subplots(1, len(panels), sharey=True))
    for axes, (name, cells) in zip(all_axes, panels.items(), strict=True):
        for cell, norms in cells.items():
            color, label = STYLES[cell]
            axes.plot(np.maximum(norms, FAINTEST), color=color, lw=1.8, label=label)
        axes.set(xlabel="steps between input and answer", yscale="log", xlim=(0, len(norms) - 1))
        axes.grid(axis="y", color="#e4e4e4")
        axes.set_title(name, fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
    all_axes[0].set(ylabel="norm of the gradient (at distance 0: 1)")
    figure.legend(*all_axes[0].get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=3)
    save(figure, path, title)
