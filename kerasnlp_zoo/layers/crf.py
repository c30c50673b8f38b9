"""Linear-chain conditional random fields: tags that depend on their words and on the tag before.

Everything about a batch of texts lies in one tensor of *scores* [B, K + T, K], made by the layer `CRF`: first the
transitions [K, K], from the tag of a row to the tag of a column, then the emissions [T, K], how well each tag suits
each word. So losses and decoding are functions of it alone.

Beside the C tags there is one more, the boundary, K = C + 1. Before a text, after it and at padding a path stands on
the boundary; between, it cannot. Its row of the transitions holds what begins a text, its column what ends one, and a
step from boundary to boundary costs nothing: so padding needs no mask, whatever its amount, and the empty text has
one path.

The tensor is lean on purpose: potentials of every step, [B, T, C, C], would cost 45 times the memory for 44 parts of
speech, and one product of matrices a step would become B of them.

Shapes: B batch, T time, D width of a vector, C tags, K = C + 1.

References: Lafferty et al. 2001, "Conditional Random Fields"; Rabiner 1989, "A Tutorial on Hidden Markov Models", for
the recursions.
"""

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.layers.masking import IMPOSSIBLE, MaskedLayer


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class CRF(MaskedLayer):
    """The head of a tagger whose tags depend on each other: scores of tags for each word, and of steps between tags.

    Args:
        num_classes: int, C.
        allowed_transitions: [K, K] nested lists of bool, True where the tag of a column may follow that of a row; the last
            row is for the first tag of a text, the last column for the end (`text.tag_schemes.allowed_transitions`). None
            allows all.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True at real words; None for everywhere.

    Returns:
        float32 tensor [B, K + T, K]: scores, for `crf_log_likelihood`, `crf_tags` and `crf_marginals`.

    Raises:
        InputError: if `allowed_transitions` has another shape.

    Example:

    >>> scores = CRF(num_classes=3)(ops.ones((2, 5, 8)))
    >>> scores.shape, crf_tags(scores).shape
    (TensorShape([2, 9, 4]), TensorShape([2, 5]))

    Reference: Lample et al. 2016, "Neural Architectures for Named Entity Recognition", section 2.2.
    """

    def __init__(self, num_classes, allowed_transitions=None, **kwargs):
        super().__init__(**kwargs)
        require_positive(num_classes=num_classes)
        expected = (num_classes + 1, num_classes + 1)
        if allowed_transitions is not None and ops.shape(ops.convert_to_tensor(allowed_transitions)) != expected:
            raise InputError(
                f"allowed_transitions must say for {num_classes} tags and the boundary which may follow which, so have the shape "
                f"{expected}. Received: {ops.shape(ops.convert_to_tensor(allowed_transitions))}"
            )
        self.num_classes = num_classes
        self.allowed_transitions = allowed_transitions

    def build(self, inputs_shape):
        """Create a dense layer's weights, and the scores of steps."""
        size = self.num_classes + 1
        self.kernel = self.add_weight((inputs_shape[-1], self.num_classes), "glorot_uniform", name="kernel")
        self.bias = self.add_weight((self.num_classes,), "zeros", name="bias")
        self.transitions = self.add_weight(
            (size, size), keras.initializers.RandomUniform(-0.1, 0.1), name="transitions"
        )

    def call(self, inputs, mask=None):
        """Put transitions and emissions into one tensor."""
        emissions = ops.cast(ops.matmul(inputs, self.kernel) + self.bias, "float32")
        is_real = ops.ones_like(emissions[:, :, :1]) if mask is None else ops.cast(mask, "float32")[:, :, None]
        # A real word has a tag and not the boundary, padding the boundary and no tag.
        emissions = ops.where(is_real > 0, emissions, IMPOSSIBLE)
        emissions = ops.concatenate([emissions, is_real * IMPOSSIBLE], axis=-1)  # [B, T, K]
        transitions = self.possible_transitions()
        transitions = ops.broadcast_to(transitions, (ops.shape(emissions)[0], *transitions.shape))
        return ops.concatenate([transitions, emissions], axis=1)

    def possible_transitions(self):
        """Return the scores of steps [K, K], IMPOSSIBLE where a step is not legal, 0 from boundary to boundary."""
        is_tag = ops.arange(self.num_classes + 1) < self.num_classes
        transitions = ops.where(is_tag[:, None] | is_tag, ops.cast(self.transitions, "float32"), 0.0)
        if self.allowed_transitions is None:
            return transitions
        return ops.where(ops.convert_to_tensor(self.allowed_transitions, "bool"), transitions, IMPOSSIBLE)

    def compute_output_spec(self, inputs, mask=None):
        """Return the symbolic output."""
        batch, time, _ = inputs.shape
        size = self.num_classes + 1
        return keras.KerasTensor((batch, None if time is None else size + time, size), dtype="float32")

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "allowed_transitions": self.allowed_transitions,
        }


def crf_log_likelihood(scores, tags):
    """Return the log-probability of a sequence of tags for each text.

    Args:
        scores: float32 tensor [B, K + T, K] of `CRF`.
        tags: int tensor [B, T]; what it says at padding does not matter.

    Returns:
        float32 tensor [B]; 0 for a text without words.

    Example:

    >>> scores = CRF(num_classes=2)(ops.zeros((1, 3, 4)))
    >>> paths = [[[i, j, k]] for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    >>> total = sum(ops.exp(crf_log_likelihood(scores, ops.convert_to_tensor(path))) for path in paths)
    >>> round(float(total[0]), 4)
    1.0
    """
    transitions, emissions = _parts(scores)
    return _path_score(transitions, emissions, tags) - _log_partition(transitions, emissions)


def crf_log_partition(scores):
    """Return the logarithm of the sum of exp(score) over all paths of tags, log Z, for each text.

    Args:
        scores: float32 tensor [B, K + T, K] of `CRF`.

    Returns:
        float32 tensor [B]; its gradient is computed without going back through the recursion.
    """
    return _log_partition(*_parts(scores))


def crf_marginals(scores):
    """Return the probability of every tag at every word, over all paths.

    Args:
        scores: float32 tensor [B, K + T, K] of `CRF`.

    Returns:
        float32 tensor [B, T, C]; 0 at padding.

    Reference: Rabiner 1989, equation 27 (forward-backward).
    """
    transitions, emissions = _parts(scores)
    before, after, _ = _messages(transitions, emissions)
    return _marginals(emissions, before, after)[:, :, :-1]


def crf_tags(scores):
    """Return the most probable sequence of tags, which is legal whatever the emissions say.

    Args:
        scores: float32 tensor [B, K + T, K] of `CRF`.

    Returns:
        int32 tensor [B, T]; 0 at padding.

    Reference: Viterbi 1967, from both ends at once: two searches side by side meet in the middle, and the tags are
    read off from there outwards, in half as many steps as from one end to the other and back.
    """
    transitions, emissions = _parts(scores)
    batch, time, size = _sizes(emissions)
    half = time // 2 + 1
    padding = _boundary(ops.ones((2 * half - time, batch, 1)), size)
    steps = ops.concatenate([ops.transpose(emissions, (1, 0, 2)), padding], axis=0)
    steps = ops.stack([steps[:half], ops.flip(steps[half:], axis=0)], axis=2)  # [T / 2, B, 2, K]
    inwards = ops.stack([transitions, ops.transpose(transitions)])  # [2, K, K]
    outwards = ops.concatenate([ops.transpose(transitions), transitions], axis=0)  # [2K, K]

    def go_in(best_outside, emission):
        best = emission + best_outside  # [B, 2, K], of all words from the end to this tag
        return ops.max(inwards + best[..., None], axis=-2), best  # over rows: quicker than over columns

    def go_out(tags, best):
        _, tags = ops.top_k(ops.take(outwards, tags + ops.array([0, size]), axis=0) + best, 1)
        tags = ops.cast(tags[:, :, 0], "int32")  # [B, 2]
        return tags, tags

    best_outside, best = ops.scan(go_in, ops.broadcast_to(inwards[:, -1], (batch, 2, size)), steps)
    # Where two paths are equally good, both searches must start from the same one.
    left = ops.cast(ops.argmax(best[-1, :, 0] + best_outside[:, 1], axis=-1), "int32")
    right = ops.cast(ops.argmax(ops.take(transitions, left, axis=0) + best[-1, :, 1], axis=-1), "int32")
    _, tags = ops.scan(go_out, ops.stack([right, left], axis=1), best, reverse=True)  # [T / 2, B, 2]
    tags = ops.concatenate([tags[:, :, 0], ops.flip(tags[:, :, 1], axis=0)], axis=0)
    tags = ops.transpose(tags[:time])  # [B, T]
    return ops.where(tags < size - 1, tags, 0)


def _parts(scores):
    """Return transitions [K, K] and emissions [B, T, K]."""
    size = scores.shape[-1]
    return scores[0, :size], scores[:, size:]


def _sizes(emissions):
    batch, time = ops.shape(emissions)[:2]
    return batch, time, emissions.shape[-1]


def is_real_word(scores):
    """Tell real words from padding: bool tensor [B, T] from the scores [B, K + T, K] of `CRF`."""
    return scores[:, scores.shape[-1] :, -1] < 0  # a real word cannot stand on the boundary


def _path_score(transitions, emissions, tags):
    """Return the score of one path of tags [B, T] for each text: [B]."""
    size = emissions.shape[-1]
    tags = ops.where(emissions[:, :, -1] < 0, ops.cast(tags, "int32"), size - 1)
    emitted = ops.squeeze(ops.take_along_axis(emissions, tags[:, :, None], axis=-1), -1)  # [B, T]
    boundary = ops.full_like(tags[:, :1], size - 1)
    path = ops.concatenate([boundary, tags, boundary], axis=1)
    steps = ops.take(ops.reshape(transitions, (-1,)), path[:, :-1] * size + path[:, 1:])  # [B, T + 1]
    return ops.sum(emitted, axis=1) + ops.sum(steps, axis=1)


@ops.custom_gradient
def _log_partition(transitions, emissions):
    """Return log Z [B]; its gradient is the probability of every step and of every tag."""
    before, after, scales = _messages(transitions, emissions)
    log_partition = ops.sum(scales[0], axis=1)

    def gradient(*arguments, upstream=None):
        upstream = arguments[0] if upstream is None else upstream
        of_tags = upstream[:, None, None] * _marginals(emissions, before, after)
        # How often each step is made, with the sum over B and T as one product of matrices. The factors are
        # scaled to meet: their product is a probability, and each alone stays within float32.
        batch, _, size = _sizes(emissions)
        boundary = _boundary(ops.ones((batch, 1, 1)), size)
        left = ops.exp(ops.concatenate([boundary, before[:, :-1]], axis=1))  # [B, T + 1, K]
        right = ops.concatenate([after[:, 1:], boundary], axis=1)
        # The scales of all words before a step, and of all after it, less log Z, which either direction adds up to.
        scale = ops.cumsum(scales[0], axis=1) - scales[0] - ops.cumsum(scales[1], axis=1)  # [B, T + 1]
        right = ops.exp(ops.minimum(right + scale[:, :, None], LARGEST_EXPONENT)) * upstream[:, None, None]
        counts = ops.matmul(ops.transpose(ops.reshape(left, (-1, size))), ops.reshape(right, (-1, size)))
        return counts * ops.exp(transitions), of_tags

    return log_partition, gradient


LARGEST_EXPONENT = 80.0  # exp(88) is beyond float32


def _messages(transitions, emissions):
    """Sum over all paths that lead to a tag, and over all that go on from it: forward-backward as one loop.

    The largest value at a word is taken out, as its scale, so that the others keep their precision in a long text.

    Returns:
        (before, after, scales), float32 tensors, logarithms. `before` [B, T + 1, K] at t sums over all paths from the
        boundary to a tag of word t, `after` at t over all from a tag of word t - 1 to the boundary, both with the
        emissions of all their words; so `before[:, T]` and `after[:, 0]` are at the boundary. `scales` [2, B, T + 1]
        is what each of these rows lost; in either direction they add up to log Z.
    """
    batch, _, size = _sizes(emissions)
    steps = ops.transpose(emissions, (1, 0, 2))  # [T, B, K]
    steps = ops.stack([steps, ops.flip(steps, axis=0)], axis=2)  # [T, B, 2, K]: both directions side by side
    boundary = _boundary(ops.ones((batch, 2, 1)), size)
    steps = ops.concatenate([steps, boundary[None]], axis=0)
    # One product of two matrices for both directions: a batch of products is four times as slow.
    factors = ops.exp(transitions)
    nothing = ops.zeros_like(factors)
    factors = ops.concatenate(
        [
            ops.concatenate([factors, nothing], axis=1),
            ops.concatenate([nothing, ops.transpose(factors)], axis=1),
        ],
        axis=0,
    )  # [2K, 2K]

    def go_on(state, emission):
        total = ops.matmul(ops.reshape(ops.exp(state), (-1, 2 * size)), factors)
        total = ops.reshape(total, (-1, 2, size))
        state = ops.where(total > 0, ops.log(total), IMPOSSIBLE) + emission
        return state - ops.max(state, axis=-1, keepdims=True), state

    _, states = ops.scan(go_on, boundary, steps)  # [T + 1, B, 2, K]
    states = ops.stack([states[:, :, 0], ops.flip(states[:, :, 1], axis=0)])
    states = ops.transpose(states, (0, 2, 1, 3))  # [2, B, T + 1, K]
    scales = ops.max(states, axis=-1)
    states = states - scales[..., None]
    return states[0], states[1], scales


def _boundary(ones, size):
    """Return logarithms of standing on the boundary: [..., K], from ones [..., 1]."""
    is_boundary = ops.arange(size) == size - 1
    return ops.where(is_boundary, 0.0, IMPOSSIBLE) * ones


def _marginals(emissions, before, after):
    """Return the probability of every tag and of the boundary: [B, T, K]."""
    # Both messages count the emission of the word where they meet.
    return ops.softmax(before[:, :-1] + after[:, 1:] - emissions, axis=-1)
