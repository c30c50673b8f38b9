"""A Keras model that trains tables of vectors: thousands of small steps in one compiled loop.

A step of `model.fit` costs a millisecond before anything is computed, and TensorFlow's scatter operations take
130 to 400 ns a row. Inside one `while_loop` compiled by XLA a step costs some microseconds, and a row some 25 ns,
because the table is updated in place.

Shapes: V rows of a table, D width of a vector, R rows of a minibatch, M minibatches of a step.
"""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from tensorflow.compiler.tf2xla.python import xla

from kerasnlp_zoo.errors import InputError

EPSILON = 1e-10  # a row without any gradient stays where it is


class Table(NamedTuple):
    """Vectors [V, D], and for each the sum of its mean squared gradients [V], row-wise Adagrad's only state."""

    vectors: tf.Tensor
    accumulators: tf.Tensor


def row_adagrad(table, rows, gradients, learning_rate):
    """Step against the gradients of some rows, which may stand there several times.

    Adagrad divides a step by the root of the sum of all squared gradients so far. Row-wise, that is one
    number a vector. All gradients of a minibatch are in the sum before any of them moves a row: a word that
    stands there fifty times would else move fifty full steps at once.

    Args:
        table: `Table`.
        rows: int tensor [...].
        gradients: float tensor [..., D].
        learning_rate: float tensor [].

    Returns:
        Table.

    Example:

    >>> table = Table(tf.zeros([2, 1]), tf.zeros([2]))
    >>> table = row_adagrad(table, [1, 1], tf.constant([[3.0], [4.0]]), 0.5)
    >>> print(f"{table.vectors[1, 0]:.3f}")  # -0.5 (3 + 4) / 5
    -0.700

    Reference: Duchi et al. 2011, section 1.3; a number for each row of a table as in Mudigere et al. 2021.
    """
    dim = table.vectors.shape[1]
    gradients = tf.reshape(gradients, [-1, dim])  # [R, D]
    rows = tf.reshape(rows, [-1])
    squares = row_sums(tf.square(gradients))[:, 0] / dim
    accumulators = tf.tensor_scatter_nd_add(table.accumulators, rows[:, None], squares)
    steps = -learning_rate * tf.math.rsqrt(tf.gather(accumulators, rows) + EPSILON)
    return Table(tf.tensor_scatter_nd_add(table.vectors, rows[:, None], gradients * steps[:, None]), accumulators)


def row_sums(values):
    """Return the sums over the last axis, float [..., 1].

    By a product with ones: XLA's reduction over the last axis takes several times as long on CPU.
    """
    width = values.shape[-1]
    return tf.reshape(tf.matmul(tf.reshape(values, [-1, width]), tf.ones([width, 1])), [*values.shape[:-1], 1])


def written(values):
    """Have XLA write a tensor to memory as it stands.

    XLA folds the transpose of a batch of matrices into the product that follows, which its products for
    CPUs take two to three times as long for. This is what keeps them apart.
    """
    values, shape = xla.optimization_barrier(values), values.shape
    return tf.reshape(values, shape)


class TableTrainer(keras.Model):
    """What the trainers of word vectors share; a subclass says what one minibatch does.

    With several replicas, each trains its share of a step by itself, and the tables become the mean of
    theirs: local gradient descent, which agrees on all replicas after every step.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.tables = []

    def add_table(self, name, vectors, accumulator=0.0):
        """Add a table that starts from vectors [V, D], and from one sum of squared gradients for all.

        Columns of zeros, which stay zero in products, fill it up to a multiple of eight: XLA adds to such
        rows in half the time.
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

    def minibatch(self, tables, batch, learning_rate):
        """Do one step of gradient descent.

        Args:
            tables: list of `Table`, in the order in which they were added.
            batch: dict of the tensors of one minibatch.
            learning_rate: float tensor [].

        Returns:
            (tables after the step, sum of the losses, number of losses).
        """
        raise NotImplementedError(f"{type(self).__name__} must define minibatch(tables, batch, learning_rate)")

    def compile(self, learning_rate):
        """Set the step size: a float, or a schedule over the steps of `fit`."""
        # The optimiser holds the step size and counts the steps; `row_adagrad` is what moves the tables.
        super().compile(optimizer=keras.optimizers.SGD(learning_rate), jit_compile=False)
        self.built = True  # the tables were made with the model

    def call(self, inputs):
        """Refuse: a trainer has no answer."""
        raise InputError(f"{self.name} was called, but a trainer has no answer. Expected fit(dataset), then vectors")

    @property
    def metrics(self):
        """The mean loss of an epoch."""
        return [self.loss_tracker]

    def run_minibatches(self, tables, batches, count, learning_rate):
        """Run the first `count` of M minibatches; batches is a dict of tensors [M, ...]."""

        def step(place, loss, weight, tables):
            batch = {name: values[place] for name, values in batches.items()}
            tables, losses, weights = self.minibatch(tables, batch, learning_rate)
            return place + 1, loss + losses, weight + weights, tables

        _, loss, weight, tables = tf.while_loop(lambda place, *_: place < count, step, (0, 0.0, 0.0, tables))
        return tables, loss, weight

    @tf.function(jit_compile=True, autograph=False)
    def run_in_place(self, batches, count, learning_rate):
        """Run minibatches on the variables themselves, which saves copying the tables in and out."""
        tables, loss, weight = self.run_minibatches(self._values(), batches, count, learning_rate)
        self._assign(tables)
        return loss, weight

    @tf.function(jit_compile=True, autograph=False)
    def run_apart(self, tables, batches, count, learning_rate):
        """Run minibatches on copies of the tables: XLA cannot assign the variables of several replicas."""
        return self.run_minibatches(tables, batches, count, learning_rate)

    def train_step(self, data):
        """Run the minibatches of one chunk: dict of tensors [1, M, ...] and "minibatches" int [1].

        A replica for which no chunk is left gets none, [0, ...], and trains nothing.
        """
        count = tf.reduce_sum(data["minibatches"])
        batches = {name: _in_one_row(values) for name, values in data.items() if name != "minibatches"}
        learning_rate = tf.convert_to_tensor(self.optimizer.learning_rate)
        if tf.distribute.has_strategy():
            tables, loss, weight = self.run_apart(self._values(), batches, count, learning_rate)
            self._assign(tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, tables))
        else:
            loss, weight = self.run_in_place(batches, count, learning_rate)
        self.optimizer.iterations.assign_add(1)
        self.loss_tracker.update_state(loss / tf.maximum(weight, 1.0), sample_weight=weight)
        return self.get_metrics_result()

    def _values(self):
        """Return the tables as tensors."""
        return tf.nest.map_structure(lambda variable: tf.convert_to_tensor(variable.value), list(self.tables))

    def _assign(self, tables):
        """Put new values into the variables."""
        for variable, value in zip(tf.nest.flatten(list(self.tables)), tf.nest.flatten(tables), strict=True):
            variable.assign(value)


def _in_one_row(values):
    """Turn [1, M, ...] into [M, ...], and [0, M, ...] into [0, ...]."""
    return tf.reshape(values, [-1, *values.shape[2:]])
