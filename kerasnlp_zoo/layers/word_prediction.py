"""Losses for the prediction of words, with one interface: the exact softmax and faster methods.

`layers/sampled_softmax.py` has one more.

Shapes: B batch, T words to predict, D width of a vector, V vocabulary, K noise words.
"""

from collections.abc import Callable, Sequence
from typing import Any, Self, TypeAlias

import keras
import numpy as np
from keras import ops

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.layers.huffman import huffman_codes, tree_levels, zipf_counts
from kerasnlp_zoo.layers.masking import zero_masked
from kerasnlp_zoo.types import Config, Tensor, TensorShape

NOISE_POWER = 0.75  # Mikolov et al. 2013, section 2.2
# A function that returns output vectors [V, D], and biases [V] or None.
Output: TypeAlias = Callable[[], tuple[Tensor, Tensor | None]]


class WordPrediction(keras.layers.Layer):
    """Base of the losses: `layer(hidden, words) -> losses`, with output vectors u, and loss 0 at padding.

    Args:
        vocabulary_size: V (>= 2).
        counts: number of occurrences of each word, V numbers; None for Zipf's law, with ids in order of decreasing
            frequency.
        use_bias: whether a score is u.h + b rather than u.h.

    Call arguments:
        hidden: float tensor [B, T, D], or [B, 1, D] if one vector predicts all words of its row.
        words: int tensor [B, T], the correct words; 0 is `[PAD]`. None predicts all words.

    Returns:
        float32 tensor [B, T], the loss of each word, 0 at padding; without words, float32 tensor [B, T, V], the
        log-probabilities of all words.

    Raises:
        InputError: if `vocabulary_size` < 2, or `counts` has another length.
    """

    def __init__(
        self,
        vocabulary_size: int,
        counts: Sequence[float] | np.ndarray | None = None,
        use_bias: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if vocabulary_size < 2 or (counts is not None and len(counts) != vocabulary_size):
            raise InputError(
                "vocabulary_size must be at least 2, and counts must be None or have one number for each word. "
                f"Received: vocabulary_size={vocabulary_size} and {'no' if counts is None else len(counts)} counts"
            )
        self.vocabulary_size = vocabulary_size
        self.counts = None if counts is None else np.asarray(counts).tolist()
        self.use_bias = use_bias
        self.num_vectors = vocabulary_size  # number of output vectors
        self.output_of_model: Output | None = None
        self.supports_masking = True

    def tied_to(self, output: Output) -> Self:
        """Predict with the output vectors and biases of a model, instead of own ones, and return this layer."""
        self.output_of_model = output
        return self

    def build(self, hidden_shape: TensorShape, words_shape: TensorShape | None = None) -> None:
        """Create the output vectors, initially 0 as in the published code of word2vec, and the biases."""
        if self.output_of_model is not None:
            return
        self.embeddings = self.add_weight(
            name="embeddings", shape=(self.num_vectors, hidden_shape[-1]), initializer="zeros"
        )
        if self.use_bias:
            self.biases = self.add_weight(name="biases", shape=(self.num_vectors,), initializer="zeros")

    def call(self, hidden: Tensor, words: Tensor | None = None, training: bool | None = False) -> Tensor:
        """Return the losses [B, T] of words [B, T], or the log-probabilities of all words."""
        hidden = ops.cast(hidden, self.compute_dtype)
        if words is None:
            return self.log_probabilities(hidden)
        losses = ops.cast(self.losses_of(hidden, words, training), "float32")
        return zero_masked(losses, ops.not_equal(words, 0))

    def losses_of(self, hidden: Tensor, words: Tensor, training: bool | None) -> Tensor:
        """Return the loss [B, T] of every word, also at padding."""
        raise NotImplementedError(f"{type(self).__name__} must define losses_of(hidden, words, training)")

    def log_probabilities(self, hidden: Tensor) -> Tensor:
        """Return the log-probability of every word, the softmax over the scores: float32 [..., V]."""
        return ops.log_softmax(self.scores(hidden), axis=-1)

    def softmax_losses(self, hidden: Tensor, words: Tensor) -> Tensor:
        """Return the negative log-probability of each word [B, T], by the softmax over the scores."""
        log_probabilities = self.log_probabilities(hidden)  # [B, T or 1, V]
        log_probabilities = ops.broadcast_to(log_probabilities, (*ops.shape(words), self.vocabulary_size))
        return -ops.take_along_axis(log_probabilities, ops.cast(words, "int32")[..., None], axis=-1)[..., 0]

    def compute_output_spec(
        self, hidden: Tensor, words: Tensor | None = None, training: bool | None = False
    ) -> keras.KerasTensor:
        """Return the symbolic output: float32, of the shape of the words, or with a column for every word."""
        shape = (*hidden.shape[:-1], self.vocabulary_size) if words is None else words.shape
        return keras.KerasTensor(shape, dtype="float32")

    def compute_mask(self, inputs: Tensor, previous_mask: Any) -> None:
        """Return None: no mask is attached to the output."""
        return

    def word_counts(self) -> np.ndarray:
        """Return the counts as a float array [V]."""
        return zipf_counts(self.vocabulary_size) if self.counts is None else np.asarray(self.counts, "float64")

    def output_vectors(self) -> tuple[Tensor, Tensor | None]:
        """Return the output vectors [V, D] in the dtype of the computation, and the float32 biases [V] or None."""
        if self.output_of_model is None:
            vectors, biases = self.embeddings, self.biases if self.use_bias else None
        else:
            vectors, biases = self.output_of_model()
        return ops.cast(vectors, self.compute_dtype), None if biases is None else ops.cast(biases, "float32")

    def scores(self, hidden: Tensor, rows: Tensor | None = None, shift: Tensor | float = 0.0) -> Tensor:
        """Return u.hidden + b + shift, float32, for all output vectors, [..., V], or for `rows` of them.

        Args:
            hidden: float tensor [..., D].
            rows: the rows of each hidden vector, int [..., R], or the same rows for all hidden vectors, int [R].
            shift: float, added to the bias of each output vector: [V] or [R].

        Returns:
            float32 tensor [..., V] or [..., R].
        """
        vectors, biases = self.output_vectors()
        if rows is not None:
            vectors, biases = ops.take(vectors, rows, axis=0), None if biases is None else ops.take(biases, rows)
        if len(vectors.shape) == 2:
            scores = ops.matmul(hidden, ops.transpose(vectors))
        else:
            scores = ops.sum(hidden[..., None, :] * vectors, axis=-1)
        scores = ops.cast(scores, "float32")
        # The shift and the bias are added first, because the scores are many more numbers.
        return scores + (shift if biases is None else biases + shift)

    def scores_of(self, hidden: Tensor, words: Tensor) -> Tensor:
        """Return u.hidden + b of one word for each hidden vector: float32 [B, T] for words [B, T]."""
        return self.scores(hidden, ops.cast(words, "int32")[..., None])[..., 0]

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        own = {"vocabulary_size": self.vocabulary_size, "counts": self.counts, "use_bias": self.use_bias}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class FullSoftmax(WordPrediction):
    """Full softmax: the loss is -log(exp(u_o.h) / sum_w exp(u_w.h)); exact, but its cost is proportional to V.

    Arguments, inputs and output are the same as for `WordPrediction`.

    Example:

    >>> layer = FullSoftmax(vocabulary_size=4)
    >>> layer(np.ones((1, 1, 2)), np.array([[3, 0]])).numpy().round(3)  # log 4 before training
    array([[1.386, 0.   ]], dtype=float32)

    Reference: Mikolov et al. 2013, "Distributed Representations of Words and Phrases", equation 2.
    """

    def losses_of(self, hidden: Tensor, words: Tensor, training: bool | None) -> Tensor:
        """Return the negative log-probability of each word."""
        return self.softmax_losses(hidden, words)


class NoisePrediction(WordPrediction):
    """Base of the losses with K noise words, sampled with q(w) ~ count(w)^0.75.

    Args:
        vocabulary_size: V (>= 2).
        num_negatives: K (>= 1).
        counts: number of occurrences of each word, as in `WordPrediction`.
        seed: seed of the samples.
        share_noise: whether all words of a batch have the same K noise words, which is much faster for a large K;
            otherwise every word has its own.
    """

    def __init__(
        self,
        vocabulary_size: int,
        num_negatives: int = 5,
        counts: Sequence[float] | np.ndarray | None = None,
        seed: int | None = None,
        share_noise: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(vocabulary_size, counts, **kwargs)
        require_positive(num_negatives=num_negatives)
        self.num_negatives, self.seed, self.share_noise = num_negatives, seed, share_noise
        self.seed_generator = keras.random.SeedGenerator(seed)
        shares = self.word_counts() ** NOISE_POWER
        self.noise = (shares / shares.sum()).astype("float32")
        self.noise_ends = np.cumsum(shares / shares.sum()).astype("float32")

    def sampled_words(self, words: Tensor) -> Tensor:
        """Return noise words for words [B, T]: int32 [B, T, K], or [K] if they are shared."""
        shape = (self.num_negatives,) if self.share_noise else (*ops.shape(words), self.num_negatives)
        chances = keras.random.uniform(shape, seed=self.seed_generator)
        sampled = ops.searchsorted(ops.convert_to_tensor(self.noise_ends), ops.reshape(chances, (-1,)), side="right")
        return ops.reshape(ops.minimum(sampled, self.vocabulary_size - 1), ops.shape(chances))

    def log_expected(self, words: Tensor) -> Tensor:
        """Return log(K q(w)), the logarithm of the expected number of times that a word is sampled."""
        # The minimum is for words of count 0, which are never sampled.
        expected = np.log(np.maximum(self.num_negatives * self.noise, 1e-30)).astype("float32")
        return ops.take(ops.convert_to_tensor(expected), words)

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        own = {"num_negatives": self.num_negatives, "seed": self.seed, "share_noise": self.share_noise}
        return {**super().get_config(), **own}


class NoiseDiscrimination(NoisePrediction):
    """Base of the losses that distinguish a word from K noise words.

    In inference, the loss is the exact expectation over the noise, so a validation loss is deterministic.

    Arguments, inputs and output are the same as for `NoisePrediction` and `WordPrediction`.
    """

    def losses_of(self, hidden: Tensor, words: Tensor, training: bool | None) -> Tensor:
        """Return -log s(logit of the word) - sum over the noise words of log s(-logit), where s is the sigmoid."""
        losses = ops.softplus(-self.logits(self.scores_of(hidden, words), ops.cast(words, "int32")))
        if not training:
            logits = self.logits(self.scores(hidden), ops.arange(self.vocabulary_size))  # [B, T or 1, V]
            noise = ops.convert_to_tensor(self.noise)
            return losses + self.num_negatives * ops.sum(ops.softplus(logits) * noise, axis=-1)
        negatives = self.sampled_words(words)
        return losses + ops.sum(ops.softplus(self.logits(self.scores(hidden, negatives), negatives)), axis=-1)

    def logits(self, scores: Tensor, words: Tensor) -> Tensor:
        """Return the logits of the probability that a word is not noise, from the scores of words."""
        raise NotImplementedError(f"{type(self).__name__} must define logits(scores, words)")


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class NegativeSampling(NoiseDiscrimination):
    """Negative sampling: the loss is -log s(u_o.h) - sum_k log s(-u_k.h) over K noise words, where s is the sigmoid.

    The word vectors are as good as with the softmax, but the scores are not log-probabilities: with q the distribution
    of the noise, they learn log P(w) - log(K q(w)).

    Arguments, inputs and output are the same as for `NoisePrediction` and `WordPrediction`.

    Example:

    >>> layer = NegativeSampling(vocabulary_size=4, num_negatives=5)
    >>> layer(np.ones((1, 1, 2)), np.array([[3, 0]])).numpy().round(3)  # 6 log 2 before training
    array([[4.159, 0.   ]], dtype=float32)

    Reference: Mikolov et al. 2013, "Distributed Representations of Words and Phrases", equation 4.
    """

    def logits(self, scores: Tensor, words: Tensor) -> Tensor:
        """Return the scores unchanged."""
        return scores


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class NoiseContrastiveEstimation(NoiseDiscrimination):
    """Noise-contrastive estimation: the logits are u_w.h - log(K q(w)), so the scores u_w.h learn log-probabilities.

    Arguments, inputs and output are the same as for `NoisePrediction` and `WordPrediction`.

    Example:

    >>> layer = NoiseContrastiveEstimation(vocabulary_size=4, num_negatives=4, counts=[1, 1, 1, 1])
    >>> layer(np.ones((1, 1, 2)), np.array([[3, 0]])).numpy().round(3)  # K q = 1: 5 log 2
    array([[3.466, 0.   ]], dtype=float32)

    References: Gutmann and Hyvarinen 2010; Mnih and Teh 2012, section 3, for words.
    """

    def logits(self, scores: Tensor, words: Tensor) -> Tensor:
        """Return the scores minus log(K q(w))."""
        return scores - self.log_expected(words)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class ImportanceSampling(NoisePrediction):
    """Importance sampling: the denominator of the softmax is estimated from K words k, sampled with probability q.

    The loss is -u_o.h + log sum_k exp(u_k.h) / (K q(k)). Its gradient replaces the mean of the gradients of all scores,
    weighted by their probabilities, by a mean over the samples with weights proportional to exp(u_k.h) / q(k). This
    estimate is biased, and the bias vanishes as K grows. In inference, the loss is the full softmax.

    Arguments, inputs and output are the same as for `NoisePrediction` and `WordPrediction`.

    Example:

    >>> layer = ImportanceSampling(vocabulary_size=4, num_negatives=5, counts=[1, 1, 1, 1])
    >>> layer(np.ones((1, 1, 2)), np.array([[3, 0]]), training=True).numpy().round(3)  # log 4 before training
    array([[1.386, 0.   ]], dtype=float32)

    Reference: Bengio and Senecal 2003, "Quick Training of Probabilistic Neural Nets by Importance Sampling", section 3.
    """

    def losses_of(self, hidden: Tensor, words: Tensor, training: bool | None) -> Tensor:
        """Return the estimated negative log-probability of each word."""
        if not training:
            return self.softmax_losses(hidden, words)
        sampled = self.sampled_words(words)
        logits = self.scores(hidden, sampled) - self.log_expected(sampled)
        return ops.logsumexp(logits, axis=-1) - self.scores_of(hidden, words)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class HierarchicalSoftmax(WordPrediction):
    """Hierarchical softmax: the probability of a word is a product over the about log2 V branches of a Huffman tree.

    Every inner node has a vector, and s(u_node.h) is the probability of its left branch, where s is the sigmoid.
    Frequent words are near the root. The probabilities of all words sum to 1.

    Arguments, inputs and output are the same as for `WordPrediction`.

    Example:

    >>> layer = HierarchicalSoftmax(vocabulary_size=3, counts=[5, 2, 1])
    >>> layer(np.ones((1, 1, 2)), np.array([[1, 2, 0]])).numpy().round(3)  # two branches each: 2 log 2
    array([[1.386, 1.386, 0.   ]], dtype=float32)

    References: Morin and Bengio 2005; Mikolov et al. 2013, "Distributed Representations", equation 3.
    """

    def __init__(
        self,
        vocabulary_size: int,
        counts: Sequence[float] | np.ndarray | None = None,
        use_bias: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(vocabulary_size, counts, use_bias, **kwargs)
        self.nodes, self.signs = huffman_codes(self.word_counts())  # [V, length of the longest code]
        self.levels, self.leaves = tree_levels(self.nodes, self.signs)
        self.num_vectors = vocabulary_size - 1

    def losses_of(self, hidden: Tensor, words: Tensor, training: bool | None) -> Tensor:
        """Return the negative sum of the log-probabilities of the branches to each word."""
        words = ops.cast(words, "int32")
        nodes = ops.take(ops.convert_to_tensor(self.nodes), words, axis=0)  # [B, T, length]
        signs = ops.take(ops.convert_to_tensor(self.signs), words, axis=0)
        losses = ops.softplus(-signs * self.scores(hidden, nodes))
        return ops.sum(losses * ops.abs(signs), axis=-1)

    def log_probabilities(self, hidden: Tensor) -> Tensor:
        """Return the log-probability of every word, float32 [..., V], from hidden [..., D].

        The tree is read once, level by level: a place is as probable as its parent times its branch.
        """
        scores = self.scores(hidden)
        branches = ops.log_sigmoid(ops.concatenate([scores, -scores], axis=-1))
        level = ops.zeros_like(scores[..., :1])  # the root has the probability 1
        levels = [level]
        for parents, ways in self.levels:
            level = ops.take(level, parents, axis=-1) + ops.take(branches, ways, axis=-1)
            levels.append(level)
        return ops.take(ops.concatenate(levels, axis=-1), self.leaves, axis=-1)
