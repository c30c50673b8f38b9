"""The picture shows the vectors, their cosines and the dimensions asked for."""

import numpy as np
import pytest

from kerasnlp_zoo import plots
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.correlation import cosines
from kerasnlp_zoo.layers.positions import sinusoids
from kerasnlp_zoo.plots.positions import positions_figure


def panels(figure):
    return {axes.get_label(): axes for axes in figure.axes}


def test_vectors_cosines_and_waves_are_shown(random):
    vectors = random.normal(size=(7, 10))
    shown = panels(positions_figure(vectors, dimensions=[9, 0]))
    np.testing.assert_array_equal(shown["vectors"].images[0].get_array(), vectors)
    expected = [cosines(np.tile(vector, (7, 1)), vectors) for vector in vectors]
    np.testing.assert_allclose(shown["cosines"].images[0].get_array(), expected)
    waves = shown["waves"].lines[:2]
    assert [wave.get_label() for wave in waves] == ["dimension 9", "dimension 0"]
    for wave, dimension in zip(waves, (9, 0), strict=True):
        np.testing.assert_array_equal(wave.get_ydata(), vectors[:, dimension])


def test_default_dimensions_are_a_sine_its_cosine_and_slower_sines():
    waves = panels(positions_figure(sinusoids(20, 128)))["waves"].lines
    assert [wave.get_label() for wave in waves[:4]] == [f"dimension {d}" for d in (16, 17, 32, 64)]


@pytest.mark.parametrize("vectors", [np.eye(2)[:, :1], np.zeros((3, 4)), sinusoids(600, 2)], ids=["1", "zeros", "long"])
def test_vectors_of_any_size_are_drawn(vectors, tmp_path):
    plots.positions(vectors, tmp_path / "a.png", title="$位置$")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize(
    ("vectors", "dimensions", "message"),
    [
        (np.zeros((3, 4)), [0, 4], "4 dimensions. Expected dimensions from 0 to 3. Received: dimension 0, 4"),
        (np.zeros((1, 4)), None, r"at least 2 positions.*shape \(1, 4\)"),
        (np.zeros(4), None, r"shape \(4,\)"),
    ],
)
def test_invalid_input_is_refused_and_leaves_no_file(vectors, dimensions, message, tmp_path):
    with pytest.raises(InputError, match=message):
        plots.positions(vectors, tmp_path / "a.png", dimensions)
    assert not list(tmp_path.iterdir())
