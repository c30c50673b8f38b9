import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import CRF
from kerasnlp_zoo.layers.crf import crf_log_likelihood
from kerasnlp_zoo.objectives.label_sets import BinaryCrossEntropy
from kerasnlp_zoo.objectives.losses import crf_loss, hinge_loss, is_correct, span_cross_entropy, squared_error
from kerasnlp_zoo.training import (
    SmoothedCrossEntropy,
    WeightedMeanLoss,
    classification_metrics,
    cross_entropy,
    make_strategy,
)
from tests import oracles


def batch(random, count=13, classes=4):
    weights = (random.random(count) < 0.6).astype("float32")
    return random.integers(0, classes, count), random.normal(size=(count, classes)).astype("float32"), weights


def test_loss_is_the_weighted_mean_of_cross_entropies(random):
    labels, logits, weights = batch(random)
    loss = WeightedMeanLoss(cross_entropy)
    assert float(loss(labels, logits, weights)) == pytest.approx(
        oracles.cross_entropy(labels, logits, weights), abs=1e-6
    )
    assert float(loss(labels, logits)) == pytest.approx(oracles.cross_entropy(labels, logits, weights**0), abs=1e-6)


def test_accuracy_counts_positions_where_the_label_has_the_highest_logit(random):
    labels, logits = random.integers(0, 4, (50, 7)), random.normal(size=(50, 7, 4)).astype("float32")
    logits[0] = np.nan
    expected = (logits.argmax(axis=-1) == labels) & ~np.isnan(logits[..., 0])
    np.testing.assert_array_equal(is_correct(ops.convert_to_tensor(labels), ops.convert_to_tensor(logits)), expected)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_label_smoothing_equals_cross_entropy_with_the_smoothed_distribution(random, smoothing):
    labels, logits = random.integers(0, 4, (5, 7)), random.normal(size=(5, 7, 4))
    log_probabilities = logits - np.log(np.sum(np.exp(logits), axis=-1, keepdims=True))
    wanted = (1 - smoothing) * np.eye(4)[labels] + smoothing / 4
    expected = -np.sum(wanted * log_probabilities, axis=-1)
    loss = SmoothedCrossEntropy(smoothing)
    np.testing.assert_allclose(loss(labels, ops.convert_to_tensor(logits, "float32")), expected, atol=1e-5)
    again = WeightedMeanLoss.from_config(WeightedMeanLoss(loss).get_config())
    assert again.element_loss.smoothing == smoothing


def test_a_smoothing_of_one_is_refused():
    with pytest.raises(InputError, match="smoothing=1.0"):
        SmoothedCrossEntropy(1.0)


def test_cross_entropy_of_worked_examples():
    losses = cross_entropy(ops.convert_to_tensor([0, 0, 0]), ops.log([[0.7, 0.3], [0.6, 0.4], [0.8, 0.2]]))
    np.testing.assert_allclose(losses, [0.357, 0.511, 0.223], atol=1e-3)
    assert float(ops.sum(losses)) == pytest.approx(1.091, abs=1e-3)


def test_the_gradient_of_cross_entropy_is_the_probability_minus_one_at_the_label():
    logits = tf.Variable(np.log([[0.58, 0.3, 0.12]]), dtype=tf.float32)
    with tf.GradientTape() as tape:
        loss = cross_entropy(tf.constant([0]), logits)
    np.testing.assert_allclose(tape.gradient(loss, logits)[0], [-0.42, 0.3, 0.12], atol=1e-6)


def test_squared_error_of_a_worked_example():
    predicted, wanted = np.array([[200.0], [300.0], [250.0]]), np.array([210.0, 280.0, 260.0])
    assert float(WeightedMeanLoss(squared_error)(wanted, predicted)) == 200


def test_hinge_loss_equals_a_loop_over_classes(random):
    labels, logits = random.integers(0, 4, 20), random.normal(size=(20, 4)).astype("float32")
    for label, row, found in zip(labels, logits, hinge_loss(*map(tf.constant, (labels, logits))), strict=True):
        others = [logit for place, logit in enumerate(row) if place != label]
        assert float(found) == pytest.approx(max(0, 1 - (row[label] - max(others))), abs=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_binary_cross_entropy_equals_its_equation(smoothing, random):
    labels, logits = random.integers(0, 2, (5, 3)), random.normal(size=(5, 3))
    targets = labels * (1 - smoothing) + smoothing / 2
    shares = 1 / (1 + np.exp(-logits))
    expected = -targets * np.log(shares) - (1 - targets) * np.log(1 - shares)
    found = BinaryCrossEntropy(smoothing)(tf.constant(labels), tf.constant(logits))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_span_cross_entropy_is_that_of_both_ends(random):
    ends, logits = random.integers(0, 6, (4, 2)), random.normal(size=(4, 6, 2))
    found = np.asarray(span_cross_entropy(tf.constant(ends), tf.constant(logits)))
    for row, end in np.ndindex(4, 2):
        scores = logits[row, :, end]
        assert found[row, end] == pytest.approx(np.log(np.sum(np.exp(scores))) - scores[ends[row, end]])


def test_the_crf_loss_of_a_text_is_divided_equally_among_its_words(random):
    mask = np.arange(5) < np.array([[5], [2], [0]])
    scores, tags = CRF(3)(random.normal(size=(3, 5, 4)), mask=mask), random.integers(0, 3, (3, 5))
    losses = -np.asarray(crf_log_likelihood(scores, tags))
    expected = [[loss / max(sum(row), 1) * is_word for is_word in row] for loss, row in zip(losses, mask, strict=True)]
    np.testing.assert_allclose(crf_loss(tags, scores), expected, atol=1e-6)


def test_weights_can_be_given_per_token(random):
    labels, logits = random.integers(0, 3, (2, 5)), random.normal(size=(2, 5, 3)).astype("float32")
    weights = np.array([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], "float32")
    expected = oracles.cross_entropy(labels.ravel(), logits.reshape(-1, 3), weights.ravel())
    assert float(WeightedMeanLoss(cross_entropy)(labels, logits, weights)) == pytest.approx(expected, abs=1e-6)


def test_infinite_logits_in_padding_rows_do_not_change_the_loss():
    logits = np.array([[1.0, 2.0], [np.inf, -np.inf]], "float32")
    loss = WeightedMeanLoss(cross_entropy)([0, 1], logits, [1.0, 0.0])
    assert float(loss) == pytest.approx(1.3133, abs=1e-3)
    assert float(WeightedMeanLoss(cross_entropy)([0, 1], np.zeros((2, 2)), [0.0, 0.0])) == 0


def test_the_loss_of_half_precision_outputs_is_float32(random):
    labels, logits, weights = batch(random)
    loss = WeightedMeanLoss(cross_entropy)(labels, ops.cast(logits, "bfloat16"), weights)
    assert loss.dtype == "float32"


def test_replicas_with_unequal_padding_compute_one_common_mean(random):
    labels, logits, weights = batch(random, count=12)
    weights[6:] = [1, 0, 0, 0, 0, 0]  # the second replica has one real row
    strategy = make_strategy("mirrored")
    rows = tf.data.Dataset.from_tensor_slices((labels, logits, weights)).batch(12)
    parts = next(iter(strategy.experimental_distribute_dataset(rows)))  # 6 rows on each replica

    @tf.function
    def run():
        return strategy.reduce("SUM", strategy.run(WeightedMeanLoss(cross_entropy), parts), axis=None)

    assert float(run()) == pytest.approx(oracles.cross_entropy(labels, logits, weights), abs=1e-6)


def test_metrics_are_means_over_the_real_rows(random):
    labels, logits, weights = batch(random)
    for metric in classification_metrics():
        for part in (slice(0, 9), slice(9, 13)):  # unequal batches
            metric.update_state(labels[part], logits[part], weights[part])
        right = np.argmax(logits, axis=1) == labels
        expected = {
            "accuracy": np.sum(right * weights) / weights.sum(),
            "cross_entropy": oracles.cross_entropy(labels, logits, weights),
        }[metric.name]
        assert float(metric.result()) == pytest.approx(expected, abs=1e-6)


def test_the_loss_is_restored_from_its_config():
    config = keras.saving.serialize_keras_object(WeightedMeanLoss(cross_entropy, name="tagging"))
    loss = keras.saving.deserialize_keras_object(config)
    assert (loss.name, loss.element_loss) == ("tagging", cross_entropy)
