"""Training data of GloVe: the nonzero cells of co-occurrence counts, shuffled.

Shapes: V vocabulary, N cells of a chunk, B cells of a batch, M minibatches of a chunk, R replicas.
"""

import numpy as np
import tensorflow as tf
from scipy import sparse

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.sparse_counts import require_counts
from kerasnlp_zoo.text.batches import chunk_for_each_replica, chunk_order, without_autotuning

CHUNK = 2**18  # number of cells of one replica in a step
MINIBATCH = 2048
CHUNKS_AHEAD = 2  # chunks prepared while the model trains


def cell_dataset(
    counts: sparse.sparray, seed: int = 1, minibatch: int = MINIBATCH, chunk: int = CHUNK, replicas: int = 1
) -> tf.data.Dataset:
    """Return the data set of `training.GloveTrainer`: each nonzero cell once per epoch.

    Args:
        counts: sparse array [V, V].
        seed: seed of the order, which depends only on (seed, epoch).
        minibatch: B, the number of cells of an update.
        chunk: number of cells of one replica in a step of `fit`.
        replicas: R.

    Returns:
        `tf.data.Dataset` of known cardinality, of dict: words int [R, M, B]; contexts int [R, M, B]; counts float
        [R, M, B], 0 at padding; minibatches int [R], the number of minibatches with cells.

    Raises:
        InputError: if there is no nonzero cell, a count is negative, NaN or infinite, or the array is not square.

    Example:

    >>> from scipy import sparse
    >>> dataset = cell_dataset(sparse.csr_array([[0.0, 2.0], [2.0, 0.0]]), minibatch=3, chunk=3)
    >>> next(iter(dataset))["counts"].numpy()
    array([[[2., 2., 0.]]], dtype=float32)
    """
    require_positive(minibatch=minibatch, chunk=chunk, replicas=replicas)
    num_minibatches = -(-chunk // minibatch)

    def in_minibatches(words: tf.Tensor, contexts: tf.Tensor, cell_counts: tf.Tensor) -> dict[str, tf.Tensor]:
        room = num_minibatches * minibatch - tf.size(words)

        def framed(values: tf.Tensor) -> tf.Tensor:
            return tf.reshape(tf.pad(values, [[0, room]]), [num_minibatches, minibatch])

        return {
            "words": framed(words),
            "contexts": framed(contexts),
            "counts": framed(cell_counts),
            "minibatches": -(-tf.size(words) // minibatch),
        }

    chunks = _chunks(counts, seed, chunk).map(in_minibatches)
    return chunk_for_each_replica(chunks, replicas).prefetch(CHUNKS_AHEAD)


def cell_batch_dataset(
    counts: sparse.sparray, seed: int = 1, batch_size: int = 512, chunk: int = 2**14
) -> tf.data.Dataset:
    """Return the data set of the Keras model `models.glove` with `training.GloveLoss`.

    Args:
        counts: sparse array [V, V].
        seed: seed of the order, which depends only on (seed, epoch).
        batch_size: B.
        chunk: number of cells that are shuffled together.

    Returns:
        `tf.data.Dataset` of known cardinality, of ({"token_ids": int [B, 1], "words": int [B, 1]}, counts float
        [B, 1]); the last batch of an epoch can be smaller.

    Raises:
        InputError: as in `cell_dataset`.

    Example:

    >>> from scipy import sparse
    >>> inputs, labels = next(iter(cell_batch_dataset(sparse.csr_array([[0.0, 2.0], [0.0, 0.0]]))))
    >>> inputs["token_ids"].numpy(), inputs["words"].numpy(), labels.numpy()
    (array([[0]], dtype=int32), array([[1]], dtype=int32), array([[2.]], dtype=float32))
    """
    require_positive(batch_size=batch_size, chunk=chunk)

    def examples(
        words: tf.Tensor, contexts: tf.Tensor, cell_counts: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        return {"token_ids": words[:, None], "words": contexts[:, None]}, cell_counts[:, None]

    dataset = _chunks(counts, seed, chunk).map(examples).rebatch(batch_size)
    num_batches = -(-counts.count_nonzero() // batch_size)
    return dataset.apply(tf.data.experimental.assert_cardinality(num_batches)).prefetch(CHUNKS_AHEAD)


def _chunks(counts: sparse.sparray, seed: int, chunk: int) -> tf.data.Dataset:
    """Return the data set of chunks (words int [N], contexts int [N], counts float [N]).

    The cells are shuffled once. Every epoch shuffles the chunks, and the cells inside each chunk.
    """
    words, contexts, cell_counts = _shuffled_cells(counts, seed)
    num_chunks = -(-len(words) // chunk)

    def read(epoch: np.int64, place: np.int64) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        start = int(place) * chunk
        rows = np.arange(start, min(start + chunk, len(words)))
        np.random.default_rng((seed, int(epoch), int(place))).shuffle(rows)
        return words[rows], contexts[rows], cell_counts[rows]

    def prepare(epoch: tf.Tensor, place: tf.Tensor) -> tuple[tf.Tensor, ...]:
        cells = tf.numpy_function(read, (epoch, place), (tf.int32, tf.int32, tf.float32))
        return tuple(tf.ensure_shape(values, [None]) for values in cells)

    return chunk_order(num_chunks, seed).map(prepare).with_options(without_autotuning())


def _shuffled_cells(counts: sparse.sparray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the nonzero cells as int32, int32 and float32 arrays, in random order."""
    require_counts(counts)
    if counts.shape[0] != counts.shape[1]:
        raise InputError(
            f"GloVe needs co-occurrence counts of words, a square array [V, V]. Received: the shape {counts.shape}"
        )
    cells = counts.tocoo()
    order = np.flatnonzero(cells.data)
    if not len(order):
        raise InputError("All counts are 0. Expected at least one pair of words that occur together")
    np.random.default_rng(seed).shuffle(order)
    return cells.row[order].astype("int32"), cells.col[order].astype("int32"), cells.data[order].astype("float32")
