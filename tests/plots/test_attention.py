"""The maps and bars show the attention weights, and every token is readable."""

import warnings

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from kerasnlp_zoo import plots
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.explanation import Attention
from kerasnlp_zoo.plots.attention import maps_figure, word_figure

SENTENCES = {
    "English": "[CLS] The cat didn ' t see $ 5 [SEP]".split(),
    "Chinese": ["[CLS]", *"质量很好，下次还来买！", "手机壳[?]", "[SEP]"],
    "two": ["[CLS]", "[SEP]"],
    "long": ["[CLS]", *[f"word{number}" for number in range(40)], "[SEP]"],
    "endless": ["a" * 300, "##" + "b" * 300],
}
SENTENCE = pytest.mark.parametrize("tokens", SENTENCES.values(), ids=SENTENCES)


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of missing glyphs and of a layout without enough space
        yield


def attention(tokens, num_layers=2, num_heads=6, num_cut=0):
    random = np.random.default_rng(0)
    weights = random.random((num_layers, num_heads, len(tokens), len(tokens)))
    return Attention(tokens, weights / weights.sum(axis=-1, keepdims=True), num_cut)


def extents(texts, renderer):
    return np.array([text.get_window_extent(renderer).extents for text in texts])


@SENTENCE
@pytest.mark.parametrize("heads", [[1], [0, 2, 3]], ids=str)
def test_all_tokens_are_readable_on_both_axes(tokens, heads):
    figure = maps_figure(attention(tokens), heads=heads, title="model")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    first, area = figure.axes[0], figure.bbox.extents
    for labels, low in ((first.get_yticklabels(), 1), (first.get_xticklabels(), 0)):
        assert [label.get_text()[:15] for label in labels] == [token[:15] for token in tokens]
        boxes = extents(labels, canvas.get_renderer())
        assert (boxes[:, :2] >= area[:2] - 1).all()
        assert (boxes[:, 2:] <= area[2:] + 1).all()
        order = np.argsort(boxes[:, low])
        overlap = boxes[order, low + 2][:-1] - boxes[order, low][1:]
        assert (overlap <= 1.5).all()  # pixels


def test_maps_show_the_weights_of_the_chosen_heads():
    found = attention(SENTENCES["English"])
    figure = maps_figure(found, layers=[0, 1], heads=[2, 5], title="model")
    *maps, _ = figure.axes
    names = ["layer 0, head 2", "layer 0, head 5", "layer 1, head 2", "layer 1, head 5"]
    assert [axes.get_title() for axes in maps] == names
    assert figure.get_suptitle() == "model: layers 0, 1"
    for axes, place in zip(maps, [(0, 2), (0, 5), (1, 2), (1, 5)], strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), found.weights[place])
        assert axes.images[0].get_clim() == (0, found.weights[:, [2, 5]].max())


def test_the_title_says_which_layer_and_head():
    found = attention(SENTENCES["two"])
    assert maps_figure(found, heads=[4], title="model").get_suptitle() == "model: layer 1, head 4"
    assert maps_figure(found, layers=[0]).get_suptitle() == "layer 0"
    assert [axes.get_title() for axes in maps_figure(found).axes] == [*(f"head {head}" for head in range(6)), ""]


def test_a_picture_with_too_many_tokens_is_refused():
    with pytest.raises(InputError, match="6 maps of 200 tokens would be .* Choose fewer layers and heads"):
        maps_figure(attention(["word"] * 200))


def lengths(figure):
    """Return the lengths and the colours of the bars by label."""
    (axes,) = figure.axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    widths = [bar.get_width() for bar in axes.patches]
    colors = [bar.get_facecolor() for bar in axes.patches]
    return list(zip(labels, widths, strict=True)), dict(zip(labels, colors, strict=True))


@SENTENCE
def test_bars_show_the_words_with_the_most_attention(tokens):
    found = attention(tokens)
    query = found.words[0][0]
    figure = word_figure(found, query, heads=[1, 2])
    shares = found.of_word(query, heads=[1, 2])
    bars, _ = lengths(figure)
    assert [width for _, width in bars] == pytest.approx(sorted(100 * shares, reverse=True)[:12])
    for label, width in bars:
        assert any(
            word[:39] == label[:39] and width == pytest.approx(100 * s)
            for (word, _), s in zip(found.words, shares, strict=True)
        )


def test_the_query_word_and_special_tokens_have_their_own_colours():
    figure = word_figure(attention(SENTENCES["English"], num_cut=7), "didn't", title="model")
    _, colors = lengths(figure)
    assert colors["didn"] == colors["'"] == colors["t"]
    assert colors["[CLS]"] == colors["[SEP]"]
    assert len({colors["didn"], colors["[CLS]"], colors["cat"]}) == 3
    title, note = (text.get_text() for text in figure.texts[-2:])
    assert title == "model: attention of “didn't”"
    assert note.startswith("layer 1, mean of all 6 heads;")
    assert note.endswith("the model did not read 7 more tokens")
    assert "layer 0, mean of the heads 1, 2" in word_figure(attention(["a"]), "a", [0], [1, 2]).texts[-1].get_text()


def test_the_darkest_word_has_the_most_attention():
    found = attention(SENTENCES["long"])
    found.weights[:, :, 5, 30] = 10
    figure = word_figure(found, "word4")
    words = {text.get_text(): text.get_bbox_patch().get_facecolor() for text in figure.texts[:-2]}
    brightness = {word: sum(color[:3]) for word, color in words.items() if word not in ("[CLS]", "[SEP]", "word4")}
    assert min(brightness, key=brightness.get) == "word29"


def test_pictures_are_written(tmp_path):
    found = attention(SENTENCES["Chinese"])
    plots.attention_maps(found, tmp_path / "maps.png", heads=[0], title="$a$ 好")
    plots.word_attention(found, "下次", tmp_path / "word.png", title="$a$ 好")
    for name in ("maps.png", "word.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG\r\n")
    assert len(list(tmp_path.iterdir())) == 2


def test_a_failed_picture_leaves_no_file(tmp_path):
    with pytest.raises(InputError, match="'dog' is not a word of the text"):
        plots.word_attention(attention(SENTENCES["English"]), "dog", tmp_path / "a.png")
    assert not list(tmp_path.iterdir())
