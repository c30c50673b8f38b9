"""Plot of words as points in the plane, with labels that do not overlap.

Shapes: N words, D width of a vector.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.evaluation.correlation import normalized
from kerasnlp_zoo.plots.figure import DPI, GREY, new_figure, save
from kerasnlp_zoo.plots.label_places import label_boxes
from kerasnlp_zoo.plots.t_sne import principal_components, t_sne
from kerasnlp_zoo.types import FilePath

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Method: TypeAlias = Literal["pca", "tsne"]
METHODS = ("pca", "tsne")
# Each group has a colour and a marker: colour-blind readers can distinguish groups by the marker. The colours are by
# Okabe & Ito, for colour-blind readers. Pale colours are darker here, because labels also have them.
COLORS = ("#0072b2", "#d55e00", "#007a5a", "#a84f86", "#8a6d00", "#2f7fae", "#333333")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
FONT_SIZE, MARKER_SIZE = 9, 5  # points
LONGEST_LABEL = 30  # characters
LEAST_WIDTH, ROOM = 7.0, 16  # smallest width in inches; area of the figure relative to the area of all labels
LEADER = 6  # pixels; a label at a larger distance is connected with its point by a line


def word_scatter(
    tokens: Sequence[str],
    vectors: npt.ArrayLike,
    path: FilePath,
    method: Method = "pca",
    groups: Sequence[str] | None = None,
    title: str | None = None,
) -> None:
    """Draw words as points; words with similar vectors are near each other.

    Similarity is the cosine: each vector is first scaled to length 1.

    Args:
        tokens: N words, at least 2, and at least 4 for "tsne".
        vectors: vectors of the words, float array [N, D].
        path: PNG file to write.
        method: "pca" keeps large distances, "tsne" keeps neighbours together.
        groups: group of each word, shown by colour, marker and legend; None for a single group.
        title: title of the plot.

    Raises:
        InputError: if there are too few words, a vector or a group is missing, or a vector contains NaN or infinity.

    Example:

    >>> import pathlib, tempfile
    >>> vectors = [[1.0, 0.1], [1.0, 0.2], [0.1, 1.0]]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "words.png")
    ...     word_scatter(["tea", "coffee", "train"], vectors, path, groups=["drinks", "drinks", "travel"])
    ...     path.read_bytes()[:4]
    b'\\x89PNG'
    """
    save(scatter_figure(tokens, vectors, method, groups, title), path)


def scatter_figure(
    tokens: Sequence[str],
    vectors: npt.ArrayLike,
    method: Method = "pca",
    groups: Sequence[str] | None = None,
    title: str | None = None,
) -> "Figure":
    """Return the figure that `word_scatter` writes. Its labels are the texts of its only axes."""
    require_choice("method", method, METHODS)
    directions = _directions(tokens, vectors, groups)
    if method == "pca":
        places, shares = principal_components(directions)
        names = [f"principal component {n} ({share:.0%} of the variance)" for n, share in enumerate(shares, start=1)]
    else:
        places, names = t_sne(directions), ["t-SNE: near words are similar; large distances are not meaningful", ""]
    colors, markers = _styles(groups or [""] * len(tokens))
    figure = new_figure(LEAST_WIDTH, LEAST_WIDTH)
    axes = figure.subplots()
    axes.set(xticks=(), yticks=())
    axes.set_xlabel(names[0], fontsize=FONT_SIZE)
    axes.set_ylabel(names[1], fontsize=FONT_SIZE)
    axes.set_aspect("equal", adjustable="datalim")
    axes.spines[:].set_color(GREY)
    axes.margins(0.1)
    if title:
        figure.suptitle(title, fontsize=11, parse_math=False)
    handles = [
        axes.plot(x, y, marker=marker, ms=MARKER_SIZE, mew=0, ls="", color=color, zorder=2)[0]
        for (x, y), marker, color in zip(places, markers, colors, strict=True)
    ]
    if groups:
        _legend(figure, dict(zip(reversed(groups), reversed(handles), strict=True)), list(dict.fromkeys(groups)))
    _place_labels(figure, axes, places, tokens, colors)
    return figure


def _directions(tokens: Sequence[str], vectors: npt.ArrayLike, groups: Sequence[str] | None) -> np.ndarray:
    """Return the vectors scaled to length 1: float64 array [N, D]."""
    vectors = np.asarray(vectors, "float64")
    if vectors.ndim != 2 or len(vectors) != len(tokens) or (groups and len(groups) != len(tokens)):
        raise InputError(
            f"Expected one vector, and one group if there are groups, for each of {len(tokens)} words. Received: "
            f"vectors of shape {vectors.shape}{f' and {len(groups)} groups' if groups else ''}"
        )
    if len(tokens) < 2:
        raise InputError(f"A scatter plot needs at least 2 words. Received: {list(tokens)}")
    broken = [token for token, vector in zip(tokens, vectors, strict=True) if not np.isfinite(vector).all()]
    if broken:
        raise InputError(
            f"The vectors of {', '.join(map(repr, broken[:5]))} contain NaN or infinity. Leave out these words"
        )
    return normalized(vectors)


def _styles(groups: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the colour and the marker of each word."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(groups))}
    colors = [COLORS[numbers[group] % len(COLORS)] for group in groups]
    return colors, [MARKERS[numbers[group] % len(MARKERS)] for group in groups]


def _legend(figure: "Figure", handles: "Mapping[str, Artist]", names: Sequence[str]) -> None:
    """Add the legend of the groups below the plot, in the order of `names`."""
    legend = figure.legend(
        [handles[name] for name in names],
        names,
        loc="outside lower center",
        ncols=6,
        frameon=False,
        fontsize=FONT_SIZE,
        handletextpad=0.1,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def _place_labels(
    figure: "Figure", axes: "Axes", places: np.ndarray, tokens: Sequence[str], colors: Sequence[str]
) -> None:
    """Write the labels, enlarge the figure for them, and move each to a free position near its point."""
    from matplotlib import patheffects
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    texts = [
        axes.text(
            0, 0, _shortened(token), fontsize=FONT_SIZE, color=color, parse_math=False, va="bottom", in_layout=False
        )
        for token, color in zip(tokens, colors, strict=True)
    ]
    extents = [text.get_window_extent(canvas.get_renderer()) for text in texts]
    sizes = np.array([(extent.width, extent.height) for extent in extents])
    width = max(LEAST_WIDTH, (ROOM * np.prod(sizes, axis=1).sum()) ** 0.5 / DPI)
    figure.set_size_inches(width, 0.8 * width)
    figure.draw_without_rendering()  # computes the position of the axes next to title and legend
    figure.set_layout_engine("none")  # keeps this position
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim(), aspect="auto")
    points = axes.transData.transform(places)
    boxes = label_boxes(points, sizes, MARKER_SIZE * DPI / 72 / 2, axes.get_window_extent().extents)
    to_figure = figure.transFigure.inverted().transform
    for text, box, point, color in zip(texts, boxes, points, colors, strict=True):
        text.set(position=to_figure(box[:2]), transform=figure.transFigure)
        text.set_path_effects([patheffects.withStroke(linewidth=2, foreground="white")])  # legible on a line
        nearest = np.clip(point, box[:2], box[2:])
        if np.linalg.norm(nearest - point) > LEADER + MARKER_SIZE:
            line = to_figure([point, nearest])
            axes.plot(*line.T, transform=figure.transFigure, color=color, lw=0.6, alpha=0.7, zorder=1)


def _shortened(token: str) -> str:
    return token if len(token) <= LONGEST_LABEL else f"{token[: LONGEST_LABEL - 1]}…"
