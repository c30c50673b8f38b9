"""Generation of sequences, one token after the other.

Shapes: B sequences, V vocabulary, L maximum length of the output.
"""

from collections.abc import Callable
from typing import TypeAlias

import tensorflow as tf

from kerasnlp_zoo.decoding.blockwise import blockwise_argmax
from kerasnlp_zoo.errors import require_positive

State: TypeAlias = dict[str, tf.Tensor]
Step: TypeAlias = Callable[[State, tf.Tensor], tuple[tf.Tensor, State]]


def generate(
    step: Step,
    state: State,
    ids: tf.Tensor,
    choose: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    max_length: int | tf.Tensor,
    end_id: int,
) -> tf.Tensor:
    """Continue sequences until all have ended or have the maximum length.

    Args:
        step: function (state, ids int32 [B]) -> (float logits [B, V] of the next tokens, new state).
        state: flat dict of tensors [B, ...], the state before `ids` are read.
        ids: int tensor [B], the last known token of every sequence.
        choose: function (logits, place) -> int32 [B] that chooses the next tokens: `greedy` or a `Sampling`;
            place is int32 [], the number of tokens generated so far.
        max_length: L, int or int32 tensor [].
        end_id: the token that ends a sequence; the output does not contain it.

    Returns:
        int32 tensor [B, L], the generated tokens of every sequence, then zeros.

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

    def has_more(place: tf.Tensor, ids: tf.Tensor, state: State, has_ended: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
        return (place < max_length) & ~tf.reduce_all(has_ended)

    def generate_one(
        place: tf.Tensor, ids: tf.Tensor, state: State, has_ended: tf.Tensor, output: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, State, tf.Tensor, tf.Tensor]:
        logits, new_state = step(state, ids)
        ids = tf.ensure_shape(choose(logits, place), ids.shape)
        has_ended |= tf.equal(ids, end_id)
        ids = tf.where(has_ended, 0, ids)  # padding, which changes no state
        output = tf.where(tf.equal(tf.range(max_length), place), ids[:, None], output)
        # tf.while_loop requires the shapes and dtypes of the first iteration.
        state = {name: tf.ensure_shape(tf.cast(new_state[name], old.dtype), old.shape) for name, old in state.items()}
        return place + 1, ids, state, has_ended, output

    output = tf.zeros([tf.shape(ids)[0], max_length], tf.int32)
    start = (tf.constant(0), ids, dict(state), tf.zeros_like(ids, tf.bool), output)
    return tf.while_loop(has_more, generate_one, start)[-1]


def require_length(max_length: int | tf.Tensor) -> None:
    """Raise InputError if the length is below 1. A tensor is not checked."""
    if not tf.is_tensor(max_length):
        require_positive(max_length=max_length)


def greedy(logits: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    """Return the most probable tokens; for ties, the lowest id.

    Args:
        logits: float tensor [B, V].
        place: int32 tensor [], not used.

    Returns:
        int32 tensor [B].
    """
    return blockwise_argmax(logits)
