"""The loop in TensorFlow operations equals the loop of Keras, and is faster."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.layers import Recurrent
from tests import oracles

CELLS = ("lstm", "gru", "rnn")
MODULE = Recurrent._read.__globals__  # this module object, because doctest collection can import it a second time


def everything(layer, inputs, mask, initial_state, training, compiled):
    """Return the outputs, the states, and the gradients of a loss."""
    weighting = tf.range(1.0, 13.0) / 6

    def run(inputs, *initial_state):
        with tf.GradientTape() as tape:
            tape.watch([inputs, *initial_state])
            outputs, state = layer(inputs, mask=mask, initial_state=list(initial_state) or None, training=training)
            loss = tf.reduce_sum(outputs * weighting[: outputs.shape[-1]])
            loss += sum(tf.reduce_sum(part * (weighting[: layer.units] + place)) for place, part in enumerate(state))
        sources = [inputs, *initial_state, *(weight.value for weight in layer.trainable_weights)]
        return [outputs, *state], tape.gradient(loss, sources)

    for direction in filter(
        None, (layer.forward_layer, layer.backward_layer)
    ):  # with dropout, the same units are dropped
        if layer.recurrent_dropout:
            direction.cell.seed_generator.state.assign([5, 7])
    return (tf.function(run) if compiled else run)(inputs, *initial_state)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    ("is_masked", "has_state", "merge", "dropout", "training", "compiled"),
    [
        pytest.param(True, True, "concat", 0.0, True, True, marks=pytest.mark.slow),
        (True, False, "sum", 0.5, True, False),
        (False, True, None, 0.0, True, False),
        pytest.param(True, True, None, 0.5, False, False, marks=pytest.mark.slow),
    ],
)
def test_outputs_states_and_gradients_equal_those_of_keras(
    cell, is_masked, has_state, merge, dropout, training, compiled, monkeypatch, random
):
    inputs, mask = oracles.random_padded_batch(3)
    layer = Recurrent(6, cell=cell, bidirectional=merge is not None, merge=merge or "concat", recurrent_dropout=dropout)
    layer.build(inputs.shape)
    for weight in layer.trainable_weights:
        weight.assign(random.normal(size=weight.shape) / 3)
    count = len(MODULE["CELLS"][cell].state) * (1 + layer.bidirectional) * has_state
    state = [tf.constant(random.normal(size=(4, 6)), "float32") for _ in range(count)]
    arguments = tf.constant(inputs), mask if is_masked else None, state, training, compiled
    ours = everything(layer, *arguments)
    monkeypatch.setitem(MODULE, "read_sequence", lambda name, *rest: MODULE["read_with_keras"](*rest))
    theirs = everything(layer, *arguments)
    for actual, expected in zip(tf.nest.flatten(ours), tf.nest.flatten(theirs), strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-5, rtol=1e-5)


def test_inference_never_uses_cudnn_so_that_exports_run_anywhere(monkeypatch, random):
    monkeypatch.setitem(MODULE, "has_gpu", lambda: True)
    layer, inputs = Recurrent(4), random.normal(size=(2, 3, 5)).astype("float32")
    layer.build(inputs.shape)
    monkeypatch.setattr(layer.forward_layer, "inner_loop", None)  # Keras would use cuDNN there
    graph = tf.function(lambda x: layer(x, training=False), input_signature=[tf.TensorSpec((None, None, 5))])
    assert graph(inputs)[0].shape == (2, 3, 4)
    with pytest.raises(TypeError):
        layer(inputs, training=True)


def test_cudnn_receives_a_word_in_every_row_and_empty_rows_stay_zero(monkeypatch, random):
    inputs, mask = oracles.random_padded_batch(0)
    mask = np.sort(mask)[:, ::-1]  # words first, as cuDNN requires; the first row has no words
    layer = Recurrent(4, bidirectional=True)
    state = [random.normal(size=(4, 4)).astype("float32") for _ in range(4)]
    expected = layer(inputs, mask=mask, initial_state=state, training=False)
    monkeypatch.setitem(MODULE, "has_gpu", lambda: True)
    masks = []
    for direction in (layer.forward_layer, layer.backward_layer):
        loop = direction.inner_loop

        def spy(*arguments, mask, loop=loop, **more):
            masks.append(np.asarray(mask))
            return loop(*arguments, mask=mask, **more)

        monkeypatch.setattr(direction, "inner_loop", spy)
    actual = layer(inputs, mask=mask, initial_state=state, training=True)
    assert len(masks) == 2
    assert all(given.any(axis=1).all() for given in masks)
    for ours, theirs in zip(tf.nest.flatten(actual), tf.nest.flatten(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    np.testing.assert_array_equal(actual[0][0], 0)


def test_one_graph_accepts_all_lengths_and_is_compiled_by_xla(random):
    layer = Recurrent(4, bidirectional=True)
    layer.build((None, None, 5))

    def run(inputs, mask):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(inputs, mask=mask, training=True)[0])
        return tape.gradient(loss, [weight.value for weight in layer.trainable_weights])

    signature = [tf.TensorSpec((None, None, 5)), tf.TensorSpec((None, None), tf.bool)]
    graph, compiled = tf.function(run, input_signature=signature), tf.function(run, jit_compile=True)
    for batch, time in ((1, 1), (3, 2), (2, 7)):
        inputs = random.normal(size=(batch, time, 5)).astype("float32")
        mask = np.arange(time) < random.integers(0, time + 1, (batch, 1))
        gradients = graph(inputs, mask)
    assert graph.experimental_get_tracing_count() == 1
    for actual, expected in zip(compiled(tf.constant(inputs), tf.constant(mask)), gradients, strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-5)
