import numpy as np
import pytest

from kerasnlp_zoo.layers import WindowedTransformerBlock
from tests import oracles


@pytest.mark.parametrize("norm_first", [True, False])
def test_a_block_equals_its_sublayers(norm_first, random):
    block, inputs = WindowedTransformerBlock(2, 8, window=3, norm_first=norm_first), random.normal(size=(2, 7, 6))
    block.build(inputs.shape)
    for weight in block.weights:
        weight.assign(random.normal(size=weight.shape) * 0.5)
    attention_weights, (slope, other) = [np.asarray(weight) for weight in block.attention.weights], (1 / 16, 1 / 256)

    def attend(x):
        return oracles.self_attention(x, np.ones((2, 7)), *attention_weights, 2, True, 3, [slope, other])[0]

    def feed_forward(x):
        hidden = np.maximum(x @ block.intermediate.kernel.numpy() + block.intermediate.bias.numpy(), 0)
        return hidden @ block.output_dense.kernel.numpy() + block.output_dense.bias.numpy()

    expected = inputs
    for sublayer, norm in ((attend, block.attention_norm), (feed_forward, block.output_norm)):

        def normed(x, norm=norm):
            return oracles.layer_norm(x, norm.gamma.numpy(), norm.beta.numpy(), 1e-5)

        expected = expected + sublayer(normed(expected)) if norm_first else normed(expected + sublayer(expected))
    np.testing.assert_allclose(block(inputs.astype("float32"))[0], expected, atol=2e-5)
