import numpy as np
import pytest

from kerasnlp_zoo.layers import TransformerEncoderBlock
from tests import oracles

ACTIVATIONS = {"relu": lambda x: np.maximum(x, 0), "gelu": oracles.gelu, "gelu_tanh": oracles.gelu_tanh}


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_a_block_equals_its_equations(activation, norm_first, random):
    inputs, mask = oracles.random_padded_batch(3, width=6)
    block = TransformerEncoderBlock(2, 8, 0.1, activation, norm_first, layer_norm_epsilon=1e-3)
    block.build(inputs.shape)
    for weight in block.weights:
        weight.assign(random.normal(size=weight.shape) * 0.5)
    w = {weight.path.split("/", 1)[1]: np.asarray(weight) for weight in block.weights}

    def attend(x):
        names = ("query_key_value/kernel", "query_key_value/bias", "output/kernel", "output/bias")
        return oracles.self_attention(x, mask, *(w[f"attention/{name}"] for name in names), 2)[0]

    def feed_forward(x):
        hidden = ACTIVATIONS[activation](x @ w["intermediate/kernel"] + w["intermediate/bias"])
        return hidden @ w["output/kernel"] + w["output/bias"]

    def norm(x, name):
        return oracles.layer_norm(x, w[f"{name}/gamma"], w[f"{name}/beta"], 1e-3)

    if norm_first:
        middle = inputs + attend(norm(inputs, "attention_norm"))
        expected = middle + feed_forward(norm(middle, "output_norm"))
    else:
        middle = norm(inputs + attend(inputs), "attention_norm")
        expected = norm(middle + feed_forward(middle), "output_norm")
    np.testing.assert_allclose(block(inputs, mask=mask), expected, atol=2e-5)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="activation must be one of relu, gelu, gelu_tanh. Received: 'swish'"):
        TransformerEncoderBlock(2, 8, activation="swish")
    with pytest.raises(ValueError, match="intermediate_dim must be at least 1"):
        TransformerEncoderBlock(2, 0)
