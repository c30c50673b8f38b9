"""Batches of sentences of similar length: little padding, few shapes, no example lost.

Every batch is [batch_size, bucket length]; one batch an epoch is filled up with rows of padding whose
weight is 0. So replicas always get equal shares, and a compiled model sees few shapes. Which rows
stand together is decided by (seed, epoch) alone, which makes a resumed run exact.

The rows are chosen in NumPy by number and gathered from memory, rather than streamed through
`bucket_by_sequence_length`: the shuffle is a true permutation, and the rows left over in one bucket
go into a batch of the next instead of each making a batch of padding.

Shapes: N examples, B batch size, T bucket length.
"""

import itertools

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError

NUM_BUCKETS = 8
NUM_CANDIDATES = 256  # lengths a bucket may have, each as many examples from the next
BATCHES_AHEAD = 4  # prepared while the model trains on the one before
FILLER = -1  # row number of a row of padding


class EpochNumber:
    """The epoch that shuffled data sets and dropout are in.

    The callback `EpochSeed` sets `value` at the start of each epoch of `fit`. While it is None, outside
    of `fit` or without the callback, a data set counts its own passes.
    """

    value = None


def chunk_order(num_chunks, seed):
    """Make the data set of the numbers of chunks, each once an epoch, in an order of (seed, epoch).

    Args:
        num_chunks: int.
        seed: int.

    Returns:
        `tf.data.Dataset` of (epoch, place), both int64, of known cardinality.

    Example:

    >>> sorted(int(place) for _, place in chunk_order(3, seed=1))
    [0, 1, 2]
    """
    passes = itertools.count()

    def order():
        epoch = next(passes) if EpochNumber.value is None else EpochNumber.value
        return np.full(num_chunks, epoch), np.random.default_rng((seed, epoch)).permutation(num_chunks)

    def a_pass(_):
        epochs, places = tf.numpy_function(order, (), (tf.int64, tf.int64))
        return tf.data.Dataset.from_tensor_slices((tf.ensure_shape(epochs, [None]), tf.ensure_shape(places, [None])))

    dataset = tf.data.Dataset.range(1).flat_map(a_pass)
    return dataset.apply(tf.data.experimental.assert_cardinality(num_chunks))


def bucket_lengths(lengths, num_buckets=NUM_BUCKETS):
    """Choose the batch lengths T that cost the least padding.

    Dynamic programming over the candidates: the cheapest k buckets that end at a length are the
    cheapest k - 1 that end at a shorter one, and a bucket for all that lies between.

    Args:
        lengths: int array [N], tokens of each example.
        num_buckets: int, most different lengths.

    Returns:
        int array, increasing, the last one the longest example; at least 1.

    Example:

    >>> bucket_lengths(np.array([3, 3, 4, 30]), num_buckets=2)
    array([ 4, 30])
    """
    lengths = np.maximum(lengths, 1)
    ends = np.unique(np.quantile(lengths, np.linspace(0, 1, NUM_CANDIDATES + 1), method="inverted_cdf"))
    counts = np.searchsorted(np.sort(lengths), ends, side="right")  # examples up to each candidate
    # padded[i, j]: positions in a bucket of length ends[j] for the examples longer than ends[i - 1]
    padded = (counts - np.append(0, counts[:-1])[:, None]) * ends
    padded = np.where(np.tri(len(ends), k=-1), np.inf, padded)
    cheapest, starts = padded[0], []
    for _ in range(min(num_buckets, len(ends)) - 1):
        totals = np.append(0, cheapest[:-1])[:, None] + padded
        starts.append(np.argmin(totals, axis=0))
        cheapest = np.min(totals, axis=0)
    chosen = [len(ends) - 1]
    for start in reversed(starts):
        if start[chosen[-1]] > 0:
            chosen.append(start[chosen[-1]] - 1)
    return ends[chosen[::-1]]


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
    [-1  0] 2
    [2 1] 5
    """

    def __init__(self, lengths, batch_size, shuffle, seed):
        self.boundaries = bucket_lengths(lengths)
        self.bucket_of_row = np.searchsorted(self.boundaries, np.maximum(lengths, 1))
        self.lengths = lengths
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.passes = 0

    def __len__(self):
        """Return the number of batches in a pass."""
        return -(-len(self.lengths) // self.batch_size)

    def __iter__(self):
        """Yield (rows int64 [B], length int64)."""
        epoch = self.passes if EpochNumber.value is None else EpochNumber.value
        self.passes += 1
        random = np.random.default_rng((self.seed, epoch))
        order = random.permutation(len(self.lengths)) if self.shuffle else np.argsort(self.lengths, kind="stable")
        order = order[np.argsort(self.bucket_of_row[order], kind="stable")]
        # The rows of padding come first, among the shortest examples, where they cost least.
        rows = np.append(np.full(-len(order) % self.batch_size, FILLER), order).reshape(-1, self.batch_size)
        batch_lengths = self.boundaries[self.bucket_of_row[rows[:, -1]]]
        for batch in random.permutation(len(rows)) if self.shuffle else range(len(rows)):
            yield rows[batch], batch_lengths[batch]


def bucketed_batches(features, labels, batch_size, shuffle=False, seed=0, weights=None):
    """Make a tf.data set of (features [B, T], labels [B, ...], weights [B, ...]) from examples in memory.

    Args:
        features: dict of ragged int tensors [N, (length), ...], alike in their lengths.
        labels: int or float array [N, ...]; or ragged int tensor [N, (length)], one for each token.
        batch_size: int, B.
        shuffle: bool, whether every epoch has its own order, as for training.
        seed: int.
        weights: float array or ragged tensor that broadcasts to `labels`, 0 where a label does not count;
            None for 1.

    Returns:
        `tf.data.Dataset` of known cardinality; the weights of rows and places of padding are 0.

    Raises:
        InputError: if there is no example, or `labels` has another length.

    Example:

    >>> ids = tf.ragged.constant([[7, 8], [9]], dtype=tf.int32)
    >>> inputs, labels, weights = next(iter(bucketed_batches({"token_ids": ids}, [1, 0], batch_size=3)))
    >>> inputs["token_ids"].shape, weights.numpy()
    (TensorShape([3, 2]), array([0., 1., 1.], dtype=float32))
    """
    lengths = next(iter(features.values())).row_lengths().numpy()
    if not isinstance(labels, tf.RaggedTensor):
        labels = tf.convert_to_tensor(labels)
        labels = tf.cast(labels, tf.float32 if labels.dtype.is_floating else tf.int32)
    if not len(lengths) or len(lengths) != labels.shape[0]:
        raise InputError(
            "A data set needs at least one example, and one label for each. "
            f"Received: {len(lengths)} texts and {labels.shape[0]} labels"
        )
    if weights is None:
        weights = tf.ones_like(labels if isinstance(labels, tf.RaggedTensor) else lengths, tf.float32)
    batch_rows = BatchRows(lengths, batch_size, shuffle, seed)

    def gather(rows, length):
        columns = (features, labels, weights)
        return tf.nest.map_structure(lambda values: padded(values, rows, length), columns)

    def padded(values, rows, length):
        is_example = tf.not_equal(rows, FILLER)
        gathered = tf.gather(values, tf.maximum(rows, 0))
        is_example = tf.reshape(tf.cast(is_example, gathered.dtype), [batch_size] + [1] * (len(values.shape) - 1))
        if not isinstance(values, tf.RaggedTensor):
            return gathered * is_example
        shape = [batch_size, None, *values.shape[2:]]
        dense = gathered.to_tensor(shape=shape)[:, :length] * is_example
        missing = length - tf.shape(dense, tf.int64)[1]
        return tf.ensure_shape(tf.pad(dense, [[0, 0], [0, missing], *[[0, 0]] * len(shape[2:])]), shape)

    def whole_pass():
        rows, batch_lengths = zip(*batch_rows, strict=True)
        return np.stack(rows), np.stack(batch_lengths)

    def batches_of_a_pass(_):
        rows, batch_lengths = tf.numpy_function(whole_pass, (), (tf.int64, tf.int64))
        rows, batch_lengths = tf.ensure_shape(rows, [None, batch_size]), tf.ensure_shape(batch_lengths, [None])
        return tf.data.Dataset.from_tensor_slices((rows, batch_lengths))

    # Not `from_generator`: its operation sets malloc's M_TRIM_THRESHOLD to 128 kB for the whole process, so that
    # every step gets its large buffers from the system anew (measured on TextCNN: 28,000 page faults a step).
    dataset = tf.data.Dataset.range(1).flat_map(batches_of_a_pass).map(gather)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(batch_rows))).prefetch(BATCHES_AHEAD)
    return dataset.with_options(without_autotuning())


def without_autotuning():
    """Return options for pipelines that are quick anyway.

    The thread that tunes a pipeline sleeps for twice as long after each of its rounds, and the end of an
    epoch waits for it to wake: up to as long again as the epoch took (measured: 82 s instead of 51 s).

    Returns:
        `tf.data.Options`.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return options
