"""The mean gradient of several batches makes the step of one large batch."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training import EpochBackup, OptimizerOptions, WeightedMeanLoss, cross_entropy, make_strategy

STEPS, SIZE = 4, 8


def trained(batch_size, accumulate_steps, optimizer, strategy="none", passes=3):
    """Return the weights after some passes over 3 x 32 texts, all of one weight."""
    random = np.random.default_rng(0)
    rows = 3 * STEPS * SIZE
    data = random.integers(1, 12, (rows, 5)), random.integers(0, 3, rows), np.ones(rows, "float32")
    keras.utils.set_random_seed(0)
    options = OptimizerOptions(
        optimizer=optimizer, clip_norm=0.3, weight_decay=0.1, schedule="linear", accumulate_steps=accumulate_steps
    )
    with make_strategy(strategy).scope():
        inputs = keras.Input((5,), dtype="int32")
        vectors = keras.layers.Embedding(40, 6)(inputs)  # most of the words do not occur
        model = keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Flatten()(vectors)))
        model.compile(options.make_optimizer(passes * rows // batch_size), WeightedMeanLoss(cross_entropy))
    dataset = tf.data.Dataset.from_tensor_slices(data).batch(batch_size)
    model.fit(dataset, epochs=passes, shuffle=False, verbose=0)
    return model


@pytest.mark.parametrize("strategy", ["none", "mirrored"])
@pytest.mark.parametrize("optimizer", ["lazy_adam", "adam", "rmsprop", "momentum", "sgd"])
def test_four_batches_of_8_make_the_step_of_one_of_32(optimizer, strategy):
    expected = trained(STEPS * SIZE, 1, optimizer).get_weights()
    for found, values in zip(trained(SIZE, STEPS, optimizer, strategy).get_weights(), expected, strict=True):
        np.testing.assert_allclose(found, values, atol=1e-6)


def test_the_sum_so_far_is_saved(tmp_path):
    """A run that ends between two steps of the optimizer goes on with the gradients it has."""
    model = trained(SIZE, 5, "adam", passes=1)  # 12 batches: two steps, and two batches of the third
    backup = EpochBackup(tmp_path)
    backup.set_model(model)
    backup.on_epoch_end(0)
    sums = [np.array(total) for total in model.optimizer._accumulated_gradients]
    assert any(total.any() for total in sums)
    other = trained(SIZE, 5, "adam", passes=2)
    assert backup.restore(other) == 1
    for found, total in zip(other.optimizer._accumulated_gradients, sums, strict=True):
        np.testing.assert_array_equal(np.array(found), total)


def test_no_batches_are_refused():
    with pytest.raises(InputError, match="accumulate_steps=0"):
        OptimizerOptions(accumulate_steps=0).check(replicas=1)
