import keras
import numpy as np
import pytest

from kerasnlp_zoo import layers
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers.cells_by_name import CELLS

H = 4


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def simple(x, h, w, b):
    return np.tanh(np.concatenate([x, h]) @ w + b)


def gate(x, h, w, b):
    return sigmoid(np.concatenate([x, h]) @ w + b)


def gru_reset_before(x, h, kernel, recurrent_kernel, bias):
    """Equations 5 to 8 of Cho et al. 2014; Keras' order of gates is update, reset, candidate."""
    (w_z, w_r, w), (u_z, u_r, u), (b_z, b_r, b) = (
        np.split(weights, 3, axis=-1) for weights in (kernel, recurrent_kernel, bias)
    )
    z = sigmoid(x @ w_z + h @ u_z + b_z)
    r = sigmoid(x @ w_r + h @ u_r + b_r)
    return z * h + (1 - z) * np.tanh(x @ w + (r * h) @ u + b)


def gru(x, h, kernel, recurrent_kernel, biases):
    """The reset gate is applied after the product, which has a bias of its own."""
    (w_z, w_r, w), (u_z, u_r, u) = (np.split(weights, 3, axis=-1) for weights in (kernel, recurrent_kernel))
    (b_z, b_r, b), (c_z, c_r, c) = (np.split(bias, 3) for bias in biases)
    z = sigmoid(x @ w_z + b_z + h @ u_z + c_z)
    r = sigmoid(x @ w_r + b_r + h @ u_r + c_r)
    return z * h + (1 - z) * np.tanh(x @ w + b + r * (h @ u + c))


# Each equation is a function (x_t, states, weights) -> h_t; the latest state is the last one.
EQUATIONS = {
    layers.AdditiveStateCell(H): lambda x, h, w: h[-1] + simple(x, h[-1], *w),
    layers.CoupledGateCell(H): lambda x, h, w: (
        (f := gate(x, h[-1], *w[2:])) * h[-1] + (1 - f) * simple(x, h[-1], *w[:2])
    ),
    layers.SeparateGatesCell(H): lambda x, h, w: (
        gate(x, h[-1], *w[2:4]) * h[-1] + gate(x, h[-1], *w[4:]) * simple(x, h[-1], *w[:2])
    ),
    layers.LeakyCell(H, leak=0.7): lambda x, h, w: 0.7 * h[-1] + 0.3 * simple(x, h[-1], *w),
    layers.LeakyCell(H, learns_leak=True): lambda x, h, w: (
        (a := sigmoid(w[0])) * h[-1] + (1 - a) * simple(x, h[-1], *w[1:])
    ),
    layers.DeepTransitionCell(H, depth=3): lambda x, h, w: np.tanh(
        np.tanh(simple(x, h[-1], *w[:2]) @ w[2] + w[3]) @ w[4] + w[5]
    ),
    layers.TimeSkipCell(H, skip=3): lambda x, h, w: np.tanh(np.concatenate([x, h[-1], h[-3]]) @ w[0] + w[1]),
    layers.TimeSkipCell(H, skip=3, has_short_edge=False): lambda x, h, w: simple(x, h[-3], *w),
    layers.OutputRecurrentCell(7, output_dim=H): lambda x, h, w: simple(x, h[-1], *w[:2]) @ w[2] + w[3],
    layers.OutputRecurrentCell(H, feeds_direction=True): lambda x, h, w: (
        simple(x, h[-1] / max(np.linalg.norm(h[-1]), 1e-9), *w[:2]) @ w[2] + w[3]
    ),
    CELLS["gru"].make(H).cell: lambda x, h, w: gru(x, h[-1], *w),
    CELLS["gru_reset_before"].make(H).cell: lambda x, h, w: gru_reset_before(x, h[-1], *w),
    CELLS["rnn"].make(H).cell: lambda x, h, w: np.tanh(x @ w[0] + h[-1] @ w[1] + w[2]),
    CELLS["rnn_relu"].make(H).cell: lambda x, h, w: np.maximum(x @ w[0] + h[-1] @ w[1] + w[2], 0),
}


@pytest.mark.parametrize(("cell", "equation"), EQUATIONS.items(), ids=lambda value: type(value).__name__)
def test_each_cell_equals_its_equation(cell, equation, random):
    inputs = random.normal(size=(2, 6, 3)).astype("float32")
    layer = keras.layers.RNN(cell, return_sequences=True)
    layer.build(inputs.shape)
    for weight in layer.weights:
        weight.assign(random.normal(size=weight.shape) / 2)
    outputs = np.asarray(layer(inputs))
    weights = [np.asarray(weight, "float64") for weight in layer.trainable_weights]
    for row, sequence in enumerate(inputs):
        states = [np.zeros(H)] * 3
        for x in sequence:
            states.append(equation(x, states, weights))
        np.testing.assert_allclose(outputs[row], states[3:], atol=1e-6)


def test_a_learned_leak_starts_as_the_fixed_one(random):
    inputs = random.normal(size=(2, 6, 3)).astype("float32")
    fixed, learned = (keras.layers.RNN(layers.LeakyCell(H, leak=0.8, learns_leak=learns)) for learns in (False, True))
    fixed.build(inputs.shape)
    learned.build(inputs.shape)
    learned.set_weights([*learned.get_weights()[:1], *fixed.get_weights()])
    np.testing.assert_allclose(learned(inputs), fixed(inputs), atol=1e-6)


def test_extreme_settings_equal_the_simple_rnn(random):
    inputs = random.normal(size=(2, 5, 3)).astype("float32")
    kernel = random.normal(size=(3 + H, H))
    simple_rnn = keras.layers.SimpleRNN(H)
    simple_rnn.build(inputs.shape)
    simple_rnn.set_weights([kernel[:3], kernel[3:], np.ones(H)])
    for cell in (layers.LeakyCell(H, leak=0.0), layers.DeepTransitionCell(H, depth=1)):
        layer = keras.layers.RNN(cell)
        layer.build(inputs.shape)
        layer.set_weights([kernel, np.ones(H)])
        np.testing.assert_allclose(layer(inputs), simple_rnn(inputs), atol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.LeakyCell(H, leak=1.5), "from 0 to 1. Received: leak=1.5"),
        (lambda: layers.LeakyCell(H, leak=1, learns_leak=True), "above 0 and below 1"),
        (lambda: layers.TimeSkipCell(H, skip=1), "at least 2"),
        (lambda: layers.DeepTransitionCell(H, depth=0), "depth"),
        (lambda: layers.OutputRecurrentCell(H, output_dim=0), "output_dim"),
        (lambda: layers.AdditiveStateCell(0), "units"),
    ],
)
def test_arguments_out_of_range_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
