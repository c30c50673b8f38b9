"""A figure of a text whose words have coloured backgrounds, with space for bars below it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasnlp_zoo.plots.figure import GREY, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

# All lengths are in inches.
WIDTH = 9.0  # width of the figure
MARGIN, LINE, PADDING, BAR = 0.2, 0.3, 0.05, 0.27
LONGEST_WORD = 40  # characters; longer strings are not words, and do not fit


def shaded_text(heading: Sequence[str], words: Sequence[str], backgrounds: np.ndarray, num_bars: int) -> "Figure":
    """Return a figure of words in several lines, with space for axes with bars below them.

    Args:
        heading: a title and a note.
        words: W words.
        backgrounds: colour of each word, red, green, blue and alpha from 0 to 1, float array [W, 4].
        num_bars: number of bars of the axes; 0 for no axes.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = new_figure(WIDTH, 1)
    renderer = FigureCanvasAgg(figure).get_renderer()
    texts = [_word(figure, word, background) for word, background in zip(words, backgrounds, strict=True)]
    widths = [text.get_window_extent(renderer).width / figure.dpi + 2 * PADDING for text in texts]
    positions, num_lines = _wrap(widths)
    top = (len(heading) + num_lines) * LINE + MARGIN
    height = top + (num_bars * BAR + 0.8 if num_bars else 0)
    figure.set_size_inches(WIDTH, height)
    styles: tuple[dict[str, Any], ...] = ({"fontsize": 13}, {"fontsize": 9, "color": GREY})
    for line, (content, style) in enumerate(zip(heading, styles, strict=True)):
        figure.text(MARGIN / WIDTH, 1 - (line + 0.7) * LINE / height, content, va="center", parse_math=False, **style)
    for text, (x, line) in zip(texts, positions, strict=True):
        text.set_position(((MARGIN + x + PADDING) / WIDTH, 1 - (len(heading) + line + 0.6) * LINE / height))
    if num_bars:
        figure.set_layout_engine("constrained", rect=(0, 0, 1, 1 - top / height), w_pad=MARGIN / 2)
    return figure


def shortened(text: str, longest: int) -> str:
    """Return a text truncated to `longest` characters, with an ellipsis as the last one if it was longer.

    Example:

    >>> shortened("antidisestablishmentarianism", 8)
    'antidis…'
    """
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _word(figure: "Figure", word: str, background: np.ndarray) -> "Text":
    """Add a word with its background to the figure; its position is set later."""
    luminance = background[:3] @ (0.299, 0.587, 0.114)
    return figure.text(
        0,
        0,
        shortened(word, LONGEST_WORD),
        fontsize=11,
        va="center_baseline",
        color="white" if luminance < 0.5 else "black",
        bbox={"facecolor": background, "edgecolor": "none", "boxstyle": "square,pad=0.22"},
        parse_math=False,  # a $ is a word, not the start of a formula
    )


def _wrap(widths: Sequence[float]) -> tuple[list[tuple[float, int]], int]:
    """Return the position (x, line) of words of these widths, and the number of lines."""
    positions, x, line = [], 0.0, 0
    for width in widths:
        if x and x + width > WIDTH - 2 * MARGIN:
            x, line = 0.0, line + 1
        positions.append((x, line))
        x += width
    return positions, line + 1
