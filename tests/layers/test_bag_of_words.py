import collections
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import BagOfWords, BagOfWordsDense
from kerasnlp_zoo.text import inverse_document_frequencies

VOCABULARY_SIZE = 12


def random_texts(random):
    """Return token ids with repeated words, padding at the end, and an empty text."""
    ids = random.integers(1, VOCABULARY_SIZE, (6, 9)).astype("int32")
    lengths = np.array([9, 4, 1, 0, 7, 9])
    return ids * (np.arange(9) < lengths[:, None])


def bag(row, weighting, idf):
    """Return the vector x [V] of a text, counted word by word."""
    counts = collections.Counter(int(token) for token in row if token != 0)
    x = np.zeros(VOCABULARY_SIZE)
    for token, count in counts.items():
        x[token] = {"binary": 1, "count": count, "tf_idf": count * idf[token]}[weighting]
    norm = math.sqrt(sum(value**2 for value in x))
    return x / norm if weighting == "tf_idf" and norm else x


@pytest.mark.parametrize("weighting", ["binary", "count", "tf_idf"])
def test_bag_equals_counting_words(weighting, random):
    ids, idf = random_texts(random), random.random(VOCABULARY_SIZE) + 1
    layer = BagOfWords(VOCABULARY_SIZE, weighting)
    layer.build(ids.shape)
    if weighting == "tf_idf":
        layer.set_inverse_document_frequencies(idf)
    words, weights = (np.array(values) for values in layer(ids))
    for row, expected_row in enumerate(ids):
        x = np.zeros(VOCABULARY_SIZE)
        np.add.at(x, words[row], weights[row])
        np.testing.assert_allclose(x, bag(expected_row, weighting, idf), atol=1e-6)
        assert len(set(words[row][weights[row] > 0])) == np.sum(weights[row] > 0)  # a word occurs once


def test_dense_over_a_bag_equals_the_matrix_product(random):
    ids = random_texts(random)
    words, weights = BagOfWords(VOCABULARY_SIZE, "count")(ids)
    layer = BagOfWordsDense(VOCABULARY_SIZE, units=4)
    output = layer(words, weights)
    x = np.stack([bag(row, "count", np.ones(VOCABULARY_SIZE)) for row in ids])
    np.testing.assert_allclose(output, x @ np.array(layer.kernel) + np.array(layer.bias), atol=1e-5)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_the_gradient_has_only_the_rows_of_the_words(policy, random):
    layer = BagOfWordsDense(VOCABULARY_SIZE, units=4, dtype=policy)
    layer.build((2, 3))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(tf.constant([[3, 5, 0]]), tf.constant([[1.0, 2.0, 0.0]])))
    gradient = tape.gradient(loss, layer.kernel.value)
    assert isinstance(gradient, tf.IndexedSlices)
    dense = tf.math.unsorted_segment_sum(gradient.values, gradient.indices, VOCABULARY_SIZE)
    np.testing.assert_allclose(np.sum(dense, axis=1), [0, 0, 0, 4, 0, 8, 0, 0, 0, 0, 0, 0], atol=1e-6)


def test_long_texts_are_counted_exactly_in_half_precision():
    before = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        words, weights = BagOfWords(9, "count")(np.full((1, 301), 7))
    finally:
        keras.config.set_dtype_policy(before)
    assert float(np.max(weights)) == 301  # bfloat16 would round to 300 or 302


def test_inverse_document_frequencies_equal_the_formula(random):
    texts = [[2, 3, 2], [2], [], [4, 2], [5, 5, 5]]
    values = inverse_document_frequencies(tf.ragged.constant(texts, dtype=tf.int32), 7)
    for word in range(7):
        texts_with = sum(word in text for text in texts)
        assert values[word] == pytest.approx(math.log((1 + len(texts)) / (1 + texts_with)) + 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"vocabulary_size": 0}, "vocabulary_size=0"), ({"weighting": "tfidf"}, "weighting='tfidf'")],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        BagOfWords(**{"vocabulary_size": 9, **arguments})


def test_document_frequencies_are_refused_unless_the_mode_is_tf_idf():
    with pytest.raises(InputError, match="tf_idf"):
        BagOfWords(9, "count").set_inverse_document_frequencies(np.ones(9))
