import itertools

import keras
import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import bilstm, bilstm_tagger
from tests import oracles
from tests.model_inputs import token_ids, words_of_letters

SMALL = {"vocabulary_size": 40, "num_classes": 3, "embedding_dim": 4, "hidden_dim": 5}


def random_weights(model, random):
    for weight in model.weights:
        weight.assign(random.normal(size=weight.shape) / 2)
    return {weight.path: np.asarray(weight) for weight in model.weights}


def read(words, weights, layer, direction):
    """Return the outputs [T, H] of one direction of a simple RNN over [T, D], word by word, in text order."""
    kernel, recurrent, bias = (
        weights[f"recurrent_{layer}/{direction}/simple_rnn_cell/{name}"]
        for name in ("kernel", "recurrent_kernel", "bias")
    )
    h, outputs = np.zeros(len(bias)), np.zeros((len(words), len(bias)))
    for place in range(len(words)) if direction == "forward" else reversed(range(len(words))):
        h = np.tanh(words[place] @ kernel + h @ recurrent + bias)
        outputs[place] = h
    return outputs


def dense(weights, name, vectors):
    return vectors @ weights[f"{name}/kernel"] + weights[f"{name}/bias"]


def by_hand(row, weights, num_layers, merge, pooling, skip=False, norm=False, dense_layers=0):
    """Return the logits of one text, computed from the definitions."""
    vectors = weights["token_embedding/embeddings"][row[row > 0]]
    join = (lambda parts: np.concatenate(parts, axis=-1)) if merge == "concat" else sum
    for number in range(dense_layers):
        vectors = np.tanh(dense(weights, f"input_{number}", vectors))
    for layer in range(num_layers):
        below = vectors
        if norm and layer > 0:
            scale, shift = weights[f"norm_{layer}/gamma"], weights[f"norm_{layer}/beta"]
            below = oracles.layer_norm(vectors, scale, shift, epsilon=1e-3)
        directions = [read(below, weights, layer, direction) for direction in ("forward", "backward")]
        vectors = join(directions) + (vectors if skip and layer > 0 else 0)
    if pooling is None:  # a tagger
        features = vectors
    elif pooling == "last":
        features = join([directions[0][-1], directions[1][0]])
    else:
        features = vectors.max(axis=0) if pooling == "max" else vectors.mean(axis=0)
    for number in range(dense_layers):
        features = np.tanh(dense(weights, f"output_{number}", features))
    return dense(weights, "logits", features)


@pytest.mark.parametrize(("merge", "pooling"), list(itertools.product(["concat", "sum"], ["last", "max", "mean"])))
def test_classifier_equals_the_equations(merge, pooling, random):
    model = bilstm(**SMALL, cell="rnn", merge=merge, pooling=pooling)
    weights = random_weights(model, random)
    inputs = token_ids(random, batch=4, time=7)
    expected = [by_hand(row, weights, 2, merge, pooling) for row in inputs]
    np.testing.assert_allclose(model(inputs), expected, atol=1e-5)


@pytest.mark.parametrize("merge", ["concat", "sum"])
def test_tagger_equals_the_equations(merge, random):
    model = bilstm_tagger(**SMALL, cell="rnn", merge=merge)
    weights = random_weights(model, random)
    inputs = token_ids(random, batch=4, time=7)
    for row, logits in zip(inputs, np.asarray(model(inputs)), strict=True):
        np.testing.assert_allclose(logits[row > 0], by_hand(row, weights, 2, merge, None), atol=1e-5)


@pytest.mark.parametrize(("skip", "norm", "dense_layers"), [(True, False, 0), (False, True, 1), (True, True, 2)])
def test_skip_connections_norms_and_dense_layers_equal_the_equations(skip, norm, dense_layers, random):
    arguments = {"skip_connections": skip, "layer_norm": norm}
    arguments |= {f"num_{side}_layers": dense_layers for side in ("input", "output")}
    model = bilstm(**SMALL, cell="rnn", num_layers=3, **arguments)
    weights = random_weights(model, random)
    inputs = token_ids(random, batch=4, time=7)
    expected = [by_hand(row, weights, 3, "concat", "max", skip, norm, dense_layers) for row in inputs]
    np.testing.assert_allclose(model(inputs), expected, atol=1e-5)


@pytest.mark.parametrize("pooling", ["max", "mean", "last", "attention"])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_an_empty_text_has_the_logits_of_zero_states_and_does_not_change_other_texts(cell, pooling, random):
    model = bilstm(**SMALL, cell=cell, num_layers=1, pooling=pooling)
    bias = random_weights(model, random)["logits/bias"]
    inputs = token_ids(random, batch=2, time=4)
    output = model(np.insert(inputs, 1, 0, axis=0))
    np.testing.assert_allclose(output[1], bias, atol=1e-6)
    np.testing.assert_allclose(np.delete(output, 1, axis=0), model(inputs), atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "changed"),
    [
        ({"bidirectional": False}, [4, 5, 6, 7, 8]),
        ({"bidirectional": False, "filter_width": 3}, [3, 4, 5, 6, 7, 8]),
        ({}, list(range(9))),
    ],
    ids=["one way", "one way above windows of three words", "both ways"],
)
def test_a_word_changes_only_the_tags_that_depend_on_it(arguments, changed, random):
    model = bilstm_tagger(**SMALL, num_layers=1, cell="gru", **arguments)
    random_weights(model, random)
    inputs = random.integers(1, 20, (1, 9))
    other = inputs.copy()
    other[0, 4] += 20
    is_changed = np.any(np.abs(model(inputs) - model(other))[0] > 1e-7, axis=-1)
    assert is_changed.nonzero()[0].tolist() == changed


@pytest.mark.parametrize("character_encoder", ["cnn", "lstm"])
def test_letters_distinguish_unknown_words(character_encoder, random):
    model = bilstm_tagger(**SMALL, character_vocabulary_size=40, character_encoder=character_encoder)
    random_weights(model, random)
    inputs = words_of_letters(random, batch=1, time=4)
    inputs["token_ids"][:] = 1
    before = np.asarray(model(inputs))
    inputs["character_ids"][0, 2, 0] += 1
    assert np.abs(model(inputs) - before).max() > 1e-4


def test_a_token_changes_the_tag_of_the_previous_token_through_their_bigram(random):
    model = bilstm_tagger(**SMALL, num_layers=1, bidirectional=False, num_bigram_bins=1000)
    random_weights(model, random)
    inputs = random.integers(1, 40, (1, 6))
    other = inputs.copy()
    other[0, 3] += 1
    is_changed = np.any(np.abs(model(inputs) - model(other))[0] > 1e-7, axis=-1)
    assert is_changed.nonzero()[0].tolist() == [2, 3, 4, 5]  # the previous token is paired with this one


def test_dropout_drops_complete_bigrams(random):
    model = bilstm_tagger(**SMALL, num_bigram_bins=1000, dropout=0.5)
    pairs = keras.Model(model.input, model.get_layer("pair_dropout").output)
    dropped = np.asarray(pairs(random.integers(1, 40, (4, 20)), training=True)) == 0
    assert 0.2 < dropped.mean() < 0.8
    assert (dropped == dropped[..., :1]).all()


@pytest.mark.parametrize("model", [bilstm, bilstm_tagger], ids=["bilstm", "bilstm_tagger"])
def test_dropout_drops_the_same_columns_for_all_words_of_a_text(model, random):
    model = model(**{**SMALL, "embedding_dim": 32}, dropout=0.5)
    below = keras.Model(model.input, [model.get_layer(f"dropout_{n}").output for n in (0, 1)])
    for vectors in below(random.integers(1, 40, (3, 6)), training=True):
        dropped = np.asarray(vectors) == 0
        assert 0 < dropped.mean() < 1
        assert (dropped == dropped[:, :1]).all()
        assert (dropped[0] != dropped[1]).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vocabulary_size": 0}, "vocabulary_size=0"),
        ({"num_classes": 0}, "num_classes=0"),
        ({"hidden_dim": -1}, "hidden_dim=-1"),
        ({"num_layers": 0}, "num_layers=0"),
        ({"cell": "LSTM"}, "cell='LSTM'"),
        ({"merge": "average"}, "merge='average'"),
        ({"pooling": "first"}, "pooling='first'"),
        ({"channels": "glove"}, "channels='glove'"),
        ({"filter_width": 0}, "filter_width=0"),
        ({"num_layers": 1, "skip_connections": True}, "need num_layers of at least 2"),
        ({"num_layers": 1, "layer_norm": True}, "need num_layers of at least 2"),
        ({"num_input_layers": -1}, "num_input_layers=-1"),
        ({"num_output_layers": 1.5}, "num_output_layers=1.5"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        bilstm(**{**SMALL, **arguments})


def test_an_unknown_character_encoder_is_refused_even_without_letters():
    with pytest.raises(InputError, match="character_encoder='rnn'"):
        bilstm_tagger(**SMALL, character_encoder="rnn")
