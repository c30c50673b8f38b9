"""The product of vectors with the rows of a table in TensorFlow, where XLA need not turn the table round.

XLA copies a table that Keras transposes, for every token that is written: several times as long as the product.
"""

import tensorflow as tf


def products(vectors, table):
    """Return the product of each vector, float [R, D], with each row of a table, float [V, D]: float [R, V]."""
    return tf.matmul(vectors, table, transpose_b=True)
