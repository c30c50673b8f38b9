"""Pictures of a run: PNG files for reports and cards."""

import functools
import importlib.util
from pathlib import Path

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import written_whole

BLUE, ORANGE, GREY = "#2458a6", "#e07b00", "#8a8a8a"
CHINESE_FONT = "NotoSansSC-Regular.ttf"  # in the package zhplot; matplotlib's own fonts have no Chinese characters


def training_curves(history, best_epoch, path, title=""):
    """Draw cross entropy and accuracy over epochs, training beside validation, the best epoch marked.

    Args:
        history: list of dict, rows of history.csv.
        best_epoch: int, the epoch whose weights were kept, counted from 1.
        path: PNG file to write.
        title: str.
    """
    epochs = [row["epoch"] + 1 for row in history]
    figure = _figure(9, 3.4)
    for axes, name in zip(figure.subplots(1, 2), ("cross_entropy", "accuracy"), strict=True):
        axes.plot(epochs, [row[name] for row in history], color=GREY, marker="o", ms=3, label="train")
        axes.plot(epochs, [row[f"val_{name}"] for row in history], color=BLUE, marker="o", ms=3, label="validation")
        axes.axvline(best_epoch, color=ORANGE, ls=":", label=f"epoch {best_epoch}, kept")
        axes.set(xlabel="epoch", ylabel=name.replace("_", " "))
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(frameon=False)
    _save(figure, path, title)


def confusion_matrix(matrix, labels, path, title=""):
    """Draw how often each class was taken for each other: colour by share of the row, counts in the cells.

    Args:
        matrix: int array [C, C], rows the true classes.
        labels: list of C str.
        path: PNG file to write.
        title: str.
    """
    matrix = np.asarray(matrix)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    size = 2.6 + 0.5 * len(labels)
    figure = _figure(size + 0.6, size)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*matrix.shape):
        color = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, f"{matrix[row, column]:,}", ha="center", va="center", color=color, fontsize=9)
    axes.set(xticks=range(len(labels)), yticks=range(len(labels)), xlabel="predicted", ylabel="true")
    axes.set_xticklabels(labels, rotation=45 if len(labels) > 3 else 0, ha="right" if len(labels) > 3 else "center")
    axes.set_yticklabels(labels)
    _save(figure, path, title)


def require_matplotlib():
    """Raise InputError unless pictures can be drawn; asked before training, not after."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise InputError('Pictures need matplotlib: pip install "kerasnlp-zoo[recipes]"') from error


def _figure(width, height):
    """Return an empty figure that belongs to no window and no global state."""
    require_matplotlib()
    from matplotlib import rcParams
    from matplotlib.figure import Figure

    rcParams["font.family"] = ["DejaVu Sans", *_chinese_font()]
    return Figure(figsize=(width, height), layout="constrained")


@functools.cache
def _chinese_font():
    """Return the name of the font to fall back on for Chinese labels, in a list; empty if not installed."""
    from matplotlib import font_manager

    package = importlib.util.find_spec("zhplot")  # found, not imported: only its font is wanted
    if package is None:
        return []
    font = Path(package.submodule_search_locations[0], "fonts", CHINESE_FONT)
    font_manager.fontManager.addfont(font)
    return [font_manager.FontProperties(fname=font).get_name()]


def _save(figure, path, title):
    if title:
        figure.suptitle(title, fontsize=11)
    with written_whole(path) as temporary:
        figure.savefig(temporary, dpi=120)
