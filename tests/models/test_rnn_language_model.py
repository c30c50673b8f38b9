import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.perplexity import perplexity, text_log_probabilities
from kerasnlp_zoo.models import rnn_language_model, text_cnn, with_state, zero_state

SMALL = {"vocabulary_size": 11, "embedding_dim": 4, "hidden_dim": 6}
STACKED = {"skip_connections": True, "layer_norm": True, "num_input_layers": 1, "num_output_layers": 1, "hidden_dim": 4}
VARIANTS = [
    *({"cell": cell} for cell in ("rnn", "gru", "lstm", "time_skip")),
    STACKED,
    {"cell": "output_recurrent", "num_layers": 1, "teacher_forcing": True},
]


def carry(model, ids, lengths):
    """Return the logits of ids [B, T], read in segments of the given lengths."""
    stepwise, state, parts = with_state(model), zero_state(model, len(ids)), []
    for piece in np.split(ids, np.cumsum(lengths)[:-1], axis=1):
        outputs = stepwise({"token_ids": tf.constant(piece), **state})
        parts.append(outputs["logits"])
        state = {name: outputs[name] for name in state}
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize("arguments", VARIANTS, ids=str)
@pytest.mark.parametrize("lengths", [[1] * 9, [4, 5]], ids=str)
def test_segments_with_the_carried_state_equal_the_complete_text(arguments, lengths, random):
    model = rnn_language_model(**{**SMALL, **arguments})
    ids = random.integers(1, 11, (3, 9))
    np.testing.assert_allclose(carry(model, ids, lengths), model(ids), atol=1e-6)


@pytest.mark.parametrize("arguments", VARIANTS, ids=str)
def test_a_word_is_predicted_only_from_the_words_before_it(arguments, random):
    model = rnn_language_model(**{**SMALL, **arguments})
    ids = random.integers(1, 11, (3, 9))
    changed = ids.copy()
    changed[:, 5:] = random.integers(1, 11, (3, 4))
    np.testing.assert_array_equal(model(ids)[:, :5], model(changed)[:, :5])


def test_tied_embeddings_share_one_table():
    tied = rnn_language_model(**SMALL)
    untied = rnn_language_model(**SMALL, tie_embeddings=False)
    assert untied.count_params() - tied.count_params() == 11 * 4
    hidden = with_state(tied)({"token_ids": tf.constant([[5]]), **zero_state(tied, 1)})["hidden"]
    bias = np.arange(11, dtype="float32")
    tied.get_layer("logits").bias.assign(bias)
    expected = np.asarray(hidden) @ np.transpose(tied.get_layer("token_embedding").embeddings) + bias
    np.testing.assert_allclose(tied(np.array([[5]])), expected, atol=1e-6)


def test_the_state_is_float32_in_half_precision():
    before = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        model = rnn_language_model(**SMALL)
        outputs = with_state(model)({"token_ids": tf.constant([[5]]), **zero_state(model, 1)})
    finally:
        keras.config.set_dtype_policy(before)
    assert outputs["state_0_c"].dtype == tf.float32
    assert outputs["logits"].dtype == tf.bfloat16


def test_perplexity_equals_a_loop_over_tokens(random):
    model = rnn_language_model(**SMALL)
    ids = random.integers(1, 11, 23)
    stepwise, state, expected = with_state(model), zero_state(model, 1), []
    before = 3
    for token in ids:
        outputs = stepwise({"token_ids": tf.constant([[before]]), **state})
        state, before = {name: outputs[name] for name in state}, int(token)
        expected.append(np.log(np.asarray(keras.ops.softmax(outputs["logits"]))[0, 0, token]))
    for segment_length in (4, 23, 100):
        actual = text_log_probabilities(model, ids, segment_length)
        np.testing.assert_allclose(actual, expected, atol=1e-5)
        assert perplexity(actual) == pytest.approx(np.exp(-np.mean(expected)), rel=1e-5)


def test_perplexity_of_an_empty_text_is_refused():
    with pytest.raises(InputError, match="at least one token"):
        perplexity([])


def test_a_model_that_is_no_language_model_has_no_state():
    with pytest.raises(InputError, match="Expected a language model from rnn_language_model.*from text_cnn"):
        with_state(text_cnn(vocabulary_size=11, num_classes=2, embedding_dim=4, num_filters=2))


@pytest.mark.parametrize("argument", [{"cell": "cnn"}, {"num_layers": 0}, {"embedding_dim": 0}], ids=str)
def test_arguments_out_of_range_are_refused(argument):
    with pytest.raises(InputError, match=f"{next(iter(argument))}="):
        rnn_language_model(**{**SMALL, **argument})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"skip_connections": True}, "Set both to the same number. Received: hidden_dim=6, embedding_dim=4"),
        ({"teacher_forcing": True, "num_layers": 1}, "needs cell='output_recurrent' in one direction"),
        ({"teacher_forcing": True, "cell": "output_recurrent"}, "Set num_layers=1, num_output_layers=0"),
        ({"teacher_forcing": True, "num_layers": 1, "tie_embeddings": False}, "and tie_embeddings=True"),
    ],
)
def test_arguments_that_do_not_fit_together_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        rnn_language_model(**{**SMALL, **arguments})


def test_teacher_forcing_feeds_the_vector_of_the_correct_word(random):
    arguments = {"cell": "output_recurrent", "num_layers": 1, "dropout": 0.0}
    model = rnn_language_model(**SMALL, **arguments, teacher_forcing=True)
    ids = random.integers(1, 11, (3, 5))
    single = np.asarray([model(ids[:, place : place + 1], training=True) for place in range(5)])  # [T, B, 1, V]
    forced = single[:, :, 0].transpose(1, 0, 2)
    np.testing.assert_allclose(model(ids, training=True), forced, atol=1e-6)
    assert np.abs(model(ids) - forced).min() > 0  # in inference, its own outputs
