"""Batches of sentences of similar length: little padding, few shapes, no example lost.

Every batch is [batch_size, bucket length]. The last batch of a bucket is filled up with rows of
padding whose weight is 0, so replicas always get equal shares and a compiled model sees few shapes.
Which rows stand together is decided by (seed, epoch) alone, which makes a resumed run exact.

The rows are chosen in NumPy by number and gathered from memory, rather than streamed through
`bucket_by_sequence_length`: the shuffle is a true permutation, and the part-filled batches are
spread over the epoch instead of gathering at its end.

Shapes: N examples, B batch size, T bucket length.
"""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError

NUM_BUCKETS = 8  # each holds an equal share of the examples
FILLER = -1  # row number of a row of padding


class EpochNumber:
    """The epoch that shuffled data sets and dropout are in.

    The callback `EpochSeed` sets `value` at the start of each epoch of `fit`. While it is None, outside
    of `fit` or without the callback, a data set counts its own passes.
    """

    value = None


def bucket_lengths(lengths, num_buckets=NUM_BUCKETS):
    """Choose up to `num_buckets` batch lengths T such that each takes an equal share of the examples.

    Args:
        lengths: int array [N], tokens of each example.
        num_buckets: int, most different lengths.

    Returns:
        int array, increasing, the last one the longest example; at least 1.

    Example:

    >>> bucket_lengths(np.array([3, 4, 9, 30]), num_buckets=2)
    array([ 4, 30])
    """
    shares = np.arange(1, num_buckets + 1) / num_buckets
    return np.unique(np.maximum(np.quantile(lengths, shares, method="inverted_cdf"), 1))


class BatchRows:
    """For each pass, the row numbers of its batches and their lengths T.

    Args:
        lengths: int array [N], tokens of each example.
        batch_size: int, B.
        shuffle: bool, whether passes differ; otherwise examples stand in order of length.
        seed: int, with the epoch the only source of randomness.

    Example:

    >>> for rows, length in BatchRows(np.array([2, 5, 2]), batch_size=2, shuffle=False, seed=0):
    ...     print(rows, length)
    [0 2] 2
    [ 1 -1] 5
    """

    def __init__(self, lengths, batch_size, shuffle, seed):
        boundaries = bucket_lengths(lengths)
        self.bucket_of_row = np.searchsorted(boundaries, np.maximum(lengths, 1))
        self.boundaries = boundaries
        self.lengths = lengths
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.passes = 0

    def __len__(self):
        """Return the number of batches in a pass."""
        return int(sum(-(-count // self.batch_size) for count in np.bincount(self.bucket_of_row)))

    def __iter__(self):
        """Yield (rows int64 [B], length int64)."""
        epoch = self.passes if EpochNumber.value is None else EpochNumber.value
        self.passes += 1
        random = np.random.default_rng((self.seed, epoch))
        count = len(self.lengths)
        order = random.permutation(count) if self.shuffle else np.argsort(self.lengths, kind="stable")
        batches = []
        for bucket, length in enumerate(self.boundaries):
            rows = order[self.bucket_of_row[order] == bucket]
            rows = np.append(rows, np.full(-len(rows) % self.batch_size, FILLER))
            batches += [(batch, length) for batch in rows.reshape(-1, self.batch_size)]
        if self.shuffle:
            batches = [batches[place] for place in random.permutation(len(batches))]
        yield from batches


def bucketed_batches(features, labels, batch_size, shuffle=False, seed=0):
    """Make a tf.data set of (features [B, T], labels [B], weights [B]) from examples in memory.

    Args:
        features: dict of ragged int tensors [N, (length)], alike in their lengths.
        labels: int array [N].
        batch_size: int, B.
        shuffle: bool, whether every epoch has its own order, as for training.
        seed: int.

    Returns:
        `tf.data.Dataset` of known cardinality; a weight is 1 for an example, 0 for a filled-up row.

    Raises:
        InputError: if there is no example, or `labels` has another length.

    Example:

    >>> ids = tf.ragged.constant([[7, 8], [9]], dtype=tf.int32)
    >>> inputs, labels, weights = next(iter(bucketed_batches({"token_ids": ids}, [1, 0], batch_size=3)))
    >>> inputs["token_ids"].shape, weights.numpy()
    (TensorShape([3, 1]), array([1., 0., 0.], dtype=float32))
    """
    lengths = next(iter(features.values())).row_lengths().numpy()
    labels = tf.convert_to_tensor(labels, tf.int32)
    if not len(lengths) or len(lengths) != len(labels):
        raise InputError(
            "A data set needs at least one example, and one label for each. "
            f"Received: {len(lengths)} texts and {len(labels)} labels"
        )
    batch_rows = BatchRows(lengths, batch_size, shuffle, seed)

    def gather(rows, length):
        is_example = tf.not_equal(rows, FILLER)
        places = tf.maximum(rows, 0)
        weights = tf.cast(is_example, tf.float32)
        return (
            {name: padded(values, places, is_example, length) for name, values in features.items()},
            tf.where(is_example, tf.gather(labels, places), 0),
            weights,
        )

    def padded(values, places, is_example, length):
        dense = tf.gather(values, places).to_tensor(shape=[batch_size, None])
        dense = dense[:, :length] * tf.cast(is_example, dense.dtype)[:, None]
        dense = tf.pad(dense, [[0, 0], [0, length - tf.shape(dense, tf.int64)[1]]])
        return tf.ensure_shape(dense, [batch_size, None])

    signature = (tf.TensorSpec([batch_size], tf.int64), tf.TensorSpec([], tf.int64))
    dataset = tf.data.Dataset.from_generator(lambda: iter(batch_rows), output_signature=signature)
    dataset = dataset.map(gather, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return dataset.apply(tf.data.experimental.assert_cardinality(len(batch_rows))).prefetch(tf.data.AUTOTUNE)
