import math

import numpy as np
import pytest
from keras import ops

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import AttentionOverTime, KMaxPooling, MaxOverTime
from kerasnlp_zoo.models.pooling import LAYERS
from tests import oracles

POOLINGS = {**LAYERS, "k_max": KMaxPooling}
OF_4000_TENS = {"sum": 40000, "sqrt_mean": 10 * math.sqrt(4000)}  # all others return 10


@pytest.mark.parametrize("how", LAYERS)
@pytest.mark.parametrize("seed", range(3))
def test_pooling_equals_a_loop_over_features(how, seed):
    inputs, mask = oracles.random_padded_batch(seed)
    np.testing.assert_allclose(POOLINGS[how]()(inputs, mask=mask), oracles.pool(inputs, mask, how), atol=1e-6)


@pytest.mark.parametrize("k", [1, 2, 5, 20])
@pytest.mark.parametrize("seed", range(3))
def test_k_max_equals_sorting_each_sentence(k, seed):
    inputs, mask = oracles.random_padded_batch(seed)
    np.testing.assert_allclose(KMaxPooling(k)(inputs, mask=mask), oracles.pool(inputs, mask, "k_max", k), atol=1e-6)


def test_k_max_keeps_the_order_of_the_sentence():
    c = np.array([[[0.73], [0.85], [0.62], [0.91], [0.45]]])
    np.testing.assert_allclose(KMaxPooling(2)(c)[0, :, 0], [0.85, 0.91])
    np.testing.assert_allclose(KMaxPooling(2)(c[:, ::-1])[0, :, 0], [0.91, 0.85])


def test_max_finds_a_negative_maximum():
    assert float(MaxOverTime()(-np.ones((1, 3, 1)), mask=[[True, True, False]])[0, 0]) == -1


@pytest.mark.parametrize("how", POOLINGS)
def test_without_a_mask_all_positions_are_used(how):
    inputs, mask = oracles.random_padded_batch(seed=1)
    layer = POOLINGS[how](**({"k": 2} if how == "k_max" else {}))
    np.testing.assert_array_equal(layer(inputs), layer(inputs, mask=np.ones_like(mask)))


@pytest.mark.parametrize("how", POOLINGS)
def test_float16_has_no_overflow_and_no_nan(how):
    layer = POOLINGS[how](dtype="float16", **({"k": 2} if how == "k_max" else {}))
    inputs = ops.cast(ops.full((2, 4000, 1), 10.0), "float16")
    mask = np.array([[True] * 4000, [False] * 4000])
    pooled = np.array(layer(inputs, mask=mask)).astype("float32")
    assert np.all(np.isfinite(pooled))
    assert np.all(pooled[1] == 0)
    assert np.allclose(pooled[0], OF_4000_TENS.get(how, 10), rtol=1e-3)


def test_k_must_be_positive():
    with pytest.raises(InputError, match="k=0"):
        KMaxPooling(0)


@pytest.mark.parametrize("seed", range(3))
def test_attention_pooling_equals_a_loop_over_words(seed, random):
    inputs, mask = oracles.random_padded_batch(seed)
    layer = AttentionOverTime(units=4)
    layer.build(inputs.shape)
    for weight in layer.weights:
        weight.assign(random.normal(size=weight.shape))
    kernel, bias, context = map(np.asarray, layer.weights)
    pooled, weights = layer(inputs, mask=mask, return_attention_scores=True)
    for row, kept in enumerate(mask):
        powers = [math.exp(context @ np.tanh(h @ kernel + bias)) for h in inputs[row]] * kept
        expected = powers / max(sum(powers), 1e-9)
        np.testing.assert_allclose(weights[row], expected, atol=1e-6)
        np.testing.assert_allclose(pooled[row], expected @ inputs[row], atol=1e-5)
    np.testing.assert_array_equal(layer(inputs, mask=mask), pooled)


def test_attention_pooling_ignores_padding():
    layer = AttentionOverTime(units=4)
    inputs, mask = oracles.random_padded_batch(seed=1)
    output = layer(inputs, mask=mask)
    inputs[~mask] = np.nan
    np.testing.assert_array_equal(layer(inputs, mask=mask), output)
