"""`model.fit` of Keras 3 on several workers: the strategy that shares the rows of batches, and the repairs it needs.

Keras 3 cannot train under `tf.distribute.MultiWorkerMirroredStrategy` (https://github.com/keras-team/keras/issues/20585).
It reduces the results of a step, which are scalars, over their axis 0, and it builds a model from the mean of the first
batches of all workers. This strategy does what Keras means instead. `tests/training/test_keras_multi_worker.py` fails
when Keras no longer needs one of the repairs.
"""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from kerasnlp_zoo.training.cluster import Cluster


class MultiWorkerStrategy(tf.distribute.MultiWorkerMirroredStrategy):
    """Train on all workers of a cluster as one process trains, with the rows of each batch shared among them.

    The pipelines of this package make the same batches in every process, from (seed, epoch). Therefore no text is read
    twice, whatever the number of workers, and each step has the rows of one process with the same batch size.

    Args:
        cluster: the workers.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        kinds = tf.distribute.experimental.CommunicationImplementation
        implementation = kinds.NCCL if tf.config.list_physical_devices("GPU") else kinds.RING
        options = tf.distribute.experimental.CommunicationOptions(implementation=implementation)
        super().__init__(cluster.resolver, options)
        # All workers have the same number of batches. Otherwise they would ask each other before every batch.
        self.extended.experimental_enable_get_next_as_optional = False

    def experimental_distribute_dataset(self, dataset: tf.data.Dataset, options: Any = None) -> Any:
        """Return the share of this worker in every batch."""
        replicas = self.num_replicas_in_sync // len(self.cluster.addresses)
        own = range(self.cluster.index * replicas, (self.cluster.index + 1) * replicas)
        shares = shares_of_batches(dataset, own, self.num_replicas_in_sync)
        distributed = self.distribute_datasets_from_function(lambda context: shares, options)
        distributed._cardinality = dataset.cardinality().numpy()  # of steps: a step takes a share for each replica
        return distributed

    def reduce(self, reduce_op: Any, value: Any, axis: int | None = None) -> Any:
        """Repair the reductions of Keras; leave all others as they are.

        The results of a step are only shown in the progress bar, so that the mean of this worker is enough. At the end
        of an epoch, Keras reads its metrics, which are sums over all workers.
        """
        if isinstance(value, (tuple, list, dict)):  # a first batch, from which Keras builds a model
            return tf.nest.map_structure(lambda part: self.experimental_local_results(part)[0], value)
        results = self.experimental_local_results(value)
        if axis == 0 and not results[0].shape.rank:
            return tf.reduce_mean(results, axis=0)
        return super().reduce(reduce_op, value, axis)


def shares_of_batches(dataset: tf.data.Dataset, replicas: Sequence[int], count: int) -> tf.data.Dataset:
    """Return the rows of some replicas: an element for each replica of each batch.

    Args:
        dataset: batches, the same in every process.
        replicas: indices of the replicas.
        count: number of all replicas.

    Returns:
        Batches of 1 / count of the rows. If the rows cannot be divided, the last replicas have fewer or none.

    Example:

    >>> batches = tf.data.Dataset.range(5).batch(5)
    >>> [share.numpy().tolist() for share in shares_of_batches(batches, [1, 2], count=3)]
    [[2, 3], [4]]
    """

    def rows_of(replica: int) -> Callable[[tf.Tensor], tf.Tensor]:
        def rows(values: tf.Tensor) -> tf.Tensor:
            # The size of a batch that is known stays known.
            total = tf.shape(values)[0] if values.shape[0] is None else values.shape[0]
            share = -(-total // count)
            return values[replica * share : (replica + 1) * share]

        return rows

    def shares(*batch: Any) -> tf.data.Dataset:
        parts = [
            tf.data.Dataset.from_tensors(tf.nest.map_structure(rows_of(replica), batch if len(batch) > 1 else batch[0]))
            for replica in replicas
        ]
        joined = parts[0]
        for part in parts[1:]:
            joined = joined.concatenate(part)
        return joined

    options = dataset.options()
    return dataset.flat_map(shares).prefetch(len(replicas)).with_options(options)
