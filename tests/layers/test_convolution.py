import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import TextConvolution
from tests import oracles


@pytest.mark.parametrize("padding", ["full", "same"])
@pytest.mark.parametrize("width", [1, 2, 3, 4, 12])
def test_convolution_equals_a_loop_over_windows(padding, width):
    inputs, mask = oracles.random_padded_batch(seed=width)
    layer = TextConvolution(filters=3, kernel_size=width, padding=padding)
    layer.build(inputs.shape)
    layer.bias.assign([0.1, -0.2, 0.3])
    expected = oracles.text_convolution(inputs, mask, np.array(layer.kernel), np.array(layer.bias), padding)
    np.testing.assert_allclose(layer(inputs, mask=mask), expected, atol=1e-5)


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
        ({"filters": 4, "kernel_size": 3, "padding": "valid"}, "padding='valid'"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        TextConvolution(**arguments)
