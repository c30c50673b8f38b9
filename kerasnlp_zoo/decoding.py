"""Word after word from any model: the most probable one, or one drawn by chance.

A model is known only by a function `step(state, ids) -> (logits, state)`: the state is a flat dict of tensors,
batch first. All of it are TensorFlow operations, in one loop that compiles and exports.

Shapes: B sequences, V vocabulary, L longest output.
"""

import dataclasses

import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.layers.masking import mask_scores


def generate(step, state, ids, choose, max_length, end_id):
    """Go on with sequences until each has ended or is long enough.

    Args:
        step: function (state, ids int32 [B]) -> (float logits [B, V] of what follows the ids, state).
        state: flat dict of tensors [B, ...], before the ids are read.
        ids: int tensor [B], the last known token of every sequence.
        choose: function (logits, place) -> int32 [B], which token to take: `greedy` or a `Sampling`; place is
            int32 [], the number of tokens before.
        max_length: int, L.
        end_id: int, the token that ends a sequence; it is no part of the output.

    Returns:
        int32 tensor [B, L], the tokens of every sequence, then zeros.

    Raises:
        InputError: if `max_length` is not positive.

    Example:

    >>> def count_up(state, ids):
    ...     return tf.one_hot(ids + 1, 9), state
    >>> generate(count_up, {}, tf.constant([2, 5]), greedy, max_length=4, end_id=8).numpy()
    array([[3, 4, 5, 6],
           [6, 7, 0, 0]], dtype=int32)
    """
    require_positive(max_length=max_length)
    ids = tf.cast(ids, tf.int32)

    def is_going_on(place, ids, state, has_ended, output):
        return (place < max_length) & ~tf.reduce_all(has_ended)

    def go_on(place, ids, state, has_ended, output):
        logits, new_state = step(state, ids)
        ids = tf.ensure_shape(choose(logits, place), ids.shape)
        has_ended |= tf.equal(ids, end_id)
        ids = tf.where(has_ended, 0, ids)  # padding, which changes no state
        output = tf.where(tf.equal(tf.range(max_length), place), ids[:, None], output)
        # A loop insists on the shapes and dtypes that it began with.
        state = {name: tf.ensure_shape(tf.cast(new_state[name], old.dtype), old.shape) for name, old in state.items()}
        return place + 1, ids, state, has_ended, output

    output = tf.zeros([tf.shape(ids)[0], max_length], tf.int32)
    start = (tf.constant(0), ids, dict(state), tf.zeros_like(ids, tf.bool), output)
    return tf.while_loop(is_going_on, go_on, start)[-1]


def greedy(logits, place):
    """Take the most probable token, the first of equals.

    Args:
        logits: float tensor [B, V].
        place: int32 tensor [], not looked at.

    Returns:
        int32 tensor [B].
    """
    return tf.argmax(logits, axis=-1, output_type=tf.int32)


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
