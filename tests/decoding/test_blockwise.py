import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.decoding.blockwise import blockwise_argmax, blockwise_top_k


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("vocabulary_size", [7, 127, 128, 8000])
def test_argmax_is_the_first_of_several_maxima(random, vocabulary_size, jit):
    logits = random.integers(-9, 3, (50, vocabulary_size)).astype("float32")  # most rows have several maxima
    found = tf.function(blockwise_argmax, jit_compile=jit)(tf.constant(logits))
    np.testing.assert_array_equal(found, np.argmax(logits, axis=-1))


@pytest.mark.parametrize("size", [40, 97, 8000, 8001, 8191])
def test_blockwise_top_k_equals_top_k(random, size):
    logits = random.permutation(5 * size).reshape(5, size).astype("float32")
    for k in (1, 8):
        values, places = blockwise_top_k(tf.constant(logits), k)
        expected = tf.math.top_k(logits, k)
        np.testing.assert_array_equal(values, expected.values)
        np.testing.assert_array_equal(places, expected.indices)
