"""Plot of position vectors: a heat map, single dimensions as waves, and the similarity of positions.

Shapes: P positions, D width of a vector.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.correlation import normalized
from kerasnlp_zoo.plots.figure import BLUE, GREY, ORANGE, diverging_colors, new_figure, save
from kerasnlp_zoo.types import FilePath

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = (BLUE, ORANGE, "#007a5a", "#a84f86", "#8a6d00", "#333333")


def positions(vectors: npt.ArrayLike, path: FilePath, dimensions: Sequence[int] | None = None, title: str = "") -> None:
    """Draw position vectors as a heat map, some dimensions as waves, and the cosine of every two positions.

    Args:
        vectors: float array [P, D], such as the result of `layers.positions.sinusoids` or
            `explanation.position_vectors`.
        path: PNG file to write.
        dimensions: dimensions to draw as waves, counted from 0; None or empty for four of them.
        title: title of the plot.

    Raises:
        InputError: if a dimension does not exist, or for fewer than 2 positions.

    Example:

    >>> import pathlib, tempfile
    >>> from kerasnlp_zoo.layers.positions import sinusoids
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "positions.png")
    ...     positions(sinusoids(length=50, width=64), path, dimensions=[8, 9])
    ...     path.read_bytes()[:4]
    b'\\x89PNG'

    Reference: Vaswani et al. 2017, section 3.5; Wang and Chen 2020, "What Do Position Embeddings Learn?".
    """
    save(positions_figure(vectors, dimensions, title), path)


def positions_figure(vectors: npt.ArrayLike, dimensions: Sequence[int] | None = None, title: str = "") -> "Figure":
    """Return the figure that `positions` writes; its axes are labelled "vectors", "cosines" and "waves"."""
    vectors = np.asarray(vectors, "float64")
    if vectors.ndim != 2 or len(vectors) < 2:
        raise InputError(f"Expected vectors of at least 2 positions, [P, D]. Received: shape {vectors.shape}")
    dimensions = _dimensions(vectors.shape[1], dimensions)
    figure = new_figure(11, 8)
    panels = figure.subplot_mosaic([["vectors", "cosines"], ["waves", "waves"]], height_ratios=(3, 2))
    _heat_map(figure, panels["vectors"], vectors)
    _cosines(figure, panels["cosines"], vectors)
    _waves(panels["waves"], vectors, dimensions)
    figure.suptitle(title, fontsize=11, parse_math=False)
    return figure


def _dimensions(width: int, dimensions: Sequence[int] | None) -> list[int]:
    """Return the valid dimensions to draw; by default four; for sinusoids: a sine, its cosine and two slower sines."""
    usual = (width // 8, width // 8 + 1, width // 4, width // 2)
    chosen = list(dimensions or dict.fromkeys(min(dimension, width - 1) for dimension in usual))
    if any(not 0 <= dimension < width for dimension in chosen):
        raise InputError(
            f"The vectors have {width} dimensions. Expected dimensions from 0 to {width - 1}. "
            f"Received: dimension {', '.join(map(str, chosen))}"
        )
    return chosen


def _heat_map(figure: "Figure", axes: "Axes", vectors: np.ndarray) -> None:
    """Draw all numbers. The colours end at the 99.5th percentile, because outliers would make all others pale."""
    largest = np.percentile(np.abs(vectors), 99.5) or 1.0
    image = axes.imshow(
        vectors, cmap=diverging_colors(), vmin=-largest, vmax=largest, aspect="auto", interpolation="nearest"
    )
    figure.colorbar(image, ax=axes, extend="both" if np.abs(vectors).max() > 1.01 * largest else "neither")
    axes.set(xlabel="dimension", ylabel="position")
    axes.set_title("the vectors", fontsize=10)


def _cosines(figure: "Figure", axes: "Axes", vectors: np.ndarray) -> None:
    """Draw the cosine of every two positions."""
    directions = normalized(vectors)
    image = axes.imshow(
        directions @ directions.T,
        cmap=diverging_colors(),
        vmin=-1,
        vmax=1,
        aspect="auto",
        interpolation="nearest",
    )
    figure.colorbar(image, ax=axes)
    axes.set(xlabel="position", ylabel="position")
    axes.set_title("cosine of every two positions", fontsize=10)


def _waves(axes: "Axes", vectors: np.ndarray, dimensions: Sequence[int]) -> None:
    """Draw single dimensions over the positions."""
    for number, dimension in enumerate(dimensions):
        axes.plot(vectors[:, dimension], color=COLORS[number % len(COLORS)], lw=1.2, label=f"dimension {dimension}")
    axes.axhline(0, color=GREY, lw=0.6, zorder=0)
    axes.set(xlabel="position", xlim=(0, len(vectors) - 1))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=6)
    axes.set_title("single dimensions", fontsize=10)
