"""Four losses over a vocabulary: their formulas, gradients and properties."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import FullSoftmax, HierarchicalSoftmax, NegativeSampling, NoiseContrastiveEstimation

VOCABULARY, DIM, NEGATIVES = 9, 4, 3
COUNTS = [1, 2, 50, 30, 20, 8, 5, 2, 1]
ALL = [FullSoftmax, NegativeSampling, NoiseContrastiveEstimation, HierarchicalSoftmax]
losses = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)


def log_sigmoid(value):
    return -np.log1p(np.exp(-value))


def slow_loss(layer, vectors, hidden, word):
    """Return the loss of one word, from the equation."""
    scores = [float(hidden @ vector) for vector in vectors]
    if isinstance(layer, FullSoftmax):
        return -(scores[word] - np.log(sum(np.exp(score) for score in scores)))
    if isinstance(layer, HierarchicalSoftmax):
        ways = zip(layer.nodes[word], layer.signs[word], strict=True)
        return -sum(log_sigmoid(float(sign) * scores[node]) for node, sign in ways if sign)
    noise = np.array(COUNTS) ** 0.75 / np.sum(np.array(COUNTS) ** 0.75)
    if isinstance(layer, NoiseContrastiveEstimation):
        scores = [score - np.log(NEGATIVES * share) for score, share in zip(scores, noise, strict=True)]
    expected = sum(share * log_sigmoid(-score) for score, share in zip(scores, noise, strict=True))
    return -log_sigmoid(scores[word]) - NEGATIVES * expected


def made(kind, random):
    sampled = {"num_negatives": NEGATIVES} if kind in (NegativeSampling, NoiseContrastiveEstimation) else {}
    layer = kind(VOCABULARY, counts=COUNTS, **sampled)
    layer.build((None, None, DIM))
    layer.embeddings.assign(random.normal(size=layer.embeddings.shape))
    return layer


@losses
def test_losses_and_gradients_equal_a_slow_loop_over_the_equations(kind, random):
    layer = made(kind, random)
    hidden, words = random.normal(size=(2, 3, DIM)), np.array([[2, 5, 0], [8, 2, 1]])
    with tf.GradientTape() as tape:
        inputs = tf.Variable(hidden, dtype=tf.float32)
        tape.watch(inputs)
        received = layer(inputs, words)
        total = tf.reduce_sum(received)
    by_hidden, by_vectors = tape.gradient(total, [inputs, layer.embeddings.value])

    def slow(hidden, vectors):
        return [[slow_loss(layer, vectors, h, w) if w else 0 for h, w in zip(*row, strict=True)] for row in hidden]

    def slow_total(hidden, vectors):
        return np.sum(slow([(hidden[row], words[row]) for row in range(2)], vectors))

    vectors = np.asarray(layer.embeddings, "float64")
    np.testing.assert_allclose(received, slow([(hidden[0], words[0]), (hidden[1], words[1])], vectors), atol=1e-5)
    for values, gradient in ((hidden, by_hidden), (vectors, tf.convert_to_tensor(by_vectors))):
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


@pytest.mark.parametrize("kind", [FullSoftmax, HierarchicalSoftmax, NoiseContrastiveEstimation])
def test_probabilities_sum_to_one(kind, random):
    layer = made(kind, random)
    log_probabilities = layer.log_probabilities(random.normal(size=(5, DIM)).astype("float32"))
    assert log_probabilities.shape == (5, VOCABULARY)
    np.testing.assert_allclose(np.sum(np.exp(log_probabilities), axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize("kind", [FullSoftmax, HierarchicalSoftmax])
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
