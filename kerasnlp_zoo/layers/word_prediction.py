"""Four losses for the prediction of words, with one interface: the exact softmax and three faster methods.

Shapes: B batch, T words to predict, D width of a vector, V vocabulary, K negatives, L length of the longest code.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.layers.huffman import huffman_codes, zipf_counts
from kerasnlp_zoo.layers.masking import zero_masked
from kerasnlp_zoo.types import Config, Tensor, TensorShape

NOISE_POWER = 0.75  # Mikolov et al. 2013, section 2.2


class WordPrediction(keras.layers.Layer):
    """Base of the four losses: `layer(hidden, words) -> losses`, with output vectors u, and loss 0 at padding.

    Args:
        vocabulary_size: V (>= 2).
        counts: number of occurrences of each word, V numbers; None for Zipf's law, with ids in order of decreasing
            frequency.

    Call arguments:
        hidden: float tensor [B, T, D], or [B, 1, D] if one vector predicts all words of its row.
        words: int tensor [B, T], the correct words; 0 is `[PAD]`.

    Returns:
        float32 tensor [B, T], the loss of each word, 0 at padding.

    Raises:
        InputError: if `vocabulary_size` < 2, or `counts` has another length.
    """

    def __init__(self, vocabulary_size: int, counts: Sequence[float] | np.ndarray | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if vocabulary_size < 2 or (counts is not None and len(counts) != vocabulary_size):
            raise InputError(
                "vocabulary_size must be at least 2, and counts must be None or have one number for each word. "
                f"Received: vocabulary_size={vocabulary_size} and {'no' if counts is None else len(counts)} counts"
            )
        self.vocabulary_size = vocabulary_size
        self.counts = None if counts is None else np.asarray(counts).tolist()
        self.num_vectors = vocabulary_size  # number of output vectors
        self.supports_masking = True

    def build(self, hidden_shape: TensorShape, words_shape: TensorShape | None = None) -> None:
        """Create the output vectors, initially 0 as in the published code of word2vec."""
        self.embeddings = self.add_weight(
            name="embeddings", shape=(self.num_vectors, hidden_shape[-1]), initializer="zeros"
        )

    def call(self, hidden: Tensor, words: Tensor, training: bool | None = False) -> Tensor:
        """Return the losses [B, T] of words [B, T]."""
        losses = ops.cast(self.losses_of(ops.cast(hidden, self.compute_dtype), words, training), "float32")
        return zero_masked(losses, ops.not_equal(words, 0))

    def losses_of(self, hidden: Tensor, words: Tensor, training: bool | None) -> Tensor:
        """Return the loss [B, T] of every word, also at padding."""
        raise NotImplementedError(f"{type(self).__name__} must define losses_of(hidden, words, training)")

    def compute_output_spec(self, hidden: Tensor, words: Tensor, training: bool | None = False) -> keras.KerasTensor:
        """Return the symbolic output: float32, of the shape of the words."""
        return keras.KerasTensor(words.shape, dtype="float32")

    def compute_mask(self, inputs: Tensor, previous_mask: Any) -> None:
        """Return None: no mask is attached to the output."""
        return

    def word_counts(self) -> np.ndarray:
        """Return the counts as a float array [V]."""
        return zipf_counts(self.vocabulary_size) if self.counts is None else np.asarray(self.counts, "float64")

    def scores(self, hidden: Tensor, rows: Tensor | None = None) -> Tensor:
        """Return u . hidden for all output vectors: [..., V], or for some `rows` of them: [..., R]."""
        vectors = ops.cast(self.embeddings, self.compute_dtype)
        if rows is None:
            return ops.cast(ops.matmul(hidden, ops.transpose(vectors)), "float32")
        return ops.cast(ops.sum(hidden[..., None, :] * ops.take(vectors, rows, axis=0), axis=-1), "float32")

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "vocabulary_size": self.vocabulary_size, "counts": self.counts}


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
        log_probabilities = self.log_probabilities(hidden)  # [B, T or 1, V]
        shape = (*ops.shape(words), self.vocabulary_size)
        log_probabilities = ops.broadcast_to(log_probabilities, shape)
        return -ops.take_along_axis(log_probabilities, ops.cast(words, "int32")[..., None], axis=-1)[..., 0]

    def log_probabilities(self, hidden: Tensor) -> Tensor:
        """Return the log-probability of every word, float32 [..., V], from hidden [..., D]."""
        return ops.log_softmax(self.scores(hidden), axis=-1)


class SampledPrediction(WordPrediction):
    """Base of the sampled losses: distinguish the word from K noise words, sampled with p(w) ~ count(w)^0.75.

    In training, every word has its own sample of K noise words. In inference, the loss is the exact expectation over
    the noise, so a validation loss is deterministic.

    Args:
        vocabulary_size: V (>= 2).
        num_negatives: K (>= 1).
        counts: number of occurrences of each word, as in `WordPrediction`.
        seed: seed of the samples.
    """

    def __init__(
        self,
        vocabulary_size: int,
        num_negatives: int = 5,
        counts: Sequence[float] | np.ndarray | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(vocabulary_size, counts, **kwargs)
        require_positive(num_negatives=num_negatives)
        self.num_negatives, self.seed = num_negatives, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        shares = self.word_counts() ** NOISE_POWER
        self.noise = (shares / shares.sum()).astype("float32")
        self.noise_ends = np.cumsum(shares / shares.sum()).astype("float32")

    def losses_of(self, hidden: Tensor, words: Tensor, training: bool | None) -> Tensor:
        """Return -log s(logit of the word) - sum over the noise words of log s(-logit), where s is the sigmoid."""
        words = ops.cast(words, "int32")
        losses = ops.softplus(-self.logits(self.scores(hidden, words[..., None])[..., 0], words))
        if not training:
            logits = self.logits(self.scores(hidden), ops.arange(self.vocabulary_size))  # [B, T or 1, V]
            return losses + self.num_negatives * ops.sum(ops.softplus(logits) * self.noise, axis=-1)
        chances = keras.random.uniform((*ops.shape(words), self.num_negatives), seed=self.seed_generator)
        negatives = ops.searchsorted(ops.convert_to_tensor(self.noise_ends), ops.reshape(chances, (-1,)), side="right")
        negatives = ops.reshape(ops.minimum(negatives, self.vocabulary_size - 1), ops.shape(chances))
        return losses + ops.sum(ops.softplus(self.logits(self.scores(hidden, negatives), negatives)), axis=-1)

    def logits(self, scores: Tensor, words: Tensor) -> Tensor:
        """Return the logits of the probability that a word is not noise, from the scores of words."""
        raise NotImplementedError(f"{type(self).__name__} must define logits(scores, words)")

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "num_negatives": self.num_negatives, "seed": self.seed}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class NegativeSampling(SampledPrediction):
    """Negative sampling: the loss is -log s(u_o.h) - sum_k log s(-u_k.h) over K noise words, where s is the sigmoid.

    The word vectors are as good as with the softmax, but the scores are not log-probabilities.

    Arguments, inputs and output are the same as for `SampledPrediction` and `WordPrediction`.

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
class NoiseContrastiveEstimation(SampledPrediction):
    """Noise-contrastive estimation: the logits are u_w.h - log(K p(w)), so the scores u_w.h learn log-probabilities.

    Arguments, inputs and output are the same as for `SampledPrediction` and `WordPrediction`.

    Example:

    >>> layer = NoiseContrastiveEstimation(vocabulary_size=4, num_negatives=4, counts=[1, 1, 1, 1])
    >>> layer(np.ones((1, 1, 2)), np.array([[3, 0]])).numpy().round(3)  # K p = 1: 5 log 2
    array([[3.466, 0.   ]], dtype=float32)

    References: Gutmann and Hyvarinen 2010; Mnih and Teh 2012, section 3, for words.
    """

    def logits(self, scores: Tensor, words: Tensor) -> Tensor:
        """Return the scores minus log(K p(w))."""
        # The minimum is for words of count 0, which are never sampled.
        expected = np.log(np.maximum(self.num_negatives * self.noise, 1e-30)).astype("float32")
        return scores - ops.take(ops.convert_to_tensor(expected), words)

    def log_probabilities(self, hidden: Tensor) -> Tensor:
        """Return the log-probability of every word, float32 [..., V], from hidden [..., D]."""
        return ops.log_softmax(self.scores(hidden), axis=-1)


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

    def __init__(self, vocabulary_size: int, counts: Sequence[float] | np.ndarray | None = None, **kwargs: Any) -> None:
        super().__init__(vocabulary_size, counts, **kwargs)
        self.nodes, self.signs = huffman_codes(self.word_counts())  # [V, L]
        self.num_vectors = vocabulary_size - 1

    def losses_of(self, hidden: Tensor, words: Tensor, training: bool | None) -> Tensor:
        """Return the negative sum of the log-probabilities of the branches to each word."""
        words = ops.cast(words, "int32")
        nodes = ops.take(ops.convert_to_tensor(self.nodes), words, axis=0)  # [B, T, L]
        signs = ops.take(ops.convert_to_tensor(self.signs), words, axis=0)
        losses = ops.softplus(-signs * self.scores(hidden, nodes))
        return ops.sum(losses * ops.abs(signs), axis=-1)

    def log_probabilities(self, hidden: Tensor) -> Tensor:
        """Return the log-probability of every word, float32 [..., V], from hidden [..., D]."""
        branches = ops.take(self.scores(hidden), ops.convert_to_tensor(self.nodes), axis=-1)  # [..., V, L]
        return -ops.sum(ops.softplus(-self.signs * branches) * np.abs(self.signs), axis=-1)
