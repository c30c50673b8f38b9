import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import Recurrent
from kerasnlp_zoo.layers.cells_by_name import CELLS
from tests import oracles


def lstm_cell_by_hand(x, h, c, kernel, recurrent_kernel, bias):
    """One step of an LSTM, gate by gate, in Keras' order of gates."""
    sigmoid = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731
    i, f, g, o = np.split(x @ kernel + h @ recurrent_kernel + bias, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


@pytest.mark.parametrize("seed", range(3))
def test_both_directions_of_an_lstm_equal_explicit_gates(seed):
    inputs, mask = oracles.random_padded_batch(seed, width=5)
    layer = Recurrent(4, bidirectional=True)
    outputs, state = layer(inputs, mask=mask)
    expected = np.zeros(outputs.shape)
    for row, kept in enumerate(np.asarray(mask, bool)):
        for half, direction in enumerate([layer.forward_layer, layer.backward_layer]):
            h, c = np.zeros(4), np.zeros(4)
            places = np.flatnonzero(kept)
            for place in places if half == 0 else places[::-1]:
                h, c = lstm_cell_by_hand(np.asarray(inputs)[row, place], h, c, *map(np.asarray, direction.weights))
                expected[row, place, 4 * half : 4 * half + 4] = h
            np.testing.assert_allclose(state[2 * half][row], h, atol=1e-6)
            np.testing.assert_allclose(state[2 * half + 1][row], c, atol=1e-6)
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


def with_random_weights(layer, random, width):
    layer.build((None, None, width))
    for weight in layer.trainable_weights:
        weight.assign(random.normal(size=weight.shape) / 3)
    return layer


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_reads_only_the_words_in_both_directions(cell, random):
    inputs, mask = oracles.random_padded_batch(1, width=5)
    layer = with_random_weights(Recurrent(4, cell=cell, bidirectional=True), random, 5)
    outputs, state = layer(inputs, mask=mask)
    expected, count = np.zeros(outputs.shape), len(CELLS[cell].state)
    for row, kept in enumerate(np.asarray(mask, bool)):
        for half, direction in enumerate([layer.forward_layer, layer.backward_layer]):
            parts = [np.zeros((1, 4), "float32")] * count
            places = np.flatnonzero(kept)
            for place in places if half == 0 else places[::-1]:
                output, parts = direction.cell(inputs[row, place][None], parts)
                expected[row, place, 4 * half : 4 * half + 4] = output[0]
            for after, part in zip(state[half * count :][:count], parts, strict=True):
                np.testing.assert_allclose(after[row], part[0], atol=1e-6)
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_two_segments_with_a_carried_state_equal_one_long_sequence(cell, random):
    inputs = random.normal(size=(2, 6, 3)).astype("float32")
    layer = with_random_weights(Recurrent(4, cell=cell), random, 3)
    complete, end = layer(inputs)
    first, state = layer(inputs[:, :2])
    second, last = layer(inputs[:, 2:], initial_state=state)
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), complete, atol=1e-6)
    np.testing.assert_allclose(last, end, atol=1e-6)


def test_forced_steps_equal_the_loop_that_receives_its_own_outputs(random):
    inputs, mask = oracles.random_padded_batch(2, width=5)
    layer = with_random_weights(Recurrent(4, "output_recurrent", teacher_forcing=True), random, 5)
    expected, expected_state = layer(inputs, mask=mask)
    before = np.zeros(expected.shape, "float32")
    for row, kept in enumerate(np.asarray(mask, bool)):
        places = np.flatnonzero(kept)
        before[row, places[1:]] = np.asarray(expected)[row, places[:-1]]
    outputs, state = layer(inputs, mask=mask, training=True, previous_outputs=before)
    np.testing.assert_allclose(outputs, expected, atol=1e-6)
    np.testing.assert_allclose(state[0], expected_state[0], atol=1e-6)
    changed, _ = layer(inputs, mask=mask, training=True, previous_outputs=np.flip(before, axis=-1) + 1)
    assert np.abs(changed - expected)[np.asarray(mask, bool)].min() > 0


@pytest.mark.parametrize("arguments", [{"cell": "lstm"}, {"cell": "output_recurrent", "bidirectional": True}], ids=str)
def test_a_layer_without_an_output_to_force_is_refused(arguments):
    with pytest.raises(InputError, match="needs cell='output_recurrent' in one direction. Set it to False"):
        Recurrent(4, **arguments, teacher_forcing=True)


def test_forced_training_without_the_correct_outputs_is_refused(random):
    layer = Recurrent(4, "output_recurrent", teacher_forcing=True)
    with pytest.raises(InputError, match="needs the correct outputs in training"):
        layer(np.ones((1, 2, 3), "float32"), training=True)


def test_recurrent_dropout_of_a_cell_that_has_none_is_refused():
    with pytest.raises(InputError, match="LeakyCell has no recurrent dropout. Set recurrent_dropout=0"):
        Recurrent(4, cell="leaky", recurrent_dropout=0.1)


@pytest.mark.parametrize("wrong", [1.0, -0.1, "0.2", True])
def test_a_recurrent_dropout_outside_its_range_is_refused(wrong):
    with pytest.raises(InputError, match="recurrent_dropout must be a number of at least 0 and below 1"):
        Recurrent(4, recurrent_dropout=wrong)
