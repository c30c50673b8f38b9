"""Skip-gram and CBOW with hierarchical softmax: the ways of a segment's words through the tree in one product.

Shapes: V vocabulary, D width of a vector, W window, P words of a segment, H = P + 2W words with
those around it, L longest way, S segments of a minibatch.
"""

import tensorflow as tf

from kerasnlp_zoo.layers.huffman import huffman_codes
from kerasnlp_zoo.training.table_trainer import row_adagrad, written
from kerasnlp_zoo.training.word2vec_trainer import (
    Word2VecTrainer,
    centres_of,
    context_counts,
    in_window,
    logistic_gradients,
)


class HierarchicalSoftmaxTrainer(Word2VecTrainer):
    """Train input vectors by the branches of a Huffman tree, without noise.

    As in the published code, it is the contexts' vectors that predict the centre in skip-gram, too: a
    context's reach is drawn for its centre, so over a corpus the pairs are the same.

    Args:
        counts: int array [V], how often each word occurs.
        embedding_dim, architecture, seed: as in `Word2VecTrainer`.

    Example:

    >>> HierarchicalSoftmaxTrainer(counts=[0, 0, 5, 2, 1], embedding_dim=10).vectors.shape
    (5, 10)

    Reference: Mikolov et al. 2013, "Distributed Representations of Words and Phrases", section 2.1.
    """

    # Every word brings the nodes of its own way, so that a product grows with the square of a segment.
    SEGMENTS = {
        "skip_gram": {"segment": 8, "shared_negatives": 0, "minibatch": 32 * 8},
        "cbow": {"segment": 4, "shared_negatives": 0, "minibatch": 64 * 4},
    }

    def __init__(self, counts, embedding_dim=100, architecture="skip_gram", seed=1, **kwargs):
        super().__init__(len(counts), embedding_dim, architecture, seed=seed, **kwargs)
        nodes, signs = huffman_codes(counts)
        self.nodes, self.signs = tf.constant(nodes), tf.constant(signs)  # [V, L]

    def minibatch(self, tables, batch, learning_rate):
        """Do one step: words int [S, H], codes int [S, P]."""
        words, codes = batch["words"], batch["codes"]
        window, centres = centres_of(words, codes)
        contexts = in_window(codes[:, None], window)  # [S, H, P]
        of_centres = written(tf.transpose(contexts, [0, 2, 1]))  # [S, P, H]
        counts = context_counts(codes, window)[..., None]  # [S, P, 1]
        inputs = tf.gather(tables[0].vectors, words)  # [S, H, D]
        nodes = tf.reshape(tf.gather(self.nodes, centres), [centres.shape[0], -1])  # [S, P L]
        outputs = tf.gather(tables[1].vectors, nodes)  # [S, P L, D]
        signs = tf.gather(self.signs, centres)  # [S, P, L]
        if self.architecture == "skip_gram":
            hidden, weights, number = inputs, of_centres, counts  # weights [S, P, H]
        else:
            share = 1.0 / tf.maximum(counts, 1.0)
            number = tf.minimum(counts, 1.0)
            hidden, weights = (
                share * tf.matmul(of_centres, inputs),
                tf.eye(centres.shape[1]) * number,
            )  # weights [S, P, P]
        weights = weights[:, :, None] * tf.abs(signs)[..., None]  # [S, P, L, H or P]
        weights = tf.reshape(weights, [*nodes.shape, -1])
        goes_left = tf.reshape(tf.nn.relu(signs), [*nodes.shape, 1])
        loss, gradients, output_gradients = logistic_gradients(hidden, outputs, goes_left, weights)
        if self.architecture == "cbow":
            gradients = tf.matmul(contexts, share * gradients)  # [S, H, D]
        tables = [
            row_adagrad(tables[0], words, gradients, learning_rate),
            row_adagrad(tables[1], nodes, output_gradients, learning_rate),
        ]
        return tables, loss, tf.reduce_sum(number)
