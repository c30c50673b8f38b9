"""Plots of a training run: its losses and scores, the errors of the model, and the calibration of probabilities."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kerasnlp_zoo.evaluation import expected_calibration_error
from kerasnlp_zoo.plots.figure import BLUE, GREY, ORANGE, new_figure, save
from kerasnlp_zoo.types import FilePath

if TYPE_CHECKING:
    from matplotlib.axes import Axes

History: TypeAlias = Sequence[Mapping[str, float]]  # rows of history.csv


def training_curves(history: History, best_epoch: int, path: FilePath, title: str = "") -> None:
    """Draw the curves of a run over its epochs, and mark the best epoch.

    The plot has the first of these curves that are in the history: cross entropy and accuracy; perplexity; loss and
    BLEU; cross entropy; loss. The norm of the gradient is beside them.

    Args:
        history: rows of history.csv.
        best_epoch: epoch with the best weights, which were kept, counted from 1.
        path: PNG file to write.
        title: title of the plot.
    """
    choices = ("cross_entropy", "accuracy"), ("perplexity",), ("loss", "bleu"), ("cross_entropy",), ("loss",)
    names = next(names for names in choices if all(f"val_{name}" in history[0] for name in names))
    names = (*names, "gradient_norm") if "gradient_norm" in history[0] else names
    figure = new_figure(4.5 * len(names), 3.4)
    for axes, name in zip(np.ravel(figure.subplots(1, len(names))), names, strict=True):
        _train_and_validation(axes, history, name, "BLEU" if name == "bleu" else name.replace("_", " "))
        axes.axvline(best_epoch, color=ORANGE, ls=":", label=f"epoch {best_epoch}, kept")
        axes.legend(frameon=False)
    save(figure, path, title)


def pretraining_curves(history: History, path: FilePath, title: str = "") -> None:
    """Draw the training and validation curves of BERT's masked tokens and next sentences over the epochs.

    Args:
        history: rows of history.csv.
        path: PNG file to write.
        title: title of the plot.
    """
    names = {
        "mlm_logits_loss": "cross entropy of masked tokens",
        "mlm_logits_accuracy": "accuracy of masked tokens",
        "nsp_logits_accuracy": "accuracy of next sentences",
        "gradient_norm": "norm of the gradient",
    }
    names = {name: what for name, what in names.items() if name in history[0]}
    figure = new_figure(4 * len(names), 3.4)
    for axes, (name, what) in zip(figure.subplots(1, len(names)), names.items(), strict=True):
        _train_and_validation(axes, history, name, what)
        axes.legend(frameon=False)
    save(figure, path, title)


def _train_and_validation(axes: "Axes", history: History, name: str, what: str) -> None:
    """Draw a column of history.csv for training and for validation; it may have only one of them."""
    epochs = [row["epoch"] + 1 for row in history]
    for column, color, label in ((name, GREY, "train"), (f"val_{name}", BLUE, "validation")):
        if column in history[0]:
            axes.plot(epochs, [row[column] for row in history], color=color, marker="o", ms=3, label=label)
    axes.set(xlabel="epoch", ylabel=what)
    axes.locator_params(axis="x", integer=True)


def score_curves(history: History, path: FilePath, title: str = "") -> None:
    """Draw the loss over the epochs, and all scores in percent.

    Args:
        history: rows of history.csv: epoch, loss and scores between -1 and 1.
        path: PNG file to write.
        title: title of the plot.
    """
    epochs = [row["epoch"] + 1 for row in history]
    names = [
        name
        for name in history[0]
        if name not in ("epoch", "loss", "gradient_norm") and not name.endswith("_per_second")
    ]
    figure = new_figure(9 if names else 4.6, 3.4)
    panels = figure.subplots(1, 2 if names else 1, squeeze=False).ravel()
    panels[0].plot(epochs, [row["loss"] for row in history], color=GREY, marker="o", ms=3)
    panels[0].set(ylabel="training loss")
    for name, color in zip(names, (BLUE, ORANGE, "#007a5a", "#a84f86"), strict=False):
        panels[1].plot(epochs, [100 * row[name] for row in history], color=color, marker="o", ms=3, label=name)
        panels[1].set(ylabel="Spearman correlation or accuracy, in %")
        panels[1].legend(frameon=False)
    for axes in panels:
        axes.set(xlabel="epoch")
        axes.locator_params(axis="x", integer=True)
    save(figure, path, title)


def perplexities_by_order(perplexities: Mapping[str, Sequence[float]], path: FilePath, title: str = "") -> None:
    """Draw the perplexity of n-gram models over their order, with a line for each smoothing.

    Args:
        perplexities: smoothing -> perplexities of the orders 1, 2, ...; infinite ones are not drawn.
        path: PNG file to write.
        title: title of the plot.
    """
    figure = new_figure(6, 4)
    axes = figure.subplots()
    for (name, values), color in zip(perplexities.items(), (GREY, "#a84f86", ORANGE, "#007a5a", BLUE), strict=True):
        orders = [order for order, value in enumerate(values, start=1) if np.isfinite(value)]
        finite = [value for value in values if np.isfinite(value)]
        label = name.replace("_", " ") + (" (otherwise infinite)" if len(finite) < len(values) else "")
        axes.plot(orders, finite, color=color, marker="o", ms=4, label=label)
    axes.set(xlabel="order: words of an n-gram", ylabel="perplexity of the validation text", yscale="log")
    axes.locator_params(axis="x", integer=True)
    axes.legend(frameon=False)
    save(figure, path, title)


def confusion_matrix(
    matrix: npt.ArrayLike,
    labels: Sequence[str],
    path: FilePath,
    title: str = "",
    per_class: Mapping[str, Mapping[str, float]] | None = None,
) -> None:
    """Draw a confusion matrix: each cell has a count and its percentage of the row, which is also its colour.

    Args:
        matrix: int array [C, C]; rows are true classes, columns are predicted classes.
        labels: names of the C classes.
        path: PNG file to write.
        title: title of the plot.
        per_class: {label: {"precision", "recall", "f1", "support"}} in percent, to write beside the rows; or None.
    """
    matrix = np.asarray(matrix)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    size = 2.6 + 0.5 * len(labels)
    figure = new_figure(size + 0.6 + (0 if per_class is None else 2.4), size)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*matrix.shape):
        color = "white" if shares[row, column] > 0.5 else "black"
        cell = f"{matrix[row, column]:,}\n{shares[row, column]:.0%}"
        axes.text(column, row, cell, ha="center", va="center", color=color, fontsize=8)
    if per_class is not None:
        _scores_beside_rows(axes, [per_class[label] for label in labels])
    axes.set(xticks=range(len(labels)), yticks=range(len(labels)), xlabel="predicted", ylabel="true")
    axes.set_xticklabels(labels, rotation=45 if len(labels) > 3 else 0, ha="right" if len(labels) > 3 else "center")
    axes.set_yticklabels(labels)
    save(figure, path, title)


def _scores_beside_rows(axes: "Axes", rows: Sequence[Mapping[str, float]]) -> None:
    """Write the scores of each class to the right of its row of a confusion matrix."""
    columns = {"precision": "precision", "recall": "recall", "f1": "F1", "support": "texts"}
    for number, (name, heading) in enumerate(columns.items()):
        x = len(rows) - 0.2 + 0.75 * number
        axes.text(x, -0.6, heading, ha="left", va="bottom", rotation=45, fontsize=8)
        for row, scores in enumerate(rows):
            value = f"{scores[name]:,}" if name == "support" else f"{scores[name]:.1f}"
            axes.text(x, row, value, ha="left", va="center", fontsize=8)


def reliability(bins: Sequence[Mapping[str, float]], path: FilePath, title: str = "") -> None:
    """Draw the accuracy of the answers over their confidence, and the share of texts in each confidence bin.

    Points of a calibrated model are on the diagonal: of the answers with confidence 80%, 80% are correct.

    Args:
        bins: result of `evaluation.calibration_bins`.
        path: PNG file to write.
        title: title of the plot.
    """
    centres = [(box["above"] + box["up_to"]) / 2 for box in bins]
    widths = [box["up_to"] - box["above"] for box in bins]
    confidences, accuracies = [box["confidence"] for box in bins], [box["accuracy"] for box in bins]
    figure = new_figure(4.6, 5.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=GREY, ls=":", label="perfectly calibrated")
    upper.vlines(
        confidences, confidences, accuracies, color=ORANGE, lw=2, label="gap (below the diagonal: overconfident)"
    )
    upper.plot(confidences, accuracies, color=BLUE, marker="o", ms=5, lw=1, label="this model")
    error = 100 * expected_calibration_error(bins)
    upper.text(0.97, 0.05, f"expected calibration error {error:.1f}%", ha="right", transform=upper.transAxes)
    upper.set(ylabel="accuracy", xlim=(0, 1), ylim=(0, 1.02))
    upper.legend(frameon=False, loc="upper left", fontsize=9)
    lower.bar(centres, [100 * box["share"] for box in bins], widths, color=BLUE, edgecolor="white")
    lower.set(xlabel="confidence", ylabel="% of texts")
    save(figure, path, title)


def bleu_by_length(curves: Mapping[str, Sequence[Mapping[str, Any]]], path: FilePath, title: str = "") -> None:
    """Draw the BLEU of several models over the length of the source.

    Args:
        curves: name of a model -> result of `evaluation.bleu_by_length`.
        path: PNG file to write.
        title: title of the plot.
    """
    figure = new_figure(5.4, 3.6)
    axes = figure.subplots()
    for color, (name, groups) in zip((BLUE, ORANGE, GREY), curves.items(), strict=False):
        axes.plot(
            [group["up_to"] for group in groups], [group["bleu"] for group in groups], "o-", color=color, label=name
        )
    axes.set(xlabel="maximum number of words of the source", ylabel="BLEU", ylim=(0, None))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    save(figure, path, title)
