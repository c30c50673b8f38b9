import numpy as np
import pytest
from keras import ops

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import TransformerDecoderBlock, TransformerEncoderBlock
from kerasnlp_zoo.layers.masking import mask_bias
from kerasnlp_zoo.layers.multi_head_attention import cache_rows
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


def decoder_block(random, **arguments):
    block = TransformerDecoderBlock(2, 8, **arguments)
    block.build((None, None, 6), (None, None, 6))
    for weight in block.weights:
        weight.assign(random.normal(size=weight.shape) * 0.5)
    return block


@pytest.mark.parametrize("norm_first", [False, True])
def test_a_decoder_block_equals_its_equations(norm_first, random):
    block = decoder_block(random, norm_first=norm_first)
    inputs = random.normal(size=(4, 3, 6)).astype("float32")
    memory, mask = oracles.random_padded_batch(3, width=6)
    memory, mask = memory[:4], mask[:4]

    def norm(x, layer):
        return oracles.layer_norm(x, layer.gamma.numpy(), layer.beta.numpy(), 1e-5)

    def feed_forward(x):
        hidden = np.maximum(x @ block.intermediate.kernel.numpy() + block.intermediate.bias.numpy(), 0)
        return hidden @ block.output_dense.kernel.numpy() + block.output_dense.bias.numpy()

    sublayers = (
        (lambda x: np.asarray(block.attention(x.astype("float32"))), block.attention_norm),
        (
            lambda x: np.asarray(block.cross_attention(x.astype("float32"), memory, mask=mask)),
            block.cross_attention_norm,
        ),
        (feed_forward, block.output_norm),
    )
    expected = inputs
    for sublayer, layer in sublayers:
        expected = (
            expected + sublayer(norm(expected, layer)) if norm_first else norm(expected + sublayer(expected), layer)
        )
    np.testing.assert_allclose(block(inputs, memory, memory_mask=mask), expected, atol=2e-5)


def test_later_positions_do_not_change_earlier_decoder_outputs(random):
    block, memory = decoder_block(random), random.normal(size=(2, 5, 6)).astype("float32")
    inputs = random.normal(size=(2, 7, 6)).astype("float32")
    changed = inputs.copy()
    changed[:, 4:] = random.normal(size=(2, 3, 6))
    np.testing.assert_allclose(block(inputs, memory)[:, :4], block(changed, memory)[:, :4], atol=1e-6)


def test_a_decoder_block_step_by_step_equals_the_complete_sequence(random):
    block, memory = decoder_block(random), random.normal(size=(2, 5, 6)).astype("float32")
    mask = np.arange(5) < [[5], [3]]
    inputs = random.normal(size=(2, 7, 6)).astype("float32")
    complete = block(inputs, memory, memory_mask=mask)
    projected = block.cross_attention.project_memory(ops.convert_to_tensor(memory))
    cache = block.attention.empty_cache(batch_size=2, num_hypotheses=1, max_length=8)
    for place in range(7):
        bias = mask_bias(np.broadcast_to(np.arange(8) <= place, (2, 1, 1, 8)))
        rows, memory_bias = cache_rows(2, 2, 8, place), mask_bias(mask[:, None, None])
        outputs, cache = block.step(inputs[:, place : place + 1], cache, rows, bias, projected, memory_bias)
        np.testing.assert_allclose(outputs[:, 0], complete[:, place], atol=1e-5)


def test_sublayers_work_without_residual_connection_and_norm(random):
    inputs = random.normal(size=(2, 3, 6)).astype("float32")
    block = TransformerEncoderBlock(2, 8, residual=False, layer_norm=False)
    block.build(inputs.shape)
    attended = block.attention(inputs)
    hidden = np.maximum(attended @ block.intermediate.kernel.numpy() + block.intermediate.bias.numpy(), 0)
    expected = hidden @ block.output_dense.kernel.numpy() + block.output_dense.bias.numpy()
    np.testing.assert_allclose(block(inputs), expected, atol=1e-5)
    assert len(block.weights) == 8


def test_bad_arguments_are_refused():
    with pytest.raises(
        InputError, match="activation must be one of 'relu', 'gelu', 'gelu_tanh'. Received: activation='swish'"
    ):
        TransformerEncoderBlock(2, 8, activation="swish")
    with pytest.raises(InputError, match="intermediate_dim must be an integer of at least 1"):
        TransformerEncoderBlock(2, 0)
    for block in (TransformerEncoderBlock, TransformerDecoderBlock):
        with pytest.raises(InputError, match="num_heads must be an integer of at least 1. Received: num_heads=0"):
            block(0, 8)
        with pytest.raises(InputError, match="dropout must be a number of at least 0 and below 1"):
            block(2, 8, dropout=1.5)
