import numpy as np
import pytest
from keras import ops

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import WindowedSelfAttention
from kerasnlp_zoo.layers.windowed_attention import linear_bias_slopes
from tests import oracles


def attention(window, **arguments):
    layer = WindowedSelfAttention(num_heads=2, window=window, **arguments)
    layer.build((None, None, 6))
    random = np.random.default_rng(1)
    for weight in layer.weights:
        weight.assign(random.normal(size=weight.shape) * 0.5)
    return layer


def empty_memory(layer, batch):
    widths = (layer.key_width, layer.value_width)
    memory = tuple(ops.zeros((batch, layer.num_groups, layer.window - 1, width)) for width in widths)
    return memory, np.zeros(batch, "int32")


def test_slopes_of_a_worked_example():
    np.testing.assert_array_equal(linear_bias_slopes(8), [1 / 2**power for power in range(1, 9)])


@pytest.mark.parametrize("linear_bias", [True, False])
@pytest.mark.parametrize("window", [1, 3, 50])
def test_attention_equals_a_triple_loop(window, linear_bias):
    inputs, mask = oracles.random_padded_batch(window, width=6)
    layer = attention(window, linear_bias=linear_bias)
    slopes = [1 / 16, 1 / 256] if linear_bias else None
    weights = map(np.asarray, layer.weights)
    expected = oracles.self_attention(inputs, np.ones_like(mask), *weights, 2, True, window, slopes)
    outputs, scores, _ = layer.attend(ops.convert_to_tensor(inputs))
    np.testing.assert_allclose(scores, expected[1], atol=1e-5)
    np.testing.assert_allclose(outputs, expected[0], atol=1e-5)
    np.testing.assert_allclose(layer(inputs, mask=mask)[0], outputs, atol=1e-6)


@pytest.mark.parametrize(
    "options", [{}, {"score_mode": "additive", "key_dim": 5, "value_dim": 2, "shared_key_value": True}], ids=str
)
@pytest.mark.parametrize("window", [1, 4, 20])
@pytest.mark.parametrize("lengths", [[9], [1] * 9, [4, 5], [2, 6, 1]], ids=str)
def test_segments_with_the_memory_equal_the_complete_sequence(window, lengths, options, random):
    layer, inputs = attention(window, **options), random.normal(size=(2, 9, 6)).astype("float32")
    mask = np.arange(9) < [[9], [5]]
    (memory, num_read), outputs = empty_memory(layer, 2), []
    for start, length in zip(np.cumsum([0, *lengths[:-1]]), lengths, strict=True):
        part = slice(start, start + length)
        of_segment, memory = layer(inputs[:, part], mask=mask[:, part], memory=memory, num_read=num_read)
        num_read = num_read + mask[:, part].sum(axis=1, dtype="int32")
        outputs.append(of_segment)
    complete, memory_of_complete = layer(inputs, mask=mask)
    np.testing.assert_allclose(np.concatenate(outputs, axis=1)[mask], np.asarray(complete)[mask], atol=1e-5)
    for part, expected in zip(memory, memory_of_complete, strict=True):
        np.testing.assert_allclose(part, expected, atol=1e-6)


def test_padding_is_not_kept_in_the_memory(random):
    layer, inputs = attention(4), random.normal(size=(1, 7, 6)).astype("float32")
    padded = np.pad(inputs, [(0, 0), (0, 3), (0, 0)], constant_values=9.0)
    for with_padding, without in zip(layer(padded, mask=np.arange(10)[None] < 7)[1], layer(inputs)[1], strict=True):
        np.testing.assert_allclose(with_padding, without, atol=1e-6)


def test_bad_arguments_are_refused():
    with pytest.raises(InputError, match="window must be an integer of at least 1. Received: window=0"):
        WindowedSelfAttention(num_heads=2, window=0)
    with pytest.raises(InputError, match="multiple of the number of heads"):
        WindowedSelfAttention(num_heads=5, window=2)(np.zeros((1, 2, 6)))
