"""Encoder-decoder attention: a weighted mean of the values for each query, weighted by the scores of query and keys.

Shapes: B batch, Q queries, T keys, D width of a query, E of a key, F of a value, U units of the additive score.

References: Bahdanau et al. 2015, "Neural Machine Translation by Jointly Learning to Align and Translate"; Luong et al.
2015, "Effective Approaches to Attention-based Neural Machine Translation"; Xu et al. 2015, "Show, Attend and Tell",
for hard attention.
"""

from typing import Any, Literal, TypeAlias

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.layers.masking import MaskedLayer, mask_bias, zero_masked
from kerasnlp_zoo.types import Config, Tensor, TensorShape

SCORE_MODES = ("additive", "general", "dot", "scaled_dot")
ScoreMode: TypeAlias = Literal["additive", "general", "dot", "scaled_dot"]


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class Attention(MaskedLayer):
    """Attention: softmax(score(query, key)) over the keys, times the values.

    The score of a query q and a key k is one of:

    - "additive": w . tanh(W_q q + W_k k)
    - "general": q . W k (bilinear)
    - "dot": q . k
    - "scaled_dot": q . k / sqrt(D)

    Soft attention returns the weighted mean of the values. Hard attention returns one value. In training, the value is
    sampled with the weights as probabilities, and the gradient is the gradient of the mean (straight-through estimator,
    Bengio et al. 2013). In inference, it is the value with the largest weight.

    A decoder that attends to the same keys in every step calls `project_keys` once and `attend` in each step.

    Args:
        score_mode: the score, see above.
        units: U (>= 1); None for D.
        is_hard: whether attention is hard.
        seed: seed of the samples of hard attention.

    Call arguments:
        query: float tensor [B, Q, D].
        key: float tensor [B, T, E]; E = D for "dot" and "scaled_dot".
        value: float tensor [B, T, F]; None for the keys.
        mask: bool tensor [B, T], True at real keys; None for all True. The output is 0 if all keys are padding.
        return_attention_scores: whether to also return the weights.

    Returns:
        float tensor [B, Q, F]; with `return_attention_scores` also the weights, float32 [B, Q, T], 0 at padded keys.
        The weights of hard attention are 0 or 1.

    Raises:
        InputError: if an argument is outside its range, or queries and keys of a dot score differ in width.

    Example:

    >>> attention = Attention(score_mode="additive")
    >>> context, weights = attention(ops.ones((2, 3, 8)), ops.ones((2, 4, 6)), return_attention_scores=True)
    >>> context.shape, weights[0, 0].numpy()
    (TensorShape([2, 3, 6]), array([0.25, 0.25, 0.25, 0.25], dtype=float32))

    References: Bahdanau et al. 2015, section A.1.2; Luong et al. 2015, equation 8; Vaswani et al. 2017, equation 1.
    """

    def __init__(
        self,
        score_mode: ScoreMode = "additive",
        units: int | None = None,
        is_hard: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        require_choice("score_mode", score_mode, SCORE_MODES)
        if units is not None:
            require_positive(units=units)
        self.score_mode = score_mode
        self.units = units
        self.is_hard = is_hard
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed) if is_hard else None

    def build(self, query_shape: TensorShape, key_shape: TensorShape, value_shape: TensorShape | None = None) -> None:
        """Create the weights of the score."""
        width, key_width = query_shape[-1], key_shape[-1]
        if self.score_mode == "additive":
            units = self.units or width
            self.query_kernel = self.add_weight(name="query_kernel", shape=(width, units))
            self.key_kernel = self.add_weight(name="key_kernel", shape=(key_width, units))
            self.scale = self.add_weight(name="scale", shape=(units,), initializer="random_normal")
        elif self.score_mode == "general":
            self.key_kernel = self.add_weight(name="key_kernel", shape=(key_width, width))
        elif width != key_width:
            raise InputError(
                f"score_mode={self.score_mode!r} needs queries and keys of the same width. Received: queries of "
                f"{width}, keys of {key_width}. Use 'general' or 'additive', or project one of them"
            )

    def call(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor | None = None,
        mask: Tensor | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Project the keys and attend to them."""
        value = key if value is None else value
        return self.attend(query, self.project_keys(key), value, mask, return_attention_scores, training)

    def project_keys(self, key: Tensor) -> Tensor:
        """Return the projected keys: [B, T, U] for the additive score, otherwise [B, T, D]."""
        return key if self.score_mode in ("dot", "scaled_dot") else ops.matmul(key, self.key_kernel)

    def attend(
        self,
        query: Tensor,
        projected: Tensor,
        value: Tensor,
        mask: Tensor | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Return the output of the layer from projected keys; the other arguments are the same as in `call`."""
        scores = ops.cast(self._scores(query, projected), "float32")  # [B, Q, T]
        mask = None if mask is None else ops.cast(mask, "bool")[:, None, :]
        if mask is not None:
            scores = scores + mask_bias(mask)
        weights = zero_masked(self._choice(scores, training) if self.is_hard else ops.softmax(scores), mask)
        context = ops.matmul(ops.cast(weights, value.dtype), value)
        return (context, weights) if return_attention_scores else context

    def _scores(self, query: Tensor, projected: Tensor) -> Tensor:
        """Return the scores [B, Q, T]."""
        if self.score_mode == "additive":
            query = ops.matmul(query, self.query_kernel)
            hidden = ops.tanh(query[:, :, None] + projected[:, None])  # [B, Q, T, U]
            return ops.matmul(hidden, ops.cast(self.scale, hidden.dtype)[:, None])[..., 0]
        if self.score_mode == "scaled_dot":
            query = query * query.shape[-1] ** -0.5
        return ops.matmul(query, ops.transpose(projected, (0, 2, 1)))

    def _choice(self, scores: Tensor, training: bool | None) -> Tensor:
        """Return one-hot weights [B, Q, T]; in training they have the gradient of the softmax."""
        keys = ops.shape(scores)[-1]
        if not training:
            return ops.one_hot(ops.argmax(scores, axis=-1), keys)
        drawn = keras.random.categorical(ops.reshape(scores, (-1, keys)), 1, seed=self.seed_generator)
        chosen = ops.one_hot(ops.reshape(drawn, ops.shape(scores)[:2]), keys)
        weights = ops.softmax(scores)
        return chosen + weights - ops.stop_gradient(weights)

    def compute_output_spec(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor | None = None,
        mask: Tensor | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
    ) -> keras.KerasTensor | tuple[keras.KerasTensor, keras.KerasTensor]:
        """Return the symbolic output, and the weights if requested."""
        width = (key if value is None else value).shape[-1]
        context = keras.KerasTensor((*query.shape[:2], width), dtype=self.compute_dtype)
        weights = keras.KerasTensor((*query.shape[:2], key.shape[1]), dtype="float32")
        return (context, weights) if return_attention_scores else context

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "score_mode": self.score_mode,
            "units": self.units,
            "is_hard": self.is_hard,
            "seed": self.seed,
        }
