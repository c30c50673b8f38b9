import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import bilstm_crf, transformer_crf, transformer_tagger

SMALL = {"vocabulary_size": 30, "num_classes": 3, "embedding_dim": 5, "hidden_dim": 8, "intermediate_dim": 16}


def test_logits_are_a_linear_map_of_the_blocks_of_projected_features(random):
    model = transformer_tagger(**SMALL, num_layers=1, num_bigram_bins=50, positions=None)
    ids = random.integers(1, 30, (2, 6)).astype("int32")
    features = [
        np.asarray(model.get_layer("token_embedding").embeddings)[ids],
        np.asarray(model.get_layer("pair_embedding")(model.get_layer("pairs")(ids))),
    ]
    words = np.concatenate(features, axis=-1)
    kernel, bias = (np.asarray(weight) for weight in model.get_layer("embedding_projection").weights)
    vectors = model.get_layer("layer_0")((np.sqrt(words.shape[-1]) * words @ kernel + bias).astype("float32"))
    np.testing.assert_allclose(model(ids), model.get_layer("logits")(vectors), atol=1e-4)


def test_forbidden_transitions_are_impossible_as_in_bilstm_crf():
    tags = ["O", "B-PER", "I-PER"]
    received = transformer_crf(**SMALL, tags=tags).get_layer("logits").get_config()["allowed_transitions"]
    expected = bilstm_crf(30, 3, embedding_dim=5, hidden_dim=8, tags=tags).get_layer("logits")
    assert received == expected.get_config()["allowed_transitions"]


def test_bad_arguments_are_refused():
    with pytest.raises(InputError, match="a name for each of the 3 classes. Received: 2 tags"):
        transformer_crf(**SMALL, tags=["O", "B-PER"])
    with pytest.raises(InputError, match="character_encoder must be one of"):
        transformer_tagger(**SMALL, character_encoder="rnn")
    with pytest.raises(InputError, match="multiple of the number of heads"):
        transformer_tagger(**SMALL, num_heads=3)
