"""Skip-gram and CBOW with negative sampling, as fast as they get: every score of a segment in one product.

Shapes: V vocabulary, D width of a vector, W window, P words of a segment, H = P + 2W words with
those around it, K negatives, S segments of a minibatch.
"""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import require_choice
from kerasnlp_zoo.training.table_trainer import TableTrainer, row_adagrad

ARCHITECTURES = ("skip_gram", "cbow")


class Word2VecTrainer(TableTrainer):
    """Train input vectors v and output vectors u by negative sampling over segments of text.

    The loss of a centre c and a context o is -log s(u_o.v_c) - sum_k log s(-u_k.v_c) over `num_negatives`
    draws from the noise. All P centres of a segment share K negatives, each weighing num_negatives / K:
    the same expected gradient, from 3 looked-up rows a word instead of 34.

    Args:
        vocabulary_size: int, V.
        embedding_dim: int, width of a vector.
        architecture: "skip_gram", or "cbow": the mean of the contexts predicts the centre.
        window: int, W, of the data set: `text.word2vec_examples.segments_of`.
        num_negatives: int, negatives a context (skip-gram) or a centre (CBOW) counts.
        seed: int, decides the initial vectors.

    Example:

    >>> trainer = Word2VecTrainer(vocabulary_size=1000, embedding_dim=100)
    >>> trainer.vectors.shape
    (1000, 100)

    Reference: Mikolov et al. 2013, "Distributed Representations of Words and Phrases", equation 4.
    """

    def __init__(
        self, vocabulary_size, embedding_dim=100, architecture="skip_gram", window=5, num_negatives=5, seed=1, **kwargs
    ):
        super().__init__(**kwargs)
        require_choice("architecture", architecture, ARCHITECTURES)
        self.architecture, self.window, self.num_negatives = architecture, window, num_negatives
        random = np.random.default_rng(seed)
        limit = 0.5 / embedding_dim  # as in the published code: small vectors, zero output vectors
        values = random.uniform(-limit, limit, (vocabulary_size, embedding_dim))
        values[:2] = 0  # [PAD] and [UNK] never occur
        self.input_table = self.add_table("input_table", values)
        self.output_table = self.add_table("output_table", np.zeros((vocabulary_size, embedding_dim)))

    @property
    def vectors(self):
        """The input vectors, which are the product: float32 NumPy array [V, embedding_dim]."""
        return np.asarray(self.input_table.vectors)

    def minibatch(self, tables, batch, learning_rate):
        """Do one step: words int [S, H], codes int [S, P], negatives int [S, K]."""
        words, negatives = batch["words"], batch["negatives"]
        contexts, counts = contexts_of(batch["codes"], self.window)
        step = self._skip_gram if self.architecture == "skip_gram" else self._cbow
        return step(tables, words, negatives, contexts, counts, learning_rate)

    def _skip_gram(self, tables, words, negatives, contexts, counts, learning_rate):
        """The centre predicts each of its contexts."""
        centres = words[:, self.window : -self.window]  # [S, P]
        asked = tf.concat([words, negatives], axis=1)  # [S, H + K]
        is_positive = tf.constant([1.0] * words.shape[1] + [0.0] * negatives.shape[1])
        weights = tf.concat([contexts, self._noise_weights(counts, negatives)], axis=2)  # [S, P, H + K]
        inputs, outputs = tf.gather(tables[0].vectors, centres), tf.gather(tables[1].vectors, asked)
        loss, input_gradients, output_gradients = logistic_gradients(inputs, outputs, is_positive, weights)
        tables = [
            row_adagrad(tables[0], centres, input_gradients, learning_rate),
            row_adagrad(tables[1], asked, output_gradients, learning_rate),
        ]
        return tables, loss, tf.reduce_sum(counts)

    def _cbow(self, tables, words, negatives, contexts, counts, learning_rate):
        """The mean of its contexts predicts the centre."""
        centres = words[:, self.window : -self.window]  # [S, P]
        asked = tf.concat([centres, negatives], axis=1)  # [S, P + K]
        shares = contexts / tf.maximum(counts, 1.0)  # [S, P, H]
        hidden = tf.matmul(shares, tf.gather(tables[0].vectors, words))  # [S, P, D]
        has_context = tf.minimum(counts, 1.0)  # [S, P, 1]
        own = tf.eye(centres.shape[1]) * has_context
        weights = tf.concat([own, self._noise_weights(has_context, negatives)], axis=2)  # [S, P, P + K]
        is_positive = tf.constant([1.0] * centres.shape[1] + [0.0] * negatives.shape[1])
        outputs = tf.gather(tables[1].vectors, asked)
        loss, hidden_gradients, output_gradients = logistic_gradients(hidden, outputs, is_positive, weights)
        input_gradients = tf.matmul(tf.transpose(shares, [0, 2, 1]), hidden_gradients)  # [S, H, D]
        tables = [
            row_adagrad(tables[0], words, input_gradients, learning_rate),
            row_adagrad(tables[1], asked, output_gradients, learning_rate),
        ]
        return tables, loss, tf.reduce_sum(has_context)

    def _noise_weights(self, counts, negatives):
        """Return what each shared negative weighs for each centre: float [S, P, K]."""
        share = self.num_negatives / negatives.shape[1]
        return tf.broadcast_to(share * counts, [*counts.shape[:2], negatives.shape[1]])


def logistic_gradients(hidden, outputs, is_positive, weights):
    """Score every hidden vector against every output vector by the logistic loss.

    Args:
        hidden: float tensor [S, P, D].
        outputs: float tensor [S, C, D].
        is_positive: float tensor [C], 1 for words, 0 for noise.
        weights: float tensor [S, P, C], how much each pair counts.

    Returns:
        (sum of the losses, gradients of hidden [S, P, D], gradients of outputs [S, C, D]).
    """
    # The transposes stand there because XLA on CPU multiplies plain matrices fastest.
    scores = tf.matmul(hidden, tf.transpose(outputs, [0, 2, 1]))  # [S, P, C]
    # One exponential serves the probabilities and the loss, log s(x) = min(x, 0) - log(1 + e^-|x|).
    decay = tf.exp(-tf.abs(scores))
    larger = 1.0 / (1.0 + decay)  # s(|x|)
    probabilities = tf.where(scores > 0, larger, 1.0 - larger)
    losses = tf.nn.relu((1.0 - 2.0 * is_positive) * scores) - tf.math.log(larger)
    errors = (probabilities - is_positive) * weights
    output_gradients = tf.matmul(tf.transpose(errors, [0, 2, 1]), hidden)
    return tf.reduce_sum(losses * weights), tf.matmul(errors, outputs), output_gradients


def contexts_of(codes, window):
    """Return the contexts of every centre of a minibatch.

    Args:
        codes: int tensor [S, P] = left (W + 1) + right, how far each centre's window reaches.
        window: int, W.

    Returns:
        (float tensor [S, P, H], 1 at a context; float tensor [S, P, 1], how many there are).
    """
    segment = codes.shape[1]
    contexts = tf.gather(tf.constant(context_band(window, segment)), codes * segment + tf.range(segment))
    counts = codes // (window + 1) + codes % (window + 1)
    return contexts, tf.cast(counts, tf.float32)[:, :, None]


def context_band(window, segment):
    """Tell which of the H words are contexts of each of the P centres, for every reach of a window.

    Args:
        window: int, W.
        segment: int, P.

    Returns:
        float32 array [(W + 1)^2 x P, H]: row (left (W + 1) + right) P + position has a 1 at the contexts.

    Example:

    >>> context_band(window=2, segment=1)[2 * 3 + 1]  # two words to the left, one to the right
    array([1., 1., 0., 1., 0.], dtype=float32)
    """
    reaches = np.arange(window + 1)
    distance = np.arange(segment + 2 * window) - (np.arange(segment) + window)[:, None]  # [P, H]
    left, right = reaches[:, None, None, None], reaches[None, :, None, None]
    is_context = (distance >= -left) & (distance <= right) & (distance != 0)
    return is_context.reshape(-1, segment + 2 * window).astype("float32")
