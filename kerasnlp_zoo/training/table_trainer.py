"""A Keras model that trains tables of vectors by thousands of small steps in one compiled loop.

A step of `model.fit` has an overhead of a millisecond, and TensorFlow's scatter operations take 130 to 400 ns per row.
Inside one `while_loop` compiled by XLA, a step has an overhead of a few microseconds, and a row takes about 25 ns,
because the table is updated in place.

Shapes: V rows of a table, D width of a vector, R rows of a minibatch, M minibatches of a step.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from tensorflow.compiler.tf2xla.python import xla

from kerasnlp_zoo.errors import InputError

EPSILON = 1e-10  # prevents a division by zero for rows without gradients


class Table(NamedTuple):
    """Vectors, and the only state of row-wise Adagrad: the sum of each vector's mean squared gradients.

    Attributes:
        vectors: float [V, D].
        accumulators: float [V].
    """

    vectors: tf.Tensor
    accumulators: tf.Tensor


def row_adagrad(table: Table, rows: tf.Tensor, gradients: tf.Tensor, learning_rate: tf.Tensor | float) -> Table:
    """Update some rows of a table by row-wise Adagrad; a row may occur several times.

    Adagrad divides a step by the square root of the sum of all squared gradients so far. Row-wise Adagrad has one sum
    per vector. All gradients of a minibatch are added to the sum before any row is updated. Otherwise a word that
    occurs fifty times would make fifty full steps.

    Args:
        table: the table.
        rows: indices of the rows, int [...].
        gradients: their gradients, float [..., D].
        learning_rate: float [].

    Returns:
        The updated table.

    Example:

    >>> table = Table(tf.zeros([2, 1]), tf.zeros([2]))
    >>> table = row_adagrad(table, [1, 1], tf.constant([[3.0], [4.0]]), 0.5)
    >>> print(f"{table.vectors[1, 0]:.3f}")  # -0.5 (3 + 4) / 5
    -0.700

    Reference: Duchi et al. 2011, section 1.3; one accumulator per row as in Mudigere et al. 2021.
    """
    dim = table.vectors.shape[1]
    gradients = tf.reshape(gradients, [-1, dim])  # [R, D]
    rows = tf.reshape(rows, [-1])
    squares = row_sums(tf.square(gradients))[:, 0] / dim
    accumulators = tf.tensor_scatter_nd_add(table.accumulators, rows[:, None], squares)
    steps = -learning_rate * tf.math.rsqrt(tf.gather(accumulators, rows) + EPSILON)
    return Table(tf.tensor_scatter_nd_add(table.vectors, rows[:, None], gradients * steps[:, None]), accumulators)


def row_sums(values: tf.Tensor) -> tf.Tensor:
    """Return the sums over the last axis, float [..., 1].

    They are products with ones: XLA's reduction over the last axis takes several times as long on CPU.
    """
    width = values.shape[-1]
    return tf.reshape(tf.matmul(tf.reshape(values, [-1, width]), tf.ones([width, 1])), [*values.shape[:-1], 1])


def written(values: tf.Tensor) -> tf.Tensor:
    """Return a tensor that XLA must write to memory.

    Otherwise XLA merges the transposition of a batch of matrices with the following matrix product, which makes the
    product two to three times slower on CPU.
    """
    values, shape = xla.optimization_barrier(values), values.shape
    return tf.reshape(values, shape)


class TableTrainer(keras.Model):
    """The base class of the trainers of word vectors. A subclass defines the step of one minibatch.

    Several replicas train their shares of a step separately. After the step, the tables of all replicas are set to
    their mean (local gradient descent).
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.tables: list[Table] = []

    def add_table(self, name: str, vectors: np.ndarray, accumulator: float = 0.0) -> Table:
        """Add a table and return it.

        The table is padded with columns of zeros to a multiple of eight, because XLA adds to such rows in half the
        time. The zeros do not change any product.

        Args:
            name: name of its variable.
            vectors: initial vectors, float [V, D].
            accumulator: initial value of all accumulators.
        """
        width = np.shape(vectors)[1]
        values = np.pad(np.asarray(vectors, "float32"), [(0, 0), (0, -width % 8 if width > 8 else 0)])
        constant = keras.initializers.Constant(accumulator)
        table = Table(
            self.add_weight(name=name, shape=values.shape, initializer=lambda shape, dtype=None: values),
            self.add_weight(name=f"{name}_accumulators", shape=values.shape[:1], initializer=constant),
        )
        self.tables.append(table)
        return table

    def minibatch(
        self, tables: list[Table], batch: Mapping[str, tf.Tensor], learning_rate: tf.Tensor
    ) -> tuple[list[Table], tf.Tensor, tf.Tensor]:
        """Run one step of gradient descent.

        Args:
            tables: the tables, in the order in which they were added.
            batch: the tensors of one minibatch, by name.
            learning_rate: float [].

        Returns:
            (tables after the step, sum of the losses, number of losses).
        """
        raise NotImplementedError(f"{type(self).__name__} must define minibatch(tables, batch, learning_rate)")

    def compile(self, learning_rate: float | keras.optimizers.schedules.LearningRateSchedule) -> None:
        """Set the learning rate: a number, or a schedule over the steps of `fit`."""
        # The optimizer only stores the learning rate and counts the steps; `row_adagrad` updates the tables.
        super().compile(optimizer=keras.optimizers.SGD(learning_rate), jit_compile=False)
        self.built = True  # the constructor has already created the tables

    def call(self, inputs: Any) -> None:
        """Raise InputError, because a trainer has no outputs."""
        raise InputError(
            f"{self.name} was called, but a trainer has no outputs. Train it with fit(dataset), then read its vectors"
        )

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The mean loss of an epoch."""
        return [self.loss_tracker]

    def run_minibatches(
        self, tables: list[Table], batches: Mapping[str, tf.Tensor], count: tf.Tensor, learning_rate: tf.Tensor
    ) -> tuple[list[Table], tf.Tensor, tf.Tensor]:
        """Run the first `count` of M minibatches; batches has tensors [M, ...]. The result is as in `minibatch`."""

        def step(index: tf.Tensor, loss: tf.Tensor, weight: tf.Tensor, tables: list[Table]) -> tuple[Any, ...]:
            batch = {name: values[index] for name, values in batches.items()}
            tables, losses, weights = self.minibatch(tables, batch, learning_rate)
            return index + 1, loss + losses, weight + weights, tables

        _, loss, weight, tables = tf.while_loop(lambda index, *_: index < count, step, (0, 0.0, 0.0, tables))
        return tables, loss, weight

    @tf.function(jit_compile=True, autograph=False)
    def run_in_place(
        self, batches: Mapping[str, tf.Tensor], count: tf.Tensor, learning_rate: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Run minibatches on the variables themselves, which avoids copies of the tables."""
        tables, loss, weight = self.run_minibatches(self._values(), batches, count, learning_rate)
        self._assign(tables)
        return loss, weight

    @tf.function(jit_compile=True, autograph=False)
    def run_apart(
        self, tables: list[Table], batches: Mapping[str, tf.Tensor], count: tf.Tensor, learning_rate: tf.Tensor
    ) -> tuple[list[Table], tf.Tensor, tf.Tensor]:
        """Run minibatches on copies of the tables: XLA cannot assign the variables of several replicas."""
        return self.run_minibatches(tables, batches, count, learning_rate)

    def train_step(self, data: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Run the minibatches of one chunk: tensors [1, M, ...] and "minibatches" int [1].

        A replica whose chunk has no minibatches does nothing.
        """
        count = tf.reduce_sum(data["minibatches"])
        batches = {name: _without_chunk_axis(values) for name, values in data.items() if name != "minibatches"}
        learning_rate = tf.convert_to_tensor(self.optimizer.learning_rate)
        if tf.distribute.has_strategy():
            tables, loss, weight = self.run_apart(self._values(), batches, count, learning_rate)
            self._assign(tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, tables))
        else:
            loss, weight = self.run_in_place(batches, count, learning_rate)
        self.optimizer.iterations.assign_add(1)
        self.loss_tracker.update_state(loss / tf.maximum(weight, 1.0), sample_weight=weight)
        return self.get_metrics_result()

    def _values(self) -> list[Table]:
        """Return the tables as tensors."""
        return tf.nest.map_structure(lambda variable: tf.convert_to_tensor(variable.value), list(self.tables))

    def _assign(self, tables: list[Table]) -> None:
        """Assign new values to the variables."""
        for variable, value in zip(tf.nest.flatten(list(self.tables)), tf.nest.flatten(tables), strict=True):
            variable.assign(value)


def _without_chunk_axis(values: tf.Tensor) -> tf.Tensor:
    """Reshape [1, M, ...] to [M, ...]."""
    return tf.reshape(values, [-1, *values.shape[2:]])
