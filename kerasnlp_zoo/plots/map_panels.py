"""Axes for maps whose rows and columns are tokens, large enough to read the tokens."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.plots.figure import GREY, new_figure
from kerasnlp_zoo.plots.shaded_text import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

# All lengths are in inches.
CELL = (0.13, 0.4)  # smallest and largest cell of a token
ONE_MAP, OF_SEVERAL = 5.0, 2.4  # side of a map, unless its cells would become too small or too large
LONGEST_TOKEN = 16  # characters
LARGEST = 70  # side of the figure


def map_panels(
    row_tokens: Sequence[str], column_tokens: Sequence[str], count: int, per_row: int, title: str
) -> "tuple[Figure, list[Axes], float]":
    """Return a figure with the axes of several maps. The outer axes have the tokens as labels.

    Args:
        row_tokens: tokens of the rows, the same for all maps.
        column_tokens: tokens of the columns, the same for all maps.
        count: number of maps.
        per_row: maximum number of maps side by side.
        title: title of the figure.

    Returns:
        The figure, the axes of the maps, and the font size for the titles of the maps.

    Raises:
        InputError: if the figure would be too large.
    """
    labels = [[shortened(token, LONGEST_TOKEN) for token in tokens] for tokens in (row_tokens, column_tokens)]
    cell = np.clip((ONE_MAP if count == 1 else OF_SEVERAL) / max(map(len, labels)), *CELL)
    rows = -(-count // per_row)
    room = [0.08 * max(map(len, names)) for names in labels]  # for the labels
    width = max(per_row * (cell * len(column_tokens) + 0.15) + room[0] + 1.2, 0.1 * len(title))
    height = rows * (cell * len(row_tokens) + 0.35) + room[1] + 0.4
    if max(width, height) > LARGEST:
        raise InputError(
            f"A plot of {count} maps of {max(map(len, labels))} tokens would be {width:.0f} x {height:.0f} inches "
            f"large. Expected at most {LARGEST} inches. Choose fewer layers and heads, a shorter text, or one word as "
            "the query"
        )
    figure = new_figure(width, height)
    font_size = float(np.clip(0.4 * width, 9, 16))  # a large figure is read from a larger distance
    figure.suptitle(title, fontsize=font_size + 2, parse_math=False)
    panels = figure.subplots(rows, per_row, squeeze=False).ravel()
    for panel in panels[count:]:
        panel.remove()
    style = {"fontsize": min(9, 0.8 * 72 * cell), "parse_math": False}
    for number, panel in enumerate(panels[:count]):
        panel.tick_params(length=0, pad=2, top=True, labeltop=True, bottom=False, labelbottom=False)
        panel.set_xticks(range(len(column_tokens)), labels[1] if number < per_row else [], rotation=90, **style)
        panel.set_yticks(range(len(row_tokens)), labels[0] if number % per_row == 0 else [], **style)
        panel.spines[:].set_color(GREY)
    return figure, list(panels[:count]), font_size


def color_bar(figure: "Figure", image: "AxesImage", panels: "Sequence[Axes]", font_size: float) -> None:
    """Add the colour bar of maps of attention."""
    bar = figure.colorbar(image, ax=panels, aspect=30, shrink=0.8, pad=0.02)
    bar.set_label("share of the row's attention", fontsize=font_size)
    bar.ax.tick_params(labelsize=font_size - 1)
