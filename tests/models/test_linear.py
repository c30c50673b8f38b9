"""Linear classifiers do not learn XOR; the multilayer perceptron does."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.datasets.feature_tables import FeatureOptions, load_features
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import (
    BUILDERS,
    linear_svm,
    logistic_regression,
    multilayer_perceptron,
    perceptron,
    softmax_regression,
)
from kerasnlp_zoo.objectives.losses import squared_error
from kerasnlp_zoo.training import WeightedMeanLoss, cross_entropy, hinge_loss, perceptron_loss
from tests.model_inputs import token_ids

LINEAR = ["perceptron", "softmax_regression", "linear_svm", "logistic_regression"]
A, B = 2, 3  # two words
EXCLUSIVE_OR = np.array([[0, 0], [A, 0], [B, 0], [A, B]], "int32")  # "", "a", "b", "a b"
EXACTLY_ONE = np.array([0, 1, 1, 0])


def train(model, texts, labels, steps):
    """Train for `steps` steps over all texts, in one epoch, which is faster than many epochs of one step."""
    batch = tf.data.Dataset.from_tensors((texts, labels))
    model.fit(batch.repeat(steps).apply(tf.data.experimental.assert_cardinality(steps)), shuffle=False, verbose=0)


def example(name):
    """Return all rows and labels of an example of the package."""
    data = load_features(FeatureOptions(dataset=name))
    splits = (data.train, data.validation, data.test)
    rows = [row.split(",") for split in splits for row in split.texts]
    return np.array(rows, "float32"), np.concatenate([split.labels for split in splits])


def margin(model, texts):
    """Return the logit of the second class minus that of the first."""
    logits = np.array(model(texts))
    return logits[:, 1] - logits[:, 0]


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize("weighting", ["binary", "count"])
def test_a_linear_model_cannot_solve_exclusive_or_with_any_weights(name, weighting, random):
    """For all weights z("") + z("a b") = z("a") + z("b"), so the two sides cannot have different signs."""
    model = BUILDERS[name](vocabulary_size=4, num_classes=2, weighting=weighting)
    for _ in range(20):
        for weight in model.trainable_weights:
            weight.assign(random.normal(size=weight.shape) * 10)
        z = margin(model, EXCLUSIVE_OR)
        assert z[0] + z[3] == pytest.approx(z[1] + z[2], abs=1e-4)


@pytest.mark.parametrize("name", LINEAR)
def test_a_trained_linear_model_does_not_solve_exclusive_or(name):
    losses = {"perceptron": perceptron_loss, "linear_svm": hinge_loss}
    model = BUILDERS[name](vocabulary_size=4, num_classes=2, weighting="binary")
    model.compile(keras.optimizers.SGD(0.5), WeightedMeanLoss(losses.get(name, cross_entropy)))
    train(model, EXCLUSIVE_OR, EXACTLY_ONE, steps=100)
    assert np.sum((margin(model, EXCLUSIVE_OR) > 0) == EXACTLY_ONE) <= 3


def test_the_multilayer_perceptron_solves_exclusive_or():
    keras.utils.set_random_seed(1)
    model = multilayer_perceptron(4, num_classes=2, hidden_dims=(5,), weighting="binary", dropout=0.0)
    model.compile(keras.optimizers.SGD(0.5), WeightedMeanLoss(cross_entropy))
    train(model, EXCLUSIVE_OR, EXACTLY_ONE, steps=500)
    np.testing.assert_array_equal(margin(model, EXCLUSIVE_OR) > 0, EXACTLY_ONE)


def test_perceptron_is_trained_by_its_update_rule(random):
    """For each text in turn: w_label += x, w_answer -= x, if the answer is wrong."""
    texts, labels = token_ids(random, batch=30, time=6), random.integers(0, 3, 30)
    model = perceptron(vocabulary_size=40, num_classes=3, weighting="count")
    model.compile(keras.optimizers.SGD(1.0), WeightedMeanLoss(perceptron_loss))
    model.fit(texts, labels, batch_size=1, epochs=2, shuffle=False, verbose=0)

    weights, bias = np.zeros((40, 3)), np.zeros(3)
    for text, label in [*zip(texts, labels, strict=True)] * 2:
        x = np.bincount(text, minlength=40) * (np.arange(40) > 0)
        answer = np.argmax(x @ weights + bias)
        if answer != label:
            weights[:, label] += x
            weights[:, answer] -= x
            bias[label] += 1
            bias[answer] -= 1
    np.testing.assert_allclose(model.get_layer("logits").kernel, weights, atol=1e-5)
    np.testing.assert_allclose(model.get_layer("logits").bias, bias, atol=1e-5)


def test_logistic_regression_returns_the_sigmoid_of_the_score(random):
    model = logistic_regression(vocabulary_size=40, weighting="binary")
    score = model.get_layer("score")
    score.kernel.assign(random.normal(size=(40, 1)))
    texts = token_ids(random, batch=5, time=7)
    z = np.array([sum(float(score.kernel[word, 0]) for word in set(text) - {0}) for text in texts.tolist()])
    probabilities = np.array(keras.ops.softmax(model(texts)))[:, 1]
    np.testing.assert_allclose(probabilities, 1 / (1 + np.exp(-z)), atol=1e-6)


def test_logistic_and_softmax_regression_are_equal_for_two_classes(random):
    one, two = logistic_regression(40), softmax_regression(40, num_classes=2)
    kernel = random.normal(size=(40, 2))
    two.get_layer("logits").kernel.assign(kernel)
    one.get_layer("score").kernel.assign(kernel[:, 1:] - kernel[:, :1])
    texts = token_ids(random, batch=5, time=7)
    np.testing.assert_allclose(margin(one, texts), margin(two, texts), atol=1e-5)


@pytest.mark.parametrize("name", LINEAR)
def test_a_linear_model_of_numbers_equals_its_equation(name, random):
    model = BUILDERS[name](num_features=4)
    model.get_layer("standardization").set_statistics(random.normal(3, 2, (9, 4)))
    for weight in model.trainable_weights:
        weight.assign(random.normal(size=weight.shape))
    rows = random.normal(size=(5, 4)).astype("float32")
    mean, deviation, kernel, bias = (np.array(weight) for weight in model.weights)
    z = np.array([[bias[c] + sum(kernel[:, c] * (row - mean) / deviation) for c in range(len(bias))] for row in rows])
    expected = z[:, 1] - z[:, 0] if z.shape[1] == 2 else z[:, 0]
    np.testing.assert_allclose(margin(model, rows), expected, atol=1e-5)


def test_the_multilayer_perceptron_equals_its_equation(random):
    model = multilayer_perceptron(num_features=4, num_classes=3, hidden_dims=(6, 5))
    for weight in model.trainable_weights:
        weight.assign(random.normal(size=weight.shape))
    *below, kernel, bias = (np.array(weight) for weight in model.trainable_weights)
    x = rows = random.normal(size=(5, 4)).astype("float32")
    for place in (0, 2):
        x = np.maximum(x @ below[place] + below[place + 1], 0)
    np.testing.assert_allclose(model(rows), x @ kernel + bias, atol=1e-5)


def test_one_output_with_squared_error_is_linear_regression(random):
    rows = random.normal(size=(40, 3)).astype("float32")
    numbers = (rows @ [0.5, -1, 2] + 3 + random.normal(size=40) / 10).astype("float32")
    model = softmax_regression(num_features=3, num_classes=1)
    model.compile(keras.optimizers.SGD(0.2), WeightedMeanLoss(squared_error))
    train(model, rows, numbers[:, None], 300)
    kernel, bias = model.trainable_weights
    exact = np.linalg.lstsq(np.c_[rows, np.ones(40)], numbers)[0]
    np.testing.assert_allclose([*kernel[:, 0], bias[0]], exact, atol=1e-4)


def test_the_multilayer_perceptron_of_the_documents_solves_exclusive_or_of_numbers():
    """Two inputs, five hidden units, two classes, 500 epochs."""
    points = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    keras.utils.set_random_seed(2)
    model = multilayer_perceptron(num_features=2, hidden_dims=(5,), dropout=0.0)
    model.compile(keras.optimizers.SGD(0.5), WeightedMeanLoss(cross_entropy))
    train(model, points, np.array([0, 1, 1, 0]), steps=500)
    np.testing.assert_array_equal(margin(model, points) > 0, [False, True, True, False])


@pytest.mark.slow
def test_the_perceptron_decides_interviews_like_the_weighted_sum_that_made_them():
    rows, labels = example("interviews")
    model = perceptron(num_features=4)
    model.get_layer("standardization").set_statistics(rows)
    model.compile(keras.optimizers.SGD(1.0), WeightedMeanLoss(perceptron_loss))
    train(model, rows, labels, steps=1000)
    assert np.mean((margin(model, rows) > 0) == labels) >= 0.99
    kernel = np.array(model.get_layer("logits").kernel)
    weights = (kernel[:, 1] - kernel[:, 0]) / np.array(model.get_layer("standardization").standard_deviation)
    np.testing.assert_allclose(weights / weights.sum(), [0.4, 0.3, 0.2, 0.1], atol=0.02)


def test_logistic_regression_finds_the_probabilities_that_made_the_exam():
    rows, labels = example("exam")
    model = logistic_regression(num_features=3)
    model.get_layer("standardization").set_statistics(rows)
    model.compile(keras.optimizers.SGD(2.0), WeightedMeanLoss(cross_entropy))
    train(model, rows, labels, steps=500)
    expected = 1 / (1 + np.exp(-(rows @ [0.8, 3.0, -6.0] - 3.5)))
    found = np.array(keras.ops.softmax(model(rows)))[:, 1]
    assert np.mean(np.abs(found - expected)) < 0.03  # 1,000 students


@pytest.mark.parametrize("name", LINEAR)
def test_regularisation_is_added_to_the_loss_only_on_request(name, random):
    plain = BUILDERS[name](vocabulary_size=9, num_classes=2)
    assert plain.losses == []
    model = BUILDERS[name](vocabulary_size=9, num_classes=2, l1=0.5, l2=0.25)
    kernel = max(model.trainable_weights, key=lambda weight: np.prod(weight.shape))
    kernel.assign(random.normal(size=kernel.shape))
    values = np.array(kernel)
    expected = 0.5 * np.abs(values).sum() + 0.25 * np.square(values).sum()
    assert float(model.losses[0]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("size", [{"vocabulary_size": 9}, {"num_features": 4}], ids=str)
def test_regularisation_of_the_multilayer_perceptron_is_that_of_all_its_kernels(size, random):
    assert multilayer_perceptron(**size).losses == []
    model = multilayer_perceptron(**size, hidden_dims=(6, 5), l1=0.5, l2=0.25)
    kernels = [np.array(weight) for weight in model.trainable_weights if weight.path.endswith("kernel")]
    assert len(kernels) == 3
    expected = sum(0.5 * np.abs(kernel).sum() + 0.25 * np.square(kernel).sum() for kernel in kernels)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


def test_l1_sets_weights_to_zero():
    """Only words 2 and 3 distinguish the classes."""
    texts, labels = np.array([[2, 4], [2, 5], [3, 4], [3, 5]] * 4), np.array([0, 0, 1, 1] * 4)
    model = linear_svm(vocabulary_size=6, num_classes=2, weighting="binary", l1=0.01)
    model.compile(keras.optimizers.SGD(0.1), WeightedMeanLoss(hinge_loss))
    train(model, texts, labels, steps=100)
    kernel = np.abs(np.array(model.get_layer("logits").kernel))
    assert kernel[2:4].min() > 0.1
    assert kernel[4:].max() < 0.01


@pytest.mark.parametrize(
    ("builder", "arguments", "message"),
    [
        (softmax_regression, {"num_classes": 0}, "num_classes=0"),
        (softmax_regression, {"num_classes": 2, "l2": -1.0}, "l2=-1.0"),
        (logistic_regression, {"num_classes": 3}, "softmax_regression"),
        (multilayer_perceptron, {"num_classes": 2, "hidden_dims": ()}, "hidden layer"),
        (multilayer_perceptron, {"num_classes": 2, "hidden_dims": (8, 0)}, r"hidden_dims\[1\]=0"),
    ],
)
def test_wrong_arguments_are_refused(builder, arguments, message):
    with pytest.raises(InputError, match=message):
        builder(vocabulary_size=9, **arguments)


@pytest.mark.parametrize("name", [*LINEAR, "multilayer_perceptron"])
def test_a_model_reads_texts_or_numbers(name):
    for arguments in ({}, {"vocabulary_size": 9, "num_features": 4}):
        with pytest.raises(InputError, match="exactly one of the two"):
            BUILDERS[name](**arguments)
    with pytest.raises(InputError, match="num_features=0"):
        BUILDERS[name](num_features=0)
