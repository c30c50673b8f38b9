"""Axes for maps whose rows and columns are tokens, large enough for their names to be read."""

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.plots.figure import GREY, new_figure
from kerasnlp_zoo.plots.shaded_text import shortened

CELL = (0.13, 0.4)  # smallest and largest, of one token; all measures in inches
ONE_MAP, OF_SEVERAL = 5.0, 2.4  # side of a map, where its cells may have the size they need for that
LONGEST_TOKEN = 16  # characters
LARGEST = 70  # side of a picture


def map_panels(row_tokens, column_tokens, count, per_row, title):
    """Make a figure with the axes of some maps, tokens written at the outer ones.

    Args:
        row_tokens, column_tokens: lists of str, the same for all maps.
        count: int, maps.
        per_row: int, most maps side by side.
        title: str.

    Returns:
        (figure, list of axes, float font size for the maps' names).

    Raises:
        InputError: if the picture would be too large to be looked at.
    """
    labels = [[shortened(token, LONGEST_TOKEN) for token in tokens] for tokens in (row_tokens, column_tokens)]
    cell = np.clip((ONE_MAP if count == 1 else OF_SEVERAL) / max(map(len, labels)), *CELL)
    rows = -(-count // per_row)
    room = [0.08 * max(map(len, names)) for names in labels]  # for the labels
    width = max(per_row * (cell * len(column_tokens) + 0.15) + room[0] + 1.2, 0.1 * len(title))
    height = rows * (cell * len(row_tokens) + 0.35) + room[1] + 0.4
    if max(width, height) > LARGEST:
        raise InputError(
            f"A picture of {count} maps of {max(map(len, labels))} tokens would be {width:.0f} x {height:.0f} inches "
            "large. Choose fewer layers and heads, a shorter text, or one word as the query"
        )
    figure = new_figure(width, height)
    font_size = np.clip(0.4 * width, 9, 16)  # a large picture is looked at from further away
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


def color_bar(figure, image, panels, font_size):
    """Explain the colours of maps of attention beside them."""
    bar = figure.colorbar(image, ax=panels, aspect=30, shrink=0.8, pad=0.02)
    bar.set_label("share of the row's attention", fontsize=font_size)
    bar.ax.tick_params(labelsize=font_size - 1)
