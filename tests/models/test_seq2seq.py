import itertools

import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.decoding import beam_search
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import Seq2SeqSteps, seq2seq

SMALL = {"vocabulary_size": 12, "embedding_dim": 5, "hidden_dim": 6, "dropout": 0.0}
SOURCE = np.array([[5, 6, 7, 3], [8, 3, 0, 0], [3, 0, 0, 0]], "int32")
START, END = 2, 3
WAYS = [
    {"attention": attention, "placement": placement, "cell": cell, "num_layers": layers}
    for attention, (placement, cell, layers) in itertools.product(
        ("soft", "hard", None), (("luong", "lstm", 2), ("bahdanau", "gru", 2), ("bahdanau", "lstm", 1))
    )
]


def model(**arguments):
    built = seq2seq(**{**SMALL, **arguments})
    random = np.random.default_rng(4)
    for weight in built.trainable_weights:
        weight.assign(random.normal(size=weight.shape) * 0.7)
    bias = built.get_layer("logits").bias
    bias.assign(np.where(np.arange(12) == 0, -100, bias))  # padding is never written
    return built


@pytest.mark.parametrize("arguments", WAYS, ids=str)
def test_step_by_step_equals_the_whole_target_at_once(arguments, random):
    built = model(**arguments)
    target = random.integers(4, 12, (3, 6)).astype("int32")
    whole = built({"source_ids": SOURCE, "target_ids": target})
    steps = Seq2SeqSteps(built)
    state = steps.start(tf.constant(SOURCE), beam_width=1, max_length=6)
    for place in range(6):
        logits, state = steps.step(state, tf.constant(target[:, place]))
        np.testing.assert_allclose(logits, whole[:, place], atol=1e-5)


@pytest.mark.parametrize("arguments", [{}, {"placement": "bahdanau", "cell": "lstm"}])
@pytest.mark.parametrize("jit", [False, True])
def test_beams_are_scored_as_the_whole_model_scores_them(arguments, jit):
    built = model(**arguments)
    steps = Seq2SeqSteps(built)

    @tf.function(jit_compile=jit)
    def search(source):
        start = tf.fill([tf.shape(source)[0]], START)
        state = steps.start(source, 4, 6)
        return beam_search(steps.step, state, start, 4, 6, END, 0.0, num_best=2, reorder=steps.reorder)

    found, scores = search(tf.constant(SOURCE))
    for row, best in np.ndindex(3, 2):
        ids = found[row, best].numpy()
        ids = ids[: np.argmax(np.append(ids, 0) == 0)]
        told = np.append(ids, END)[:6]
        target = np.append(START, ids)[: len(told)]
        logits = built({"source_ids": SOURCE[row : row + 1], "target_ids": target[None]})[0]
        log_probabilities = tf.nn.log_softmax(logits).numpy()[np.arange(len(told)), told]
        np.testing.assert_allclose(scores[row, best], np.sum(log_probabilities), rtol=1e-4)


def test_attention_tells_where_the_decoder_looked():
    built = model(placement="bahdanau")
    decoder, encoder = built.get_layer("decoder"), Seq2SeqSteps(built).encoder
    memory, *state = encoder(SOURCE)
    vectors = built.get_layer("token_embedding")(np.array([[2, 7], [2, 8], [2, 9]]))
    _, weights = decoder(vectors, memory, state, memory_mask=SOURCE != 0, return_attention_scores=True)
    np.testing.assert_allclose(np.sum(weights, axis=-1), 1.0, atol=1e-6)
    assert np.all(np.asarray(weights)[np.broadcast_to((SOURCE == 0)[:, None], weights.shape)] == 0)


@pytest.mark.parametrize("more", [{"merge": "sum"}, {"bidirectional": False}])
@pytest.mark.parametrize("score", ["dot", "scaled_dot"])
def test_dot_scores_compare_vectors_of_one_width(score, more):
    assert model(score=score, **more)({"source_ids": SOURCE, "target_ids": SOURCE}).shape == (3, 4, 12)


def test_without_attention_only_the_state_knows_the_source():
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
        ({"score": "dot"}, "queries of 6, keys of 12. Use 'general' or 'additive'"),
        ({"score": "cosine"}, "score must be one of"),
        ({"placement": "above"}, "placement must be one of"),
        ({"attention": "loose"}, "attention must be one of"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        seq2seq(**{**SMALL, **arguments})
