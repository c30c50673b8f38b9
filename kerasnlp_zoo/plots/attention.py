"""Plots of attention: a heat map for each head, and the attention from one word to the text.

Shapes: T tokens, W words.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kerasnlp_zoo.plots.figure import BLUE, GREY, ORANGE, save
from kerasnlp_zoo.plots.map_panels import color_bar, map_panels
from kerasnlp_zoo.plots.shaded_text import shaded_text, shortened
from kerasnlp_zoo.types import FilePath
from kerasnlp_zoo.vocabulary import CLASSIFICATION, END, SEPARATOR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kerasnlp_zoo.explanation import Attention

COLUMNS = 4  # of maps
LONGEST_WORD = 40  # characters
MOST_BARS = 12


def attention_maps(
    attention: "Attention",
    path: FilePath,
    layers: Sequence[int] | None = None,
    heads: Sequence[int] | None = None,
    title: str = "",
) -> None:
    """Draw the attention of each token (rows) to each token (columns), with a map for each head.

    Args:
        attention: attention of a text.
        path: PNG file to write.
        layers: layers to draw, counted from 0; None or empty for the last layer.
        heads: heads to draw, counted from 0; None or empty for all heads.
        title: title of the plot, such as the name of the model.

    Raises:
        InputError: if a layer or head does not exist, or the plot would be too large.

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


def maps_figure(
    attention: "Attention", layers: Sequence[int] | None = None, heads: Sequence[int] | None = None, title: str = ""
) -> "Figure":
    """Return the figure that `attention_maps` writes. Its axes are the maps and the colour bar."""
    layers, heads = attention.choose(layers, heads)
    maps = [(layer, head) for layer in layers for head in heads]
    if len(maps) == 1:
        names, title = [""], _joined(title, _described(layers, heads, attention))
    else:
        names = [f"layer {layer}, head {head}" if len(layers) > 1 else f"head {head}" for layer, head in maps]
        title = _joined(title, _layers(layers))
    # Each row of maps is a layer, if it has enough columns for the heads.
    columns = min(len(heads) if len(heads) > 1 else len(maps), COLUMNS)
    figure, panels, font_size = map_panels(attention.tokens, attention.tokens, len(maps), columns, title)
    strongest = max(attention.weights[index].max() for index in maps)
    for panel, index, name in zip(panels, maps, names, strict=True):
        image = panel.imshow(attention.weights[index], cmap="Blues", vmin=0, vmax=strongest)
        panel.set_title(name, fontsize=font_size)
    color_bar(figure, image, panels, font_size)
    return figure


def word_attention(
    attention: "Attention",
    query: str,
    path: FilePath,
    layers: Sequence[int] | None = None,
    heads: Sequence[int] | None = None,
    title: str = "",
) -> None:
    """Draw the attention of one word: the text, each word shaded by its share, and bars of the largest shares.

    Args:
        attention: attention of a text.
        query: a word of the text.
        path: PNG file to write.
        layers: layers to average over, counted from 0; None or empty for the last layer.
        heads: heads to average over, counted from 0; None or empty for all heads.
        title: title of the plot, such as the name of the model.

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


def word_figure(
    attention: "Attention",
    query: str,
    layers: Sequence[int] | None = None,
    heads: Sequence[int] | None = None,
    title: str = "",
) -> "Figure":
    """Return the figure that `word_attention` writes. Its texts are the words. Its only axes are the bars."""
    layers, heads = attention.choose(layers, heads)
    shares = attention.of_word(query, layers, heads)
    query_positions = set(attention.places(query))
    words = [word for word, _ in attention.words]
    is_query = np.array([not query_positions.isdisjoint(positions) for _, positions in attention.words])
    is_special = np.array([word in (CLASSIFICATION, SEPARATOR, END) for word in words])
    note = f"{_described(layers, heads, attention)}; darker blue: a larger share; orange: the word itself"
    if attention.num_cut:
        note += f"; the model did not read {attention.num_cut} more tokens"
    heading = [_joined(title, f"attention of “{shortened(query, LONGEST_WORD)}”"), note]
    strongest = np.argsort(-shares, kind="stable")[:MOST_BARS]
    figure = shaded_text(heading, words, _shades(shares, is_query, is_special), len(strongest))
    colors = np.where(is_query, ORANGE, np.where(is_special, GREY, BLUE))
    _bars(figure.subplots(), [words[w] for w in strongest], shares[strongest], colors[strongest])
    return figure


def _bars(axes: "Axes", words: Sequence[str], shares: np.ndarray, colors: np.ndarray) -> None:
    """Draw shares as bars in percent, the largest at the top."""
    bars = axes.barh(range(len(words)), 100 * shares, color=colors)
    axes.bar_label(bars, [f"{share:.1%}" for share in shares], padding=3, fontsize=8, color=GREY)
    axes.set_yticks(range(len(words)), [shortened(w, LONGEST_WORD) for w in words], parse_math=False, fontsize=9)
    axes.invert_yaxis()
    axes.margins(x=0.1)
    axes.set_xlabel("% of the attention")
    axes.spines[["top", "right"]].set_visible(False)


def _shades(shares: np.ndarray, is_query: np.ndarray, is_special: np.ndarray) -> np.ndarray:
    """Return the background colour of each word: blue in proportion to its share, relative to the largest one."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    others = shares[~is_query & ~is_special]
    # [CLS] and [SEP] often have most of the attention. Relative to them, all words would be pale.
    largest = max(others, default=0.0) or max(shares)
    shades = LinearSegmentedColormap.from_list("share", ["white", BLUE])(np.clip(shares / largest, 0, 1))
    shades[is_special] = to_rgba("#dddddd")
    shades[is_query] = to_rgba(ORANGE)
    return shades


def _described(layers: Sequence[int], heads: Sequence[int], attention: "Attention") -> str:
    """Return the names of the layers and heads."""
    if len(heads) == 1:
        which = f"head {heads[0]}"
    elif list(heads) == list(range(attention.weights.shape[1])):
        which = f"mean of all {len(heads)} heads"
    else:
        which = f"mean of the heads {', '.join(map(str, heads))}"
    return f"{_layers(layers)}, {which}"


def _layers(layers: Sequence[int]) -> str:
    return f"layer{'s' if len(layers) > 1 else ''} {', '.join(map(str, layers))}"


def _joined(title: str, text: str) -> str:
    return f"{title}: {text}" if title else text
