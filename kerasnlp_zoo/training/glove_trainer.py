"""GloVe, as fast as it gets: the nonzero cells in small minibatches of one compiled loop.

Shapes: V vocabulary, D width of a vector, B cells of a minibatch.
"""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.training.losses import GloveLoss
from kerasnlp_zoo.training.table_trainer import TableTrainer, row_adagrad, row_sums

ACCUMULATOR = 1.0  # as in the published code: the first steps of a rare word are short


class GloveTrainer(TableTrainer):
    """Train w, c, b and b~ so that w_i . c_j + b_i + b~_j is near log X_ij: weighted least squares.

    The loss shown is the paper's J divided by the number of cells. The biases have tables of their own: a
    bias sees much larger gradients than a vector, and in one row would shorten the vector's steps. Adagrad
    with a number for each element, as published, gave vectors as good at half the speed. Of the learning
    rates 0.05, 0.2 and 0.5 the middle one did best, on 16 million words.

    Args:
        vocabulary_size: int, V.
        embedding_dim: int, D, width of a vector.
        x_max: float, the count from which on all weigh alike.
        alpha: float, how weights rise to there.
        seed: int, decides the initial vectors.

    Example:

    >>> trainer = GloveTrainer(vocabulary_size=1000, embedding_dim=100)
    >>> trainer.vectors.shape
    (1000, 100)

    Reference: Pennington et al. 2014, "GloVe: Global Vectors for Word Representation", equations 8 and 9.
    """

    def __init__(self, vocabulary_size, embedding_dim=100, x_max=10.0, alpha=0.75, seed=1, **kwargs):
        super().__init__(**kwargs)
        require_positive(vocabulary_size=vocabulary_size, embedding_dim=embedding_dim)
        self.embedding_dim, self.loss_of_cells = embedding_dim, GloveLoss(x_max, alpha)
        random = np.random.default_rng(seed)
        limit = 0.5 / embedding_dim  # small vectors, as in the published code
        for name in ("word", "context"):
            values = random.uniform(-limit, limit, (vocabulary_size, embedding_dim))
            values[:2] = 0  # [PAD] and [UNK] never occur
            self.add_table(f"{name}_table", values, ACCUMULATOR)
        for name in ("word", "context"):
            self.add_table(f"{name}_biases", np.zeros((vocabulary_size, 1)), ACCUMULATOR)

    @property
    def vectors(self):
        """The product, w + c of every word (section 4.2): float32 NumPy array [V, embedding_dim]."""
        words, contexts = self.tables[:2]
        return (np.asarray(words.vectors) + np.asarray(contexts.vectors))[:, : self.embedding_dim]

    def minibatch(self, tables, batch, learning_rate):
        """Do one step: words int [B], contexts int [B], counts float [B]."""
        rows = [batch["words"], batch["contexts"]] * 2  # of the four tables
        words, contexts, *biases = (tf.gather(table.vectors, ids) for table, ids in zip(tables, rows, strict=True))
        products = row_sums(words * contexts)  # [B, 1]
        counts = batch["counts"][:, None]
        weights, errors = self.loss_of_cells.errors(counts, products + biases[0] + biases[1])
        slopes = 2.0 * weights * errors
        gradients = [slopes * contexts, slopes * words, slopes, slopes]
        tables = [row_adagrad(*part, learning_rate) for part in zip(tables, rows, gradients, strict=True)]
        return tables, tf.reduce_sum(weights * tf.square(errors)), tf.reduce_sum(tf.cast(counts > 0, tf.float32))
