"""The shares of batches, and whether Keras still needs the repairs of the strategy of several workers."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.backend.tensorflow import trainer

from kerasnlp_zoo.training.keras_multi_worker import shares_of_batches


def batches(rows, size):
    numbers = np.arange(rows)
    return tf.data.Dataset.from_tensor_slices(({"ids": numbers}, numbers + 100)).batch(size)


@pytest.mark.parametrize(("rows", "size"), [(24, 8), (22, 8), (5, 4), (3, 8)])
@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("local", [1, 2])
def test_every_row_is_in_one_share_of_its_batch(rows, size, workers, local):
    """Also of a last batch that has fewer rows than there are replicas."""
    whole, count = batches(rows, size), workers * local
    shares = [
        list(shares_of_batches(whole, range(worker * local, (worker + 1) * local), count).as_numpy_iterator())
        for worker in range(workers)
    ]
    assert {len(of_worker) for of_worker in shares} == {len(whole) * local}
    for step, (inputs, labels) in enumerate(whole.as_numpy_iterator()):
        parts = [part for of_worker in shares for part in of_worker[step * local : (step + 1) * local]]
        np.testing.assert_array_equal(np.concatenate([part[0]["ids"] for part in parts]), inputs["ids"])
        np.testing.assert_array_equal(np.concatenate([part[1] for part in parts]), labels)


def test_a_known_number_of_rows_stays_known():
    whole = batches(8, 4).map(lambda *batch: tf.nest.map_structure(lambda part: tf.ensure_shape(part, [4]), batch))
    inputs, labels = shares_of_batches(whole, [1], 2).element_spec
    assert (inputs["ids"].shape, labels.shape) == ([2], [2])


class Recorder(tf.distribute.MultiWorkerMirroredStrategy):
    """A strategy that records how Keras reduces values."""

    def __init__(self):
        self.reductions = []

    extended = type("Extended", (), {"_in_multi_worker_mode": lambda self: True})()

    def reduce(self, reduce_op, value, axis=None):
        self.reductions.append((axis, value))
        return value


def test_keras_still_reduces_the_results_of_a_step_over_their_first_axis():
    """When this fails, Keras has repaired it: remove the repair in MultiWorkerStrategy.reduce."""
    strategy = Recorder()
    trainer.reduce_per_replica({"loss": tf.constant(1.0)}, strategy, "auto")
    assert [(axis, value.shape.rank) for axis, value in strategy.reductions] == [(0, 0)]


def test_keras_still_builds_a_model_from_the_mean_of_the_first_batches():
    """When this fails, Keras has repaired it: remove the repair in MultiWorkerStrategy.reduce."""
    strategy = Recorder()
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    batch = next(iter(model.distribute_strategy.experimental_distribute_dataset(tf.data.Dataset.range(4).batch(4))))
    model._distribute_strategy = strategy
    with pytest.raises(AttributeError):  # the recorder has no scope, which comes next
        model._maybe_symbolic_build(iterator=[(0, 1, iter([(batch,)]))])
    assert [axis for axis, _ in strategy.reductions] == [None]
    assert isinstance(strategy.reductions[0][1], tuple)
