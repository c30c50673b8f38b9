import numpy as np
import pytest
from keras import ops

from kerasnlp_zoo.layers import RecurrentDecoder
from tests import oracles

B, T, S, D, E, H = 2, 4, 5, 3, 6, 4


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_step(cell, x, h, c):
    """Return h and c after one step, gates in the order input, forget, candidate, output."""
    z = x @ cell.kernel.numpy() + h @ cell.recurrent_kernel.numpy() + cell.bias.numpy()
    i, f, g, o = np.split(z, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


@pytest.mark.parametrize("placement", ["luong", "bahdanau"])
def test_each_step_equals_its_equations(random, placement):
    decoder = RecurrentDecoder(H, output_dim=5, cell="lstm", placement=placement)
    decoder.build((B, T, D), (B, S, E))
    for weight in decoder.weights:
        weight.assign(random.normal(size=weight.shape) * 0.5)
    inputs, memory = (random.normal(size=shape).astype("float32") for shape in ((B, T, D), (B, S, E)))
    h, c = random.normal(size=(2, B, H)).astype("float32")
    mask = np.arange(S) < np.array([[5], [2]])
    actual, weights = decoder(inputs, memory, [h, c], memory_mask=mask, return_attention_scores=True)

    def look(query):
        kernels = map(np.asarray, decoder.attend.weights)
        context, shares = oracles.attention("additive", query[:, None], memory, memory, mask, *kernels)
        return context[:, 0], shares[:, 0]

    for step in range(T):
        x = inputs[:, step]
        if placement == "bahdanau":
            context, shares = look(h)
            x = np.concatenate([x, context], axis=-1)
        h, c = lstm_step(decoder.recurrent[0].forward_layer.cell, x, h, c)
        if placement == "luong":
            context, shares = look(h)
        told = np.concatenate([context, h], axis=-1) @ decoder.readout.kernel.numpy() + decoder.readout.bias.numpy()
        np.testing.assert_allclose(actual[:, step], np.tanh(told), atol=1e-5)
        np.testing.assert_allclose(weights[:, step], shares, atol=1e-5)


def test_skip_connections_and_norms_equal_their_equations(random):
    arguments = {"num_layers": 2, "cell": "lstm", "attention": None, "skip_connections": True, "layer_norm": True}
    decoder = RecurrentDecoder(H, output_dim=5, **arguments)
    decoder.build((B, T, D), (B, S, E))
    for weight in decoder.weights:
        weight.assign(random.normal(size=weight.shape) * 0.5)
    inputs = random.normal(size=(B, T, D)).astype("float32")
    first, second, (norm,) = *decoder.recurrent, decoder.norms
    (h, c), (upper_h, upper_c) = states = np.zeros((2, 2, B, H), "float32")
    actual = decoder(inputs, np.ones((B, S, E), "float32"), states.reshape(4, B, H))
    for step in range(T):
        h, c = lstm_step(first.forward_layer.cell, inputs[:, step], h, c)
        below = oracles.layer_norm(h, norm.gamma.numpy(), norm.beta.numpy(), norm.epsilon)
        upper_h, upper_c = lstm_step(second.forward_layer.cell, below, upper_h, upper_c)
        told = (upper_h + h) @ decoder.readout.kernel.numpy() + decoder.readout.bias.numpy()
        np.testing.assert_allclose(actual[:, step], np.tanh(told), atol=1e-5)


def test_without_attention_the_memory_is_not_used(random):
    decoder = RecurrentDecoder(H, output_dim=5, attention=None)
    inputs, memory = (random.normal(size=shape).astype("float32") for shape in ((B, T, D), (B, S, E)))
    state = [np.ones((B, H), "float32")]
    outputs, weights = decoder(inputs, memory, state, return_attention_scores=True)
    np.testing.assert_array_equal(outputs, decoder(inputs, -memory, state))
    assert ops.shape(weights) == (B, T, S)
    assert not np.any(weights)
