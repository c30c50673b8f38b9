"""The labels are readable: they do not overlap, lie inside the picture, and have all their glyphs."""

import warnings

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from kerasnlp_zoo import plots
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.plots.label_places import label_boxes, overlaps
from kerasnlp_zoo.plots.word_scatter import scatter_figure

ENGLISH = [f"{start}{end}" for start in ("tea", "bicycle", "x", "mountain") for end in "abcdefghij"]
CHINESE = [f"{first}{second}" for first in "山水火木" for second in "上下左右大小多少前后"]
METHODS = pytest.mark.parametrize("method", ["pca", "tsne"])


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of missing glyphs and of a layout without enough space
        yield


def boxes(figure):
    """Return the positions of the labels, points and axes in the drawn figure."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    (axes,) = figure.axes
    labels = np.array([text.get_window_extent(canvas.get_renderer()).extents for text in axes.texts])
    markers = [line for line in axes.lines if line.get_marker() not in ("None", None, "")]
    points = np.array([axes.transData.transform(line.get_xydata()[0]) for line in markers])
    return labels, points, axes.get_window_extent().extents


def assert_readable(figure, count):
    labels, points, frame = boxes(figure)
    assert len(labels) == len(points) == count
    assert not np.any(overlaps(labels, labels) & ~np.eye(count, dtype=bool))
    assert not np.any(overlaps(labels, np.concatenate([points - 1, points + 1], axis=1)))
    for inside in (labels, np.concatenate([points, points], axis=1)):
        assert np.all(inside[:, :2] >= frame[:2])
        assert np.all(inside[:, 2:] <= frame[2:])
    width, height = figure.get_size_inches() * figure.dpi
    assert np.all(frame >= 0)
    assert np.all(frame <= [width, height, width, height])


@METHODS
@pytest.mark.parametrize("tokens", [ENGLISH, CHINESE], ids=["English", "Chinese"])
@pytest.mark.parametrize("spread", [1.0, 0.02], ids=["apart", "crowded"])
def test_labels_do_not_overlap_and_lie_inside_the_picture(tokens, spread, method, random):
    groups = [token[0] for token in tokens]
    centres = {group: random.normal(size=10) for group in groups}
    vectors = [centres[group] + spread * random.normal(size=10) for group in groups]
    assert_readable(scatter_figure(tokens, vectors, method, groups, "四组 words"), 40)


def test_labels_of_identical_points_are_readable():
    assert_readable(scatter_figure(ENGLISH, np.ones((40, 3))), 40)


def test_more_words_make_a_larger_picture(random):
    tokens = [f"word{number}" for number in range(150)]
    figure = scatter_figure(tokens, random.normal(size=(150, 5)))
    assert figure.get_size_inches()[0] > scatter_figure(tokens[:20], np.eye(20)).get_size_inches()[0]
    assert_readable(figure, 150)


@METHODS
def test_the_picture_is_written(method, tmp_path, random):
    tokens = ["$a$", "b_{", "\\alpha", "w" * 500, "", "茶"]
    plots.word_scatter(tokens, random.normal(size=(6, 3)), tmp_path / "a.png", method, ["$x$"] * 5 + ["y"], "$ & 茶")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG\r\n")
    assert len(list(tmp_path.iterdir())) == 1


def test_two_words_with_vectors_of_one_dimension_are_drawn():
    assert_readable(scatter_figure(["a", "b"], [[1.0], [-1.0]]), 2)


def test_every_group_is_in_the_legend_with_its_own_style(random):
    groups = [f"group {number // 2}" for number in range(40)]
    figure = scatter_figure(ENGLISH, random.normal(size=(40, 5)), groups=groups)
    assert_readable(figure, 40)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list(dict.fromkeys(groups))
    styles = [(line.get_color(), line.get_marker()) for line in figure.axes[0].lines[:40]]
    assert len(set(styles)) == 20
    assert styles[0::2] == styles[1::2]
    assert [(line.get_color(), line.get_marker()) for line in legend.get_lines()] == styles[::2]


def test_a_label_is_right_of_its_point_if_there_is_space():
    ((left, bottom, right, top),) = label_boxes([[50.0, 50.0]], [[20.0, 10.0]], 3, (0, 0, 100, 100))
    assert 53 <= left <= 57
    assert (bottom + top) / 2 == 50
    assert (right - left, top - bottom) == (20, 10)


@pytest.mark.parametrize(
    ("tokens", "vectors", "message"),
    [
        ([], np.zeros((0, 3)), "at least 2 words"),
        (["a"], [[1, 2]], r"at least 2 words. Received: \['a'\]"),
        (["a", "b"], [[1, 2]], r"each of 2 words. Received: vectors of shape \(1, 2\)"),
        (["a", "b"], [1, 2], r"shape \(2,\)"),
        (["a", "b", "c"], [[1, 2], [np.nan, 1], [np.inf, 0]], "vectors of 'b', 'c' contain NaN or infinity"),
    ],
)
def test_invalid_input_is_refused_and_leaves_no_file(tokens, vectors, message, tmp_path):
    with pytest.raises(InputError, match=message):
        plots.word_scatter(tokens, vectors, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_a_wrong_number_of_groups_is_refused():
    with pytest.raises(InputError, match="and 1 groups"):
        scatter_figure(["a", "b"], np.eye(2), groups=["x"])


def test_t_sne_of_fewer_than_four_words_is_refused():
    with pytest.raises(InputError, match="t-SNE needs at least 4"):
        scatter_figure(["a", "b", "c"], np.eye(3), method="tsne")
    with pytest.raises(InputError, match="method must be one of 'pca', 'tsne'"):
        scatter_figure(["a", "b", "c"], np.eye(3), method="umap")
