import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers.positions import sinusoids
from kerasnlp_zoo.models import set_word_vectors, transformer_encoder

SMALL = {"vocabulary_size": 30, "hidden_dim": 8, "num_layers": 1, "num_heads": 2, "intermediate_dim": 16}


def test_inputs_are_embeddings_times_the_root_of_their_width_plus_sinusoids(random):
    model = transformer_encoder(**SMALL)
    ids = random.integers(1, 30, (2, 5)).astype("int32")
    table = np.asarray(model.get_layer("token_embedding").embeddings)
    expected = model.get_layer("layer_0")(table[ids] * np.sqrt(8) + sinusoids(5, 8))
    np.testing.assert_allclose(model(ids), expected, atol=1e-5)


def test_vectors_of_words_and_segments_are_projected_to_the_hidden_size(random):
    model = transformer_encoder(**SMALL, embedding_dim=5, num_segments=2, channels="multichannel", positions=None)
    set_word_vectors(model, random.normal(size=(30, 5)))
    ids, segments = random.integers(1, 30, (2, 4)), np.array([[0, 0, 1, 1], [0, 1, 1, 1]])
    words = sum(np.asarray(model.get_layer(f"{name}_embedding").embeddings)[ids] for name in ("static", "token"))
    words = words + np.asarray(model.get_layer("segment_embedding").embeddings)[segments]
    kernel, bias = (np.asarray(weight) for weight in model.get_layer("embedding_projection").weights)
    expected = model.get_layer("layer_0")((np.sqrt(5) * words @ kernel + bias).astype("float32"))
    np.testing.assert_allclose(model({"token_ids": ids, "segment_ids": segments}), expected, atol=1e-5)


def test_a_classifier_has_the_encoder_of_the_feature_extractor():
    vectors, classifier = transformer_encoder(**SMALL), transformer_encoder(**SMALL, num_classes=3)
    paths = [weight.path for weight in vectors.weights]
    assert [weight.path for weight in classifier.weights] == [*paths, "logits/kernel", "logits/bias"]
    assert (vectors.output.shape, classifier.output.shape) == ((None, None, 8), (None, 3))


@pytest.mark.parametrize("pooling", ["mean", "max", "attention"])
def test_only_a_model_with_positions_knows_the_order_of_words(pooling, random):
    ids = random.permutation(np.arange(1, 10))[None]
    for positions, is_blind in ((None, True), ("sinusoidal", False), ("learned", False)):
        model = transformer_encoder(**SMALL, num_classes=2, pooling=pooling, positions=positions)
        assert np.allclose(model(ids), model(ids[:, ::-1]), atol=1e-5) == is_blind


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hidden_dim": 9, "num_heads": 3}, "even and a multiple of num_heads"),
        ({"positions": "none"}, "positions must be one of 'sinusoidal', 'learned'"),
        ({"pooling": "last"}, "pooling must be one of"),
        ({"channels": "dynamic"}, "channels must be one of"),
        ({"num_classes": 0}, "num_classes must be an integer of at least 1"),
        ({"embedding_dim": 0}, "embedding_dim must be an integer of at least 1"),
        ({"num_segments": 0}, "num_segments must be an integer of at least 1"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        transformer_encoder(**{**SMALL, **arguments})
