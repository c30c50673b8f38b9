import keras
import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import (
    BERT_SIZES,
    BUILDERS,
    bert,
    bert_classifier,
    bert_pretrainer,
    bert_span_predictor,
    bert_token_classifier,
    encoder_outputs,
    sentence_encoder,
)
from kerasnlp_zoo.models.bert_heads import BERT_BUILDERS
from tests import oracles

SMALL = {"vocabulary_size": 30, "hidden_dim": 8, "num_layers": 2, "num_heads": 2, "intermediate_dim": 16}
HEADS = {"bert_classifier": {"num_classes": 3}, "bert_token_classifier": {"num_classes": 3}}


def inputs(random, batch=3, time=6):
    ids = random.integers(1, 30, (batch, time)).astype("int32")
    return {"token_ids": ids, "segment_ids": (np.arange(time) > 2) * np.ones_like(ids)}


# Devlin et al. 2019 round to 110 and 340 million. The exact numbers are those of the published checkpoints.
@pytest.mark.parametrize(
    ("size", "expected"),
    [("base", 109_482_240), ("tiny", 4_385_920), pytest.param("large", 335_141_888, marks=pytest.mark.slow)],
)
def test_sizes_have_the_published_number_of_parameters(size, expected):
    arguments = {"vocabulary_size": 30_522, **BERT_SIZES[size]}
    one, two = (bert(**{**arguments, "num_layers": count}).count_params() for count in (1, 2))
    assert one + (arguments["num_layers"] - 1) * (two - one) == expected  # without allocating a gigabyte of weights


def test_every_head_has_the_same_encoder():
    encoder = {weight.path: weight.shape for weight in bert(**SMALL).weights if not weight.path.startswith("pooler")}
    assert len(encoder) == 5 + 2 * 12
    for builder in {*BERT_BUILDERS.values(), "bert_pretrainer"}:
        model = BUILDERS[builder](**SMALL, **HEADS.get(builder, {}))
        assert encoder.items() <= {weight.path: weight.shape for weight in model.weights}.items()


def test_the_pooled_output_is_a_dense_layer_over_the_first_token(random):
    model = bert(**SMALL)
    outputs = model(inputs(random))
    kernel, bias = (np.asarray(weight) for weight in model.get_layer("pooler").weights)
    expected = np.tanh(np.asarray(outputs["sequence_output"])[:, 0] @ kernel + bias)
    np.testing.assert_allclose(outputs["pooled_output"], expected, atol=1e-6)


def randomized(model, random):
    """Assign random weights to a model; return a function that applies the dense layer of a name to vectors."""
    for weight in model.weights:
        weight.assign(random.normal(size=weight.shape) * 0.3)
    weights = {weight.path: np.asarray(weight, "float64") for weight in model.weights}
    return weights, lambda name, vectors: vectors @ weights[f"{name}/kernel"] + weights[f"{name}/bias"]


def test_masked_words_and_next_sentences_are_predicted_by_their_equations(random):
    model, given, places = bert_pretrainer(**SMALL), inputs(random), random.integers(0, 6, (3, 2))
    weights, dense = randomized(model, random)
    states = np.asarray(encoder_outputs(model)(given)[-1], "float64")
    found = model({**given, "masked_positions": places})
    vectors = np.stack([states[row, place] for row, place in enumerate(places)])
    hidden = oracles.gelu(dense("mlm_transform", vectors))
    hidden = oracles.layer_norm(hidden, weights["mlm_norm/gamma"], weights["mlm_norm/beta"], 1e-12)
    words = hidden @ weights["token_embedding/embeddings"].T + weights["mlm_logits/bias"]
    np.testing.assert_allclose(found["mlm_logits"], words, atol=1e-4)
    follows = dense("nsp_logits", np.tanh(dense("pooler", states[:, 0])))
    np.testing.assert_allclose(found["nsp_logits"], follows, atol=1e-4)


def test_classes_tags_and_spans_are_linear_maps_of_the_vectors_of_the_encoder(random):
    given, is_place = inputs(random), random.integers(0, 2, (3, 6))
    for build, more in (
        (bert_classifier, {}),
        (bert_token_classifier, {}),
        (bert_span_predictor, {"is_answer_place": is_place}),
    ):
        model = build(**SMALL, **HEADS.get(build.__name__, {}))
        _, dense = randomized(model, random)
        states = np.asarray(encoder_outputs(model)(given)[-1], "float64")
        vectors = np.tanh(dense("pooler", states[:, 0])) if build is bert_classifier else states
        found, expected = np.asarray(model({**given, **more})), dense("logits", vectors)
        if more:
            assert (found[is_place == 0] < -1e30).all()
            found, expected = found[is_place == 1], expected[is_place == 1]
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_last_layer_output_is_the_model_output(random):
    model, given = bert(**SMALL), inputs(random)
    states = encoder_outputs(model)(given)
    assert len(states) == 3
    np.testing.assert_array_equal(states[-1], model(given)["sequence_output"])


def test_segments_and_word_order_change_the_output(random):
    model, given = bert(**SMALL), inputs(random)
    output = np.asarray(model(given)["pooled_output"])
    other_segment = {**given, "segment_ids": 1 - given["segment_ids"]}
    other_order = {**given, "token_ids": given["token_ids"][:, ::-1]}
    for changed in (other_segment, other_order):
        assert np.abs(np.asarray(model(changed)["pooled_output"]) - output).max() > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_rows_of_only_padding_train_without_nan_in_half_precision(policy, random):
    given = inputs(random)
    given["token_ids"][0] = 0
    before = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy(policy)
        model = bert_classifier(num_classes=2, **SMALL)
    finally:
        keras.config.set_dtype_policy(before)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(given, np.array([0, 1, 0]), epochs=2, verbose=0).history
    assert np.all(np.isfinite(history["loss"]))
    assert all(np.all(np.isfinite(weight)) for weight in model.get_weights())


def test_sentence_vectors_have_norm_one(random):
    given = inputs(random)
    unit, free = sentence_encoder(**SMALL), sentence_encoder(**SMALL, normalize=False)
    free.set_weights(unit.get_weights())
    lengths = np.linalg.norm(np.asarray(free(given)), axis=1, keepdims=True)
    assert np.all(np.abs(lengths - 1) > 1e-3)
    np.testing.assert_allclose(np.asarray(unit(given)), np.asarray(free(given)) / lengths, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"hidden_dim": 9},
            "multiple of the number of heads. Otherwise give .* width 9, num_heads=2",
        ),
        ({"activation": "swish"}, "activation must be one of 'relu', 'gelu', 'gelu_tanh'"),
        ({"num_layers": 0}, "num_layers must be an integer of at least 1"),
        ({"vocabulary_size": "many"}, "vocabulary_size must be an integer"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        bert(**{**SMALL, **arguments})


def test_more_tokens_than_positions_are_refused():
    with pytest.raises(InputError, match="vectors for 512 positions. Received: 513 tokens"):
        bert(**SMALL)({name: np.ones((1, 513), "int32") for name in ("token_ids", "segment_ids")})
