import keras
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


POOLED = {"mean": lambda h: h.mean(axis=0), "max": lambda h: h.max(axis=0), "first": lambda h: h[0]}


@pytest.mark.parametrize("pooling", POOLED)
def test_logits_are_a_linear_map_of_the_pooled_vectors(pooling, random):
    encoder, classifier = transformer_encoder(**SMALL), transformer_encoder(**SMALL, num_classes=3, pooling=pooling)
    *shared, kernel, bias = classifier.get_weights()
    encoder.set_weights(shared)
    ids = random.integers(1, 30, (3, 5)).astype("int32")
    ids[1, 3:] = ids[2, 1:] = 0
    rows = [POOLED[pooling](vectors[row != 0]) for vectors, row in zip(np.asarray(encoder(ids)), ids, strict=True)]
    np.testing.assert_allclose(classifier(ids), np.array(rows) @ kernel + bias, atol=1e-5)


@pytest.mark.parametrize("pooling", ["mean", "max", "attention"])
def test_only_a_model_with_positions_knows_the_order_of_words(pooling, random):
    ids = random.permutation(np.arange(1, 10))[None]
    for positions, is_blind in ((None, True), ("sinusoidal", False), ("learned", False)):
        model = transformer_encoder(**SMALL, num_classes=2, pooling=pooling, positions=positions)
        assert np.allclose(model(ids), model(ids[:, ::-1]), atol=1e-5) == is_blind


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"score_mode": "additive", "key_dim": 6, "value_dim": 10},
        {"shared_key_value": True, "pooling": "attention"},
        {"positions": "learned", "pooling": "first"},
        {"pooling": "max"},
    ],
    ids=str,
)
def test_the_order_of_two_words_is_learned(options, random):
    ids = random.permuted(np.tile(np.arange(1, 7), (1000, 1)), axis=1)
    labels = (np.argmax(ids == 1, axis=1) < np.argmax(ids == 2, axis=1)).astype("int32")
    size = {"hidden_dim": 16, "num_layers": 1, "num_heads": 4, "intermediate_dim": 32, "dropout": 0.0}
    model = transformer_encoder(vocabulary_size=7, num_classes=2, **size, **options)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    model.fit(ids[:900], labels[:900], epochs=20, batch_size=100, verbose=0)
    assert model.evaluate(ids[900:], labels[900:], verbose=0)[1] >= 0.95


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hidden_dim": 9, "num_heads": 3}, "the width must be even. Received: width=9"),
        ({"num_heads": 3}, "multiple of the number of heads. Otherwise give key_dim and value_dim"),
        ({"num_heads": 3, "key_dim": 2}, "value_dim=None"),
        ({"key_dim": 0}, "key_dim must be an integer of at least 1"),
        ({"value_dim": 0}, "value_dim must be an integer of at least 1"),
        ({"score_mode": "general"}, "score_mode must be one of 'scaled_dot', 'additive'"),
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
