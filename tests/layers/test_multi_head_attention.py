import numpy as np
import pytest
from keras import ops

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import MultiHeadCrossAttention, MultiHeadSelfAttention
from kerasnlp_zoo.layers.masking import mask_bias
from kerasnlp_zoo.layers.multi_head_attention import cache_rows
from tests import oracles


def attention(width, **arguments):
    layer = MultiHeadSelfAttention(num_heads=2, **arguments)
    layer.build((None, None, width))
    return with_random_weights(layer)


def cross_attention(width, memory_width, **arguments):
    layer = MultiHeadCrossAttention(num_heads=2, **arguments)
    layer.build((None, None, width), (None, None, memory_width))
    return with_random_weights(layer)


def with_random_weights(layer):
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


def test_later_positions_do_not_change_earlier_ones(random):
    layer, inputs = attention(6, is_causal=True), random.normal(size=(2, 9, 6)).astype("float32")
    changed = inputs.copy()
    changed[:, 5:] = random.normal(size=(2, 4, 6))
    np.testing.assert_allclose(layer(inputs)[:, :5], layer(changed)[:, :5], atol=1e-6)
    assert np.abs(layer(inputs)[:, 5:] - layer(changed)[:, 5:]).max() > 0.1


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_a_fully_masked_row_is_finite_and_has_zero_weights(dtype, random):
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


@pytest.mark.parametrize("score_mode", ["scaled_dot", "additive"])
def test_cross_attention_equals_a_triple_loop(random, score_mode):
    inputs = random.normal(size=(3, 4, 6)).astype("float32")
    memory, mask = oracles.random_padded_batch(1, width=5)
    memory, mask = memory[:3], mask[:3]
    layer = cross_attention(6, 5, score_mode=score_mode)
    outputs, weights = layer(inputs, memory, mask=mask, return_attention_scores=True)
    query = inputs @ layer.query.kernel.numpy() + layer.query.bias.numpy()
    key, value = np.split(memory @ layer.key_value.kernel.numpy() + layer.key_value.bias.numpy(), 2, axis=-1)
    context = np.zeros((3, 4, 6))
    for head, part in enumerate((slice(0, 3), slice(3, 6))):
        extra = () if score_mode == "scaled_dot" else (np.eye(3), np.eye(3), np.asarray(layer.scale)[head, :, 0])
        parts = (values[..., part] for values in (query, key, value))
        context[..., part], expected = oracles.attention(score_mode, *parts, mask, *extra)
        np.testing.assert_allclose(weights[:, head], expected, atol=1e-5)
    expected = context @ layer.output_projection.kernel.numpy() + layer.output_projection.bias.numpy()
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


@pytest.mark.parametrize("score_mode", ["scaled_dot", "additive"])
def test_step_by_step_attention_equals_causal_attention(random, score_mode):
    inputs = random.normal(size=(2, 7, 6)).astype("float32")
    layer = attention(6, is_causal=True, score_mode=score_mode)
    cache = layer.empty_cache(batch_size=2, num_hypotheses=1, max_length=9)
    for place in range(7):
        bias = mask_bias(np.broadcast_to(np.arange(9) <= place, (2, 1, 1, 9)))
        outputs, cache = layer.step(inputs[:, place : place + 1], cache, cache_rows(2, 2, 9, place), bias)
        np.testing.assert_allclose(outputs[:, 0], layer(inputs)[:, place], atol=1e-5)


def test_hypotheses_share_a_cache_and_attend_only_to_their_own_tokens(random):
    layer = attention(6, is_causal=True)
    inputs = random.normal(size=(3, 2, 4, 6)).astype("float32")  # position, batch, hypothesis
    came_from = np.array([[0, 0, 2, 1], [3, 1, 1, 0]])  # after the first position, in each sequence of the batch
    cache = layer.empty_cache(batch_size=2, num_hypotheses=4, max_length=3)
    ways = np.tile(np.arange(4)[:, None], (2, 1, 1))  # [B, W, positions so far]
    for place in range(3):
        if place:
            ways = np.take_along_axis(ways, came_from[:, :, None], axis=1)
            ways = np.concatenate([ways, np.tile(np.arange(4)[:, None], (2, 1, 1))], axis=-1)
        visible = np.zeros((2, 4, 3, 4), bool)
        for b, w, t in np.ndindex(2, 4, place + 1):
            visible[b, w, t, ways[b, w, t]] = True
        bias = mask_bias(visible.reshape(2, 1, 4, 12))
        outputs, cache = layer.step(inputs[place], cache, cache_rows(2, 2, 3, place), bias)
        for b, w in np.ndindex(2, 4):
            alone = np.stack([inputs[t, b, ways[b, w, t]] for t in range(place + 1)])
            np.testing.assert_allclose(outputs[b, w], layer(alone[None])[0, -1], atol=1e-5)


def test_bad_arguments_are_refused():
    with pytest.raises(InputError, match="score_mode"):
        MultiHeadSelfAttention(2, score_mode="dot")
    with pytest.raises(InputError, match="num_heads must be an integer of at least 1"):
        MultiHeadSelfAttention(0)
    with pytest.raises(InputError, match="dropout must be a number of at least 0 and below 1"):
        MultiHeadSelfAttention(2, dropout=1.0)
    with pytest.raises(InputError, match="num_heads=2.0"):
        MultiHeadCrossAttention(2.0)
    with pytest.raises(InputError, match="dropout='half'"):
        MultiHeadCrossAttention(2, dropout="half")
    with pytest.raises(InputError, match="multiple of the number of heads. Received: width 5, num_heads=2"):
        MultiHeadSelfAttention(2)(np.zeros((1, 3, 5)))
