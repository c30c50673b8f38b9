import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.perplexity import text_log_probabilities
from kerasnlp_zoo.models import transformer_language_model, with_state, zero_state
from kerasnlp_zoo.models.transformer_language_model import POSITIONS

V = 11
SMALL = {"vocabulary_size": V, "hidden_dim": 8, "num_layers": 2, "num_heads": 2, "intermediate_dim": 12}


def language_model(random, **arguments):
    """Return a small model with large random weights, so that words have different probabilities."""
    model = transformer_language_model(**{**SMALL, "attention_window": 4, **arguments})
    for weight in model.weights:
        weight.assign(random.normal(size=weight.shape) * 0.5)
    return model


def read(model, ids, lengths):
    """Return the logits of ids [B, T], read in segments of the given lengths, and the state after them."""
    stepwise, state, parts = with_state(model), zero_state(model, len(ids)), []
    for segment in np.split(ids, np.cumsum(lengths)[:-1], axis=1):
        outputs = stepwise({"token_ids": tf.constant(segment), **state})
        parts.append(outputs["logits"])
        state = {name: outputs[name] for name in state}
    return np.concatenate(parts, axis=1), state


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("norm_first", [True, False])
def test_a_word_is_predicted_only_from_the_words_before_it(positions, norm_first, random):
    model, ids = language_model(random, positions=positions, norm_first=norm_first), random.integers(1, V, (3, 12))
    changed = ids.copy()
    changed[:, 5:] = random.integers(1, V, (3, 7))
    np.testing.assert_allclose(model(ids)[:, :5], model(changed)[:, :5], atol=1e-6)
    assert np.abs(model(ids)[:, 5:] - model(changed)[:, 5:]).max() > 0.1


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("lengths", [[1] * 12, pytest.param([5, 7], marks=pytest.mark.slow), [2, 9, 1]], ids=str)
def test_segments_and_single_steps_equal_the_complete_text(positions, lengths, random):
    model, ids = language_model(random, positions=positions), random.integers(1, V, (3, 12))
    ids[1, 7:] = ids[2, 2:] = 0  # rows with padding
    logits, state = read(model, ids, lengths)
    np.testing.assert_allclose(logits[ids != 0], np.asarray(model(ids))[ids != 0], atol=1e-5)
    np.testing.assert_array_equal(state["num_read"], [12, 7, 2])


def test_padding_does_not_change_the_state(random):
    model, ids = language_model(random), random.integers(1, V, (2, 6))
    _, state = read(model, np.pad(ids, [(0, 0), (0, 5)]), [8, 3])
    for name, expected in read(model, ids, [6])[1].items():
        np.testing.assert_allclose(state[name], expected, atol=1e-6)


def test_a_word_is_predicted_from_the_window_of_every_block(random):
    model, ids = language_model(random), random.integers(1, V, (1, 20))
    changed = ids.copy()
    changed[:, 0] = 1 + ids[:, 0] % (V - 1)
    is_same = np.isclose(model(ids), model(changed), atol=1e-6).all(axis=-1)[0]
    assert is_same.tolist() == [False] * 7 + [True] * 13  # 2 blocks x 3 words before, and the word itself


def test_perplexity_does_not_depend_on_the_length_of_the_segments(random):
    model, ids = language_model(random), random.integers(1, V, 40)
    expected = np.log(np.asarray(keras.ops.softmax(model(np.append(3, ids[:-1])[None])))[0, np.arange(40), ids])
    for segment_length in (7, 40, 100):
        np.testing.assert_allclose(text_log_probabilities(model, ids, segment_length), expected, atol=1e-5)


def test_the_output_projection_is_the_table_of_the_embedding(random):
    model = language_model(random)
    assert sum(V in weight.shape for weight in model.weights) == 2  # the table and the bias
    hidden = with_state(model)({"token_ids": tf.constant([[5]]), **zero_state(model, 1)})["hidden"]
    table, bias = model.get_layer("token_embedding").embeddings, model.get_layer("logits").bias
    np.testing.assert_allclose(model(np.array([[5]])), np.asarray(hidden) @ np.transpose(table) + bias, atol=1e-5)


def test_the_state_has_one_dtype_in_any_precision():
    before = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        model = transformer_language_model(**SMALL)
        outputs = with_state(model)({"token_ids": tf.constant([[5]]), **zero_state(model, 1)})
    finally:
        keras.config.set_dtype_policy(before)
    assert (outputs["keys_0"].dtype, outputs["num_read"].dtype) == (tf.float32, tf.int32)
    assert outputs["logits"].dtype == tf.bfloat16


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"positions": "learned"}, "positions must be one of 'linear_bias', 'sinusoidal'"),
        ({"activation": "tanh"}, "activation must be one of"),
        ({"attention_window": 0}, "attention_window must be an integer of at least 1"),
        ({"num_heads": 3}, "hidden_dim must be a multiple of num_heads"),
        ({"hidden_dim": 9, "num_heads": 3, "positions": "sinusoidal"}, "must be even. Received: width=9"),
    ],
    ids=str,
)
def test_arguments_out_of_range_are_refused(argument, message):
    with pytest.raises(InputError, match=message):
        transformer_language_model(**{**SMALL, **argument})
