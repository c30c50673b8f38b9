"""The norm of the gradient of all weights, by which vanishing and exploding gradients are found.

Reference: Pascanu et al. 2013, "On the difficulty of training recurrent neural networks", section 2.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

NAME = "gradient_norm"


class MeasuresGradient(keras.optimizers.Optimizer):
    """Base of optimizers that measure the norm of the gradient before clipping. List it before the optimizer.

    `gradient_norm` is the mean over the steps since its last reset. With several replicas, it is the norm of the sum of
    their gradients, which is also what is clipped. Keras clips the part of each replica before it adds them, so that
    the result would depend on the number of replicas.
    """

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Create the mean, then the variables of the optimizer."""
        if not hasattr(self, NAME):
            self.gradient_norm = keras.metrics.Mean(name=NAME)
        super().build(variables)

    def _backend_apply_gradients(self, gradients: list[Any], variables: list[keras.Variable]) -> None:
        """Add the gradients of all replicas, and of several batches, then clip them and update the variables."""
        pairs = super()._all_reduce_sum_gradients(zip(gradients, variables, strict=True))
        gradients = [gradient for gradient, _ in pairs]
        if self.gradient_accumulation_steps:
            self._accumulate(gradients, variables)
        else:
            super()._backend_apply_gradients(gradients, variables)

    def _accumulate(self, gradients: list[Any], variables: list[keras.Variable]) -> None:
        """Add the gradients to those of the batches before; after the last batch, update the variables by the mean.

        Keras does this for one replica only. It also makes the gradient of an embedding dense, so that `LazyAdam` would
        update all rows.
        """
        steps = self.gradient_accumulation_steps
        sums = [self._accumulated_gradients[self._get_variable_index(variable)] for variable in variables]
        are_rows = [isinstance(gradient, tf.IndexedSlices) for gradient in gradients]

        def update(gradients: list[Any]) -> None:
            means = [(total + gradient) / steps for total, gradient in zip(sums, gradients, strict=True)]
            means = [nonzero_rows(mean) if has_rows else mean for mean, has_rows in zip(means, are_rows, strict=True)]
            means = self._clip_gradients(means)
            self._apply_weight_decay(variables)
            self._backend_update_step(means, variables, self.learning_rate)

        def at_all(strategy: tf.distribute.Strategy, gradients: list[Any]) -> None:
            def update_and_reset() -> None:
                strategy.extended.call_for_each_replica(update, args=(gradients,))
                for total in sums:
                    total.assign(tf.zeros_like(total))

            def add() -> None:
                strategy.extended.call_for_each_replica(
                    lambda gradients: self._backend_increment_gradient_accumulators(gradients, sums), args=(gradients,)
                )

            keras.ops.cond((self._iterations + 1) % steps == 0, update_and_reset, add)

        # A condition outside of the replicas: inside, TensorFlow cannot merge their updates.
        tf.distribute.get_replica_context().merge_call(at_all, args=(gradients,))

    def _all_reduce_sum_gradients(self, pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
        """Return the gradients unchanged, because they are sums already."""
        return pairs

    def _get_current_learning_rate(self) -> Any:
        """Return the learning rate of this step; a step of several batches is one step of the schedule."""
        schedule = self._learning_rate
        if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
            return schedule(self.iterations)
        return super()._get_current_learning_rate()

    def _clip_gradients(self, gradients: list[Any]) -> list[Any]:
        """Measure the gradients, then clip them as the optimizer does."""
        self.measure(gradients)
        return super()._clip_gradients(gradients)

    def measure(self, gradients: list[Any]) -> tf.Tensor:
        """Return the norm of all gradients together, and add it to the mean."""
        norm = tf.linalg.global_norm([merged_rows(gradient) for gradient in gradients])
        self.gradient_norm.update_state(norm)
        return norm


class GradientNorm(keras.callbacks.Callback):
    """Add `gradient_norm`, the mean norm of the gradient in an epoch, to the logs.

    It needs an optimizer that measures it, such as `LazyAdam`; with another optimizer the logs are unchanged.

    Example:

    >>> from kerasnlp_zoo.training import LazyAdam
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    >>> model.compile(LazyAdam(0.1), "mse")
    >>> history = model.fit(tf.constant([[1.0]]), tf.constant([[2.0]]), callbacks=[GradientNorm()], verbose=0)
    >>> round(history.history["gradient_norm"][0], 3)  # both derivatives are -4
    5.657
    """

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start a new mean."""
        if (mean := self._mean()) is not None:
            mean.reset_state()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add the mean to the logs."""
        if logs is not None and (mean := self._mean()) is not None:
            logs[NAME] = float(mean.result())

    def _mean(self) -> keras.metrics.Mean | None:
        """Return the mean of the optimizer; in half precision, another optimizer contains it."""
        return getattr(getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer), NAME, None)


def nonzero_rows(gradient: tf.Tensor) -> tf.IndexedSlices:
    """Return the rows of a gradient that are not 0.

    Example:

    >>> nonzero_rows(tf.constant([[0.0, 0.0], [0.5, 0.0]])).indices.numpy()
    array([1])
    """
    rows = tf.where(tf.reduce_any(gradient != 0, axis=list(range(1, len(gradient.shape)))))[:, 0]
    return tf.IndexedSlices(tf.gather(gradient, rows), rows, tf.shape(gradient))


def merged_rows(gradient: tf.Tensor | tf.IndexedSlices) -> tf.Tensor | tf.IndexedSlices:
    """Sum the gradients of words that occur several times in a batch, because a norm squares the sum of a row.

    Args:
        gradient: `tf.IndexedSlices` of N rows; any other gradient is returned unchanged.

    Returns:
        `tf.IndexedSlices` of U different rows.

    Example:

    >>> merged_rows(tf.IndexedSlices(tf.constant([[1.0], [5.0], [2.0]]), tf.constant([7, 3, 7]))).values.numpy()
    array([[3.],
           [5.]], dtype=float32)
    """
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    rows, row_numbers = tf.unique(gradient.indices)  # [U], [N]
    values = tf.math.unsorted_segment_sum(gradient.values, row_numbers, tf.size(rows))  # [U, D]
    return tf.IndexedSlices(values, rows, gradient.dense_shape)
