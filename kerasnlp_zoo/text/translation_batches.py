"""Batches of sources and targets of similar lengths, with as many pairs as a number of tokens allows.

A batch of short pairs contains more pairs than a batch of long ones, so every step trains on a similar number of
tokens. The batches depend only on (seed, epoch), so a resumed run is exact.

Shapes: N pairs, B pairs of a batch, S longest source, T longest target.
"""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.text.batches import BATCHES_AHEAD, FILLER, EpochNumber, bucket_lengths, without_autotuning
from kerasnlp_zoo.vocabulary import START_ID

SOURCE_BUCKETS = 2  # buckets of source lengths for each bucket of target lengths


class TranslationBatchRows:
    """The row numbers and the lengths S and T of the batches of each pass.

    Args:
        source_lengths, target_lengths: int arrays [N], number of tokens.
        tokens: maximum number of tokens, including padding, of the sources of a batch of pairs, and of its targets.
        multiple: every batch is completed with padding rows to a multiple of this, so replicas get equal shares. The
            pairs of a batch do not depend on it.
        shuffle: whether passes differ; otherwise pairs are in order of length.
        seed: seed of the shuffle, used together with the epoch.

    Raises:
        InputError: if a pair of the longest length does not fit into a batch.

    Example:

    >>> for rows, source, target in TranslationBatchRows(np.array([2, 2, 5]), np.array([3, 3, 6]), 12, 2, False, 0):
    ...     print(rows, source, target)
    [0 1] 2 3
    [ 2 -1] 5 6
    """

    def __init__(
        self,
        source_lengths: np.ndarray,
        target_lengths: np.ndarray,
        tokens: int,
        multiple: int,
        shuffle: bool,
        seed: int,
    ) -> None:
        require_positive(tokens=tokens, multiple=multiple)
        longest = max(int(np.max(source_lengths)), int(np.max(target_lengths)))
        if longest > tokens:
            raise InputError(
                f"A batch of {tokens} tokens has no room for a pair of the longest length, {longest} tokens. "
                "Use more tokens per batch, or a smaller max_sequence_length"
            )
        self.multiple, self.shuffle, self.seed, self.passes = multiple, shuffle, seed, 0
        self.buckets = list(_buckets(source_lengths, target_lengths, tokens))

    def __len__(self) -> int:
        """Return the number of batches in a pass."""
        return sum(-(-len(rows) // size) for rows, size, _, _ in self.buckets)

    def __iter__(self) -> Iterator[tuple[np.ndarray, int, int]]:
        """Yield (rows int64 [B], S, T); a padding row is -1."""
        epoch = self.passes if EpochNumber.value is None else EpochNumber.value
        self.passes += 1
        random = np.random.default_rng((self.seed, epoch))
        batches = []
        for rows, size, source, target in self.buckets:
            rows = random.permutation(rows) if self.shuffle else rows
            rows = np.append(rows, np.full(-len(rows) % size, FILLER)).reshape(-1, size)
            rows = np.pad(rows, [(0, 0), (0, -size % self.multiple)], constant_values=FILLER)
            batches += [(batch, source, target) for batch in rows]
        for place in random.permutation(len(batches)) if self.shuffle else range(len(batches)):
            yield batches[place]


def _buckets(
    source_lengths: np.ndarray, target_lengths: np.ndarray, tokens: int
) -> Iterator[tuple[np.ndarray, int, int, int]]:
    """Yield (rows int64, pairs of a batch, S, T) for each bucket; every row is in one bucket."""
    ends = bucket_lengths(target_lengths)
    bucket_of = np.searchsorted(ends, np.maximum(target_lengths, 1))
    for number, target in enumerate(ends):
        rows = np.flatnonzero(bucket_of == number)
        if not len(rows):
            continue
        source_ends = bucket_lengths(source_lengths[rows], SOURCE_BUCKETS)
        part_of = np.searchsorted(source_ends, np.maximum(source_lengths[rows], 1))
        for part, source in enumerate(source_ends):
            chosen = rows[part_of == part]
            if len(chosen):
                yield chosen, min(tokens // max(int(source), int(target)), len(chosen)), int(source), int(target)


def translation_batches(
    source_ids: tf.RaggedTensor,
    target_ids: tf.RaggedTensor,
    tokens: int,
    multiple: int = 1,
    shuffle: bool = False,
    seed: int = 0,
) -> tf.data.Dataset:
    """Return a data set for a translation model from pairs in memory.

    Args:
        source_ids: ragged int tensor [N, (length)]; each row ends with `[END]`.
        target_ids: ragged int tensor [N, (length)]; each row ends with `[END]`.
        tokens: maximum number of tokens, including padding, of the sources of a batch of pairs, and of its targets.
        multiple: B is completed with padding rows to a multiple of this.
        shuffle: whether every epoch has its own order.
        seed: seed of the shuffle.

    Returns:
        `tf.data.Dataset` of known cardinality, of ({"source_ids": int32 [B, S], "target_ids": int32 [B, T], which
        begin with `[START]`}, labels int32 [B, T], the token after each target id, weights float32 [B, T], 0 at
        padding).

    Raises:
        InputError: if there are no pairs, or the numbers of sources and targets differ.

    Example:

    >>> ids = tf.ragged.constant([[7, 8, 3], [9, 3]], dtype=tf.int32)
    >>> inputs, labels, weights = next(iter(translation_batches(ids, ids, tokens=12)))
    >>> inputs["target_ids"].numpy()[0], labels.numpy()[0]
    (array([2, 9], dtype=int32), array([9, 3], dtype=int32))
    """
    sources, targets = source_ids.row_lengths().numpy(), target_ids.row_lengths().numpy()
    if not len(sources) or len(sources) != len(targets):
        raise InputError(
            "A data set of pairs needs at least one pair, and one target for each source. "
            f"Received: {len(sources)} sources and {len(targets)} targets"
        )
    pair_rows = TranslationBatchRows(sources, targets, tokens, multiple, shuffle, seed)

    def whole_pass() -> tuple[np.ndarray, ...]:
        rows, source, target = zip(*pair_rows, strict=True)
        return np.concatenate(rows), np.array([len(batch) for batch in rows]), np.array(source), np.array(target)

    def batches_of_a_pass(_: tf.Tensor) -> tf.data.Dataset:
        rows, sizes, source, target = tf.numpy_function(whole_pass, (), (tf.int64,) * 4)
        sizes, source, target = (tf.ensure_shape(values, [None]) for values in (sizes, source, target))
        rows = tf.RaggedTensor.from_row_lengths(tf.ensure_shape(rows, [None]), sizes)
        return tf.data.Dataset.from_tensor_slices((rows, source, target))

    def gather(
        rows: tf.Tensor, source: tf.Tensor, target: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]:
        is_pair = tf.not_equal(rows, FILLER)
        rows = tf.maximum(rows, 0)
        inputs, labels = (
            tf.where(is_pair[:, None], _rectangle(tf.gather(ids, rows), length), 0)
            for ids, length in ((source_ids, source), (target_ids, target))
        )
        # A padding row also begins with [START], because attention needs at least one position.
        before = tf.concat([tf.fill([tf.shape(labels)[0], 1], START_ID), labels[:, :-1]], axis=1)
        before = tf.where((labels != 0) | (tf.range(tf.shape(labels)[1]) == 0), before, 0)
        return {"source_ids": inputs, "target_ids": before}, labels, tf.cast(labels != 0, tf.float32)

    dataset = tf.data.Dataset.range(1).flat_map(batches_of_a_pass).map(gather)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(pair_rows))).prefetch(BATCHES_AHEAD)
    return dataset.with_options(without_autotuning())


def _rectangle(ids: tf.RaggedTensor, length: tf.Tensor) -> tf.Tensor:
    """Return ragged ids [B, (length)] padded with 0: [B, length]."""
    dense = ids.to_tensor()[:, :length]  # FILLER was replaced by row 0, which can be longer
    dense = tf.pad(dense, [[0, 0], [0, length - tf.shape(dense, tf.int64)[1]]])
    return tf.ensure_shape(dense, [None, None])
