import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import Standardization


def layer_for(values, **arguments):
    layer = Standardization(**arguments)
    layer.build((None, np.shape(values)[1]))
    layer.set_statistics(values)
    return layer


def test_training_data_have_mean_0_and_standard_deviation_1(random):
    values = random.normal([5.0, -3.0, 1e6], [0.1, 10.0, 1e3], (50, 3))
    output = np.array(layer_for(values)(values.astype("float32")))
    expected = [[(x - column.mean()) / column.std() for x in column] for column in values.T]
    np.testing.assert_allclose(output, np.transpose(expected), atol=1e-3)


def test_without_statistics_numbers_are_unchanged(random):
    values = random.normal(size=(4, 3)).astype("float32")
    np.testing.assert_array_equal(Standardization()(values), values)


def test_a_constant_column_is_only_shifted():
    layer = layer_for([[0.1, 1.0], [0.1, 2.0], [0.1, 3.0]])
    np.testing.assert_allclose(layer(np.array([[0.1, 2.0], [1.1, 2.0]], "float32")), [[0, 0], [1, 0]], atol=1e-6)


def test_numbers_that_overflow_in_half_precision_are_standardized():
    layer = layer_for([[1e6], [3e6]], dtype="mixed_float16")
    output = layer(np.array([[3e6]], "float32"))
    assert output.dtype == "float16"
    np.testing.assert_allclose(output, [[1.0]])


def test_rows_of_another_length_are_refused():
    layer = layer_for([[1.0, 2.0]])
    with pytest.raises(InputError, match=r"rows of 2 numbers.*Received: shape \(3, 1\)"):
        layer.set_statistics(np.ones((3, 1)))
