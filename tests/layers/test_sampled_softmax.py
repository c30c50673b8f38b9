import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import FullSoftmax, SampledSoftmax
from kerasnlp_zoo.layers.masking import LOWEST
from kerasnlp_zoo.layers.sampled_softmax import draw_candidates

V = 13


def tied(layer, random):
    """Return the layer with random output vectors and biases, and these."""
    vectors, biases = random.normal(size=(V, 4)).astype("float32"), random.normal(size=V).astype("float32")
    return layer.tied_to(lambda: (tf.constant(vectors), tf.constant(biases))), vectors, biases


def test_the_sampled_sum_is_unbiased(random):
    layer, vectors, biases = tied(SampledSoftmax(V, num_sampled=6), random)
    hidden, words = random.normal(size=(1, 3, 4)).astype("float32"), np.array([[1, 6, 12]])
    scores = hidden @ vectors.T + biases  # [1, 3, V]
    target = np.take_along_axis(scores, words[..., None], axis=-1)[..., 0]
    sums = []
    for offsets in itertools.product(range(4), repeat=3):  # 3 words always, and one of every 4 of the other 10
        ids = np.array([0, 1, 2, *(3 + 4 * piece + offset for piece, offset in enumerate(offsets))])
        stands_for = np.where(ids < V, np.log([1, 1, 1, 4, 4, 4]), LOWEST["float32"]).astype("float32")
        losses = layer.sampled_losses(hidden, words, np.minimum(ids, V - 1).astype("int32"), stands_for)
        sums.append(np.exp(np.asarray(losses) + target))
    np.testing.assert_allclose(np.mean(sums, axis=0), np.exp(scores).sum(axis=-1), rtol=1e-4)


def test_candidates_are_the_frequent_words_and_one_word_of_each_group():
    generator = keras.random.SeedGenerator(1)
    drawn = [draw_candidates(V, 6, generator) for _ in range(60)]
    ids, stands_for = (np.array([np.asarray(values) for values in column]) for column in zip(*drawn, strict=True))
    assert (ids[:, :3] == [0, 1, 2]).all()
    assert [set(column) for column in ids[:, 3:].T] == [{3, 4, 5, 6}, {7, 8, 9, 10}, {11, 12}]
    assert (stands_for[:, :3] == 0).all()
    is_word = stands_for[:, 3:] > -1e30
    assert is_word[:, :2].all()
    assert 0 < is_word[:, 2].mean() < 1  # half of the last piece is beyond the vocabulary
    np.testing.assert_allclose(stands_for[:, 3:][is_word], np.log(4), rtol=1e-6)


def test_with_all_words_losses_and_gradients_equal_the_full_softmax():
    results = []
    for kind, arguments in ((FullSoftmax, {}), (SampledSoftmax, {"num_sampled": 2 * V})):
        random = np.random.default_rng(4)
        layer, *_ = tied(kind(V, **arguments), random)
        hidden = tf.constant(random.normal(size=(2, 3, 4)), tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(hidden)
            losses = layer(hidden, random.integers(1, V, (2, 3)), training=True)
        results.append((losses, tape.gradient(losses, hidden)))
    for full, sampled in zip(*results, strict=True):
        np.testing.assert_allclose(sampled, full, atol=1e-5)


def test_a_sample_of_no_words_is_refused():
    with pytest.raises(InputError, match="num_sampled=0"):
        SampledSoftmax(V, num_sampled=0)
