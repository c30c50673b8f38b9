"""One word after the other, each chosen from what may follow those before.

Shapes: B sequences, V vocabulary, L longest output.
"""

import tensorflow as tf

from kerasnlp_zoo.decoding.blockwise import highest
from kerasnlp_zoo.errors import require_positive


def generate(step, state, ids, choose, max_length, end_id):
    """Go on with sequences until each has ended or is long enough.

    Args:
        step: function (state, ids int32 [B]) -> (float logits [B, V] of what follows the ids, state).
        state: flat dict of tensors [B, ...], before the ids are read.
        ids: int tensor [B], the last known token of every sequence.
        choose: function (logits, place) -> int32 [B], which token to take: `greedy` or a `Sampling`; place is
            int32 [], the number of tokens before.
        max_length: int or int32 tensor [], L.
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
    require_length(max_length)
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


def require_length(max_length):
    """Raise InputError for a length below 1, as far as it is known."""
    if not tf.is_tensor(max_length):
        require_positive(max_length=max_length)


def greedy(logits, place):
    """Take the most probable token, the first of equals.

    Args:
        logits: float tensor [B, V].
        place: int32 tensor [], not looked at.

    Returns:
        int32 tensor [B].
    """
    return highest(logits)
