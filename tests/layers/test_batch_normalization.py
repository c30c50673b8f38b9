import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import MaskedBatchNormalization
from kerasnlp_zoo.training import make_strategy
from tests import oracles


def layer_of(inputs, **arguments):
    """Return a built layer whose gamma and beta are not the initial ones."""
    layer = MaskedBatchNormalization(**arguments)
    layer.build(inputs.shape)
    layer.gamma.assign(np.linspace(0.5, 2.0, inputs.shape[-1]))
    layer.beta.assign(np.linspace(-1.0, 1.0, inputs.shape[-1]))
    return layer


def oracle(layer, inputs, mask):
    return oracles.batch_normalization(inputs, mask, np.array(layer.gamma), np.array(layer.beta), layer.epsilon)


@pytest.mark.parametrize("seed", range(3))
def test_training_normalizes_over_the_real_positions_and_remembers_their_moments(seed):
    inputs, mask = oracles.random_padded_batch(seed)
    layer = layer_of(inputs, momentum=0.75)
    expected, mean, variance = oracle(layer, inputs, mask)
    inputs[~mask] = np.nan
    np.testing.assert_allclose(layer(inputs, mask=mask, training=True), expected, atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean, 0.25 * mean, atol=1e-6)
    np.testing.assert_allclose(layer.moving_variance, 0.75 + 0.25 * variance, atol=1e-6)


def test_padding_changes_neither_outputs_nor_gradients_nor_moments():
    inputs, mask = oracles.random_padded_batch(seed=1)
    results = []
    for padding in (0, 7):
        padded = np.pad(inputs, [(0, 0), (0, padding), (0, 0)], constant_values=99)
        layer = layer_of(inputs)
        with tf.GradientTape() as tape:
            variable = tf.Variable(padded)
            output = layer(variable, mask=np.pad(mask, [(0, 0), (0, padding)]), training=True)
            loss = tf.reduce_sum(output**3)
        gradients = [np.array(g) for g in tape.gradient(loss, [variable, layer.gamma.value, layer.beta.value])]
        time = inputs.shape[1]
        results.append([np.array(output)[:, :time], gradients[0][:, :time], *gradients[1:], layer.moving_variance])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_without_padding_it_is_the_layer_of_keras():
    inputs, _ = oracles.random_padded_batch(seed=2)
    ours, keras_layer = MaskedBatchNormalization(), keras.layers.BatchNormalization(momentum=0.9)
    for training in (True, True, False):
        expected = keras_layer(inputs, training=training)
        np.testing.assert_allclose(ours(inputs, training=training), expected, atol=1e-5)


def test_answers_do_not_depend_on_the_batch():
    inputs, mask = oracles.random_padded_batch(seed=3)
    layer = layer_of(inputs)
    layer(inputs, mask=mask, training=True)
    whole = np.array(layer(inputs, mask=mask))
    np.testing.assert_allclose(layer(inputs[2:3], mask=mask[2:3]), whole[2:3], atol=1e-6)


def test_a_frozen_layer_keeps_its_moments():
    inputs, mask = oracles.random_padded_batch(seed=3)
    layer = layer_of(inputs)
    layer.trainable = False
    np.testing.assert_allclose(layer(inputs, mask=mask, training=True), layer(inputs, mask=mask), atol=0)
    np.testing.assert_array_equal(layer.moving_mean, np.zeros(5))


def test_two_replicas_with_different_padding_have_the_moments_of_the_whole_batch():
    inputs, mask = oracles.random_padded_batch(seed=4)
    alone = layer_of(inputs)
    expected = np.array(alone(inputs, mask=mask, training=True))
    strategy = make_strategy("mirrored")
    with strategy.scope():
        layer = layer_of(inputs)

    @tf.function
    def run():
        def half():
            rows = 2 * tf.distribute.get_replica_context().replica_id_in_sync_group
            return layer(tf.constant(inputs)[rows : rows + 2], mask=tf.constant(mask)[rows : rows + 2], training=True)

        return strategy.experimental_local_results(strategy.run(half))

    np.testing.assert_allclose(np.concatenate(run()), expected, atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean, alone.moving_mean, atol=1e-6)
    np.testing.assert_allclose(layer.moving_variance, alone.moving_variance, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"), [({"momentum": 1.0}, "momentum=1.0"), ({"epsilon": 0.0}, "epsilon=0.0")]
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        MaskedBatchNormalization(**arguments)
