import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers.positions import sinusoids
from kerasnlp_zoo.models import transformer_encoder

SMALL = {"vocabulary_size": 30, "hidden_dim": 8, "num_layers": 1, "num_heads": 2, "intermediate_dim": 16}


def test_blocks_read_embeddings_times_the_root_of_their_width_plus_sinusoids(random):
    model = transformer_encoder(**SMALL)
    ids = random.integers(1, 30, (2, 5)).astype("int32")
    table = np.asarray(model.get_layer("token_embedding").embeddings)
    expected = model.get_layer("layer_0")(table[ids] * np.sqrt(8) + sinusoids(5, 8))
    np.testing.assert_allclose(model(ids), expected, atol=1e-5)


def test_a_classifier_has_the_encoder_of_the_feature_extractor():
    vectors, classifier = transformer_encoder(**SMALL), transformer_encoder(**SMALL, num_classes=3)
    paths = [weight.path for weight in vectors.weights]
    assert [weight.path for weight in classifier.weights] == [*paths, "logits/kernel", "logits/bias"]
    assert (vectors.output.shape, classifier.output.shape) == ((None, None, 8), (None, 3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hidden_dim": 9, "num_heads": 3}, "even and a multiple of num_heads"),
        ({"positions": "none"}, "positions must be one of 'sinusoidal', 'learned'"),
        ({"pooling": "last"}, "pooling must be one of"),
        ({"num_classes": 0}, "num_classes must be an integer of at least 1"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        transformer_encoder(**{**SMALL, **arguments})
