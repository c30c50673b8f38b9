import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import set_word_vectors, word_embedding


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


@pytest.mark.parametrize("sizes", [(0, 4), (9, 0), (9, 2.5)])
def test_sizes_that_are_not_positive_are_refused(sizes):
    with pytest.raises(InputError, match="integer of at least 1"):
        word_embedding(*sizes)
