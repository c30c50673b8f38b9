"""Word after word from any model: the most probable one, one drawn by chance, or the best of several sequences.

A model is known only by a function `step(state, ids) -> (logits, state)`: the state is a flat dict of tensors,
batch first. All of it are TensorFlow operations, in one loop that compiles and exports.

Shapes: B sequences, V vocabulary, L longest output, W width of the beam, N hypotheses returned, C candidates.
"""

import dataclasses

import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.layers.masking import IMPOSSIBLE, mask_scores

BLOCKS = range(64, 24, -1)  # sizes of blocks of a vocabulary, which must divide it


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
    _require_length(max_length)
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


def _require_length(max_length):
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
    size = _block_size(logits.shape[-1], 1)
    if size is None:
        return tf.argmax(logits, axis=-1, output_type=tf.int32)
    # The first of the highest maxima of blocks: XLA finds it in a fifth of the time.
    blocks = tf.reshape(logits, (-1, logits.shape[-1] // size, size))
    chosen = tf.argmax(tf.reduce_max(blocks, axis=-1), axis=-1, output_type=tf.int32)
    return chosen * size + tf.argmax(tf.gather(blocks, chosen, batch_dims=1), axis=-1, output_type=tf.int32)


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
    _require_length(max_length)
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
        best, tokens = top_of_many(logits, count)  # [B * W, count]
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


def top_of_many(logits, k):
    """Return the highest logits of each row and their places: `tf.math.top_k` in half the time where there are many.

    The k highest stand in the k blocks with the highest maxima: those alone are looked through. Of equal logits
    any may come first.

    Args:
        logits: float tensor [B, V].
        k: int.

    Returns:
        (values, places), float and int32 tensors [B, k].

    Example:

    >>> top_of_many(tf.constant([[0.5, 2.0, 1.0]]), k=2)[1].numpy()
    array([[1, 2]], dtype=int32)
    """
    size = _block_size(logits.shape[-1], k)
    if size is None:
        return tf.math.top_k(logits, k)
    blocks = tf.reshape(logits, (-1, logits.shape[-1] // size, size))
    _, chosen = tf.math.top_k(tf.reduce_max(blocks, axis=-1), k)
    looked_through = tf.reshape(tf.gather(blocks, chosen, batch_dims=1), (-1, k * size))
    values, places = tf.math.top_k(looked_through, k)
    return values, tf.gather(chosen, places // size, batch_dims=1) * size + places % size


def _block_size(vocabulary_size, k):
    """Return the size of blocks that k or more of make up the vocabulary, None if no size divides it."""
    if vocabulary_size is None:
        return None
    return next((size for size in BLOCKS if vocabulary_size % size == 0 and vocabulary_size >= k * size), None)


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
