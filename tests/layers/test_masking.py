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


def test_an_empty_window_is_refused():
    with pytest.raises(InputError, match="width=0"):
        WindowMask(0)


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
