import math

import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import LearnedPositions, SinusoidalPositions
from kerasnlp_zoo.layers.positions import sinusoids


def test_sinusoids_of_a_worked_example():
    golden = [[0, 1, 0, 1], [0.841, 0.540, 0.010, 1.000], [0.909, -0.416, 0.020, 1.000]]
    np.testing.assert_allclose(sinusoids(3, 4), golden, atol=5e-4)


def test_sinusoids_equal_the_formula_of_the_paper():
    table = sinusoids(5000, 8)
    for place in (0, 1, 300, 4999):
        for i in range(4):
            angle = place / 10000 ** (2 * i / 8)
            np.testing.assert_allclose(table[place, 2 * i : 2 * i + 2], [math.sin(angle), math.cos(angle)], atol=1e-6)


@pytest.mark.parametrize("shift", [1, 7, 100])
def test_a_shift_is_a_rotation_of_each_pair(shift):
    table, angles = sinusoids(300, 6), shift / 10000 ** (np.arange(0, 6, 2) / 6)
    sine, cosine = table[:150, 0::2], table[:150, 1::2]
    shifted = table[shift : shift + 150]
    np.testing.assert_allclose(shifted[:, 0::2], sine * np.cos(angles) + cosine * np.sin(angles), atol=1e-5)
    np.testing.assert_allclose(shifted[:, 1::2], cosine * np.cos(angles) - sine * np.sin(angles), atol=1e-5)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_distant_positions_are_distinct_in_half_precision(dtype):
    outputs = np.asarray(SinusoidalPositions(4096, dtype=dtype)(np.zeros((1, 4096, 64), "float32")), "float32")[0]
    assert len(np.unique(outputs, axis=0)) == 4096
    np.testing.assert_allclose(outputs, sinusoids(4096, 64), atol=4e-3)


def test_every_position_adds_its_own_trained_vector(random):
    layer, inputs = LearnedPositions(9), random.normal(size=(2, 4, 6)).astype("float32")
    outputs = np.asarray(layer(inputs))
    np.testing.assert_allclose(outputs - inputs, np.broadcast_to(np.asarray(layer.positions)[:4], (2, 4, 6)), atol=1e-6)


@pytest.mark.parametrize("most", [1, 7, 64])
def test_sinusoids_continue_beyond_the_table(most, random):
    inputs = random.normal(size=(2, 200, 6)).astype("float32")
    short, long = SinusoidalPositions(most), SinusoidalPositions(200)
    np.testing.assert_allclose(short(inputs), long(inputs), atol=1e-4)
    of_any_length = tf.function(short, input_signature=[tf.TensorSpec([None, None, 6])], autograph=False)
    np.testing.assert_allclose(of_any_length(inputs), long(inputs), atol=1e-4)
    np.testing.assert_array_equal(of_any_length(inputs[:, :most]), long(inputs[:, :most]))


def test_the_positions_of_a_segment_are_those_of_the_complete_text():
    table, zeros = sinusoids(2000, 6), np.zeros((3, 5, 6), "float32")
    positions = SinusoidalPositions(64)(zeros, num_read=np.array([0, 7, 1995], "int32"))
    np.testing.assert_allclose(positions, np.stack([table[:5], table[7:12], table[1995:]]), atol=1e-4)
    np.testing.assert_array_equal(positions[0], SinusoidalPositions(64)(zeros)[0])


def test_bad_lengths_are_refused():
    for layer in (LearnedPositions, SinusoidalPositions):
        with pytest.raises(InputError, match="max_sequence_length must be an integer of at least 1"):
            layer(0)
    with pytest.raises(InputError, match="vectors for 3 positions. Received: 4 tokens.*or with sinusoidal positions"):
        LearnedPositions(3)(np.zeros((1, 4, 2)))
    with pytest.raises(InputError, match="must be even. Received: width=3"):
        sinusoids(2, 3)
