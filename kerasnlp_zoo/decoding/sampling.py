"""Words drawn by chance, the more probable the more often.

Shapes: B sequences, V vocabulary.
"""

import dataclasses

import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.layers.masking import mask_scores


@dataclasses.dataclass(frozen=True)
class Sampling:
    """Draw tokens by chance; the same seed draws the same ones, compiled by XLA others than without.

    Attributes:
        temperature: float > 0; below 1 probable tokens become more probable still.
        top_k: int, only this many of the most probable tokens may be drawn; None for all.
        top_p: float in (0, 1], only the fewest most probable tokens may be drawn whose probabilities add up to
            this; None for all. Where both are given, it counts among the `top_k`.
        seed: int.

    Raises:
        InputError: if an attribute is outside its range.

    Example:

    >>> Sampling(top_k=1)(tf.constant([[0.5, 2.0, 1.0]]), place=0).numpy()
    array([1], dtype=int32)

    References: Fan et al. 2018, "Hierarchical Neural Story Generation", for top-k; Holtzman et al. 2020, "The
    Curious Case of Neural Text Degeneration", for top-p.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    seed: int = 0

    def __post_init__(self):
        if not self.temperature > 0:
            raise InputError(
                f"temperature must be above 0; near 0 is `greedy`. Received: temperature={self.temperature!r}"
            )
        if self.top_k is not None:
            require_positive(top_k=self.top_k)
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise InputError(f"top_p is a probability above 0, at most 1. Received: top_p={self.top_p!r}")

    def __call__(self, logits, place):
        """Draw a token for every row of logits [B, V]: int32 [B]."""
        logits = tf.cast(logits, tf.float32) / self.temperature
        if self.top_k is not None:
            logits = keep_top_k(logits, self.top_k)
        if self.top_p is not None:
            logits = keep_top_p(logits, self.top_p)
        seed = tf.stack([tf.constant(self.seed), tf.cast(place, tf.int32)])
        return tf.random.stateless_categorical(logits, 1, seed, dtype=tf.int32)[:, 0]


def keep_top_k(logits, k):
    """Put the lowest number everywhere but at the `k` highest logits; equals of the last are kept with it.

    Args:
        logits: float tensor [B, V].
        k: int.

    Returns:
        Tensor like `logits`.
    """
    highest, _ = tf.math.top_k(logits, min(k, logits.shape[-1]))
    return mask_scores(logits, logits >= highest[:, -1:])


def keep_top_p(logits, p):
    """Put the lowest number everywhere but at the fewest highest logits with a probability of `p` together.

    Equals of the last are kept with it.

    Args:
        logits: float tensor [B, V].
        p: float in (0, 1].

    Returns:
        Tensor like `logits`.
    """
    falling = tf.sort(logits, direction="DESCENDING")
    before = tf.cumsum(tf.nn.softmax(falling), axis=-1, exclusive=True)  # probability of all that come before
    last = tf.reduce_sum(tf.cast(before < p, tf.int32), axis=-1, keepdims=True) - 1
    return mask_scores(logits, logits >= tf.gather(falling, last, batch_dims=1))
