import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.models.sentence_vectors import (
    common_direction,
    inverse_frequency_weights,
    mean_vectors,
    probabilities_from_counts,
    without_direction,
    zipf_probabilities,
)
from tests import oracles

VOCABULARY_SIZE, WIDTH = 30, 6


def random_sentences(random, count=12):
    """Return ragged ids with special ids. The first sentence is empty, the second one unknown."""
    sentences = [random.integers(0, VOCABULARY_SIZE, length).tolist() for length in random.integers(1, 9, count)]
    sentences[:2] = [], [1, 0]
    return sentences, tf.ragged.constant(sentences, dtype=tf.int32)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_means_equal_those_computed_word_by_word(weighted, dtype, random):
    sentences, token_ids = random_sentences(random)
    vectors = random.normal(size=(VOCABULARY_SIZE, WIDTH)).astype(dtype)
    weights = random.random(VOCABULARY_SIZE) if weighted else None
    expected = [oracles.sentence_vector(s, vectors, np.ones(99) if weights is None else weights) for s in sentences]
    np.testing.assert_allclose(mean_vectors(token_ids, vectors, weights), expected, atol=1e-5)
    assert not np.any(expected[:2])


def test_padding_and_unknown_words_do_not_change_the_vectors(random):
    sentences, token_ids = random_sentences(random)
    vectors = random.normal(size=(VOCABULARY_SIZE, WIDTH))
    padded = tf.ragged.constant([[1, *sentence, 0, 0] for sentence in sentences], dtype=tf.int32)
    np.testing.assert_allclose(mean_vectors(padded, vectors), mean_vectors(token_ids, vectors))


def test_a_sentence_vector_does_not_depend_on_other_sentences(random):
    sentences, token_ids = random_sentences(random)
    vectors = random.normal(size=(VOCABULARY_SIZE, WIDTH))
    alone = [mean_vectors(tf.RaggedTensor.from_row_lengths(s, [len(s)]), vectors)[0] for s in sentences if s]
    np.testing.assert_allclose(mean_vectors(token_ids, vectors)[1:], alone)


def test_probabilities_sum_to_one_and_exclude_special_tokens():
    for probabilities in (probabilities_from_counts(np.array([9, 9, 6, 3, 1])), zipf_probabilities(5)):
        assert probabilities.sum() == pytest.approx(1)
        assert probabilities[:2].tolist() == [0, 0]
        assert (np.diff(probabilities[2:]) < 0).all()
    np.testing.assert_allclose(zipf_probabilities(5)[2:], np.array([6, 3, 2]) / 11)  # 1, 1/2, 1/3


def test_weights_equal_the_formula_of_the_paper():
    np.testing.assert_allclose(inverse_frequency_weights(np.array([0, 0.001, 0.05])), [1, 1 / 2, 1 / 51])
    np.testing.assert_allclose(inverse_frequency_weights(np.array([0.05]), a=0.05), [1 / 2])


def test_the_common_direction_is_the_first_singular_vector(random):
    sentence_vectors = random.normal(size=(40, WIDTH)) + 2 * random.normal(size=WIDTH)
    expected = np.linalg.svd(sentence_vectors)[2][0]
    assert abs(common_direction(sentence_vectors) @ expected) == pytest.approx(1)
    assert np.linalg.norm(common_direction(sentence_vectors)) == pytest.approx(1)


def test_removing_a_direction_leaves_orthogonal_vectors(random):
    sentence_vectors = random.normal(size=(40, WIDTH))
    direction = common_direction(sentence_vectors)
    rest = without_direction(sentence_vectors, direction)
    np.testing.assert_allclose(rest @ direction, 0, atol=1e-12)
    np.testing.assert_allclose(without_direction(rest, direction), rest)
    np.testing.assert_allclose(without_direction(sentence_vectors, -direction), rest)
    singular_values = np.linalg.svd(sentence_vectors)[1]
    np.testing.assert_allclose(np.linalg.svd(rest)[1][:-1], singular_values[1:])
