import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import set_word_vectors, word_embedding
from kerasnlp_zoo.models.word2vec import word2vec_bias
from kerasnlp_zoo.models.word_embedding import set_output_vectors


def test_every_id_has_its_vector_and_padding_has_zeros(random):
    vectors = random.normal(size=(9, 4)).astype("float32")
    model = word_embedding(vocabulary_size=9, embedding_dim=4)
    set_word_vectors(model, vectors)
    token_ids = np.array([[3, 8, 1, 0, 0], [2, 0, 0, 0, 0]])
    received = np.asarray(model(token_ids))
    for row, column in np.ndindex(token_ids.shape):
        expected = vectors[token_ids[row, column]] if token_ids[row, column] else np.zeros(4)
        np.testing.assert_array_equal(received[row, column], expected)


def test_the_only_weight_is_the_matrix_of_vectors():
    model = word_embedding(vocabulary_size=9, embedding_dim=4)
    assert [(weight.path, weight.shape) for weight in model.weights] == [("token_embedding/embeddings", (9, 4))]


def test_context_logits_are_products_with_output_vectors_plus_a_bias(random):
    vectors, output, bias = random.normal(size=(9, 4)), random.normal(size=(9, 4)), random.normal(size=9)
    model = word_embedding(vocabulary_size=9, embedding_dim=4, has_output_vectors=True)
    set_word_vectors(model, vectors)
    set_output_vectors(model, output, bias)
    received = model(np.array([[3, 8]]))
    np.testing.assert_allclose(received["vectors"][0], vectors[[3, 8]], atol=1e-6)
    for row, word in enumerate((3, 8)):
        expected = [sum(output[context] * vectors[word]) + bias[context] for context in range(9)]
        np.testing.assert_allclose(received["context_logits"][0, row], expected, atol=1e-5)


def test_the_bias_of_negative_sampling_is_the_log_of_the_noise_and_otherwise_zero():
    counts = [0, 0, 50, 3, 1, 0]
    powers = [max(count, 1) ** 0.75 for count in counts]
    expected = [np.log(power / sum(powers)) for power in powers]
    np.testing.assert_allclose(word2vec_bias("negative_sampling", counts), expected, rtol=1e-6)
    for loss in ("nce", "full_softmax"):
        assert not word2vec_bias(loss, counts).any()
    with pytest.raises(InputError, match="loss must be one of .* Received: loss='hierarchical_softmax'"):
        word2vec_bias("hierarchical_softmax", counts)


@pytest.mark.parametrize("sizes", [(0, 4), (9, 0), (9, 2.5)])
def test_sizes_that_are_not_positive_are_refused(sizes):
    with pytest.raises(InputError, match="integer of at least 1"):
        word_embedding(*sizes)
