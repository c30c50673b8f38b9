"""Pictures of attention: a heat map for each head, and what one word of a text looks at.

Shapes: T tokens, W words.
"""

import numpy as np

from kerasnlp_zoo.plots.figure import BLUE, GREY, ORANGE, save
from kerasnlp_zoo.plots.map_panels import color_bar, map_panels
from kerasnlp_zoo.plots.shaded_text import shaded_text, shortened
from kerasnlp_zoo.vocabulary import CLASSIFICATION, SEPARATOR

COLUMNS = 4  # of maps
LONGEST_WORD = 40  # characters
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
    figure, panels, font_size = map_panels(attention.tokens, attention.tokens, len(maps), columns, title)
    strongest = max(attention.weights[place].max() for place in maps)
    for panel, place, name in zip(panels, maps, names, strict=True):
        image = panel.imshow(attention.weights[place], cmap="Blues", vmin=0, vmax=strongest)
        panel.set_title(name, fontsize=font_size)
    color_bar(figure, image, panels, font_size)
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
