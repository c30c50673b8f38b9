"""A text whose words stand on coloured backgrounds, with room for bars below it."""

from kerasnlp_zoo.plots.figure import GREY, new_figure

WIDTH = 9.0  # of the picture; all measures in inches
MARGIN, LINE, PADDING, BAR = 0.2, 0.3, 0.05, 0.27
LONGEST_WORD = 40  # characters; what is longer is not language, and would leave no room


def shaded_text(heading, words, backgrounds, num_bars):
    """Return a figure of words, in lines as they fit, and below them room for axes of bars.

    Args:
        heading: two str, a title and a note.
        words: list of str.
        backgrounds: a colour, red green blue from 0 to 1, for each word.
        num_bars: int, bars that the axes are to have; 0 for no axes.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = new_figure(WIDTH, 1)
    renderer = FigureCanvasAgg(figure).get_renderer()
    texts = [_word(figure, *word) for word in zip(words, backgrounds, strict=True)]
    widths = [text.get_window_extent(renderer).width / figure.dpi + 2 * PADDING for text in texts]
    places, num_lines = _wrap(widths)
    top = (len(heading) + num_lines) * LINE + MARGIN
    height = top + (num_bars * BAR + 0.8 if num_bars else 0)
    figure.set_size_inches(WIDTH, height)
    for line, (text, style) in enumerate(zip(heading, ({"fontsize": 13}, {"fontsize": 9, "color": GREY}), strict=True)):
        figure.text(MARGIN / WIDTH, 1 - (line + 0.7) * LINE / height, text, va="center", parse_math=False, **style)
    for text, (x, line) in zip(texts, places, strict=True):
        text.set_position(((MARGIN + x + PADDING) / WIDTH, 1 - (len(heading) + line + 0.6) * LINE / height))
    if num_bars:
        figure.get_layout_engine().set(rect=(0, 0, 1, 1 - top / height), w_pad=MARGIN / 2)
    return figure


def shortened(text, longest):
    """Return a text cut to its first characters, with an ellipsis where it is cut.

    Example:

    >>> shortened("antidisestablishmentarianism", 8)
    'antidis…'
    """
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _word(figure, word, background):
    """Put a word on its background into the figure, its place to be set."""
    luminance = background[:3] @ (0.299, 0.587, 0.114)
    return figure.text(
        0,
        0,
        shortened(word, LONGEST_WORD),
        fontsize=11,
        va="center_baseline",
        color="white" if luminance < 0.5 else "black",
        bbox={"facecolor": background, "edgecolor": "none", "boxstyle": "square,pad=0.22"},
        parse_math=False,  # a $ is a word like any other
    )


def _wrap(widths):
    """Set words of these widths into lines; return the (x, line) of each, and the number of lines."""
    places, x, line = [], 0.0, 0
    for width in widths:
        if x and x + width > WIDTH - 2 * MARGIN:
            x, line = 0.0, line + 1
        places.append((x, line))
        x += width
    return places, line + 1
