"""From co-occurrence counts to what GloVe learns from: the nonzero cells, shuffled.

Shapes: V vocabulary, N cells of a chunk, B cells of a batch, M minibatches of a chunk, R replicas.
"""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.sparse_counts import require_counts
from kerasnlp_zoo.text.batches import chunk_order, without_autotuning

CHUNK = 2**18  # cells that one replica trains on in a step
MINIBATCH = 2048
CHUNKS_AHEAD = 2  # prepared while the model trains on the one before


def cell_dataset(counts, seed=1, minibatch=MINIBATCH, chunk=CHUNK, replicas=1):
    """Make the data set of `training.GloveTrainer`: the nonzero cells, each once an epoch.

    Args:
        counts: scipy.sparse array [V, V].
        seed: int; the order is a function of (seed, epoch).
        minibatch: int, B, cells that are trained on together.
        chunk: int, cells of a step of `fit`.
        replicas: int, R.

    Returns:
        `tf.data.Dataset` of dict: words int [R, M, B], contexts int [R, M, B], counts float [R, M, B], 0 where
        a minibatch is not full; minibatches int [R], how many of the M hold cells. Of known cardinality.

    Raises:
        InputError: if there is no cell, a count is negative, NaN or infinite, or the array is not square.

    Example:

    >>> from scipy import sparse
    >>> dataset = cell_dataset(sparse.csr_array([[0.0, 2.0], [2.0, 0.0]]), minibatch=3, chunk=3)
    >>> next(iter(dataset))["counts"].numpy()
    array([[[2., 2., 0.]]], dtype=float32)
    """
    require_positive(minibatch=minibatch, chunk=chunk, replicas=replicas)
    num_minibatches = -(-chunk // minibatch)

    def in_minibatches(words, contexts, cell_counts):
        room = num_minibatches * minibatch - tf.size(words)

        def framed(values):
            return tf.reshape(tf.pad(values, [[0, room]]), [num_minibatches, minibatch])

        return {
            "words": framed(words),
            "contexts": framed(contexts),
            "counts": framed(cell_counts),
            "minibatches": -(-tf.size(words) // minibatch),
        }

    return _chunks(counts, seed, chunk).map(in_minibatches).batch(replicas).prefetch(CHUNKS_AHEAD)


def cell_batch_dataset(counts, seed=1, batch_size=512, chunk=2**14):
    """Make the data set of the plain model `models.glove`, for `training.GloveLoss`.

    Args:
        counts: scipy.sparse array [V, V].
        seed: int; the order is a function of (seed, epoch).
        batch_size: int, B.
        chunk: int, cells that are shuffled among each other in an epoch.

    Returns:
        `tf.data.Dataset` of ({"token_ids": int [B, 1], "words": int [B, 1]}, counts float [B, 1]), the last
        batch of an epoch smaller. Of known cardinality.

    Raises:
        InputError: as `cell_dataset`.

    Example:

    >>> from scipy import sparse
    >>> inputs, labels = next(iter(cell_batch_dataset(sparse.csr_array([[0.0, 2.0], [0.0, 0.0]]))))
    >>> inputs["token_ids"].numpy(), inputs["words"].numpy(), labels.numpy()
    (array([[0]], dtype=int32), array([[1]], dtype=int32), array([[2.]], dtype=float32))
    """
    require_positive(batch_size=batch_size, chunk=chunk)

    def examples(words, contexts, cell_counts):
        return {"token_ids": words[:, None], "words": contexts[:, None]}, cell_counts[:, None]

    dataset = _chunks(counts, seed, chunk).map(examples).rebatch(batch_size)
    num_batches = -(-counts.count_nonzero() // batch_size)
    return dataset.apply(tf.data.experimental.assert_cardinality(num_batches)).prefetch(CHUNKS_AHEAD)


def _chunks(counts, seed, chunk):
    """Make the data set of (words int [N], contexts int [N], counts float [N]), a chunk an element.

    The cells are shuffled once; an epoch shuffles the chunks, and the cells in each.
    """
    words, contexts, cell_counts = _shuffled_cells(counts, seed)
    num_chunks = -(-len(words) // chunk)

    def read(epoch, place):
        rows = np.arange(place * chunk, min((place + 1) * chunk, len(words)))
        np.random.default_rng((seed, epoch, place)).shuffle(rows)
        return words[rows], contexts[rows], cell_counts[rows]

    def prepare(epoch, place):
        cells = tf.numpy_function(read, (epoch, place), (tf.int32, tf.int32, tf.float32))
        return tuple(tf.ensure_shape(values, [None]) for values in cells)

    return chunk_order(num_chunks, seed).map(prepare).with_options(without_autotuning())


def _shuffled_cells(counts, seed):
    """Return the nonzero cells as int32, int32 and float32 arrays, in random order."""
    require_counts(counts)
    if counts.shape[0] != counts.shape[1]:
        raise InputError(
            f"GloVe learns from counts of words beside words, a square array [V, V]. Received: {counts.shape}"
        )
    cells = counts.tocoo()
    order = np.flatnonzero(cells.data)
    if not len(order):
        raise InputError("The counts are all 0: there is nothing to learn from. Expected two words that meet")
    np.random.default_rng(seed).shuffle(order)
    return cells.row[order].astype("int32"), cells.col[order].astype("int32"), cells.data[order].astype("float32")
