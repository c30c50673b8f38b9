"""Fast training of skip-gram and CBOW with negative sampling: all scores of a segment in one matrix product.

Shapes: V vocabulary, D width of a vector, W window, P words of a segment, H = P + 2W words of a segment and of its
surroundings, K negatives, C = H + K candidates, S segments of a minibatch.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import require_choice
from kerasnlp_zoo.models.word2vec import POOLINGS, Pooling
from kerasnlp_zoo.text.corpus import Corpus
from kerasnlp_zoo.text.word2vec_examples import CHUNK, Architecture, WindowSampling, segment_dataset
from kerasnlp_zoo.training.table_trainer import Table, TableTrainer, row_adagrad, row_sums, written


class Word2VecTrainer(TableTrainer):
    """Train input vectors v and output vectors u by negative sampling over segments of text.

    The loss of a centre c and a context o is -log s(u_o.v_c) - sum_k log s(-u_k.v_c) over `num_negatives` words k
    drawn from the noise distribution. All P centres of a segment share K negatives with weight num_negatives / K.
    The expected gradient is the same, but only 3 instead of 34 rows are looked up per word.

    Args:
        vocabulary_size: V.
        embedding_dim: width of a vector.
        architecture: "skip_gram" predicts the contexts from the centre, "cbow" the centre from its contexts.
        num_negatives: number of negatives per context (skip-gram) or per centre (CBOW).
        pooling: "mean" or "sum" of the contexts in CBOW.
        seed: random seed of the initial vectors.
        **kwargs: further arguments of `keras.Model`.

    Example:

    >>> trainer = Word2VecTrainer(vocabulary_size=1000, embedding_dim=100)
    >>> trainer.vectors.shape
    (1000, 100)

    To train it, call `trainer.compile(0.2)` and `trainer.fit(trainer.dataset(corpus, WindowSampling()), epochs=5)`.

    Reference: Mikolov et al. 2013, "Distributed Representations of Words and Phrases", equation 4.
    """

    # The fastest sizes tried on 15 million words whose analogy accuracy is at most two points below gensim,
    # which draws negatives for every pair. Fewer shared negatives lose more.
    SEGMENTS: ClassVar[dict[str, dict[str, int]]] = {
        "skip_gram": {"segment": 16, "shared_negatives": 24, "minibatch": 128 * 16},
        "cbow": {"segment": 16, "shared_negatives": 16, "minibatch": 128 * 16},
    }

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int = 100,
        architecture: Architecture = "skip_gram",
        num_negatives: int = 5,
        pooling: Pooling = "mean",
        seed: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        require_choice("architecture", architecture, tuple(self.SEGMENTS))
        require_choice("pooling", pooling, POOLINGS)
        self.architecture, self.embedding_dim, self.num_negatives = architecture, embedding_dim, num_negatives
        self.pooling = pooling
        random = np.random.default_rng(seed)
        limit = 0.5 / embedding_dim  # as in the published code: small vectors, zero output vectors
        values = random.uniform(-limit, limit, (vocabulary_size, embedding_dim))
        values[:2] = 0  # [PAD] and [UNK] never occur
        self.input_table = self.add_table("input_table", values)
        self.output_table = self.add_table("output_table", np.zeros((vocabulary_size, embedding_dim)))

    def dataset(
        self, corpus: Corpus, windows: WindowSampling, chunk: int = CHUNK, replicas: int = 1
    ) -> tf.data.Dataset:
        """Return the data set for `fit`: `segment_dataset` with the sizes that train fastest.

        Args:
            corpus: the corpus as word ids.
            windows: how contexts are drawn.
            chunk: number of word ids that one replica trains on in a step.
            replicas: number of replicas.
        """
        return segment_dataset(corpus, windows, **self.SEGMENTS[self.architecture], chunk=chunk, replicas=replicas)

    @property
    def vectors(self) -> np.ndarray:
        """The word vectors, which are the input vectors: float32 [V, embedding_dim]."""
        return np.asarray(self.input_table.vectors)[:, : self.embedding_dim]

    def minibatch(
        self, tables: list[Table], batch: Mapping[str, tf.Tensor], learning_rate: tf.Tensor
    ) -> tuple[list[Table], tf.Tensor, tf.Tensor]:
        """Run one step on words int [S, H], codes int [S, P] and negatives int [S, K]."""
        step = self._skip_gram if self.architecture == "skip_gram" else self._cbow
        input_rows, input_gradients, output_rows, output_gradients, loss, number = step(tables, **batch)
        tables = [
            row_adagrad(tables[0], input_rows, input_gradients, learning_rate),
            row_adagrad(tables[1], output_rows, output_gradients, learning_rate),
        ]
        return tables, loss, number

    def _skip_gram(
        self, tables: list[Table], words: tf.Tensor, codes: tf.Tensor, negatives: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Predict the contexts of each centre from the centre."""
        window, centres = centres_of(words, codes)
        candidates = tf.concat([words, negatives], axis=1)  # [S, C]
        counts = context_counts(codes, window)[:, None]  # [S, 1, P]
        contexts = in_window(codes[:, None], window, negatives.shape[1])  # [S, C, P], 0 for negatives
        is_word = np.arange(candidates.shape[1])[:, None] < words.shape[1]  # [C, 1]
        weights = tf.where(is_word, contexts, self.num_negatives / negatives.shape[1] * counts)
        inputs, outputs = tf.gather(tables[0].vectors, centres), tf.gather(tables[1].vectors, candidates)
        loss, input_gradients, output_gradients = logistic_gradients(inputs, outputs, is_word, weights)
        return centres, input_gradients, candidates, output_gradients, loss, tf.reduce_sum(counts)

    def _cbow(
        self, tables: list[Table], words: tf.Tensor, codes: tf.Tensor, negatives: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Predict each centre from its contexts."""
        window, centres = centres_of(words, codes)
        contexts, hidden, share, has_contexts = self._pooled(tables, words, codes, window)
        own, noise = tf.gather(tables[1].vectors, centres), tf.gather(tables[1].vectors, negatives)
        own_probabilities, own_losses = logistic(row_sums(hidden * own), 1.0)  # [S, P, 1]
        own_errors = (own_probabilities - 1.0) * has_contexts
        noise_weights = self.num_negatives / negatives.shape[1] * tf.transpose(has_contexts, [0, 2, 1])  # [S, 1, P]
        noise_loss, by_noise, noise_gradients = logistic_gradients(hidden, noise, 0.0, noise_weights)
        input_gradients = tf.matmul(contexts, share * (own_errors * own + by_noise))  # [S, H, D]
        output_gradients = tf.concat([own_errors * hidden, noise_gradients], axis=1)
        loss = tf.reduce_sum(own_losses * has_contexts) + noise_loss
        candidates = tf.concat([centres, negatives], axis=1)
        return words, input_gradients, candidates, output_gradients, loss, tf.reduce_sum(has_contexts)

    def _pooled(
        self, tables: list[Table], words: tf.Tensor, codes: tf.Tensor, window: int
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        """Pool the input vectors of the contexts of each centre.

        Returns:
            (1 at the contexts [S, H, P], their mean or sum [S, P, D], the factor of each context in it [S, P, 1], 1 for
            centres with contexts [S, P, 1]).
        """
        contexts = in_window(codes[:, None], window)  # [S, H, P]
        counts = context_counts(codes, window)[..., None]  # [S, P, 1]
        has_contexts = tf.minimum(counts, 1.0)
        share = 1.0 / tf.maximum(counts, 1.0) if self.pooling == "mean" else tf.ones_like(counts)
        of_centres = written(tf.transpose(contexts, [0, 2, 1]))  # [S, P, H]
        hidden = share * tf.matmul(of_centres, tf.gather(tables[0].vectors, words))
        return contexts, hidden, share, has_contexts


def centres_of(words: tf.Tensor, codes: tf.Tensor) -> tuple[int, tf.Tensor]:
    """Return (W, centres int [S, P]) for words [S, H], with W words on each side, and codes [S, P]."""
    window = (words.shape[1] - codes.shape[1]) // 2
    return window, words[:, window:-window]


def logistic_gradients(
    hidden: tf.Tensor, outputs: tf.Tensor, is_positive: tf.Tensor | np.ndarray | float, weights: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return the logistic losses of all pairs of hidden and output vectors, and the gradients of both.

    Args:
        hidden: float [S, P, D].
        outputs: float [S, C, D].
        is_positive: 1 for words, 0 for noise; bool or float, broadcast to [S, C, P].
        weights: weight of each pair, float, broadcast to [S, C, P].

    Returns:
        (sum of the losses, gradients of hidden [S, P, D], gradients of outputs [S, C, D]).
    """
    is_positive = tf.cast(is_positive, tf.float32)
    probabilities, losses = logistic(tf.matmul(outputs, tf.transpose(hidden, [0, 2, 1])), is_positive)  # [S, C, P]
    errors = (probabilities - is_positive) * weights
    hidden_gradients = tf.matmul(written(tf.transpose(errors, [0, 2, 1])), outputs)
    return tf.reduce_sum(row_sums(losses * weights)), hidden_gradients, tf.matmul(errors, hidden)


def logistic(scores: tf.Tensor, is_positive: tf.Tensor | float) -> tuple[tf.Tensor, tf.Tensor]:
    """Return s(scores) and the logistic losses, both with the shape of scores."""
    # One exponential is enough for both: log s(x) = min(x, 0) - log(1 + e^-|x|).
    decay = tf.exp(-tf.abs(scores))
    larger = 1.0 / (1.0 + decay)  # s(|x|)
    probabilities = tf.where(scores > 0, larger, 1.0 - larger)
    return probabilities, tf.nn.relu((1.0 - 2.0 * is_positive) * scores) - tf.math.log(larger)


def in_window(codes: tf.Tensor, window: int, num_noise: int = 0) -> tf.Tensor:
    """Return 1 for each pair of a word and a centre of a segment where the word is a context of the centre.

    It compares distances instead of reading a table, because XLA merges comparisons with the next operations.

    Args:
        codes: sizes of the window of each centre, left (W + 1) + right, int [S, 1, P].
        window: W.
        num_noise: number of rows of zeros to add for negatives.

    Returns:
        float [S, H + num_noise, P], 1 for contexts.

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


def context_counts(codes: tf.Tensor, window: int) -> tf.Tensor:
    """Return the number of contexts of each centre, float with the shape of codes."""
    return tf.cast(codes // (window + 1) + codes % (window + 1), tf.float32)
