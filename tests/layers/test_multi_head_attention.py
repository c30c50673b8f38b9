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


OPTIONS = [
    {},
    {"score_mode": "additive"},
    {"key_dim": 5, "value_dim": 2},
    {"shared_key_value": True},
    {"score_mode": "additive", "key_dim": 1, "value_dim": 7, "shared_key_value": True},
]


def heads_of(columns, parts, layer):
    """Return the columns of each part and head: {part: [float array [B, T, K or V] of every head]}.

    Heads that share keys and values have the same columns.
    """
    widths = {"query": layer.key_dim or 3, "key": layer.key_dim or 3, "value": layer.value_dim or 3}
    heads, start = {}, 0
    for part in parts:
        width, count = widths[part], 1 if layer.shared_key_value and part != "query" else 2
        slices = [columns[..., start + head * width : start + (head + 1) * width] for head in range(count)]
        heads[part] = slices * (2 // count)
        start += count * width
    assert start == columns.shape[-1]
    return heads


def slow_heads(layer, columns, mask):
    """Return the outputs and the weights of every head, from projected {part: [columns of every head]}."""
    contexts, weights = [], []
    for head in range(2):
        query, key, value = (columns[part][head] for part in ("query", "key", "value"))
        extra = ()
        if layer.score_mode == "additive":
            extra = (np.eye(query.shape[-1]), np.eye(query.shape[-1]), np.asarray(layer.scale)[head, :, 0])
        context, shares = oracles.attention(layer.score_mode, query, key, value, mask, *extra)
        contexts.append(context)
        weights.append(shares)
    kernel, bias = (np.asarray(weight) for weight in layer.output_projection.weights)
    return np.concatenate(contexts, axis=-1) @ kernel + bias, np.stack(weights, axis=1)


def columns_of(projection, inputs):
    kernel, bias = (np.asarray(weight) for weight in projection.weights)
    return inputs @ kernel + bias


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_kind_of_head_equals_attention_head_by_head(options):
    inputs, mask = oracles.random_padded_batch(2, width=6)
    layer = attention(6, **options)
    heads = heads_of(columns_of(layer.query_key_value, inputs), ("query", "key", "value"), layer)
    expected = slow_heads(layer, heads, mask)
    outputs, weights = layer(inputs, mask=mask, return_attention_scores=True)
    np.testing.assert_allclose(weights, expected[1], atol=1e-5)
    np.testing.assert_allclose(outputs, expected[0], atol=1e-5)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_kind_of_cross_attention_equals_attention_head_by_head(random, options):
    inputs = random.normal(size=(3, 4, 6)).astype("float32")
    memory, mask = oracles.random_padded_batch(1, width=5)
    memory, mask = memory[:3], mask[:3]
    layer = cross_attention(6, 5, **options)
    heads = heads_of(columns_of(layer.query, inputs), ("query",), layer)
    heads |= heads_of(columns_of(layer.key_value, memory), ("key", "value"), layer)
    expected = slow_heads(layer, heads, mask)
    outputs, weights = layer(inputs, memory, mask=mask, return_attention_scores=True)
    np.testing.assert_allclose(weights, expected[1], atol=1e-5)
    np.testing.assert_allclose(outputs, expected[0], atol=1e-5)


def test_queries_with_shared_keys_and_values_equal_heads_with_equal_keys_and_values(random):
    shared, separate = attention(6, shared_key_value=True), attention(6)
    kernel, bias = (np.asarray(weight) for weight in shared.query_key_value.weights)
    columns = [*range(6), *[6, 7, 8] * 2, *[9, 10, 11] * 2]
    for weight, values in zip(separate.query_key_value.weights, (kernel[:, columns], bias[columns]), strict=True):
        weight.assign(values)
    separate.output_projection.set_weights(shared.output_projection.get_weights())
    inputs = random.normal(size=(2, 5, 6)).astype("float32")
    np.testing.assert_allclose(shared(inputs), separate(inputs), atol=1e-6)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_step_by_step_attention_equals_causal_attention(random, options):
    inputs = random.normal(size=(2, 7, 6)).astype("float32")
    layer = attention(6, is_causal=True, **options)
    cache = layer.empty_cache(batch_size=2, num_hypotheses=1, max_length=9)
    for place in range(7):
        bias = mask_bias(np.broadcast_to(np.arange(9) <= place, (2, 1, 1, 9)))
        rows = cache_rows(2, layer.num_groups, 9, place)
        outputs, cache = layer.step(inputs[:, place : place + 1], cache, rows, bias)
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
    with pytest.raises(InputError, match="key_dim must be an integer of at least 1. Received: key_dim=0"):
        MultiHeadSelfAttention(2, key_dim=0)
    with pytest.raises(InputError, match="value_dim=0"):
        MultiHeadCrossAttention(2, value_dim=0)
    with pytest.raises(InputError, match="num_heads=2.0"):
        MultiHeadCrossAttention(2.0)
    with pytest.raises(InputError, match="dropout='half'"):
        MultiHeadCrossAttention(2, dropout="half")
    with pytest.raises(InputError, match="multiple of the number of heads. Otherwise give .* width 5, num_heads=2"):
        MultiHeadSelfAttention(2)(np.zeros((1, 3, 5)))
