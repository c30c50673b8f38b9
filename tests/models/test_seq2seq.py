import itertools

import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import Seq2SeqSteps, seq2seq
from tests.translators import SOURCE, check_beams, check_step_by_step, with_large_weights

SMALL = {"vocabulary_size": 12, "embedding_dim": 5, "hidden_dim": 6, "dropout": 0.0}
WAYS = [
    {"attention": attention, "placement": placement, "cell": cell, "num_layers": layers}
    for attention, (placement, cell, layers) in itertools.product(
        ("soft", "hard", None), (("luong", "lstm", 2), ("bahdanau", "gru", 2), ("bahdanau", "lstm", 1))
    )
]


def model(**arguments):
    return with_large_weights(seq2seq(**{**SMALL, **arguments}))


@pytest.mark.parametrize("arguments", WAYS, ids=str)
def test_decoding_step_by_step_equals_the_complete_target(arguments, random):
    built = model(**arguments)
    check_step_by_step(built, Seq2SeqSteps(built), random.integers(4, 12, (3, 6)).astype("int32"))


@pytest.mark.parametrize(
    "arguments", [{}, pytest.param({"placement": "bahdanau", "cell": "lstm"}, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("jit", [False, True])
def test_beams_have_the_scores_of_the_complete_model(arguments, jit):
    built = model(**arguments)
    check_beams(built, Seq2SeqSteps(built), jit)


def test_attention_weights_equal_those_of_the_decoder():
    built = model(placement="bahdanau")
    decoder, encoder = built.get_layer("decoder"), Seq2SeqSteps(built).encoder
    memory, *state = encoder(SOURCE)
    vectors = built.get_layer("token_embedding")(np.array([[2, 7], [2, 8], [2, 9]]))
    _, weights = decoder(vectors, memory, state, memory_mask=SOURCE != 0, return_attention_scores=True)
    np.testing.assert_allclose(np.sum(weights, axis=-1), 1.0, atol=1e-6)
    assert np.all(np.asarray(weights)[np.broadcast_to((SOURCE == 0)[:, None], weights.shape)] == 0)


@pytest.mark.parametrize("more", [{"merge": "sum"}, {"bidirectional": False}])
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
        ({"placement": "above"}, "placement must be one of"),
        ({"attention": "loose"}, "attention must be one of"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        seq2seq(**{**SMALL, **arguments})
