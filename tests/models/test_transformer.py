import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers.positions import sinusoids
from kerasnlp_zoo.models import TRANSFORMER_SIZES, transformer, transformer_encoder

SMALL = {"vocabulary_size": 30, "hidden_dim": 8, "num_layers": 1, "num_heads": 2, "intermediate_dim": 16}


def test_inputs_are_embeddings_times_the_root_of_their_width_plus_sinusoids(random):
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


def test_sizes_have_the_papers_number_of_parameters():
    def expected(width, intermediate, vocabulary=37_000, layers=6):
        attention = 4 * (width * width + width)
        feed_forward = 2 * width * intermediate + width + intermediate
        norm = 2 * width
        encoder, decoder = attention + feed_forward + 2 * norm, 2 * attention + feed_forward + 3 * norm
        return vocabulary * width + vocabulary + layers * (encoder + decoder)

    # Table 3 rounds them to 65 and 213 million, for some sizes with another vocabulary.
    for size, published in (("base", 65e6), ("big", 213e6)):
        count = transformer(vocabulary_size=37_000, **TRANSFORMER_SIZES[size]).count_params()
        assert count == expected(TRANSFORMER_SIZES[size]["hidden_dim"], TRANSFORMER_SIZES[size]["intermediate_dim"])
        assert count == pytest.approx(published, rel=0.04)


def test_source_target_and_logits_share_one_embedding_table():
    model = transformer(**SMALL)
    assert [weight.path for weight in model.weights if weight.shape[0] == 30] == [
        "token_embedding/embeddings",
        "logits/bias",
    ]


def test_later_target_tokens_do_not_change_the_logits(random):
    model = transformer(**SMALL)
    source, target = random.integers(1, 30, (2, 2, 6)).astype("int32")
    changed = np.append(target[:, :4], random.integers(1, 30, (2, 2)), axis=1).astype("int32")
    before, after = (model({"source_ids": source, "target_ids": ids})[:, :4] for ids in (target, changed))
    np.testing.assert_allclose(before, after, atol=1e-6)


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
