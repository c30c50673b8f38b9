"""A softmax over a sample of the vocabulary, for training; inference uses the complete softmax.

Shapes: B batch, T words to predict, D width of a vector, V vocabulary, S candidates.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.layers.masking import LOWEST, mask_scores
from kerasnlp_zoo.layers.word_prediction import WordPrediction
from kerasnlp_zoo.types import Config, Tensor


def draw_candidates(
    vocabulary_size: int, num_candidates: int, seed_generator: keras.random.SeedGenerator
) -> tuple[Tensor, Tensor]:
    """Draw the words from which a softmax is estimated: the most frequent ones, and a sample of the others.

    The first half of the candidates are always the most frequent words, which contribute most to the denominator of
    a softmax. The other words are divided into intervals of equal size, and one word is drawn from each interval.

    Args:
        vocabulary_size: V; ids are sorted by decreasing frequency.
        num_candidates: S.
        seed_generator: source of the random numbers.

    Returns:
        (ids int32 [S], log_counts float32 [S]): log_counts is the logarithm of the number of words that a candidate
        represents. It is the lowest number for a candidate beyond the end of the vocabulary.
    """
    num_fixed = num_candidates // 2
    num_drawn = num_candidates - num_fixed
    piece = max(1, -(-(vocabulary_size - num_fixed) // num_drawn))
    offsets = ops.cast(ops.floor(piece * keras.random.uniform((num_drawn,), seed=seed_generator)), "int32")
    drawn = num_fixed + piece * ops.arange(num_drawn, dtype="int32") + ops.minimum(offsets, piece - 1)
    ids = ops.concatenate([ops.arange(num_fixed, dtype="int32"), drawn])
    log_counts = np.repeat(np.log([1.0, piece]), [num_fixed, num_drawn]).astype("float32")
    log_counts = ops.where(ids < vocabulary_size, ops.convert_to_tensor(log_counts), LOWEST["float32"])
    return ops.minimum(ids, vocabulary_size - 1), log_counts


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class SampledSoftmax(WordPrediction):
    """Sampled softmax: the sum in the denominator of the softmax is estimated from S candidates, the same for a batch.

    The loss is -log of the probability of each word. The estimate of the sum is unbiased. If all words are candidates,
    it is exact. In inference, the loss is the full softmax.

    Args:
        vocabulary_size: V (>= 2).
        num_sampled: S (>= 1).
        counts: number of occurrences of each word, as in `WordPrediction`.
        seed: seed of the candidates.

    Inputs and output are the same as for `WordPrediction`.

    Example:

    >>> layer = SampledSoftmax(vocabulary_size=4, num_sampled=2)  # the most frequent word, and one of the others
    >>> layer(np.ones((1, 1, 2)), np.array([[3, 0]]), training=True).shape
    TensorShape([1, 2])

    References: Bengio and Senecal 2008, "Adaptive Importance Sampling to Accelerate Training of a Neural
    Probabilistic Language Model"; Jean et al. 2015, section 3.1.
    """

    def __init__(
        self,
        vocabulary_size: int,
        num_sampled: int = 4096,
        counts: Sequence[float] | np.ndarray | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(vocabulary_size, counts, **kwargs)
        require_positive(num_sampled=num_sampled)
        self.num_sampled, self.seed = num_sampled, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def losses_of(self, hidden: Tensor, words: Tensor, training: bool | None) -> Tensor:
        """Return the estimated negative log-probability of each word."""
        if not training:
            return self.softmax_losses(hidden, words)
        candidates, log_counts = draw_candidates(self.vocabulary_size, self.num_sampled, self.seed_generator)
        return self.sampled_losses(hidden, words, candidates, log_counts)

    def sampled_losses(self, hidden: Tensor, words: Tensor, candidates: Tensor, log_counts: Tensor) -> Tensor:
        """Return -log of the probability of each word, estimated from candidates of `draw_candidates`.

        Args:
            hidden: float [B, T, D].
            words: ids of the words, int [B, T].
            candidates: int32 [S].
            log_counts: float32 [S].

        Returns:
            float32 [B, T].
        """
        target = self.scores_of(hidden, words)
        scores = self.scores(hidden, candidates, log_counts)  # [B, T, S]
        scores = mask_scores(scores, ops.not_equal(candidates, ops.cast(words, "int32")[..., None]))
        return ops.softplus(ops.logsumexp(scores, axis=-1) - target)  # log(e^target + sum over the others) - target

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "num_sampled": self.num_sampled, "seed": self.seed}
