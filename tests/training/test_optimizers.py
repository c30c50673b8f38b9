import dataclasses
import importlib
import pkgutil

import keras
import numpy as np
import pytest
import tensorflow as tf

import recipes
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training import (
    GradientNorm,
    LazyAdam,
    OptimizerOptions,
    SmoothedCrossEntropy,
    cross_entropy,
    make_strategy,
)

RATE, DECAY = 0.1, 0.02
# Recipes that count, that update tables by their own rule, or that compare learning rates of gradient descent.
WITHOUT_OPTIMIZER = {"cooccurrence", "glove", "ladder", "linear_xor", "ngram", "word2vec"}


def adam(weights, gradients):
    first, second, rows = 0.0, 0.0, [weights]
    for step, gradient in enumerate(gradients, 1):
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        rows.append(rows[-1] - RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-7))
    return rows[-1]


def adamw(weights, gradients):
    """The decay of each step is taken before the step, so Adam's steps are unchanged."""
    for number in range(len(gradients)):
        step = adam(0.0, gradients[: number + 1]) - adam(0.0, gradients[:number])
        weights = weights * (1 - RATE * DECAY) + step
    return weights


def rmsprop(weights, gradients):
    second = 0.0
    for gradient in gradients:
        second = 0.9 * second + 0.1 * gradient**2
        weights = weights - RATE * gradient / np.sqrt(second + 1e-7)
    return weights


def momentum(weights, gradients):
    velocity = 0.0
    for gradient in gradients:
        velocity = 0.9 * velocity - RATE * gradient
        weights = weights + velocity
    return weights


def sgd(weights, gradients):
    return weights - RATE * sum(gradients)


ORACLES = {"lazy_adam": adam, "adam": adam, "adamw": adamw, "rmsprop": rmsprop, "momentum": momentum, "sgd": sgd}


@pytest.mark.parametrize("name", ORACLES)
def test_each_optimizer_follows_its_equation(name, random):
    start, gradients = random.normal(size=(4, 3)), random.normal(size=(3, 4, 3))
    options = OptimizerOptions(RATE, name, weight_decay=DECAY if name == "adamw" else None)
    optimizer, kernel = options.make_optimizer(total_steps=3), keras.Variable(start, name="kernel")
    for gradient in gradients:
        optimizer.apply([tf.constant(gradient, "float32")], [kernel])
    np.testing.assert_allclose(kernel, ORACLES[name](start, gradients), atol=1e-5)


def test_only_kernels_decay():
    optimizer = OptimizerOptions(0.5, "sgd", weight_decay=0.1).make_optimizer(total_steps=1)
    variables = [keras.Variable([1.0], name=name) for name in ("kernel", "bias", "gamma", "beta", "embeddings")]
    optimizer.apply([tf.zeros(1)] * len(variables), variables)
    assert [float(variable[0]) for variable in variables] == pytest.approx([0.95, 1, 1, 1, 1])


def test_adamw_decays_by_default_and_adam_does_not():
    decays = {n: OptimizerOptions(optimizer=n).make_optimizer(1).weight_decay for n in ORACLES}
    assert decays == {name: 0.01 if name == "adamw" else None for name in ORACLES}


def test_gradients_are_clipped_by_their_common_norm():
    optimizer = OptimizerOptions(1.0, "sgd", clip_norm=1.0).make_optimizer(total_steps=1)
    variables = [keras.Variable([0.0]), keras.Variable([0.0])]
    optimizer.apply([tf.constant([3.0]), tf.constant([4.0])], variables)
    assert [float(variable[0]) for variable in variables] == pytest.approx([-0.6, -0.8])


@pytest.mark.parametrize("clip_norm", [None, 0.1])
@pytest.mark.parametrize("name", ORACLES)
def test_the_measured_norm_is_that_of_the_whole_gradient_before_clipping(name, clip_norm, random):
    optimizer = OptimizerOptions(RATE, name, clip_norm=clip_norm).make_optimizer(total_steps=2)
    table, kernel = keras.Variable(np.zeros((5, 2), "float32")), keras.Variable(np.zeros(3, "float32"))
    norms = []
    for rows in ([1, 1, 4], [0, 2, 0]):  # a row that occurs twice has the sum of its gradients
        values, dense = random.normal(size=(3, 2)).astype("float32"), random.normal(size=3).astype("float32")
        total = np.zeros((5, 2))
        np.add.at(total, rows, values)
        norms.append(np.sqrt((total**2).sum() + (dense**2).sum()))
        optimizer.apply([tf.IndexedSlices(tf.constant(values), rows, [5, 2]), tf.constant(dense)], [table, kernel])
    assert float(optimizer.gradient_norm.result()) == pytest.approx(np.mean(norms), rel=1e-5)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
@pytest.mark.parametrize("accumulation", [1, 2])
def test_every_epoch_has_its_own_norm_in_the_logs(policy, accumulation):
    keras.utils.set_random_seed(1)
    dense = keras.layers.Dense(1, kernel_initializer="zeros", use_bias=False, dtype=policy)
    model = keras.Sequential([keras.Input((1,)), dense])
    optimizer = OptimizerOptions(0.25, "sgd", accumulate_steps=accumulation).make_optimizer(4)
    model.compile(optimizer, "mse")
    rows = tf.data.Dataset.from_tensor_slices(([[1.0]] * 2, [[2.0]] * 2)).batch(1)
    if policy == "mixed_float16":
        model.compile(keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=4.0), "mse")
    logs = model.fit(rows, epochs=2, callbacks=[GradientNorm()], verbose=0, shuffle=False).history
    # The derivative of (w - 2)^2 is 2 (w - 2). Each step with rate 1/4 halves the distance to 2.
    expected = [(4 + 2) / 2, (1 + 0.5) / 2] if accumulation == 1 else [4, 2]
    assert logs["gradient_norm"] == pytest.approx(expected, rel=1e-3)


def test_the_norm_on_two_replicas_is_that_of_the_whole_batch():
    with make_strategy("mirrored").scope():
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros", use_bias=False)])
        model.compile(OptimizerOptions(0.25, "sgd").make_optimizer(1), keras.losses.MeanSquaredError(reduction="sum"))
    batch = tf.data.Dataset.from_tensors(([[1.0], [1.0]], [[2.0], [1.0]]))
    logs = model.fit(batch, callbacks=[GradientNorm()], verbose=0).history
    assert logs["gradient_norm"] == pytest.approx([4 + 2])


@pytest.mark.parametrize("optimizer", ["adam", "lazy_adam", "sgd"])
def test_the_gradient_of_the_whole_batch_is_clipped_on_two_replicas(optimizer):
    weights = []
    for strategy in ("none", "mirrored"):
        keras.utils.set_random_seed(1)
        with make_strategy(strategy).scope():
            model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
            clipped = OptimizerOptions(0.25, optimizer, clip_norm=0.5).make_optimizer(1)
            model.compile(clipped, keras.losses.MeanSquaredError(reduction="sum"))
        rows = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
        batch = tf.data.Dataset.from_tensors((rows, rows[:, :1] + 3))
        model.fit(batch, epochs=3, verbose=0)
        weights.append(model.get_weights())
    for mirrored, single in zip(*reversed(weights), strict=True):
        np.testing.assert_allclose(mirrored, single, atol=1e-6)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({}, [1, 1, 1, 1]),
        ({"warmup_steps": 2}, [0.5, 1, 1, 1]),
        ({"warmup_steps": 0.5}, [0.5, 1, 1, 1]),
        ({"schedule": "linear"}, [1, 0.75, 0.5, 0.25]),
        ({"schedule": "linear", "warmup_steps": 100}, [0.5, 1, 1, 0.5]),  # at most half of the steps
        ({"schedule": "cosine", "warmup_steps": 2}, [0.5, 1, 1, 0.5]),
        ({"schedule": "inverse_square_root", "warmup_steps": 1}, [1, 0.5**0.5, 3**-0.5, 0.5]),
    ],
)
def test_the_flags_make_the_schedule(flags, expected):
    optimizer = OptimizerOptions(learning_rate=1.0, optimizer="sgd", **flags).make_optimizer(total_steps=4)
    rates = []
    for _ in range(4):
        rates.append(float(optimizer.learning_rate))
        optimizer.apply([tf.zeros(1)], [keras.Variable([1.0])] if not rates[1:] else optimizer._trainable_variables)
    assert rates == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"learning_rate": -1.0}, "--learning-rate must be a number of at least 0. Received: --learning-rate -1.0"),
        ({"warmup_steps": 1.5}, "--warmup-steps must be a whole number, or a share"),
        ({"warmup_steps": -1}, "--warmup-steps"),
        ({"clip_norm": 0.0}, "--clip-norm must be a positive number; omit it for no limit"),
        ({"weight_decay": -0.1}, "--weight-decay"),
        ({"label_smoothing": 1.0}, "--label-smoothing"),
        ({"learning_rate": float("nan")}, "--learning-rate"),
        ({"schedule": "inverse_square_root"}, "needs --warmup-steps of at least 1"),
    ],
)
def test_impossible_flags_are_refused(flags, message):
    with pytest.raises(InputError, match=message):
        OptimizerOptions(**flags).check(replicas=1)


def test_label_smoothing_is_a_flag_only_for_losses_of_classes():
    assert OptimizerOptions().smoothed_cross_entropy() is cross_entropy
    loss = OptimizerOptions(label_smoothing=0.2).smoothed_cross_entropy()
    assert isinstance(loss, SmoothedCrossEntropy)
    assert loss.smoothing == 0.2
    with pytest.raises(InputError, match=r"the labels are numbers. Received: --label-smoothing 0.2. Omit it"):
        OptimizerOptions(label_smoothing=0.2).refuse_label_smoothing("the labels are numbers")


def test_every_recipe_of_a_network_has_the_same_flags():
    names = {module.name for module in pkgutil.iter_modules(recipes.__path__) if not module.ispkg}
    flags = {field.name for field in dataclasses.fields(OptimizerOptions)}
    for name in names:
        fields = {field.name for field in dataclasses.fields(importlib.import_module(f"recipes.{name}").Config)}
        assert (flags <= fields) == (name not in WITHOUT_OPTIMIZER), name


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_an_optimizer_is_rebuilt_from_its_config(name):
    optimizer = OptimizerOptions(0.1, name, schedule="cosine", warmup_steps=3, clip_norm=2.0).make_optimizer(9)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert (type(copy), copy.get_config()) == (type(optimizer), optimizer.get_config())
    assert isinstance(LazyAdam.from_config(LazyAdam(0.1).get_config()), LazyAdam)
