"""Pictures of attention: a heat map for each head, and what one word of a text looks at.

Shapes: T tokens, W words.
"""

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.plots.figure import BLUE, GREY, ORANGE, new_figure, save
from kerasnlp_zoo.plots.shaded_text import shaded_text, shortened
from kerasnlp_zoo.text.vocabulary import CLASSIFICATION, SEPARATOR

COLUMNS = 4  # of maps
CELL = (0.13, 0.4)  # smallest and largest, of one token; all measures in inches
ONE_MAP, OF_SEVERAL = 5.0, 2.4  # side of a map, where its cells may have the size they need for that
LONGEST_TOKEN, LONGEST_WORD = 16, 40  # characters
LARGEST = 70  # side of a picture
MOST_BARS = 12


def attention_maps(attention, path, layers=None, heads=None, title=""):
    """Draw which token looks at which, a map for each chosen head: rows look, columns are looked at.

    Args:
        attention: `explanation.Attention`.
        path: PNG file to write.
        layers: list of int, counted from 0; None or none for the last one.
        heads: list of int, counted from 0; None or none for all.
        title: str, such as the model's name.

    Raises:
        InputError: if there is no such layer or head, or the picture would be too large to be looked at.

    Example:

    >>> import pathlib, tempfile
    >>> from kerasnlp_zoo.explanation import Attention
    >>> attention = Attention(["[CLS]", "tea", "[SEP]"], np.full((2, 4, 3, 3), 1 / 3), num_cut=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "maps.png")
    ...     attention_maps(attention, path, layers=[1], heads=[0, 2])
    ...     path.read_bytes()[:4]
    b'\\x89PNG'
    """
    save(maps_figure(attention, layers, heads, title), path)


def maps_figure(attention, layers=None, heads=None, title=""):
    """Return the figure that `attention_maps` writes; its axes are the maps, and one for the colours."""
    layers, heads = attention.choose(layers, heads)
    maps = [(layer, head) for layer in layers for head in heads]
    if len(maps) == 1:
        names, title = [""], _joined(title, _described(layers, heads, attention))
    else:
        names = [f"layer {layer}, head {head}" if len(layers) > 1 else f"head {head}" for layer, head in maps]
        title = _joined(title, _layers(layers))
    # A row of maps is a layer, if there are several and it has room for the heads.
    columns = min(len(heads) if len(heads) > 1 else len(maps), COLUMNS)
    figure, panels, font_size = _panels(attention.tokens, len(maps), columns, title)
    strongest = max(attention.weights[place].max() for place in maps)
    for panel, place, name in zip(panels, maps, names, strict=True):
        image = panel.imshow(attention.weights[place], cmap="Blues", vmin=0, vmax=strongest)
        panel.set_title(name, fontsize=font_size)
    bar = figure.colorbar(image, ax=panels, aspect=30, shrink=0.8, pad=0.02)
    bar.set_label("share of the row's attention", fontsize=font_size)
    bar.ax.tick_params(labelsize=font_size - 1)
    return figure


def word_attention(attention, query, path, layers=None, heads=None, title=""):
    """Draw what one word looks at: the text shaded by the shares of its attention, the largest as bars.

    Args:
        attention: `explanation.Attention`.
        query: str, a word of the text.
        path: PNG file to write.
        layers, heads: as for `attention_maps`; the mean over them is drawn.
        title: str, such as the model's name.

    Raises:
        InputError: if the word, a layer or a head does not exist.

    Example:

    >>> import pathlib, tempfile
    >>> from kerasnlp_zoo.explanation import Attention
    >>> attention = Attention(["[CLS]", "tea", "[SEP]"], np.full((2, 4, 3, 3), 1 / 3), num_cut=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "tea.png")
    ...     word_attention(attention, "tea", path, layers=[1], heads=[0, 2])
    ...     path.read_bytes()[:4]
    b'\\x89PNG'

    Reference: Clark et al. 2019, section 4.1.
    """
    save(word_figure(attention, query, layers, heads, title), path)


def word_figure(attention, query, layers=None, heads=None, title=""):
    """Return the figure that `word_attention` writes; its texts are the words, its only axes the bars."""
    layers, heads = attention.choose(layers, heads)
    shares = attention.of_word(query, layers, heads)
    asked = set(attention.places(query))
    words = [word for word, _ in attention.words]
    is_query = np.array([not asked.isdisjoint(places) for _, places in attention.words])
    is_special = np.array([word in (CLASSIFICATION, SEPARATOR) for word in words])
    note = f"{_described(layers, heads, attention)}; the darker the blue, the larger the share; orange: the word itself"
    if attention.num_cut:
        note += f"; {attention.num_cut} more tokens were not read"
    heading = [_joined(title, f"what “{shortened(query, LONGEST_WORD)}” looks at"), note]
    strongest = np.argsort(-shares, kind="stable")[:MOST_BARS]
    figure = shaded_text(heading, words, _shades(shares, is_query, is_special), len(strongest))
    colors = np.where(is_query, ORANGE, np.where(is_special, GREY, BLUE))
    _bars(figure.subplots(), [words[w] for w in strongest], shares[strongest], colors[strongest])
    return figure


def _panels(tokens, count, columns, title):
    """Return a figure, its axes, one a map, tokens written at the outer ones, and a font size for their names."""
    labels = [shortened(token, LONGEST_TOKEN) for token in tokens]
    cell = np.clip((ONE_MAP if count == 1 else OF_SEVERAL) / len(tokens), *CELL)
    side, rows = cell * len(tokens), -(-count // columns)
    room = 0.08 * max(map(len, labels))  # for the labels
    width = max(columns * (side + 0.15) + room + 1.2, 0.1 * len(title))
    height = rows * (side + 0.35) + room + 0.4
    if max(width, height) > LARGEST:
        raise InputError(
            f"A picture of {count} maps of {len(tokens)} tokens would be {width:.0f} x {height:.0f} inches large. "
            "Choose fewer layers and heads, a shorter text, or one word as the query"
        )
    figure = new_figure(width, height)
    font_size = np.clip(0.4 * width, 9, 16)  # a large picture is looked at from further away
    figure.suptitle(title, fontsize=font_size + 2, parse_math=False)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel in panels[count:]:
        panel.remove()
    style = {"fontsize": min(9, 0.8 * 72 * cell), "parse_math": False}
    for number, panel in enumerate(panels[:count]):
        panel.tick_params(length=0, pad=2, top=True, labeltop=True, bottom=False, labelbottom=False)
        panel.set_xticks(range(len(tokens)), labels if number < columns else [], rotation=90, **style)
        panel.set_yticks(range(len(tokens)), labels if number % columns == 0 else [], **style)
        panel.spines[:].set_color(GREY)
    return figure, list(panels[:count]), font_size


def _bars(axes, words, shares, colors):
    """Draw shares as bars, the largest above, in percent at their ends."""
    bars = axes.barh(range(len(words)), 100 * shares, color=colors)
    axes.bar_label(bars, [f"{share:.1%}" for share in shares], padding=3, fontsize=8, color=GREY)
    axes.set_yticks(range(len(words)), [shortened(w, LONGEST_WORD) for w in words], parse_math=False, fontsize=9)
    axes.invert_yaxis()
    axes.margins(x=0.1)
    axes.set_xlabel("% of the attention")
    axes.spines[["top", "right"]].set_visible(False)


def _shades(shares, is_query, is_special):
    """Return a background for each word: blue by its share, beside the largest of a real word."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    others = shares[~is_query & ~is_special]
    # [CLS] and [SEP] often take most of the attention: measured by them, all words would be pale.
    largest = max(others, default=0.0) or max(shares)
    shades = LinearSegmentedColormap.from_list("share", ["white", BLUE])(np.clip(shares / largest, 0, 1))
    shades[is_special] = to_rgba("#dddddd")
    shades[is_query] = to_rgba(ORANGE)
    return shades


def _described(layers, heads, attention):
    """Say in words which layers and heads are looked at."""
    if len(heads) == 1:
        which = f"head {heads[0]}"
    elif heads == list(range(attention.weights.shape[1])):
        which = f"mean of all {len(heads)} heads"
    else:
        which = f"mean of the heads {', '.join(map(str, heads))}"
    return f"{_layers(layers)}, {which}"


def _layers(layers):
    return f"layer{'s' if len(layers) > 1 else ''} {', '.join(map(str, layers))}"


def _joined(title, text):
    return f"{title}: {text}" if title else text
