"""A Keras model that trains tables of vectors: thousands of small steps in one compiled loop.

A step of `model.fit` costs a millisecond before anything is computed, and TensorFlow's scatter operations take
130 to 400 ns a row. Inside one `while_loop` compiled by XLA a step costs some microseconds, and a row some 25 ns,
because the table is updated in place.

Shapes: V rows of a table, D width of a vector, R rows touched, M minibatches of a step.
"""

import keras
import numpy as np
import tensorflow as tf

EPSILON = 1e-10  # a row without any gradient stays where it is
ALIGNMENT = 8  # floats: rows that start on whole vector registers


def table_width(embedding_dim):
    """Return the columns of a table: D for the vector, one for its accumulator, some to fill up.

    Example:

    >>> table_width(100)
    104
    """
    return -(-(embedding_dim + 1) // ALIGNMENT) * ALIGNMENT


class Rows:
    """Rows of a table as they were looked up, and how to move them by row-wise Adagrad.

    Adagrad divides every step by the root of the sum of the squared gradients so far. Row-wise, that is one
    number a vector, the sum of its mean squared gradients. It stands in the vector's own row, behind its D
    numbers, so that one look-up brings both and one scatter updates both.

    Args:
        table: float tensor [V, `table_width(D)`].
        rows: int tensor [...], which rows; a row may stand there several times.
        embedding_dim: int, D.

    Reference: Duchi et al. 2011, section 1; one number a row as in Mukherjee et al. 2019 for embeddings.
    """

    def __init__(self, table, rows, embedding_dim):
        self.table, self.rows, self.embedding_dim = table, rows, embedding_dim
        self.width = table.shape[1]
        gathered = tf.gather(table, rows)
        self.accumulators = tf.reshape(gathered[..., embedding_dim], [-1])  # [R]
        # The columns behind the vector count as zeros in every product.
        self.vectors = gathered * tf.cast(tf.range(self.width) < embedding_dim, tf.float32)  # [..., width]

    def moved(self, gradients, learning_rate):
        """Return the table after a step against the gradients [..., width]."""
        column = tf.range(self.width)
        gradients = tf.reshape(gradients, [-1, self.width])
        # A product with a constant: XLA's reduction over the last axis takes several times as long on CPU.
        mean = tf.cast(column < self.embedding_dim, tf.float32)[:, None] / self.embedding_dim
        squares = tf.matmul(tf.square(gradients), mean)[:, 0]  # [R]
        steps = -learning_rate * tf.math.rsqrt(self.accumulators + squares + EPSILON)
        is_accumulator = tf.cast(column == self.embedding_dim, tf.float32)
        changes = gradients * steps[:, None] + squares[:, None] * is_accumulator
        return tf.tensor_scatter_nd_add(self.table, tf.reshape(self.rows, [-1, 1]), changes)


class TableTrainer(keras.Model):
    """What the trainers of word vectors share; a subclass says what one minibatch does.

    With several replicas, each trains its share of a step by itself, and the tables become the mean of
    theirs: local gradient descent, which agrees on all replicas after every step.

    Args:
        embedding_dim: int, D.
    """

    def __init__(self, embedding_dim, **kwargs):
        super().__init__(**kwargs)
        self.embedding_dim = embedding_dim
        self.loss_tracker = keras.metrics.Mean(name="loss")

    def add_table(self, name, vectors):
        """Add a table that starts from vectors [V, D] and zero accumulators."""
        count, dim = np.shape(vectors)
        filled = np.zeros((count, table_width(dim)), "float32")
        filled[:, :dim] = vectors
        return self.add_weight(name=name, shape=filled.shape, initializer=lambda shape, dtype=None: filled)

    def vectors_of(self, table):
        """Return the vectors of a table: float32 NumPy array [V, D]."""
        return np.asarray(table)[:, : self.embedding_dim]

    def minibatch(self, tables, batch, learning_rate):
        """Do one step of gradient descent.

        Args:
            tables: list of float tensors, as `add_table` made them.
            batch: dict of the tensors of one minibatch.
            learning_rate: float tensor [].

        Returns:
            (tables after the step, sum of the losses, number of losses).
        """
        raise NotImplementedError(f"{type(self).__name__} must define minibatch(tables, batch, learning_rate)")

    def compile(self, learning_rate):
        """Set the step size: a float, or a schedule over the steps of `fit`."""
        # The optimiser holds the step size and counts the steps; `Rows.moved` is what moves the tables.
        super().compile(optimizer=keras.optimizers.SGD(learning_rate), jit_compile=False)

    def build(self, input_shape=None):
        """Do nothing: the tables were made with the model."""

    def call(self, inputs):
        """Refuse: a trainer has no answer."""
        raise NotImplementedError("A trainer only trains; use the vectors it leaves")

    @property
    def metrics(self):
        """The mean loss of an epoch."""
        return [self.loss_tracker]

    @tf.function(jit_compile=True, autograph=False)
    def run_minibatches(self, tables, batches, count, learning_rate):
        """Run the first `count` of M minibatches; batches is a dict of tensors [M, ...]."""

        def step(place, loss, weight, *tables):
            batch = {name: values[place] for name, values in batches.items()}
            tables, losses, weights = self.minibatch(list(tables), batch, learning_rate)
            return place + 1, loss + losses, weight + weights, *tables

        state = (0, 0.0, 0.0, *tables)
        _, loss, weight, *tables = tf.while_loop(lambda place, *_: place < count, step, state)
        return tables, loss, weight

    def train_step(self, data):
        """Run the minibatches of one element of the data set: dict of tensors [M, ...] and "minibatches" []."""
        count = data["minibatches"]
        batches = {name: values for name, values in data.items() if name != "minibatches"}
        variables = self.trainable_variables
        before = [tf.convert_to_tensor(variable.value) for variable in variables]
        after, loss, weight = self.run_minibatches(before, batches, count, self.optimizer.learning_rate)
        replicas = tf.distribute.get_replica_context()
        if replicas is not None and replicas.num_replicas_in_sync > 1:
            after = replicas.all_reduce(tf.distribute.ReduceOp.MEAN, after)
        for variable, value in zip(variables, after, strict=True):
            variable.assign(value)
        self.optimizer.iterations.assign_add(1)
        self.loss_tracker.update_state(loss / tf.maximum(weight, 1.0), sample_weight=weight)
        return self.get_metrics_result()
