import itertools

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import Attention
from kerasnlp_zoo.layers.attention import SCORE_MODES
from tests import oracles

B, Q, T, D = 3, 4, 5, 6


def example(random, key_width=D):
    query, key = (random.normal(size=shape).astype("float32") for shape in ((B, Q, D), (B, T, key_width)))
    value = random.normal(size=(B, T, 7)).astype("float32")
    mask = np.arange(T) < np.array([[5], [3], [1]])
    return query, key, value, mask


def attention(random, score_mode, key_width=D, **arguments):
    layer = Attention(score_mode, units=4, **arguments)
    layer.build((B, Q, D), (B, T, key_width))
    for weight in layer.weights:
        weight.assign(random.normal(size=weight.shape))
    return layer


@pytest.mark.parametrize(("score_mode", "key_width"), [("additive", 3), ("general", 3), ("dot", D), ("scaled_dot", D)])
def test_each_score_equals_a_triple_loop(random, score_mode, key_width):
    query, key, value, mask = example(random, key_width)
    layer = attention(random, score_mode, key_width)
    context, weights = layer(query, key, value, mask=mask, return_attention_scores=True)
    expected = oracles.attention(score_mode, query, key, value, mask, *map(np.asarray, layer.weights))
    np.testing.assert_allclose(weights, expected[1], atol=1e-5)
    np.testing.assert_allclose(context, expected[0], atol=1e-5)


@pytest.mark.parametrize("score_mode", SCORE_MODES)
def test_precomputed_keys_give_the_same_result_at_every_step(random, score_mode):
    query, key, value, mask = example(random)
    layer = attention(random, score_mode)
    complete = layer(query, key, value, mask=mask)
    projected = layer.project_keys(ops.convert_to_tensor(key))
    steps = [layer.attend(query[:, step : step + 1], projected, value, mask) for step in range(Q)]
    np.testing.assert_allclose(np.concatenate(steps, axis=1), complete, atol=1e-5)


@pytest.mark.parametrize("is_hard", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_padding_has_weight_zero_and_rows_of_only_padding_return_zeros(random, dtype, is_hard):
    query, key, value, mask = example(random)
    mask[2] = False
    layer = attention(random, "dot", is_hard=is_hard, dtype=dtype)
    for training in (False, True):
        context, weights = layer(100 * query, key, value, mask=mask, return_attention_scores=True, training=training)
        assert np.all(np.asarray(weights)[np.broadcast_to(~mask[:, None], weights.shape)] == 0)
        assert np.all(np.asarray(context, "float32")[2] == 0)
        np.testing.assert_allclose(np.sum(weights, axis=-1)[:2], 1.0, atol=1e-3)


def test_hard_attention_selects_the_highest_weight(random):
    query, key, value, mask = example(random)
    soft, hard = (attention(np.random.default_rng(1), "general", is_hard=is_hard) for is_hard in (False, True))
    _, weights = soft(query, key, value, mask=mask, return_attention_scores=True)
    context, chosen = hard(query, key, value, mask=mask, return_attention_scores=True)
    np.testing.assert_array_equal(np.argmax(chosen, axis=-1), np.argmax(weights, axis=-1))
    np.testing.assert_array_equal(np.unique(chosen), [0, 1])
    for b, q in itertools.product(range(B), range(Q)):
        np.testing.assert_allclose(context[b, q], value[b, np.argmax(weights[b, q])], atol=1e-6)


def test_hard_attention_samples_by_the_weights_in_training(random):
    query = np.zeros((1, 4000, D), "float32")
    key = np.zeros((1, 2, D), "float32")
    query[..., 0], key[0, 1, 0] = 1, np.log(3)
    layer = Attention("dot", is_hard=True, seed=3)
    _, chosen = layer(query, key, return_attention_scores=True, training=True)
    assert np.mean(chosen[..., 1]) == pytest.approx(0.75, abs=0.03)  # 4 standard deviations


def test_hard_attention_has_a_straight_through_gradient(random):
    query, key, value, mask = example(random)
    soft, hard = (attention(np.random.default_rng(1), "general", is_hard=is_hard) for is_hard in (False, True))
    gradients = []
    for layer in (soft, hard):
        with tf.GradientTape() as tape:
            _, weights = layer(query, key, value, mask=mask, return_attention_scores=True, training=True)
            loss = tf.reduce_sum(weights * np.arange(T))
        gradients.append(tape.gradient(loss, layer.key_kernel.value))
    np.testing.assert_allclose(gradients[1], gradients[0], atol=1e-5)


def test_dot_scores_of_vectors_of_different_widths_are_refused():
    with pytest.raises(InputError, match="queries of 6, keys of 3. Use 'general' or 'additive'"):
        Attention("dot")(np.zeros((1, 2, 6)), np.zeros((1, 2, 3)))
    with pytest.raises(InputError, match="score_mode"):
        Attention("cosine")
