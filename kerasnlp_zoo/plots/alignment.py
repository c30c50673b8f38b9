"""Plots of a translation: the attention from each word of the translation to the words of the source."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kerasnlp_zoo.plots.figure import save
from kerasnlp_zoo.plots.map_panels import color_bar, map_panels
from kerasnlp_zoo.types import FilePath

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kerasnlp_zoo.explanation import Alignment

COLUMNS = 4  # size of the maps
CELLS_WITH_VALUES, VALUE_SIZE = 150, 7  # of a single map


def alignment_maps(
    alignment: "Alignment",
    path: FilePath,
    layers: Sequence[int] | None = None,
    heads: Sequence[int] | None = None,
    title: str = "",
) -> None:
    """Draw the attention of the words of a translation (rows) to the words of the source (columns).

    The cells of a single small map also have their values.

    Args:
        alignment: attention of a translation.
        path: PNG file to write.
        layers: layers to draw, counted from 0, with a map for each; None or empty for the last layer.
        heads: heads to draw, counted from 0, with a map for each; None or empty for the mean of all heads.
        title: title of the plot, such as the name of the model.

    Raises:
        InputError: if a layer or head does not exist, or the plot would be too large.

    Example:

    >>> import pathlib, tempfile
    >>> from kerasnlp_zoo.explanation import Alignment
    >>> alignment = Alignment(["tea", "[END]"], ["té", "[END]"], np.full((1, 1, 2, 2), 0.5))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "alignment.png")
    ...     alignment_maps(alignment, path)
    ...     path.read_bytes()[:4]
    b'\\x89PNG'

    Reference: Bahdanau et al. 2015, figure 3.
    """
    save(alignment_figure(alignment, layers, heads, title), path)


def alignment_figure(
    alignment: "Alignment", layers: Sequence[int] | None = None, heads: Sequence[int] | None = None, title: str = ""
) -> "Figure":
    """Return the figure that `alignment_maps` writes. Its axes are the maps and the colour bar."""
    layers, chosen = alignment.choose(layers, heads)
    if heads:
        maps = [(f"layer {layer}, head {head}", alignment.weights[layer, head]) for layer in layers for head in chosen]
    else:
        maps = [(f"layer {layer}", alignment.weights[layer].mean(axis=0)) for layer in layers]
    names = [name if alignment.weights.shape[0] > 1 else "" for name, _ in maps]
    columns = min(len(maps), COLUMNS)
    figure, panels, font_size = map_panels(alignment.target, alignment.source, len(maps), columns, title)
    strongest = max(np.max(weights) for _, weights in maps)
    for panel, name, (_, weights) in zip(panels, names, maps, strict=True):
        image = panel.imshow(weights, cmap="Blues", vmin=0, vmax=strongest)
        panel.set_title(name, fontsize=font_size)
        if len(maps) == 1 and weights.size <= CELLS_WITH_VALUES:
            for (row, column), weight in np.ndenumerate(weights):
                color = "white" if weight > strongest / 2 else "black"
                panel.text(column, row, f"{weight:.2f}", ha="center", va="center", color=color, fontsize=VALUE_SIZE)
    color_bar(figure, image, panels, font_size)
    return figure
