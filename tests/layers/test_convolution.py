import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import TextConvolution
from tests import oracles


@pytest.mark.parametrize("padding", ["full", "same", "valid"])
@pytest.mark.parametrize(("width", "dilation_rate"), [(1, 1), (2, 1), (3, 1), (4, 1), (12, 1), (3, 2), (2, 5), (4, 4)])
def test_convolution_equals_a_loop_over_windows(padding, width, dilation_rate):
    inputs, mask = oracles.random_padded_batch(seed=width)
    layer = TextConvolution(3, width, padding, dilation_rate=dilation_rate)
    layer.build(inputs.shape)
    layer.bias.assign([0.1, -0.2, 0.3])
    weights = np.array(layer.kernel), np.array(layer.bias)
    expected = oracles.text_convolution(inputs, mask, *weights, padding, dilation_rate)
    np.testing.assert_allclose(layer(inputs, mask=mask), expected, atol=1e-5)
    assert layer.compute_output_shape(inputs.shape) == expected.shape


@pytest.mark.parametrize(
    ("words", "width", "padding", "windows"),
    [(8, 5, "valid", 4), (6, 3, "valid", 4), (3, 3, "full", 5), (8, 5, "same", 8), (2, 5, "valid", 1)],
)
def test_the_documents_numbers_of_windows(words, width, padding, windows):
    """A text that is shorter than a valid window has one window, which the documents do not state."""
    assert TextConvolution(7, width, padding)(np.ones((1, words, 4), "float32")).shape == (1, windows, 7)


Z = [-0.5, 0.3, -1.2, 0.8, 0.1]  # [2] applies ReLU to these sums


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        ("relu", [0, 0.3, 0, 0.8, 0.1]),
        ("tanh", np.tanh(Z)),
        ("leaky_relu", [0.2 * -0.5, 0.3, 0.2 * -1.2, 0.8, 0.1]),
        (None, Z),
    ],
)
def test_activations_of_the_documents(activation, expected):
    layer = TextConvolution(1, 1, activation=activation)
    layer.build((None, None, 1))
    layer.kernel.assign([[[1.0]]])
    received = layer(np.array(Z, "float32")[None, :, None])[0, :, 0]
    np.testing.assert_allclose(received, expected, atol=1e-6)


def test_values_at_padded_positions_do_not_matter():
    inputs, mask = oracles.random_padded_batch(seed=0)
    layer = TextConvolution(filters=3, kernel_size=3)
    expected = np.array(layer(inputs, mask=mask))
    inputs[~mask] = np.nan
    np.testing.assert_array_equal(layer(inputs, mask=mask), expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": 0, "kernel_size": 3}, "filters=0"),
        ({"filters": 4, "kernel_size": 2.5}, "kernel_size=2.5"),
        ({"filters": 4, "kernel_size": 3, "padding": "causal"}, "padding='causal'"),
        ({"filters": 4, "kernel_size": 3, "dilation_rate": 0}, "dilation_rate=0"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        TextConvolution(**arguments)
