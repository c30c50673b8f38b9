"""Tests of text_cnn_tagger and text_cnn_crf."""

import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import text_cnn_crf, text_cnn_tagger
from tests.model_inputs import token_ids

SIZES = {"embedding_dim": 4, "num_filters": 3, "filter_widths": (3,)}


@pytest.mark.parametrize(("num_layers", "reached"), [(1, [5, 6, 7]), (2, [4, 5, 6, 7, 8])])
def test_each_convolution_reads_the_neighbours_of_a_token(num_layers, reached, random):
    model = text_cnn_tagger(40, num_classes=5, num_layers=num_layers, **SIZES)
    for layer in model.layers:
        if layer.name.startswith("convolution"):
            layer.bias.assign([9, 9, 9])  # so that ReLU does not hide a change
    inputs = token_ids(random, 2, 10)
    output = np.array(model(inputs))
    assert output.shape == (2, 10, 5)
    far = inputs.copy()
    far[0, 6] = far[0, 6] % 39 + 1
    changed = np.any(np.array(model(far))[0] != output[0], axis=-1)
    assert changed.nonzero()[0].tolist() == reached


def test_with_a_crf_the_emissions_are_the_logits_of_the_tagger(random):
    tagger, crf = text_cnn_tagger(40, num_classes=5, **SIZES), text_cnn_crf(40, num_classes=5, **SIZES)
    for name in ("token_embedding", "convolution_3"):
        crf.get_layer(name).set_weights(tagger.get_layer(name).get_weights())
    kernel, bias, transitions = crf.get_layer("logits").get_weights()
    tagger.get_layer("logits").set_weights([kernel, bias])
    inputs = token_ids(random, 2, 7)
    emissions = np.array(crf(inputs))[:, len(transitions) :, :5]  # the rows before are transitions
    np.testing.assert_allclose(emissions[inputs > 0], np.array(tagger(inputs))[inputs > 0], atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filter_widths": (3, 3)}, "different"),
        ({"num_filters": 0}, "num_filters=0"),
        ({"num_layers": 0}, "num_layers=0"),
        ({"tags": ["O"]}, "Received: 1 tags, num_classes=5"),
    ],
)
def test_invalid_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        text_cnn_crf(40, num_classes=5, **SIZES | arguments)
