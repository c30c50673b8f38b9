"""The best of several sequences: beam search within one loop.

Shapes: B sequences, V vocabulary, L longest output, W width of the beam, N hypotheses returned, C candidates.
"""

import tensorflow as tf

from kerasnlp_zoo.decoding.blockwise import blockwise_top_k
from kerasnlp_zoo.decoding.generation import require_length
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.layers.masking import IMPOSSIBLE, mask_scores


def beam_search(
    step,
    state,
    ids,
    beam_width,
    max_length,
    end_id,
    length_penalty=0.6,
    num_best=1,
    reorder=None,
    limits=None,
):
    """Go on with sequences, keeping the most probable hypotheses of each, and return the best that ended.

    A hypothesis that ends among the W best is set aside and grows no more; one that reaches `max_length` counts as it
    stands. The search for a sequence is over once W have ended, or once no living hypothesis can overtake those; so
    what else is in a batch changes nothing, and a beam of one is greedy decoding whatever the penalty.

    Args:
        step: function (state, ids int32 [B * W]) -> (float logits [B * W, V] of what follows the ids, state).
        state: flat dict of tensors for B * W rows, the hypotheses of a sequence side by side, before the ids are
            read: `repeated(state, beam_width)`.
        ids: int tensor [B], the last known token of every sequence.
        beam_width: int, W.
        max_length: int or int32 tensor [], L.
        end_id: int, the token that ends a sequence; it is no part of the output, but of its length and probability.
        length_penalty: float >= 0: a hypothesis is scored by its log-probability divided by `length_norm`.
        num_best: int <= W, N, hypotheses to return.
        reorder: function (state, rows int32 [B * W]) -> state, which puts row `rows[r]` into place r; None to
            gather every tensor. For states that know a cheaper way.
        limits: int32 tensor [B], after how many tokens each sequence must end, for nothing; None for no such limit.

    Returns:
        (ids, scores): int32 tensor [B, N, L], tokens and then zeros, the best first and all different; and their
        scores float32 [B, N], IMPOSSIBLE where there are fewer hypotheses.

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
        raise InputError(f"num_best={num_best} hypotheses do not fit into beam_width={beam_width}: widen the beam")
    if length_penalty < 0:
        raise InputError(f"length_penalty is at least 0, for no penalty. Received: {length_penalty}")
    batch = tf.shape(ids)[0]
    beams = _Beams(batch, beam_width, max_length, end_id, length_penalty, num_best)
    reorder = reorder or gathered

    def go_on(place, ids, state, *hypotheses):
        logits, new_state = step(state, ids)
        logits = logits if limits is None else _ending(logits, place >= tf.repeat(limits, beam_width), end_id)
        ids, rows, *hypotheses = beams.extend(place, logits, *hypotheses)
        new_state = reorder(new_state, rows)
        state = {name: tf.ensure_shape(tf.cast(new_state[name], old.dtype), old.shape) for name, old in state.items()}
        return place + 1, ids, state, *hypotheses

    start = (tf.constant(0), tf.repeat(tf.cast(ids, tf.int32), beam_width), dict(state), *beams.start())
    place, *_, living, ended = tf.while_loop(lambda place, ids, state, *h: beams.goes_on(place, *h), go_on, start)
    return beams.best(place, living, ended)


def _ending(logits, must_end, end_id):
    """Leave only the end to the rows [R] that must end."""
    is_end = tf.equal(tf.range(tf.shape(logits)[1]), end_id)
    return tf.cond(tf.reduce_any(must_end), lambda: mask_scores(logits, is_end | ~must_end[:, None]), lambda: logits)


class _Beams:
    """What is known of every sequence: W living hypotheses and the best W that ended, each (ids, scores).

    Living ones are scored by their log-probability, ended ones by that over their length's norm.
    """

    def __init__(self, batch, width, max_length, end_id, length_penalty, num_best):
        self.batch, self.width, self.max_length = batch, width, max_length
        self.end_id, self.length_penalty, self.num_best = end_id, length_penalty, num_best

    def start(self):
        """Return one living hypothesis a sequence, the empty one, and none that ended."""
        ids = tf.zeros([self.batch, self.width, self.max_length], tf.int32)
        nothing = tf.fill([self.batch, self.width], IMPOSSIBLE)
        first = tf.equal(tf.range(self.width), 0)
        return (ids, tf.where(first, 0.0, nothing)), (ids, nothing)

    def extend(self, place, logits, living, ended):
        """Let every living hypothesis go on with every token; keep the best.

        Returns:
            (ids [B * W], rows [B * W], living, ended): the new last tokens, and from which row each goes on.
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

    def _candidates(self, logits, totals):
        """Return scores, parents and tokens of the best continuations, twice as many as beams: half may end."""
        logits = tf.cast(logits, tf.float32)
        count = min(2 * self.width, logits.shape[-1])
        # The order of a row's logits is that of its log-probabilities, so only its best are normalised.
        best, tokens = blockwise_top_k(logits, count)  # [B * W, count]
        best -= tf.reduce_logsumexp(logits, axis=-1, keepdims=True)
        scores = totals[:, :, None] + tf.reshape(best, [self.batch, self.width, count])
        flat = [self.batch, self.width * count]
        scores, places = tf.math.top_k(tf.reshape(scores, flat), min(2 * self.width, self.width * count))
        return scores, places // count, tf.gather(tf.reshape(tokens, flat), places, batch_dims=1)

    def _best_of(self, ids, scores, count=None):
        scores, chosen = tf.math.top_k(scores, count or self.width)
        return tf.gather(ids, chosen, batch_dims=1), scores

    def goes_on(self, place, living, ended):
        """Tell whether a living hypothesis of some sequence could still be among the best."""
        # A log-probability only falls, and the longest hypothesis divides it by most.
        possible = self._penalized(tf.reduce_max(living[1], axis=1), self.max_length)
        is_open = ~self._is_full(ended) & (possible > ended[1][:, self.num_best - 1])
        return (place < self.max_length) & tf.reduce_any(is_open)

    def _is_full(self, ended):
        return ended[1][:, -1] > IMPOSSIBLE

    def best(self, place, living, ended):
        """Return ids [B, N, L] and scores [B, N] of the best hypotheses, those cut at the greatest length included."""
        is_cut = (place == self.max_length) & ~self._is_full(ended)[:, None]
        cut = self._penalized(tf.where(is_cut, living[1], IMPOSSIBLE), place)
        ids, scores = tf.concat([ended[0], living[0]], axis=1), tf.concat([ended[1], cut], axis=1)
        ids, scores = self._best_of(ids, scores, self.num_best)
        return tf.where(scores[:, :, None] > IMPOSSIBLE, ids, 0), scores

    def _penalized(self, scores, length):
        """Divide by the norm of a length; what is no hypothesis stays none."""
        norm = length_norm(length, self.length_penalty)
        return tf.where(scores > IMPOSSIBLE / 2, scores / norm, IMPOSSIBLE)


def length_norm(length, penalty):
    """Return what the log-probability of a hypothesis is divided by: ((5 + length) / 6) ^ penalty.

    Args:
        length: int tensor, tokens of the hypothesis, its end included.
        penalty: float; 0 for no norm, which favours short hypotheses.

    Returns:
        float32 tensor like `length`.

    Example:

    >>> float(length_norm(7, 1.0)), float(length_norm(1, 0.6))
    (2.0, 1.0)

    Reference: Wu et al. 2016, equation 14.
    """
    return ((5.0 + tf.cast(length, tf.float32)) / 6.0) ** penalty


def repeated(state, beam_width):
    """Repeat every row of a state, a flat dict of tensors [B, ...], for the hypotheses of `beam_search`: [B * W, ...].

    Example:

    >>> repeated({"h": tf.constant([[1], [2]])}, beam_width=2)["h"].numpy().ravel()
    array([1, 1, 2, 2], dtype=int32)
    """
    return {name: tf.repeat(values, beam_width, axis=0) for name, values in state.items()}


def gathered(state, rows):
    """Put row `rows[r]` of every tensor of a state into place r."""
    return {name: tf.gather(values, rows) for name, values in state.items()}
