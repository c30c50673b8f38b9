"""Words as points in the plane, each with its label, no label on another.

Shapes: N words, D width of a vector.
"""

import numpy as np

from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.evaluation.correlation import normalized
from kerasnlp_zoo.plots.figure import DPI, GREY, new_figure, save
from kerasnlp_zoo.plots.label_places import label_boxes
from kerasnlp_zoo.plots.t_sne import principal_components, t_sne

METHODS = ("pca", "tsne")
# A colour and a marker a group, so that not the colour alone tells them apart. The colours are those of
# Okabe & Ito, made for colour-blind readers, the pale ones darkened: labels are written in them.
COLORS = ("#0072b2", "#d55e00", "#007a5a", "#a84f86", "#8a6d00", "#2f7fae", "#333333")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
FONT_SIZE, MARKER_SIZE = 9, 5  # points
LONGEST_LABEL = 30  # characters
LEAST_WIDTH, ROOM = 7.0, 16  # inches; a picture has so many times the area of its labels
LEADER = 6  # pixels: a label further from its point is tied to it by a line


def word_scatter(tokens, vectors, path, method="pca", groups=None, title=None):
    """Draw some words so that those with similar vectors stand together.

    Vectors are compared by their direction, as by the cosine: each is first scaled to length 1.

    Args:
        tokens: list of N str, the chosen words, at least 2; for "tsne" at least 4.
        vectors: float array [N, D], theirs.
        path: PNG file to write.
        method: "pca" keeps large distances, "tsne" keeps neighbours together.
        groups: list of N str, the group of each word, shown by colour, marker and legend; None for one.
        title: str.

    Raises:
        InputError: if there are too few words, not one vector and group per word, or NaN or infinity.

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


def scatter_figure(tokens, vectors, method="pca", groups=None, title=None):
    """Return the figure that `word_scatter` writes; its labels are the texts of its only axes."""
    require_choice("method", method, METHODS)
    vectors = _directions(tokens, vectors, groups)
    if method == "pca":
        places, shares = principal_components(vectors)
        names = [f"principal component {n} ({share:.0%} of the variance)" for n, share in enumerate(shares, start=1)]
    else:
        places, names = t_sne(vectors), ["t-SNE: near words are alike; large distances mean little", ""]
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


def _directions(tokens, vectors, groups):
    """Return the vectors scaled to length 1: float64 array [N, D]."""
    vectors = np.asarray(vectors, "float64")
    if vectors.ndim != 2 or len(vectors) != len(tokens) or (groups and len(groups) != len(tokens)):
        raise InputError(
            f"A scatter needs a vector, and a group if any, for each of {len(tokens)} words. Received: vectors "
            f"of the shape {vectors.shape}{f' and {len(groups)} groups' if groups else ''}"
        )
    if len(tokens) < 2:
        raise InputError(f"A scatter needs at least 2 words. Received: {list(tokens)}")
    broken = [token for token, vector in zip(tokens, vectors, strict=True) if not np.isfinite(vector).all()]
    if broken:
        raise InputError(f"The vectors of {', '.join(map(repr, broken[:5]))} hold NaN or infinity: nowhere to put them")
    return normalized(vectors)


def _styles(groups):
    """Return a colour and a marker for each word."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(groups))}
    colors = [COLORS[numbers[group] % len(COLORS)] for group in groups]
    return colors, [MARKERS[numbers[group] % len(MARKERS)] for group in groups]


def _legend(figure, handles, names):
    """Put the groups below the picture, in the order in which they come."""
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


def _place_labels(figure, axes, places, tokens, colors):
    """Write the labels, make the figure large enough for them, and move each to a free place near its point."""
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
    figure.draw_without_rendering()  # where the axes are, beside title and legend
    figure.set_layout_engine("none")  # from here on nothing moves
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim(), aspect="auto")
    points = axes.transData.transform(places)
    boxes = label_boxes(points, sizes, MARKER_SIZE * DPI / 72 / 2, axes.get_window_extent().extents)
    to_figure = figure.transFigure.inverted().transform
    for text, box, point, color in zip(texts, boxes, points, colors, strict=True):
        text.set(position=to_figure(box[:2]), transform=figure.transFigure)
        text.set_path_effects([patheffects.withStroke(linewidth=2, foreground="white")])  # legible over a line
        nearest = np.clip(point, box[:2], box[2:])
        if np.linalg.norm(nearest - point) > LEADER + MARKER_SIZE:
            line = to_figure([point, nearest])
            axes.plot(*line.T, transform=figure.transFigure, color=color, lw=0.6, alpha=0.7, zorder=1)


def _shortened(token):
    return token if len(token) <= LONGEST_LABEL else f"{token[: LONGEST_LABEL - 1]}…"
