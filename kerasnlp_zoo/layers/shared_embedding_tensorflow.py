"""The product of vectors with the rows of a table in TensorFlow, without a transposed copy of the table.

If Keras transposes the table, XLA copies it for every generated token. The copy takes several times as long as the
product.
"""

import tensorflow as tf


def products(vectors: tf.Tensor, table: tf.Tensor) -> tf.Tensor:
    """Return the product of each vector [R, D] with each row of a table [V, D]: float [R, V]."""
    return tf.matmul(vectors, table, transpose_b=True)
