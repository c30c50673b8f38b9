import itertools

import keras
import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import Seq2SeqSteps, seq2seq
from kerasnlp_zoo.objectives.losses import cross_entropy
from tests import oracles
from tests.quick_cases import first_is_quick, one_of_each
from tests.translators import END, SOURCE, START, check_beams, check_step_by_step, with_large_weights

SMALL = {"vocabulary_size": 12, "embedding_dim": 5, "hidden_dim": 6, "dropout": 0.0}
WAYS = [
    {"attention": attention, "placement": placement, "cell": cell, "num_layers": layers}
    for attention, (placement, cell, layers) in itertools.product(
        ("soft", "hard", None), (("luong", "lstm", 2), ("bahdanau", "gru", 2), ("bahdanau", "lstm", 1))
    )
]
CNN = {"encoder": "cnn", "source_vector": "mean", "num_layers": 2}
FED = {"source_vector": "attention", "feed_source_vector": True}
VECTORS = [
    CNN,
    FED,
    {"source_vector": "mean", "cell": "lstm"},
    {"feed_source_vector": True, "num_layers": 2, "placement": "bahdanau"},
    {**CNN, **FED, "filter_width": 4, "attention": None},
]


WAYS += [
    {"num_layers": 2, "skip_connections": True, "layer_norm": True, "placement": "bahdanau", "cell": "time_skip"},
    {"num_layers": 3, "skip_connections": True, "cell": "output_recurrent"},
]


def model(**arguments):
    return with_large_weights(seq2seq(**{**SMALL, **arguments}))


@pytest.mark.parametrize(
    "arguments",
    one_of_each(
        [*WAYS, *VECTORS],
        lambda way: way.get("attention"),
        lambda way: way.get("placement"),
        lambda way: way.get("cell"),
        lambda way: way.get("source_vector"),
    ),
)
def test_decoding_step_by_step_equals_the_complete_target(arguments, random):
    built = model(**arguments)
    check_step_by_step(built, Seq2SeqSteps(built), random.integers(4, 12, (3, 6)).astype("int32"))


@pytest.mark.parametrize(
    "arguments",
    [{}, *(pytest.param(more, marks=pytest.mark.slow) for more in ({"placement": "bahdanau", "cell": "lstm"}, FED))],
)
@pytest.mark.parametrize("jit", first_is_quick([False, True]))
def test_beams_have_the_scores_of_the_complete_model(arguments, jit):
    built = model(**arguments)
    check_beams(built, Seq2SeqSteps(built), jit)


def test_attention_weights_equal_those_of_the_decoder():
    built = model(placement="bahdanau")
    decoder, encoder = built.get_layer("decoder"), Seq2SeqSteps(built).encoder
    encoded = encoder(SOURCE)
    vectors = built.get_layer("token_embedding")(np.array([[2, 7], [2, 8], [2, 9]]))
    state = [encoded["state_0"]]
    _, weights = decoder(vectors, encoded["memory"], state, memory_mask=SOURCE != 0, return_attention_scores=True)
    np.testing.assert_allclose(np.sum(weights, axis=-1), 1.0, atol=1e-6)
    assert np.all(np.asarray(weights)[np.broadcast_to((SOURCE == 0)[:, None], weights.shape)] == 0)


@pytest.mark.parametrize("num_layers", [1, 3])
@pytest.mark.parametrize("filter_width", [3, 4])
def test_a_convolutional_encoder_equals_a_loop_over_tokens(filter_width, num_layers):
    built = model(**{**CNN, "num_layers": num_layers, "filter_width": filter_width})
    layers = [built.get_layer(f"encoder_{number}") for number in range(num_layers)]
    weights = [(np.asarray(layer.kernel), np.asarray(layer.bias)) for layer in layers]
    memory = Seq2SeqSteps(built).encoder(SOURCE)["memory"]
    for row, ids in enumerate(SOURCE):
        vectors = np.asarray(built.get_layer("token_embedding")(ids[ids != 0]))
        expected = oracles.convolutional_encoder(vectors, weights)
        np.testing.assert_allclose(memory[row, : len(expected)], expected, atol=1e-5)


@pytest.mark.parametrize("source_vector", ["mean", "attention"])
@pytest.mark.parametrize("encoder", ["rnn", "cnn"])
def test_the_decoder_starts_from_the_mean_of_the_encoder_outputs(encoder, source_vector):
    built = model(encoder=encoder, source_vector=source_vector, num_layers=2, cell="lstm")
    encoded = Seq2SeqSteps(built).encoder(SOURCE)
    for row, ids in enumerate(SOURCE):
        outputs = np.asarray(encoded["memory"])[row, : np.sum(ids != 0)]
        weights = np.ones(len(outputs))
        if source_vector == "attention":
            kernel, bias, context = map(np.asarray, built.get_layer("source_vector").weights)
            weights = np.exp(np.tanh(outputs @ kernel + bias) @ context)
        pooled = weights / np.sum(weights) @ outputs
        for number, part in itertools.product(range(2), repeat=2):
            kernel, bias = map(np.asarray, built.get_layer(f"bridge_{number}_{part}").weights)
            state = encoded[f"state_{2 * number + part}"][row]
            np.testing.assert_allclose(state, np.tanh(pooled @ kernel + bias), atol=1e-5)


def test_the_decoder_starts_from_the_last_states_and_predicts_with_the_word_vectors():
    built = model(num_layers=2, cell="lstm")
    encoded, decoder = Seq2SeqSteps(built).encoder(SOURCE), built.get_layer("decoder")
    embedding, vectors = built.get_layer("token_embedding"), built.get_layer("token_embedding")(SOURCE)
    start = []
    for number in range(2):
        vectors, states = built.get_layer(f"encoder_{number}")(vectors, mask=SOURCE != 0)  # h, c of each direction
        for part in range(2):
            kernel, bias = map(np.asarray, built.get_layer(f"bridge_{number}_{part}").weights)
            start.append(np.tanh(np.concatenate([states[part], states[2 + part]], axis=-1) @ kernel + bias))
            np.testing.assert_allclose(encoded[f"state_{2 * number + part}"], start[-1], atol=1e-5)
    target = np.tile(np.array([[START, 7, 8]], "int32"), (len(SOURCE), 1))
    outputs = np.asarray(decoder(embedding(target), encoded["memory"], start, memory_mask=SOURCE != 0))
    expected = outputs @ np.transpose(embedding.embeddings) + np.asarray(built.get_layer("logits").bias)
    np.testing.assert_allclose(built({"source_ids": SOURCE, "target_ids": target}), expected, atol=1e-4)


@pytest.mark.parametrize("source_vector", ["last", "mean"])
def test_the_source_vector_takes_the_place_of_the_first_embedding(source_vector):
    fed, plain = (model(source_vector=source_vector, feed_source_vector=feeds) for feeds in (True, False))
    for weight in plain.weights:
        weight.assign(next(other for other in fed.weights if other.path == weight.path))
    inputs = {"source_ids": SOURCE[:1], "target_ids": np.array([[START, 7, 8]], "int32")}
    embeddings = np.array(fed.get_layer("token_embedding").embeddings)
    embeddings[START] = Seq2SeqSteps(fed).encoder(SOURCE[:1])["first_input"][0]
    plain.get_layer("token_embedding").embeddings.assign(embeddings)
    # The logit of [START] is computed with the embedding that was replaced.
    logits, expected = (np.delete(built(inputs), START, axis=-1) for built in (fed, plain))
    np.testing.assert_allclose(logits, expected, atol=1e-5)


def reversals(count, seed):
    """Return inputs, labels and weights: two or three symbols, and the same symbols reversed."""
    random = np.random.default_rng(seed)
    rows = [random.integers(4, 10, random.integers(2, 4)) for _ in range(count)]
    sources, labels = (
        np.array([[*row, END, *[0] * (3 - len(row))] for row in side], "int32")
        for side in (rows, [row[::-1] for row in rows])
    )
    targets = np.insert(labels[:, :-1], 0, START, axis=1)
    return {"source_ids": sources, "target_ids": targets}, labels, (labels != 0).astype("float32")


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [CNN, {**CNN, **FED}, FED, {"source_vector": "mean", "attention": None}], ids=str)
def test_every_way_to_encode_learns_to_reverse(arguments):
    keras.utils.set_random_seed(1)
    built = seq2seq(10, embedding_dim=32, hidden_dim=32, dropout=0.0, **arguments)
    built.compile(keras.optimizers.Adam(1e-2), cross_entropy)
    inputs, labels, weights = reversals(1500, seed=0)
    built.fit(inputs, labels, sample_weight=weights, epochs=6, verbose=0)
    inputs, labels, weights = reversals(200, seed=1)
    is_correct = np.argmax(built(inputs), axis=-1) == labels
    assert np.average(is_correct, weights=weights) > 0.95


@pytest.mark.parametrize("more", [{"merge": "sum"}, {"bidirectional": False}, CNN])
@pytest.mark.parametrize("score_mode", ["dot", "scaled_dot"])
def test_dot_scores_work_for_encoder_and_decoder_of_any_width(score_mode, more):
    assert model(score_mode=score_mode, **more)({"source_ids": SOURCE, "target_ids": SOURCE}).shape == (3, 4, 12)


def test_without_attention_the_source_changes_the_logits():
    built = model(attention=None)
    names = [weight.path for weight in built.weights]
    assert not any("attention" in name for name in names)
    other = np.array([[9, 10, 11, 3]] * 3, "int32")
    target = np.array([[2, 7]] * 3, "int32")
    before, after = (built({"source_ids": ids, "target_ids": target}) for ids in (SOURCE, other))
    assert np.max(np.abs(before - after)) > 1e-3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"score_mode": "dot"}, "queries of 6, keys of 12. Use 'general' or 'additive'"),
        ({"score_mode": "cosine"}, "score_mode must be one of"),
        ({"skip_connections": True}, "need num_layers of at least 2"),
        ({"placement": "above"}, "placement must be one of"),
        ({"attention": "loose"}, "attention must be one of"),
        ({"encoder": "lstm"}, "encoder must be one of"),
        ({"source_vector": "first"}, "source_vector must be one of"),
        ({**CNN, "filter_width": 0}, "filter_width"),
        ({"encoder": "cnn"}, "has no last state. Expected source_vector='mean' or 'attention' with encoder='cnn'"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        seq2seq(**{**SMALL, **arguments})
