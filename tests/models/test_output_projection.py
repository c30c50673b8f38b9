import itertools

import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.models import rnn_language_model, with_state, zero_state
from kerasnlp_zoo.models.output_projection import OutputProjection
from kerasnlp_zoo.models.quantization import quantize_model


@pytest.mark.parametrize(("is_tied", "is_quantized", "rows"), itertools.product([True, False], [True, False], [1, 3]))
def test_logits_equal_those_of_the_model(random, is_tied, is_quantized, rows):
    model = rnn_language_model(vocabulary_size=40, embedding_dim=8, hidden_dim=6, tie_embeddings=is_tied)
    for weight in model.trainable_weights:
        weight.assign(random.normal(size=weight.shape))
    if is_quantized:
        quantize_model(model)
    ids = tf.constant(random.integers(1, 40, (rows, 1)), tf.int32)
    outputs = with_state(model)({"token_ids": ids, **zero_state(model, rows)})
    projection = OutputProjection(model)

    @tf.function(input_signature=[tf.TensorSpec([None, 8])])
    def logits(hidden):
        return projection.logits(hidden, projection.prepared(tf.shape(hidden)[0]))

    np.testing.assert_allclose(logits(outputs["hidden"][:, 0]), outputs["logits"][:, 0], atol=1e-5)
