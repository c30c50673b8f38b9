"""Beam search in one TensorFlow loop.

Shapes: B sequences, V vocabulary, L maximum length of the output, W beam width, N hypotheses returned, C candidates.
"""

from collections.abc import Callable
from typing import TypeAlias

import tensorflow as tf

from kerasnlp_zoo.decoding.blockwise import blockwise_top_k
from kerasnlp_zoo.decoding.generation import State, Step, require_length
from kerasnlp_zoo.errors import InputError, require_nonnegative, require_positive
from kerasnlp_zoo.layers.masking import IMPOSSIBLE, mask_scores

Hypotheses: TypeAlias = tuple[tf.Tensor, tf.Tensor]  # ids int32 [B, W, L], scores float32 [B, W]


def beam_search(
    step: Step,
    state: State,
    ids: tf.Tensor,
    beam_width: int,
    max_length: int | tf.Tensor,
    end_id: int,
    length_penalty: float = 0.6,
    num_best: int = 1,
    reorder: Callable[[State, tf.Tensor], State] | None = None,
    limits: tf.Tensor | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Continue sequences by beam search, and return the best hypotheses of each.

    A hypothesis is finished when it ends among the W best. An unfinished hypothesis is truncated at `max_length` and
    scored without `end_id`. The search for a sequence ends when W hypotheses are finished, or when no unfinished one
    can still reach the N best. Therefore the result for a sequence does not depend on the other sequences of the batch,
    and beam width 1 is greedy decoding for any penalty.

    Args:
        step: function (state, ids int32 [B * W]) -> (float logits [B * W, V] of the next tokens, new state).
        state: flat dict of tensors with B * W rows, the W hypotheses of a sequence in adjacent rows, before `ids`
            are read: `repeat_for_beams(state, beam_width)`.
        ids: int tensor [B], the last known token of every sequence.
        beam_width: W.
        max_length: L, int or int32 tensor [].
        end_id: the token that ends a sequence. The output does not contain it; length and probability include it.
        length_penalty: >= 0. The score of a hypothesis is its log-probability divided by `length_norm`.
        num_best: N, hypotheses to return, at most W.
        reorder: function (state, rows int32 [B * W]) -> state that copies row `rows[r]` to row r; None gathers every
            tensor. Pass one if the rows of the state can be copied faster.
        limits: int32 tensor [B], maximum length of each sequence. A forced end does not change the score. None for no
            limit.

    Returns:
        (ids, scores): int32 tensor [B, N, L], tokens, then zeros, the best hypothesis first, all different; and
        their scores float32 [B, N], IMPOSSIBLE where there are fewer than N hypotheses.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> def count_up(state, ids):
    ...     return tf.one_hot(ids + 1, 9) * 5, state
    >>> ids, scores = beam_search(count_up, {}, tf.constant([2, 5]), beam_width=3, max_length=4, end_id=8)
    >>> ids[:, 0].numpy()
    array([[3, 4, 5, 6],
           [6, 7, 0, 0]], dtype=int32)

    References: Graves 2012, "Sequence Transduction with Recurrent Neural Networks"; Wu et al. 2016, "Google's Neural
    Machine Translation System", equation 14, for the length.
    """
    require_positive(beam_width=beam_width, num_best=num_best)
    require_length(max_length)
    if num_best > beam_width:
        raise InputError(
            f"num_best must be at most beam_width. Received: num_best={num_best}, beam_width={beam_width}. "
            "Increase beam_width"
        )
    require_nonnegative(length_penalty=length_penalty)
    batch = tf.shape(ids)[0]
    beams = _Beams(batch, beam_width, max_length, end_id, length_penalty, num_best)
    reorder = reorder or gather_rows

    def has_more(place: tf.Tensor, ids: tf.Tensor, state: State, living: Hypotheses, ended: Hypotheses) -> tf.Tensor:
        return beams.has_more(place, living, ended)

    def extend(
        place: tf.Tensor, ids: tf.Tensor, state: State, living: Hypotheses, ended: Hypotheses
    ) -> tuple[tf.Tensor, tf.Tensor, State, Hypotheses, Hypotheses]:
        logits, new_state = step(state, ids)
        logits = logits if limits is None else _force_end(logits, place >= tf.repeat(limits, beam_width), end_id)
        ids, rows, living, ended = beams.extend(place, logits, living, ended)
        new_state = reorder(new_state, rows)
        # tf.while_loop requires the shapes and dtypes of the first iteration.
        state = {name: tf.ensure_shape(tf.cast(new_state[name], old.dtype), old.shape) for name, old in state.items()}
        return place + 1, ids, state, living, ended

    start = (tf.constant(0), tf.repeat(tf.cast(ids, tf.int32), beam_width), dict(state), *beams.start())
    place, *_, living, ended = tf.while_loop(has_more, extend, start)
    return beams.best(place, living, ended)


def _force_end(logits: tf.Tensor, must_end: tf.Tensor, end_id: int) -> tf.Tensor:
    """Mask all logits except the logit of the end, in the rows [R] that must end."""
    is_end = tf.equal(tf.range(tf.shape(logits)[1]), end_id)
    return tf.cond(tf.reduce_any(must_end), lambda: mask_scores(logits, is_end | ~must_end[:, None]), lambda: logits)


class _Beams:
    """A search with two sets of W hypotheses per sequence: the unfinished (living) and the best finished ones.

    The score of a living hypothesis is its log-probability. The score of a finished one is divided by `length_norm`.
    """

    def __init__(
        self,
        batch: tf.Tensor,
        width: int,
        max_length: int | tf.Tensor,
        end_id: int,
        length_penalty: float,
        num_best: int,
    ) -> None:
        self.batch, self.width, self.max_length = batch, width, max_length
        self.end_id, self.length_penalty, self.num_best = end_id, length_penalty, num_best

    def start(self) -> tuple[Hypotheses, Hypotheses]:
        """Return the initial sets: one living hypothesis per sequence, which is empty, and no finished one."""
        ids = tf.zeros([self.batch, self.width, self.max_length], tf.int32)
        nothing = tf.fill([self.batch, self.width], IMPOSSIBLE)
        first = tf.equal(tf.range(self.width), 0)
        return (ids, tf.where(first, 0.0, nothing)), (ids, nothing)

    def extend(
        self, place: tf.Tensor, logits: tf.Tensor, living: Hypotheses, ended: Hypotheses
    ) -> tuple[tf.Tensor, tf.Tensor, Hypotheses, Hypotheses]:
        """Extend every living hypothesis by every token, and keep the best.

        Returns:
            (ids [B * W], rows [B * W], living, ended): the new last tokens, and the row that each one extends.
        """
        scores, parents, tokens = self._candidates(logits, living[1])  # [B, C] each
        is_end = tf.equal(tokens, self.end_id)
        counts = is_end & (tf.range(tf.shape(tokens)[1]) < self.width) & ~self._is_full(ended)[:, None]
        here = tf.equal(tf.range(self.max_length), place)
        ids = tf.gather(living[0], parents, batch_dims=1)  # [B, C, L]
        ids = tf.where(here & ~is_end[:, :, None], tokens[:, :, None], ids)
        of_ended = self._penalized(tf.where(counts, scores, IMPOSSIBLE), place + 1)
        ended = self._best_of(tf.concat([ended[0], ids], axis=1), tf.concat([ended[1], of_ended], axis=1))
        scores, chosen = tf.math.top_k(tf.where(is_end, IMPOSSIBLE, scores), self.width)
        ids, parents, tokens = (tf.gather(values, chosen, batch_dims=1) for values in (ids, parents, tokens))
        rows = parents + tf.range(self.batch)[:, None] * self.width
        return tf.reshape(tokens, [-1]), tf.reshape(rows, [-1]), (ids, scores), ended

    def _candidates(self, logits: tf.Tensor, totals: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return scores, parents and tokens [B, C] of the 2 W best continuations: at most W of them end."""
        logits = tf.cast(logits, tf.float32)
        count = min(2 * self.width, logits.shape[-1])
        # Logits and log-probabilities of a row have the same order, so only the best are normalized.
        best, tokens = blockwise_top_k(logits, count)  # [B * W, count]
        best -= tf.reduce_logsumexp(logits, axis=-1, keepdims=True)
        scores = totals[:, :, None] + tf.reshape(best, [self.batch, self.width, count])
        flat = [self.batch, self.width * count]
        scores, chosen = tf.math.top_k(tf.reshape(scores, flat), min(2 * self.width, self.width * count))
        return scores, chosen // count, tf.gather(tf.reshape(tokens, flat), chosen, batch_dims=1)

    def _best_of(self, ids: tf.Tensor, scores: tf.Tensor, count: int | None = None) -> Hypotheses:
        scores, chosen = tf.math.top_k(scores, count or self.width)
        return tf.gather(ids, chosen, batch_dims=1), scores

    def has_more(self, place: tf.Tensor, living: Hypotheses, ended: Hypotheses) -> tf.Tensor:
        """Return whether a living hypothesis of any sequence can still become one of the best."""
        # A log-probability can only fall, and the norm of the maximum length is the largest.
        possible = self._penalized(tf.reduce_max(living[1], axis=1), self.max_length)
        is_open = ~self._is_full(ended) & (possible > ended[1][:, self.num_best - 1])
        return (place < self.max_length) & tf.reduce_any(is_open)

    def _is_full(self, ended: Hypotheses) -> tf.Tensor:
        """Return for each sequence whether W hypotheses are finished: bool [B]."""
        return ended[1][:, -1] > IMPOSSIBLE

    def best(self, place: tf.Tensor, living: Hypotheses, ended: Hypotheses) -> Hypotheses:
        """Return ids [B, N, L] and scores [B, N] of the best hypotheses, including the truncated ones."""
        is_cut = (place == self.max_length) & ~self._is_full(ended)[:, None]
        cut = self._penalized(tf.where(is_cut, living[1], IMPOSSIBLE), place)
        ids, scores = tf.concat([ended[0], living[0]], axis=1), tf.concat([ended[1], cut], axis=1)
        ids, scores = self._best_of(ids, scores, self.num_best)
        return tf.where(scores[:, :, None] > IMPOSSIBLE, ids, 0), scores

    def _penalized(self, scores: tf.Tensor, length: tf.Tensor | int) -> tf.Tensor:
        """Return scores divided by the norm of a length; IMPOSSIBLE is unchanged."""
        norm = length_norm(length, self.length_penalty)
        return tf.where(scores > IMPOSSIBLE / 2, scores / norm, IMPOSSIBLE)


def length_norm(length: tf.Tensor | int, penalty: float) -> tf.Tensor:
    """Return the divisor of a hypothesis' log-probability: ((5 + length) / 6) ^ penalty.

    Args:
        length: int tensor, number of tokens of the hypothesis, including the end.
        penalty: 0 for no normalization, which favours short hypotheses.

    Returns:
        float32 tensor like `length`.

    Example:

    >>> float(length_norm(7, 1.0)), float(length_norm(1, 0.6))
    (2.0, 1.0)

    Reference: Wu et al. 2016, equation 14.
    """
    return ((5.0 + tf.cast(length, tf.float32)) / 6.0) ** penalty


def repeat_for_beams(state: State, beam_width: int) -> State:
    """Return a state with every row repeated for the hypotheses of `beam_search`: [B, ...] -> [B * W, ...].

    Example:

    >>> repeat_for_beams({"h": tf.constant([[1], [2]])}, beam_width=2)["h"].numpy().ravel()
    array([1, 1, 2, 2], dtype=int32)
    """
    return {name: tf.repeat(values, beam_width, axis=0) for name, values in state.items()}


def gather_rows(state: State, rows: tf.Tensor) -> State:
    """Return a state whose row r is row `rows[r]` of the given state, in every tensor."""
    return {name: tf.gather(values, rows) for name, values in state.items()}
