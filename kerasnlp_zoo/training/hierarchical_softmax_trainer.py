"""Fast training of skip-gram and CBOW with hierarchical softmax: the tree paths of all words of a segment at once.

Shapes: V vocabulary, D width of a vector, W window, P words of a segment, H = P + 2W words of a segment and of its
surroundings, L longest path, S segments of a minibatch.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.layers.huffman import huffman_codes
from kerasnlp_zoo.models.word2vec import Pooling
from kerasnlp_zoo.text.word2vec_examples import Architecture
from kerasnlp_zoo.training.table_trainer import Table, row_sums, written
from kerasnlp_zoo.training.word2vec_trainer import (
    Word2VecTrainer,
    centres_of,
    context_counts,
    in_window,
    logistic,
    logistic_gradients,
)


class HierarchicalSoftmaxTrainer(Word2VecTrainer):
    """Train input vectors to predict the branches of a Huffman tree.

    As in the published code, the contexts predict the centre also in skip-gram. Window sizes are drawn per centre, so
    the pairs of a corpus are the same.

    Args:
        counts: number of occurrences of each word, int [V].
        embedding_dim: width of a vector.
        architecture: "skip_gram" or "cbow".
        pooling: "mean" or "sum" of the contexts in CBOW.
        seed: random seed of the initial vectors.
        **kwargs: further arguments of `Word2VecTrainer`.

    Example:

    >>> HierarchicalSoftmaxTrainer(counts=[0, 0, 5, 2, 1], embedding_dim=10).vectors.shape
    (5, 10)

    Reference: Mikolov et al. 2013, "Distributed Representations of Words and Phrases", section 2.1.
    """

    # In skip-gram, the cost of the products grows with the square of the segment length: every word adds its path.
    SEGMENTS: ClassVar[dict[str, dict[str, int]]] = {
        "skip_gram": {"segment": 8, "shared_negatives": 0, "minibatch": 32 * 8},
        "cbow": {"segment": 16, "shared_negatives": 0, "minibatch": 32 * 16},
    }

    def __init__(
        self,
        counts: Sequence[int] | np.ndarray,
        embedding_dim: int = 100,
        architecture: Architecture = "skip_gram",
        pooling: Pooling = "mean",
        seed: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(len(counts), embedding_dim, architecture, pooling=pooling, seed=seed, **kwargs)
        nodes, signs = huffman_codes(counts)
        self.nodes, self.signs = tf.constant(nodes), tf.constant(signs)  # [V, L]

    def _skip_gram(
        self, tables: list[Table], words: tf.Tensor, codes: tf.Tensor, negatives: None = None
    ) -> tuple[tf.Tensor, ...]:
        """Predict the path to each centre from each of its contexts."""
        window, centres = centres_of(words, codes)
        contexts = written(tf.transpose(in_window(codes[:, None], window), [0, 2, 1]))  # [S, P, H]
        counts = context_counts(codes, window)
        nodes = tf.reshape(tf.gather(self.nodes, centres), [centres.shape[0], -1])  # [S, P L]
        signs = tf.gather(self.signs, centres)  # [S, P, L]
        weights = contexts[:, :, None] * tf.abs(signs)[..., None]  # [S, P, L, H]
        loss, input_gradients, output_gradients = logistic_gradients(
            tf.gather(tables[0].vectors, words),
            tf.gather(tables[1].vectors, nodes),
            tf.reshape(tf.nn.relu(signs), [*nodes.shape, 1]),
            tf.reshape(weights, [*nodes.shape, -1]),
        )
        return words, input_gradients, nodes, output_gradients, loss, tf.reduce_sum(counts)

    def _cbow(
        self, tables: list[Table], words: tf.Tensor, codes: tf.Tensor, negatives: None = None
    ) -> tuple[tf.Tensor, ...]:
        """Predict the path to each centre from its contexts."""
        window, centres = centres_of(words, codes)
        contexts, hidden, share, is_asked = self._pooled(tables, words, codes, window)
        nodes, signs = tf.gather(self.nodes, centres), tf.gather(self.signs, centres)  # [S, P, L]
        paths = tf.gather(tables[1].vectors, nodes)  # [S, P, L, D]
        goes_left = tf.nn.relu(signs)
        probabilities, losses = logistic(row_sums(hidden[:, :, None] * paths)[..., 0], goes_left)  # [S, P, L]
        weights = tf.abs(signs) * is_asked
        errors = ((probabilities - goes_left) * weights)[..., None]  # [S, P, L, 1]
        hidden_gradients = tf.reduce_sum(errors * paths, axis=2)  # [S, P, D]
        input_gradients = tf.matmul(contexts, share * hidden_gradients)  # [S, H, D]
        loss = tf.reduce_sum(losses * weights)
        return words, input_gradients, nodes, errors * hidden[:, :, None], loss, tf.reduce_sum(is_asked)
