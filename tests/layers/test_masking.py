import keras
import numpy as np
import pytest
from keras import ops

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import WindowMask
from kerasnlp_zoo.layers.masking import LOWEST, mask_scores, zero_masked
from tests import oracles


@pytest.mark.parametrize("width", [1, 2, 5, 12])
@pytest.mark.parametrize("seed", range(3))
def test_window_mask_keeps_windows_that_contain_a_word(width, seed):
    _, mask = oracles.random_padded_batch(seed)
    np.testing.assert_array_equal(WindowMask(width)(mask), oracles.window_mask(mask, width))


@pytest.mark.parametrize("padding", ["full", "same", "valid"])
@pytest.mark.parametrize(("width", "dilation_rate"), [(1, 2), (3, 1), (3, 2), (5, 4)])
def test_window_mask_has_the_padding_and_dilation_of_the_convolution(padding, width, dilation_rate):
    _, mask = oracles.random_padded_batch(seed=width)
    expected = oracles.window_mask(mask, width, padding, dilation_rate)
    np.testing.assert_array_equal(WindowMask(width, padding, dilation_rate)(mask), expected)


def test_a_text_has_the_same_valid_windows_for_any_amount_of_padding():
    for words in range(9):
        for time in range(max(words, 1), 12):
            mask = np.arange(time)[None] < words
            found = np.array(WindowMask(4, padding="valid")(mask))[0]
            expected = 0 if words == 0 else max(words - 3, 1)
            assert found.sum() == expected
            assert found[:expected].all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"width": 0}, "width=0"), ({"width": 2, "dilation_rate": 0}, "dilation_rate=0"),
     ({"width": 2, "padding": "causal"}, "padding='causal'")],
)  # fmt: skip
def test_wrong_arguments_of_a_window_mask_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        WindowMask(**arguments)


@pytest.mark.parametrize("dtype", LOWEST)
def test_masked_scores_stay_finite_in_every_dtype(dtype):
    scores = ops.cast([[1.0, 2.0], [1.0, 2.0]], dtype)
    masked = mask_scores(scores, ops.convert_to_tensor([[True, False], [False, False]]))
    assert keras.backend.standardize_dtype(masked.dtype) == dtype
    shares = np.array(ops.cast(ops.softmax(ops.cast(masked, "float32")), "float32"))
    np.testing.assert_allclose(shares, [[1, 0], [0.5, 0.5]])


def test_zeroing_replaces_nan_and_infinity_at_masked_positions():
    values = ops.convert_to_tensor([np.nan, np.inf, 3.0])
    np.testing.assert_array_equal(zero_masked(values, [False, False, True]), [0, 0, 3])
    assert zero_masked(values, None) is values
