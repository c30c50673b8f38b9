import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import Recurrent
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
        for half, direction in enumerate([layer.forward, layer.backward]):
            h, c = np.zeros(4), np.zeros(4)
            places = np.flatnonzero(kept)
            for place in places if half == 0 else places[::-1]:
                h, c = lstm_cell_by_hand(np.asarray(inputs)[row, place], h, c, *map(np.asarray, direction.weights))
                expected[row, place, 4 * half : 4 * half + 4] = h
            np.testing.assert_allclose(state[2 * half][row], h, atol=1e-6)
            np.testing.assert_allclose(state[2 * half + 1][row], c, atol=1e-6)
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_two_segments_with_a_carried_state_equal_one_long_sequence(cell, random):
    inputs = random.normal(size=(2, 6, 3)).astype("float32")
    layer = Recurrent(4, cell=cell)
    complete, end = layer(inputs)
    first, state = layer(inputs[:, :2])
    second, last = layer(inputs[:, 2:], initial_state=state)
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), complete, atol=1e-6)
    np.testing.assert_allclose(last, end, atol=1e-6)


@pytest.mark.parametrize("wrong", [1.0, -0.1, "0.2", True])
def test_a_recurrent_dropout_outside_its_range_is_refused(wrong):
    with pytest.raises(InputError, match="recurrent_dropout must be a number of at least 0 and below 1"):
        Recurrent(4, recurrent_dropout=wrong)
