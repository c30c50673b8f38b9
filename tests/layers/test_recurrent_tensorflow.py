"""The loop in TensorFlow operations is the loop of Keras, only quicker."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.layers import Recurrent, recurrent
from tests import oracles

CELLS = ("lstm", "gru", "rnn")


def everything(layer, inputs, mask, initial_state, training, compiled):
    """Outputs, states, and the gradients of all that a loss of them depends on."""
    weighting = tf.range(1.0, 13.0) / 6

    def run(inputs, *initial_state):
        with tf.GradientTape() as tape:
            tape.watch([inputs, *initial_state])
            outputs, state = layer(inputs, mask=mask, initial_state=list(initial_state) or None, training=training)
            loss = tf.reduce_sum(outputs * weighting[: outputs.shape[-1]])
            loss += sum(tf.reduce_sum(part * (weighting[: layer.units] + place)) for place, part in enumerate(state))
        sources = [inputs, *initial_state, *(weight.value for weight in layer.trainable_weights)]
        return [outputs, *state], tape.gradient(loss, sources)

    for direction in filter(None, (layer.forward, layer.backward)):  # where units are dropped, the same ones
        if layer.recurrent_dropout:
            direction.cell.seed_generator.state.assign([5, 7])
    return (tf.function(run) if compiled else run)(inputs, *initial_state)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    ("is_masked", "has_state", "merge", "dropout", "training", "compiled"),
    [
        (True, True, "concat", 0.0, True, True),
        (True, False, "sum", 0.5, True, False),
        (False, True, None, 0.0, True, False),
        (True, True, None, 0.5, False, False),
    ],
)
def test_equals_the_loop_of_keras_in_outputs_states_and_gradients(
    cell, is_masked, has_state, merge, dropout, training, compiled, monkeypatch, random
):
    inputs, mask = oracles.random_padded_batch(3)
    layer = Recurrent(6, cell=cell, bidirectional=merge is not None, merge=merge or "concat", recurrent_dropout=dropout)
    layer.build(inputs.shape)
    for weight in layer.trainable_weights:
        weight.assign(random.normal(size=weight.shape) / 3)
    count = recurrent.NUM_STATES[cell] * (1 + layer.bidirectional) * has_state
    state = [tf.constant(random.normal(size=(4, 6)), "float32") for _ in range(count)]
    arguments = tf.constant(inputs), mask if is_masked else None, state, training, compiled
    ours = everything(layer, *arguments)
    monkeypatch.setattr(recurrent, "read_sequence", lambda name, *rest: recurrent.read_with_keras(*rest))
    theirs = everything(layer, *arguments)
    for actual, expected in zip(tf.nest.flatten(ours), tf.nest.flatten(theirs), strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-5, rtol=1e-5)
