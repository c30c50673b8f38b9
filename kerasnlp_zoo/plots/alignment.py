"""Pictures of a translation: which words of the source each of its words was made from."""

import numpy as np

from kerasnlp_zoo.plots.figure import save
from kerasnlp_zoo.plots.map_panels import color_bar, map_panels

COLUMNS = 4  # of maps


def alignment_maps(alignment, path, layers=None, heads=None, title=""):
    """Draw which words of the source the words of a translation look at: rows look, columns are looked at.

    Args:
        alignment: `explanation.Alignment`.
        path: PNG file to write.
        layers: list of int, counted from 0, a map for each; None or none for the last one.
        heads: list of int, counted from 0, a map for each; None or none for the mean of all.
        title: str, such as the model's name.

    Raises:
        InputError: if there is no such layer or head, or the picture would be too large to be looked at.

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


def alignment_figure(alignment, layers=None, heads=None, title=""):
    """Return the figure that `alignment_maps` writes; its axes are the maps, and one for the colours."""
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
    color_bar(figure, image, panels, font_size)
    return figure
