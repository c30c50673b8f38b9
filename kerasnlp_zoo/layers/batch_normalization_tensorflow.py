"""Sums over the replicas of a TensorFlow strategy."""

import tensorflow as tf


def sum_over_replicas(values: tf.Tensor) -> tf.Tensor:
    """Return the sum of the values of all replicas; outside of a replica, the values."""
    context = tf.distribute.get_replica_context()
    return values if context is None else context.all_reduce(tf.distribute.ReduceOp.SUM, values)
