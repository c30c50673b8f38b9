"""The losses over a vocabulary: their formulas, gradients and properties."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import (
    FullSoftmax,
    HierarchicalSoftmax,
    ImportanceSampling,
    NegativeSampling,
    NoiseContrastiveEstimation,
    SampledSoftmax,
)
from kerasnlp_zoo.layers.word_prediction import NoisePrediction

VOCABULARY, DIM, NEGATIVES = 9, 4, 3
COUNTS = [1, 2, 50, 30, 20, 8, 5, 2, 1]
NOISE = np.array(COUNTS) ** 0.75 / np.sum(np.array(COUNTS) ** 0.75)
ALL = [
    FullSoftmax,
    NegativeSampling,
    NoiseContrastiveEstimation,
    HierarchicalSoftmax,
    SampledSoftmax,
    ImportanceSampling,
]
losses = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)


def log_sigmoid(value):
    return -np.log1p(np.exp(-value))


def slow_loss(layer, vectors, hidden, word):
    """Return the loss of one word in inference, from the equation. The last column of the vectors is the bias."""
    scores = [float(hidden @ vector[:-1] + vector[-1]) for vector in vectors]
    if isinstance(layer, (FullSoftmax, SampledSoftmax, ImportanceSampling)):
        return -(scores[word] - np.log(sum(np.exp(score) for score in scores)))
    if isinstance(layer, HierarchicalSoftmax):
        ways = zip(layer.nodes[word], layer.signs[word], strict=True)
        return -sum(log_sigmoid(float(sign) * scores[node]) for node, sign in ways if sign)
    if isinstance(layer, NoiseContrastiveEstimation):
        scores = [score - np.log(NEGATIVES * share) for score, share in zip(scores, NOISE, strict=True)]
    expected = sum(share * log_sigmoid(-score) for score, share in zip(scores, NOISE, strict=True))
    return -log_sigmoid(scores[word]) - NEGATIVES * expected


def made(kind, random):
    sampled = {"num_negatives": NEGATIVES} if issubclass(kind, NoisePrediction) else {}
    layer = kind(VOCABULARY, counts=COUNTS, use_bias=True, **sampled)
    layer.build((None, None, DIM))
    for weight in layer.weights:
        weight.assign(random.normal(size=weight.shape))
    return layer


def with_biases(embeddings, biases):
    return np.append(embeddings, np.asarray(biases)[:, None], axis=1)


@losses
def test_losses_and_gradients_equal_a_slow_loop_over_the_equations(kind, random):
    layer = made(kind, random)
    hidden, words = random.normal(size=(2, 3, DIM)), np.array([[2, 5, 0], [8, 2, 1]])
    with tf.GradientTape() as tape:
        inputs = tf.Variable(hidden, dtype=tf.float32)
        tape.watch(inputs)
        received = layer(inputs, words)
        total = tf.reduce_sum(received)
    by_hidden, *by_output = tape.gradient(total, [inputs, layer.embeddings.value, layer.biases.value])
    by_vectors = with_biases(*map(tf.convert_to_tensor, by_output))

    def slow(hidden, vectors):
        return [[slow_loss(layer, vectors, h, w) if w else 0 for h, w in zip(*row, strict=True)] for row in hidden]

    def slow_total(hidden, vectors):
        return np.sum(slow([(hidden[row], words[row]) for row in range(2)], vectors))

    vectors = with_biases(np.asarray(layer.embeddings, "float64"), layer.biases)
    np.testing.assert_allclose(received, slow([(hidden[0], words[0]), (hidden[1], words[1])], vectors), atol=1e-5)
    for values, gradient in ((hidden, by_hidden), (vectors, by_vectors)):
        for place in np.ndindex(*values.shape):
            step = np.zeros_like(values)
            step[place] = 1e-5
            moved = [(values + sign * step) for sign in (1, -1)]
            pairs = [(m, vectors) if values is hidden else (hidden, m) for m in moved]
            slope = (slow_total(*pairs[0]) - slow_total(*pairs[1])) / 2e-5
            assert float(gradient[place]) == pytest.approx(slope, abs=1e-4)


@losses
def test_one_vector_predicts_all_words_of_its_row(kind, random):
    layer = made(kind, random)
    hidden, words = random.normal(size=(2, 1, DIM)).astype("float32"), np.array([[2, 5, 0], [8, 2, 1]])
    np.testing.assert_allclose(layer(hidden, words), layer(np.repeat(hidden, 3, axis=1), words), atol=1e-6)


@losses
def test_probabilities_sum_to_one(kind, random):
    layer = made(kind, random)
    log_probabilities = layer(random.normal(size=(5, DIM)).astype("float32"))
    assert log_probabilities.shape == (5, VOCABULARY)
    np.testing.assert_allclose(np.sum(np.exp(log_probabilities), axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize("kind", [FullSoftmax, HierarchicalSoftmax, SampledSoftmax, ImportanceSampling])
def test_losses_equal_the_negative_log_probabilities(kind, random):
    layer = made(kind, random)
    hidden = random.normal(size=(1, 1, DIM)).astype("float32")
    words = np.arange(1, VOCABULARY)[None]
    np.testing.assert_allclose(-layer.log_probabilities(hidden)[:, 0, 1:], layer(hidden, words), atol=1e-5)


@pytest.mark.parametrize("kind", [NegativeSampling, NoiseContrastiveEstimation])
def test_the_mean_loss_over_drawn_noise_is_the_exact_loss(kind, random):
    layer = made(kind, random)
    hidden, words = random.normal(size=(1, 1, DIM)).astype("float32"), np.full((1, 20_000), 5)
    drawn = np.asarray(layer(hidden, words, training=True))
    assert drawn.std() > 0
    assert drawn.mean() == pytest.approx(float(layer(hidden, words[:, :1])[0, 0]), abs=4 * float(drawn.std()) / 141)


@pytest.mark.parametrize("share_noise", [False, True])
def test_importance_sampling_equals_its_equation(share_noise, random):
    layer = ImportanceSampling(VOCABULARY, NEGATIVES, COUNTS, seed=3, share_noise=share_noise)
    vectors, biases = random.normal(size=(VOCABULARY, DIM)), random.normal(size=VOCABULARY)
    layer.tied_to(lambda: (vectors, biases))
    hidden, words = random.normal(size=(2, 3, DIM)).astype("float32"), np.array([[2, 5, 0], [8, 2, 1]])
    drawn = random.choice(VOCABULARY, NEGATIVES if share_noise else (2, 3, NEGATIVES), p=NOISE)
    layer.sampled_words = lambda words: tf.constant(drawn, tf.int32)
    found = np.asarray(layer(hidden, words, training=True))
    for place in np.ndindex(2, 3):
        scores = vectors @ hidden[place] + biases
        own = drawn if share_noise else drawn[place]
        denominator = sum(np.exp(scores[word]) / (NEGATIVES * NOISE[word]) for word in own)
        expected = np.log(denominator) - scores[words[place]] if words[place] else 0
        assert found[place] == pytest.approx(expected, abs=1e-5)


def test_the_gradient_of_importance_sampling_approaches_that_of_the_softmax(random):
    """Its expectation is biased; the bias of K samples is about proportional to 1 / K."""
    vectors = tf.constant(random.normal(size=(VOCABULARY, DIM)), tf.float32)
    hidden = tf.constant(np.tile(random.normal(size=(1, DIM)), (10_000, 1)), tf.float32)
    words = np.full(10_000, 5)

    def mean_gradient(layer):
        layer.tied_to(lambda: (vectors, None))
        with tf.GradientTape() as tape:
            tape.watch(hidden)
            total = tf.reduce_sum(layer(hidden, words, training=True))
        return np.mean(tape.gradient(total, hidden), axis=0)

    exact = mean_gradient(FullSoftmax(VOCABULARY))
    bias = [
        np.linalg.norm(mean_gradient(ImportanceSampling(VOCABULARY, count, COUNTS, seed=2)) - exact)
        for count in (2, 10, 250)
    ]
    assert bias[0] > 2 * bias[1] > 4 * bias[2]
    assert bias[2] < 0.02 * np.linalg.norm(exact)


def test_shared_noise_is_the_same_for_all_words(random):
    layer = NegativeSampling(VOCABULARY, NEGATIVES, COUNTS, share_noise=True)
    assert layer.sampled_words(np.ones((2, 3), "int32")).shape == (NEGATIVES,)
    inputs = random.normal(size=(1, 1, DIM)).astype("float32"), np.full((1, 9), 5)
    drawn = np.asarray(made(NegativeSampling, random)(*inputs, training=True))
    assert drawn.std() > 0
    layer.build((None, None, DIM))
    layer.embeddings.assign(random.normal(size=layer.embeddings.shape))
    shared = np.asarray(layer(*inputs, training=True))
    np.testing.assert_allclose(shared, np.broadcast_to(shared[:, :1], (1, 9)), rtol=1e-6)


@pytest.mark.slow
def test_nce_learns_the_probabilities_of_the_softmax(random):
    """With one hidden vector and a free score per word, the optimum is the distribution of the words."""
    probabilities = np.array([0, 0, 0.4, 0.3, 0.2, 0.1])
    words = random.choice(6, p=probabilities, size=(64, 64))
    layer = NoiseContrastiveEstimation(6, num_negatives=5, counts=np.bincount(words.ravel(), minlength=6) + 1)
    inputs = keras.Input((None, 6)), keras.Input((None,), dtype="int32")
    model = keras.Model(inputs, layer(*inputs))
    model.compile(keras.optimizers.Adam(0.05), loss=lambda _, losses: losses)
    hidden = np.tile(np.eye(6, dtype="float32")[:1], (64, 64, 1))
    model.fit((hidden, words), np.zeros((64, 64)), batch_size=16, epochs=100, verbose=0)
    # Not normalised: with NCE, the scores themselves are log-probabilities.
    np.testing.assert_allclose(np.exp(layer.scores(hidden[:1, :1])[0, 0, 2:]), probabilities[2:], atol=0.05)


def test_invalid_sizes_are_refused():
    with pytest.raises(InputError, match="1 counts"):
        FullSoftmax(5, counts=[3])
    with pytest.raises(InputError, match="num_negatives=0"):
        NegativeSampling(5, num_negatives=0)
