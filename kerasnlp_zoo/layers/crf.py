"""Linear-chain conditional random fields: each tag depends on its word and on the tag before.

The layer `CRF` returns one tensor of *scores* [B, K + T, K] for a batch of texts. Its first K rows are the transition
scores [K, K], from the tag of the row to the tag of the column. The other rows are the emission scores [T, K] of the
tags of each word. Losses and decoding are functions of this tensor.

In addition to the C tags there is a boundary tag, so K = C + 1. A path of tags has the boundary tag before the text,
after it and at padding, and never at a real word. The row of the boundary has the scores of the first tag of a text.
Its column has the scores of the last tag. The transition from boundary to boundary has the score 0. Therefore padding
needs no mask and does not change a result, and an empty text has exactly one path.

The alternative, a tensor of the potentials of every step [B, T, C, C], would need 45 times the memory for 44 parts of
speech, and B matrix products per step instead of one.

Shapes: B batch, T length, D width of a vector, C tags, K = C + 1.

References: Lafferty et al. 2001, "Conditional Random Fields"; Rabiner 1989, "A Tutorial on Hidden Markov Models", for
the recursions.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.layers.masking import IMPOSSIBLE, MaskedLayer
from kerasnlp_zoo.types import Config, Tensor, TensorShape


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class CRF(MaskedLayer):
    """Compute the scores of a conditional random field: transitions between tags, and emissions of each word.

    Args:
        num_classes: number of tags, C.
        allowed_transitions: K rows of K bool: True where the tag of the column may follow the tag of the row. The last
            row is for the first tag of a text, the last column for the last tag. `tag_schemes.allowed_transitions`
            returns such rows. None allows all transitions.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True at real words; None for all True.

    Returns:
        float32 tensor [B, K + T, K]: scores, for `crf_log_likelihood`, `crf_tags` and `crf_marginals`.

    Raises:
        InputError: if `num_classes` is not a positive integer, or `allowed_transitions` has another shape.

    Example:

    >>> scores = CRF(num_classes=3)(ops.ones((2, 5, 8)))
    >>> scores.shape, crf_tags(scores).shape
    (TensorShape([2, 9, 4]), TensorShape([2, 5]))

    Reference: Lample et al. 2016, "Neural Architectures for Named Entity Recognition", section 2.2.
    """

    def __init__(
        self, num_classes: int, allowed_transitions: Sequence[Sequence[bool]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        require_positive(num_classes=num_classes)
        expected = (num_classes + 1, num_classes + 1)
        if allowed_transitions is not None and ops.shape(ops.convert_to_tensor(allowed_transitions)) != expected:
            raise InputError(
                f"allowed_transitions must have the shape {expected}, with a row and a column for each of "
                f"{num_classes} tags and for the boundary. "
                f"Received: the shape {ops.shape(ops.convert_to_tensor(allowed_transitions))}"
            )
        self.num_classes = num_classes
        self.allowed_transitions = allowed_transitions

    def build(self, inputs_shape: TensorShape) -> None:
        """Create the weights of the emissions, and the transition scores."""
        size = self.num_classes + 1
        self.kernel = self.add_weight((inputs_shape[-1], self.num_classes), "glorot_uniform", name="kernel")
        self.bias = self.add_weight((self.num_classes,), "zeros", name="bias")
        self.transitions = self.add_weight(
            (size, size), keras.initializers.RandomUniform(-0.1, 0.1), name="transitions"
        )

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return transitions and emissions as one tensor."""
        emissions = ops.cast(ops.matmul(inputs, self.kernel) + self.bias, "float32")
        is_real = ops.ones_like(emissions[:, :, :1]) if mask is None else ops.cast(mask, "float32")[:, :, None]
        # A real word cannot have the boundary tag; padding cannot have any other tag.
        emissions = ops.where(is_real > 0, emissions, IMPOSSIBLE)
        emissions = ops.concatenate([emissions, is_real * IMPOSSIBLE], axis=-1)  # [B, T, K]
        transitions = self.possible_transitions()
        transitions = ops.broadcast_to(transitions, (ops.shape(emissions)[0], *transitions.shape))
        return ops.concatenate([transitions, emissions], axis=1)

    def possible_transitions(self) -> Tensor:
        """Return the transition scores [K, K]: IMPOSSIBLE where not allowed, 0 from boundary to boundary."""
        is_tag = ops.arange(self.num_classes + 1) < self.num_classes
        transitions = ops.where(is_tag[:, None] | is_tag, ops.cast(self.transitions, "float32"), 0.0)
        if self.allowed_transitions is None:
            return transitions
        return ops.where(ops.convert_to_tensor(self.allowed_transitions, "bool"), transitions, IMPOSSIBLE)

    def compute_output_spec(self, inputs: Tensor, mask: Tensor | None = None) -> keras.KerasTensor:
        """Return the symbolic output."""
        batch, time, _ = inputs.shape
        size = self.num_classes + 1
        return keras.KerasTensor((batch, None if time is None else size + time, size), dtype="float32")

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "allowed_transitions": self.allowed_transitions,
        }


def crf_log_likelihood(scores: Tensor, tags: Tensor) -> Tensor:
    """Return the log-probability of the tags of each text.

    Args:
        scores: float32 tensor [B, K + T, K] from `CRF`.
        tags: int tensor [B, T]; the values at padding are ignored.

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


def crf_log_partition(scores: Tensor) -> Tensor:
    """Return log Z of each text, the logarithm of the sum of exp(score) over all paths of tags.

    Args:
        scores: float32 tensor [B, K + T, K] from `CRF`.

    Returns:
        float32 tensor [B]. Its gradient is computed directly, without backpropagation through the recursion.
    """
    return _log_partition(*_parts(scores))


def crf_marginals(scores: Tensor) -> Tensor:
    """Return the marginal probability of every tag at every word.

    Args:
        scores: float32 tensor [B, K + T, K] from `CRF`.

    Returns:
        float32 tensor [B, T, C]; 0 at padding.

    Reference: Rabiner 1989, equation 27 (forward-backward).
    """
    transitions, emissions = _parts(scores)
    before, after, _ = _messages(transitions, emissions)
    return _marginals(emissions, before, after)[:, :, :-1]


def crf_tags(scores: Tensor) -> Tensor:
    """Return the most probable tags of each text; all their transitions are allowed.

    Args:
        scores: float32 tensor [B, K + T, K] from `CRF`.

    Returns:
        int32 tensor [B, T]; 0 at padding.

    Reference: Viterbi 1967. This implementation searches from both ends of the text to the middle at once, and then
    reads the tags from the middle to both ends. It needs half the steps of a search in one direction.
    """
    transitions, emissions = _parts(scores)
    batch, time, size = _sizes(emissions)
    half = time // 2 + 1
    padding = _boundary(ops.ones((2 * half - time, batch, 1)), size)
    steps = ops.concatenate([ops.transpose(emissions, (1, 0, 2)), padding], axis=0)
    steps = ops.stack([steps[:half], ops.flip(steps[half:], axis=0)], axis=2)  # [T / 2, B, 2, K]
    inwards = ops.stack([transitions, ops.transpose(transitions)])  # [2, K, K]
    outwards = ops.concatenate([ops.transpose(transitions), transitions], axis=0)  # [2K, K]

    def step_inwards(best_outside: Tensor, emission: Tensor) -> tuple[Tensor, Tensor]:
        best = emission + best_outside  # [B, 2, K], best scores of the words from one end of the text to this tag
        return ops.max(inwards + best[..., None], axis=-2), best  # the maximum over rows is faster than over columns

    def step_outwards(tags: Tensor, best: Tensor) -> tuple[Tensor, Tensor]:
        _, tags = ops.top_k(ops.take(outwards, tags + ops.array([0, size]), axis=0) + best, 1)
        tags = ops.cast(tags[:, :, 0], "int32")  # [B, 2]
        return tags, tags

    best_outside, best = ops.scan(step_inwards, ops.broadcast_to(inwards[:, -1], (batch, 2, size)), steps)
    # If two paths have the same score, both searches must continue from the same path.
    left = ops.cast(ops.argmax(best[-1, :, 0] + best_outside[:, 1], axis=-1), "int32")
    right = ops.cast(ops.argmax(ops.take(transitions, left, axis=0) + best[-1, :, 1], axis=-1), "int32")
    _, tags = ops.scan(step_outwards, ops.stack([right, left], axis=1), best, reverse=True)  # [T / 2, B, 2]
    tags = ops.concatenate([tags[:, :, 0], ops.flip(tags[:, :, 1], axis=0)], axis=0)
    tags = ops.transpose(tags[:time])  # [B, T]
    return ops.where(tags < size - 1, tags, 0)


def _parts(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Return transitions [K, K] and emissions [B, T, K]."""
    size = scores.shape[-1]
    return scores[0, :size], scores[:, size:]


def _sizes(emissions: Tensor) -> tuple[int | Tensor, int | Tensor, int]:
    """Return B, T and K; B and T are tensors where they are unknown."""
    batch, time = ops.shape(emissions)[:2]
    return batch, time, emissions.shape[-1]


def is_real_word(scores: Tensor) -> Tensor:
    """Return the mask of real words, bool [B, T], from the scores [B, K + T, K] of `CRF`."""
    return scores[:, scores.shape[-1] :, -1] < 0  # a real word cannot have the boundary tag


def _path_score(transitions: Tensor, emissions: Tensor, tags: Tensor) -> Tensor:
    """Return the score [B] of the path of tags [B, T] of each text."""
    size = emissions.shape[-1]
    tags = ops.where(emissions[:, :, -1] < 0, ops.cast(tags, "int32"), size - 1)
    emitted = ops.squeeze(ops.take_along_axis(emissions, tags[:, :, None], axis=-1), -1)  # [B, T]
    boundary = ops.full_like(tags[:, :1], size - 1)
    path = ops.concatenate([boundary, tags, boundary], axis=1)
    steps = ops.take(ops.reshape(transitions, (-1,)), path[:, :-1] * size + path[:, 1:])  # [B, T + 1]
    return ops.sum(emitted, axis=1) + ops.sum(steps, axis=1)


@ops.custom_gradient
def _log_partition(transitions: Tensor, emissions: Tensor) -> tuple[Tensor, Callable[..., tuple[Tensor, Tensor]]]:
    """Return log Z [B]; its gradient is the expected number of each transition and the probability of each tag."""
    before, after, scales = _messages(transitions, emissions)
    log_partition = ops.sum(scales[0], axis=1)

    def gradient(*arguments: Tensor, upstream: Tensor | None = None) -> tuple[Tensor, Tensor]:
        upstream = arguments[0] if upstream is None else upstream
        of_tags = upstream[:, None, None] * _marginals(emissions, before, after)
        # The expected number of each transition is a sum over B and T, computed as one matrix product. The factors
        # are scaled so that their product is a probability and each factor is in the range of float32.
        batch, _, size = _sizes(emissions)
        boundary = _boundary(ops.ones((batch, 1, 1)), size)
        left = ops.exp(ops.concatenate([boundary, before[:, :-1]], axis=1))  # [B, T + 1, K]
        right = ops.concatenate([after[:, 1:], boundary], axis=1)
        # The scales of all words before and after a transition, minus log Z, which is the sum of either direction.
        scale = ops.cumsum(scales[0], axis=1) - scales[0] - ops.cumsum(scales[1], axis=1)  # [B, T + 1]
        right = ops.exp(ops.minimum(right + scale[:, :, None], LARGEST_EXPONENT)) * upstream[:, None, None]
        counts = ops.matmul(ops.transpose(ops.reshape(left, (-1, size))), ops.reshape(right, (-1, size)))
        return counts * ops.exp(transitions), of_tags

    return log_partition, gradient


LARGEST_EXPONENT = 80.0  # exp(88) is beyond float32


def _messages(transitions: Tensor, emissions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the messages of the forward-backward algorithm, both directions in one loop.

    The largest value at each word, its scale, is subtracted. This preserves the precision in long texts.

    Returns:
        (before, after, scales), float32 tensors of logarithms. `before` [B, T + 1, K] at t is the sum over all paths
        from the boundary to a tag of word t. `after` [B, T + 1, K] at t is the sum over all paths from a tag of word
        t - 1 to the boundary. Both include the emissions of all their words, so `before[:, T]` and `after[:, 0]` are at
        the boundary. `scales` [2, B, T + 1] are the subtracted values; their sum over T is log Z in both directions.
    """
    batch, _, size = _sizes(emissions)
    steps = ops.transpose(emissions, (1, 0, 2))  # [T, B, K]
    steps = ops.stack([steps, ops.flip(steps, axis=0)], axis=2)  # [T, B, 2, K]: both directions
    boundary = _boundary(ops.ones((batch, 2, 1)), size)
    steps = ops.concatenate([steps, boundary[None]], axis=0)
    # One matrix product for both directions, because a batched product takes four times as long.
    factors = ops.exp(transitions)
    zeros = ops.zeros_like(factors)
    factors = ops.concatenate(
        [
            ops.concatenate([factors, zeros], axis=1),
            ops.concatenate([zeros, ops.transpose(factors)], axis=1),
        ],
        axis=0,
    )  # [2K, 2K]

    def step(state: Tensor, emission: Tensor) -> tuple[Tensor, Tensor]:
        total = ops.matmul(ops.reshape(ops.exp(state), (-1, 2 * size)), factors)
        total = ops.reshape(total, (-1, 2, size))
        state = ops.where(total > 0, ops.log(total), IMPOSSIBLE) + emission
        return state - ops.max(state, axis=-1, keepdims=True), state

    _, states = ops.scan(step, boundary, steps)  # [T + 1, B, 2, K]
    states = ops.stack([states[:, :, 0], ops.flip(states[:, :, 1], axis=0)])
    states = ops.transpose(states, (0, 2, 1, 3))  # [2, B, T + 1, K]
    scales = ops.max(states, axis=-1)
    states = states - scales[..., None]
    return states[0], states[1], scales


def _boundary(ones: Tensor, size: int) -> Tensor:
    """Return the log-probabilities [..., K] of a path on the boundary, from ones [..., 1]."""
    is_boundary = ops.arange(size) == size - 1
    return ops.where(is_boundary, 0.0, IMPOSSIBLE) * ones


def _marginals(emissions: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """Return the marginal probability of every tag and of the boundary: [B, T, K]."""
    # Both messages include the emission of the word, so one is subtracted.
    return ops.softmax(before[:, :-1] + after[:, 1:] - emissions, axis=-1)
