import numpy as np
import pytest
from keras import ops

from kerasnlp_zoo.layers import MultiHeadSelfAttention
from tests import oracles


def attention(width, **arguments):
    layer = MultiHeadSelfAttention(num_heads=2, **arguments)
    layer.build((None, None, width))
    random = np.random.default_rng(1)
    for weight in layer.weights:
        weight.assign(random.normal(size=weight.shape) * 0.5)
    return layer


@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_attention_equals_a_triple_loop(seed, is_causal):
    inputs, mask = oracles.random_padded_batch(seed, width=6)
    layer = attention(6, is_causal=is_causal)
    outputs, weights = layer(inputs, mask=mask, return_attention_scores=True)
    expected = oracles.self_attention(inputs, mask, *map(np.asarray, layer.weights), 2, is_causal)
    np.testing.assert_allclose(weights, expected[1], atol=1e-5)
    np.testing.assert_allclose(outputs, expected[0], atol=1e-5)
    np.testing.assert_allclose(layer(inputs, mask=mask), outputs, atol=1e-6)


def test_the_future_changes_nothing_in_the_past(random):
    layer, inputs = attention(6, is_causal=True), random.normal(size=(2, 9, 6)).astype("float32")
    changed = inputs.copy()
    changed[:, 5:] = random.normal(size=(2, 4, 6))
    np.testing.assert_allclose(layer(inputs)[:, :5], layer(changed)[:, :5], atol=1e-6)
    assert np.abs(layer(inputs)[:, 5:] - layer(changed)[:, 5:]).max() > 0.1


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_a_row_that_sees_nothing_is_finite_and_has_no_weights(dtype, random):
    layer = attention(6, dtype=dtype)
    inputs = 100 * random.normal(size=(2, 4, 6)).astype("float32")
    outputs, weights = layer(inputs, mask=[[False] * 4, [True] * 4], return_attention_scores=True)
    assert np.all(np.isfinite(np.asarray(outputs, "float32")))
    assert np.all(np.asarray(weights, "float32")[0] == 0)


def test_weights_are_dropped_only_in_training(random):
    layer, inputs = attention(6, dropout=0.5), random.normal(size=(1, 8, 6)).astype("float32")
    np.testing.assert_array_equal(layer(inputs), layer(inputs))
    assert np.abs(layer(inputs, training=True) - layer(inputs)).max() > 0.01
    kept = np.mean([ops.mean(layer.drop(ops.ones((50, 50)), training=True)) for _ in range(20)])
    np.testing.assert_allclose(kept, 1.0, atol=0.05)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="at least 1 head"):
        MultiHeadSelfAttention(0)
    with pytest.raises(ValueError, match="a share in"):
        MultiHeadSelfAttention(2, dropout=1.0)
    with pytest.raises(ValueError, match="multiple of the number of heads. Received: width 5, num_heads=2"):
        MultiHeadSelfAttention(2)(np.zeros((1, 3, 5)))
