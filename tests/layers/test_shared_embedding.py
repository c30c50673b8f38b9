import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.layers import SharedEmbedding


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 4)])
def test_logits_are_products_with_all_rows(random, shape):
    layer = SharedEmbedding(7, 5)
    layer.build()
    vectors = random.normal(size=(*shape, 5)).astype("float32")
    table = np.asarray(layer.embeddings)
    for found in (layer(vectors, reverse=True), tf.function(layer, jit_compile=True)(vectors, reverse=True)):
        expected = [
            [sum(a * b for a, b in zip(row, word, strict=True)) for word in table] for row in vectors.reshape(-1, 5)
        ]
        np.testing.assert_allclose(found, np.reshape(expected, (*shape, 7)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "arguments", [{}, {"tie_weights": False}, {"logit_soft_cap": 0.01}, {"dtype": "mixed_bfloat16"}], ids=str
)
def test_embeddings_equal_those_of_the_keras_layer(random, arguments):
    layers = SharedEmbedding(7, 5, **arguments), keras.layers.ReversibleEmbedding(7, 5, **arguments)
    for layer in layers:
        layer.build()
    layers[1].set_weights(layers[0].get_weights())
    ids = np.array([[4, 2, 6]])
    ours, theirs = (layer(layer(ids), reverse=True) for layer in layers)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(layers[0](ids), layers[1](ids))
    np.testing.assert_allclose(tf.cast(ours, "float32"), tf.cast(theirs, "float32"), rtol=1e-6, atol=1e-7)
