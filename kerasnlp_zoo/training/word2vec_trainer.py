"""Skip-gram and CBOW with negative sampling, as fast as they get: every score of a segment in one product.

Shapes: V vocabulary, D width of a vector, W window, P words of a segment, H = P + 2W words with
those around it, K negatives, C = H + K words asked for, S segments of a minibatch.
"""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import require_choice
from kerasnlp_zoo.text.word2vec_examples import CHUNK, segment_dataset
from kerasnlp_zoo.training.table_trainer import TableTrainer, row_adagrad, row_sums, written


class Word2VecTrainer(TableTrainer):
    """Train input vectors v and output vectors u by negative sampling over segments of text.

    The loss of a centre c and a context o is -log s(u_o.v_c) - sum_k log s(-u_k.v_c) over `num_negatives`
    draws from the noise. All P centres of a segment share K negatives, each weighing num_negatives / K:
    the same expected gradient, from 3 looked-up rows a word instead of 34.

    Args:
        vocabulary_size: int, V.
        embedding_dim: int, width of a vector.
        architecture: "skip_gram", or "cbow": the mean of the contexts predicts the centre.
        num_negatives: int, negatives a context (skip-gram) or a centre (CBOW) counts.
        seed: int, decides the initial vectors.

    Example:

    >>> trainer = Word2VecTrainer(vocabulary_size=1000, embedding_dim=100)
    >>> trainer.vectors.shape
    (1000, 100)

    It is trained by `trainer.compile(0.2)` and `trainer.fit(trainer.dataset(corpus, Windows()), epochs=5)`.

    Reference: Mikolov et al. 2013, "Distributed Representations of Words and Phrases", equation 4.
    """

    # Of the sizes tried on 15 million words, the fastest that lose less than two points of analogies against
    # gensim, whose every pair has negatives of its own; fewer shared negatives lose more.
    SEGMENTS = {
        "skip_gram": {"segment": 16, "shared_negatives": 24, "minibatch": 128 * 16},
        "cbow": {"segment": 16, "shared_negatives": 16, "minibatch": 128 * 16},
    }

    def __init__(self, vocabulary_size, embedding_dim=100, architecture="skip_gram", num_negatives=5, seed=1, **kwargs):
        super().__init__(**kwargs)
        require_choice("architecture", architecture, tuple(self.SEGMENTS))
        self.architecture, self.embedding_dim, self.num_negatives = architecture, embedding_dim, num_negatives
        random = np.random.default_rng(seed)
        limit = 0.5 / embedding_dim  # as in the published code: small vectors, zero output vectors
        values = random.uniform(-limit, limit, (vocabulary_size, embedding_dim))
        values[:2] = 0  # [PAD] and [UNK] never occur
        self.input_table = self.add_table("input_table", values)
        self.output_table = self.add_table("output_table", np.zeros((vocabulary_size, embedding_dim)))

    def dataset(self, corpus, windows, chunk=CHUNK, replicas=1):
        """Make the data set for `fit`: `segment_dataset` in the sizes that train fastest.

        Args:
            corpus: `Corpus`.
            windows: `Windows`.
            chunk: int, ids of the corpus that one replica trains on in a step.
            replicas: int.

        Returns:
            `tf.data.Dataset`.
        """
        return segment_dataset(corpus, windows, **self.SEGMENTS[self.architecture], chunk=chunk, replicas=replicas)

    @property
    def vectors(self):
        """The input vectors, which are the product: float32 NumPy array [V, embedding_dim]."""
        return np.asarray(self.input_table.vectors)[:, : self.embedding_dim]

    def minibatch(self, tables, batch, learning_rate):
        """Do one step: words int [S, H], codes int [S, P], negatives int [S, K]."""
        step = self._skip_gram if self.architecture == "skip_gram" else self._cbow
        input_rows, input_gradients, output_rows, output_gradients, loss, number = step(tables, **batch)
        tables = [
            row_adagrad(tables[0], input_rows, input_gradients, learning_rate),
            row_adagrad(tables[1], output_rows, output_gradients, learning_rate),
        ]
        return tables, loss, number

    def _skip_gram(self, tables, words, codes, negatives):
        """The centre predicts each of its contexts."""
        window, centres = centres_of(words, codes)
        asked = tf.concat([words, negatives], axis=1)  # [S, C]
        counts = context_counts(codes, window)[:, None]  # [S, 1, P]
        contexts = in_window(codes[:, None], window, negatives.shape[1])  # [S, C, P], none of the noise
        is_word = np.arange(asked.shape[1])[:, None] < words.shape[1]  # [C, 1]
        weights = tf.where(is_word, contexts, self.num_negatives / negatives.shape[1] * counts)
        inputs, outputs = tf.gather(tables[0].vectors, centres), tf.gather(tables[1].vectors, asked)
        loss, input_gradients, output_gradients = logistic_gradients(inputs, outputs, is_word, weights)
        return centres, input_gradients, asked, output_gradients, loss, tf.reduce_sum(counts)

    def _cbow(self, tables, words, codes, negatives):
        """The mean of its contexts predicts the centre."""
        window, centres = centres_of(words, codes)
        contexts, hidden, share, is_asked = self._means(tables, words, codes, window)
        own, noise = tf.gather(tables[1].vectors, centres), tf.gather(tables[1].vectors, negatives)
        own_probabilities, own_losses = logistic(row_sums(hidden * own), 1.0)  # [S, P, 1]
        own_errors = (own_probabilities - 1.0) * is_asked
        noise_weights = self.num_negatives / negatives.shape[1] * tf.transpose(is_asked, [0, 2, 1])  # [S, 1, P]
        noise_loss, by_noise, noise_gradients = logistic_gradients(hidden, noise, 0.0, noise_weights)
        input_gradients = tf.matmul(contexts, share * (own_errors * own + by_noise))  # [S, H, D]
        output_gradients = tf.concat([own_errors * hidden, noise_gradients], axis=1)
        loss = tf.reduce_sum(own_losses * is_asked) + noise_loss
        asked = tf.concat([centres, negatives], axis=1)
        return words, input_gradients, asked, output_gradients, loss, tf.reduce_sum(is_asked)

    def _means(self, tables, words, codes, window):
        """Average the contexts: [S, H, P] where they are, [S, P, D] their means, [S, P, 1] their shares, and if any."""
        contexts = in_window(codes[:, None], window)  # [S, H, P]
        counts = context_counts(codes, window)[..., None]  # [S, P, 1]
        share, is_asked = 1.0 / tf.maximum(counts, 1.0), tf.minimum(counts, 1.0)
        of_centres = written(tf.transpose(contexts, [0, 2, 1]))  # [S, P, H]
        hidden = share * tf.matmul(of_centres, tf.gather(tables[0].vectors, words))
        return contexts, hidden, share, is_asked


def centres_of(words, codes):
    """Return (W, centres int [S, P]) of words [S, H] and codes [S, P]: W words stand on each side."""
    window = (words.shape[1] - codes.shape[1]) // 2
    return window, words[:, window:-window]


def logistic_gradients(hidden, outputs, is_positive, weights):
    """Score every hidden vector against every output vector by the logistic loss.

    Args:
        hidden: float tensor [S, P, D].
        outputs: float tensor [S, C, D].
        is_positive: bool or float, broadcast to [S, C, P]: 1 for words, 0 for noise.
        weights: float tensor, broadcast to [S, C, P]: how much each pair counts.

    Returns:
        (sum of the losses, gradients of hidden [S, P, D], gradients of outputs [S, C, D]).
    """
    is_positive = tf.cast(is_positive, tf.float32)
    probabilities, losses = logistic(tf.matmul(outputs, tf.transpose(hidden, [0, 2, 1])), is_positive)  # [S, C, P]
    errors = (probabilities - is_positive) * weights
    hidden_gradients = tf.matmul(written(tf.transpose(errors, [0, 2, 1])), outputs)
    return tf.reduce_sum(row_sums(losses * weights)), hidden_gradients, tf.matmul(errors, hidden)


def logistic(scores, is_positive):
    """Return (s(scores), -log of the probability of what is so), both with the shape of scores."""
    # One exponential serves both, by log s(x) = min(x, 0) - log(1 + e^-|x|).
    decay = tf.exp(-tf.abs(scores))
    larger = 1.0 / (1.0 + decay)  # s(|x|)
    probabilities = tf.where(scores > 0, larger, 1.0 - larger)
    return probabilities, tf.nn.relu((1.0 - 2.0 * is_positive) * scores) - tf.math.log(larger)


def in_window(codes, window, num_noise=0):
    """Tell which of a segment's words are contexts of which of its centres.

    Comparisons, where a look-up in a table would do: XLA computes them along with what is done next.

    Args:
        codes: int tensor [S, 1, P] = left (W + 1) + right, how far each centre's window reaches.
        window: int, W.
        num_noise: int, rows to add for noise, which is nobody's context.

    Returns:
        float tensor [S, H + num_noise, P], 1 at a context.

    Example:

    >>> two_left_one_right = tf.constant([[[2 * 3 + 1]]])
    >>> in_window(two_left_one_right, window=2)[0, :, 0].numpy()
    array([1., 1., 0., 1., 0.], dtype=float32)
    """
    segment = codes.shape[2]
    distances = np.arange(segment + 2 * window)[:, None] - (np.arange(segment) + window)  # [H, P]
    distances = np.pad(distances, [(0, num_noise), (0, 0)], constant_values=window + 1)
    left, right = codes // (window + 1), codes % (window + 1)
    return tf.cast((distances >= -left) & (distances <= right) & (distances != 0), tf.float32)


def context_counts(codes, window):
    """Return how many contexts each centre has: float tensor of the shape of codes."""
    return tf.cast(codes // (window + 1) + codes % (window + 1), tf.float32)
