"""Sampling of the next token from its distribution.

Shapes: B sequences, V vocabulary.
"""

import dataclasses

import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_nonnegative, require_positive
from kerasnlp_zoo.layers.masking import mask_scores


@dataclasses.dataclass(frozen=True)
class Sampling:
    """Draw the next tokens at random.

    The same seed draws the same tokens, but with XLA other tokens than without XLA.

    Attributes:
        temperature: > 0. Logits are divided by it: a value below 1 makes probable tokens more probable.
        top_k: draw only from this many most probable tokens; None for all.
        top_p: in (0, 1], draw only from the smallest set of most probable tokens whose probabilities sum to at
            least this; None for all. With `top_k`, it applies to the distribution over these k tokens.
        seed: seed of the random numbers.

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

    def __post_init__(self) -> None:
        require_nonnegative(temperature=self.temperature)
        if self.temperature == 0:
            raise InputError(
                f"temperature must be above 0. Received: temperature={self.temperature!r}. "
                "For the most probable token use `greedy`"
            )
        if self.top_k is not None:
            require_positive(top_k=self.top_k)
        if self.top_p is not None:
            require_nonnegative(top_p=self.top_p)
            if not 0 < self.top_p <= 1:
                raise InputError(f"top_p must be above 0 and at most 1. Received: top_p={self.top_p!r}")

    def __call__(self, logits: tf.Tensor, place: tf.Tensor | int) -> tf.Tensor:
        """Return a random token for every row of logits [B, V]: int32 [B]; `place` is the number of previous tokens."""
        logits = tf.cast(logits, tf.float32) / self.temperature
        if self.top_k is not None:
            logits = keep_top_k(logits, self.top_k)
        if self.top_p is not None:
            logits = keep_top_p(logits, self.top_p)
        seed = tf.stack([tf.constant(self.seed), tf.cast(place, tf.int32)])
        return tf.random.stateless_categorical(logits, 1, seed, dtype=tf.int32)[:, 0]


def keep_top_k(logits: tf.Tensor, k: int) -> tf.Tensor:
    """Mask all logits except the `k` highest of each row. Logits equal to the k-th are kept.

    Args:
        logits: float tensor [B, V].
        k: number of logits to keep.

    Returns:
        Tensor like `logits`, with the lowest finite number at masked positions.
    """
    highest, _ = tf.math.top_k(logits, min(k, logits.shape[-1]))
    return mask_scores(logits, logits >= highest[:, -1:])


def keep_top_p(logits: tf.Tensor, p: float) -> tf.Tensor:
    """Mask all logits except the smallest set of highest ones whose probabilities sum to at least `p`.

    Logits equal to the lowest one of the set are kept.

    Args:
        logits: float tensor [B, V].
        p: in (0, 1].

    Returns:
        Tensor like `logits`, with the lowest finite number at masked positions.
    """
    falling = tf.sort(logits, direction="DESCENDING")
    before = tf.cumsum(tf.nn.softmax(falling), axis=-1, exclusive=True)  # total probability of the higher logits
    last = tf.reduce_sum(tf.cast(before < p, tf.int32), axis=-1, keepdims=True) - 1
    return mask_scores(logits, logits >= tf.gather(falling, last, batch_dims=1))
