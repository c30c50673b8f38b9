"""Batches of sentences of similar length, with little padding, few shapes and every example.

Every batch has the shape [batch_size, bucket length]. One batch per epoch is completed with padding rows of weight 0.
Therefore replicas always get equal shares, and a compiled model receives few shapes. The rows of each batch depend only
on (seed, epoch), so a resumed run is exact.

The rows are selected in NumPy and gathered from memory, instead of streamed through `bucket_by_sequence_length`.
Therefore the shuffle is a true permutation, and the remaining rows of a bucket are added to the next bucket, instead of
one padded batch per bucket.

Shapes: N examples, B batch size, T bucket length.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError

NUM_BUCKETS = 8
NUM_CANDIDATES = 256  # candidate lengths of buckets, with equally many examples between two of them
BATCHES_AHEAD = 4  # batches prepared while the model trains
FILLER = -1  # row number of a padding row


class EpochNumber:
    """The current epoch of shuffled data sets and dropout.

    The callback `EpochSeed` sets `value` at the start of each epoch of `fit`. If it is None, outside of `fit` or
    without the callback, a data set counts its own passes.
    """

    value: int | None = None


def chunk_order(num_chunks: int, seed: int) -> tf.data.Dataset:
    """Return the data set of chunk numbers: each number once per epoch, in an order that depends on (seed, epoch).

    Returns:
        `tf.data.Dataset` of (epoch, chunk), both int64, of known cardinality.

    Example:

    >>> sorted(int(place) for _, place in chunk_order(3, seed=1))
    [0, 1, 2]
    """
    passes = itertools.count()

    def order() -> tuple[np.ndarray, np.ndarray]:
        epoch = next(passes) if EpochNumber.value is None else EpochNumber.value
        return np.full(num_chunks, epoch), np.random.default_rng((seed, epoch)).permutation(num_chunks)

    def a_pass(_: tf.Tensor) -> tf.data.Dataset:
        epochs, places = tf.numpy_function(order, (), (tf.int64, tf.int64))
        return tf.data.Dataset.from_tensor_slices((tf.ensure_shape(epochs, [None]), tf.ensure_shape(places, [None])))

    dataset = tf.data.Dataset.range(1).flat_map(a_pass)
    return dataset.apply(tf.data.experimental.assert_cardinality(num_chunks))


def chunk_for_each_replica(chunks: tf.data.Dataset, replicas: int) -> tf.data.Dataset:
    """Return batches of as many chunks as there are replicas; the last batch is completed with chunks of zeros.

    Args:
        chunks: dicts of tensors.
        replicas: number of replicas, R.

    Returns:
        `tf.data.Dataset` of dicts of tensors [R, ...].

    Example:

    >>> chunks = tf.data.Dataset.from_tensor_slices({"minibatches": [5, 7, 4]})
    >>> [batch["minibatches"].numpy().tolist() for batch in chunk_for_each_replica(chunks, replicas=2)]
    [[5, 7], [4, 0]]
    """

    def completed(values: tf.Tensor) -> tf.Tensor:
        missing = replicas - tf.shape(values)[0]
        values = tf.pad(values, [[0, missing]] + [[0, 0]] * (len(values.shape) - 1))
        return tf.ensure_shape(values, [replicas, *values.shape[1:]])

    return chunks.batch(replicas).map(lambda batch: tf.nest.map_structure(completed, batch))


def bucket_lengths(lengths: np.ndarray, num_buckets: int = NUM_BUCKETS) -> np.ndarray:
    """Return the batch lengths T that cause the least padding.

    Dynamic programming over the candidates: the best k buckets up to a length are the best k - 1 buckets up to a
    shorter length, plus one bucket for the lengths between the two.

    Args:
        lengths: int array [N], tokens of each example.
        num_buckets: maximum number of lengths.

    Returns:
        increasing int array of lengths >= 1; the last one is the length of the longest example.

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
    """The row numbers and the lengths T of the batches of each pass.

    Args:
        lengths: int array [N], tokens of each example.
        batch_size: B.
        shuffle: whether passes differ; otherwise examples are in order of length.
        seed: seed of the shuffle, used together with the epoch.

    Example:

    >>> for rows, length in BatchRows(np.array([2, 5, 2]), batch_size=2, shuffle=False, seed=0):
    ...     print(rows, length)
    [-1  0] 2
    [2 1] 5
    """

    def __init__(self, lengths: np.ndarray, batch_size: int, shuffle: bool, seed: int) -> None:
        self.boundaries = bucket_lengths(lengths)
        self.bucket_of_row = np.searchsorted(self.boundaries, np.maximum(lengths, 1))
        self.lengths = lengths
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.passes = 0

    def __len__(self) -> int:
        """Return the number of batches in a pass."""
        return -(-len(self.lengths) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.integer]]:
        """Yield (rows int64 [B], length int64)."""
        epoch = self.passes if EpochNumber.value is None else EpochNumber.value
        self.passes += 1
        random = np.random.default_rng((self.seed, epoch))
        order = random.permutation(len(self.lengths)) if self.shuffle else np.argsort(self.lengths, kind="stable")
        order = order[np.argsort(self.bucket_of_row[order], kind="stable")]
        # The padding rows are in the batch of the shortest examples, where they cost least.
        rows = np.append(np.full(-len(order) % self.batch_size, FILLER), order).reshape(-1, self.batch_size)
        batch_lengths = self.boundaries[self.bucket_of_row[rows[:, -1]]]
        for batch in random.permutation(len(rows)) if self.shuffle else range(len(rows)):
            yield rows[batch], batch_lengths[batch]


def bucketed_batches(
    features: Mapping[str, tf.RaggedTensor],
    labels: Sequence[int] | Sequence[float] | np.ndarray | tf.Tensor | tf.RaggedTensor,
    batch_size: int,
    shuffle: bool = False,
    seed: int = 0,
    weights: np.ndarray | tf.Tensor | tf.RaggedTensor | None = None,
) -> tf.data.Dataset:
    """Return a data set of (features [B, T, ...], labels [B, ...], weights [B, ...]) from examples in memory.

    Args:
        features: ragged int tensors [N, (length), ...], all with the same row lengths.
        labels: int or float [N, ...]; or ragged int [N, (length), ...], a label for each token.
        batch_size: B.
        shuffle: whether every epoch has its own order, as in training.
        seed: seed of the shuffle.
        weights: float tensor that broadcasts to `labels`, 0 for labels that do not count; None for 1.

    Returns:
        `tf.data.Dataset` of known cardinality; the weights of padding are 0.

    Raises:
        InputError: if there are no examples, or the number of labels differs.

    Example:

    >>> ids = tf.ragged.constant([[7, 8], [9]], dtype=tf.int32)
    >>> inputs, labels, weights = next(iter(bucketed_batches({"token_ids": ids}, [1, 0], batch_size=3)))
    >>> inputs["token_ids"].shape, weights.numpy()
    (TensorShape([3, 2]), array([0., 1., 1.], dtype=float32))
    """
    lengths = next(iter(features.values())).row_lengths().numpy()
    targets = labels
    if not isinstance(targets, tf.RaggedTensor):
        targets = tf.convert_to_tensor(labels)
        targets = tf.cast(targets, tf.float32 if targets.dtype.is_floating else tf.int32)
    if not len(lengths) or len(lengths) != targets.shape[0]:
        raise InputError(
            "A data set needs at least one example, and one label for each. "
            f"Received: {len(lengths)} texts and {targets.shape[0]} labels"
        )
    if weights is None:
        weights = tf.ones_like(targets if isinstance(targets, tf.RaggedTensor) else lengths, tf.float32)
    batch_rows = BatchRows(lengths, batch_size, shuffle, seed)

    def gather(rows: tf.Tensor, length: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]:
        columns = (features, targets, weights)
        return tf.nest.map_structure(lambda values: padded(values, rows, length), columns)

    def padded(values: tf.Tensor | tf.RaggedTensor, rows: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
        is_example = tf.not_equal(rows, FILLER)
        gathered = tf.gather(values, tf.maximum(rows, 0))
        is_example = tf.reshape(tf.cast(is_example, gathered.dtype), [batch_size] + [1] * (len(values.shape) - 1))
        if not isinstance(values, tf.RaggedTensor):
            return gathered * is_example
        shape = [batch_size, None, *values.shape[2:]]
        dense = gathered.to_tensor(shape=shape)[:, :length] * is_example
        missing = length - tf.shape(dense, tf.int64)[1]
        return tf.ensure_shape(tf.pad(dense, [[0, 0], [0, missing], *[[0, 0]] * len(shape[2:])]), shape)

    def whole_pass() -> tuple[np.ndarray, np.ndarray]:
        rows, batch_lengths = zip(*batch_rows, strict=True)
        return np.stack(rows), np.stack(batch_lengths)

    def batches_of_a_pass(_: tf.Tensor) -> tf.data.Dataset:
        rows, batch_lengths = tf.numpy_function(whole_pass, (), (tf.int64, tf.int64))
        rows, batch_lengths = tf.ensure_shape(rows, [None, batch_size]), tf.ensure_shape(batch_lengths, [None])
        return tf.data.Dataset.from_tensor_slices((rows, batch_lengths))

    # Not `from_generator`: its operation sets malloc's M_TRIM_THRESHOLD to 128 kB for the process. Every step would
    # then request its large buffers from the system again (measured with TextCNN: 28,000 page faults per step).
    dataset = tf.data.Dataset.range(1).flat_map(batches_of_a_pass).map(gather)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(batch_rows))).prefetch(BATCHES_AHEAD)
    return dataset.with_options(without_autotuning())


def without_autotuning() -> tf.data.Options:
    """Return options that switch off the autotuning of a pipeline.

    The tuning thread doubles its sleep after each round, and the end of an epoch waits until it wakes up. This can
    double the duration of an epoch (measured: 82 s instead of 51 s).
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return options
