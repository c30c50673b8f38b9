"""The blocks of the Transformer: attention, then a feed-forward layer, each with a residual connection.

Shapes: B batch, T length, S length of the encoder's memory, D width of a vector, F width between the dense layers, H
heads; in step-by-step decoding W hypotheses of a sequence.

Reference: Vaswani et al. 2017, "Attention Is All You Need", section 3.1.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import keras
from keras import ops

from kerasnlp_zoo.errors import require_choice, require_fraction, require_positive
from kerasnlp_zoo.layers.cross_attention import MultiHeadCrossAttention
from kerasnlp_zoo.layers.masking import MaskedLayer
from kerasnlp_zoo.layers.multi_head_attention import HeadScoreMode, MultiHeadSelfAttention, known_shape
from kerasnlp_zoo.types import Config, Initializer, Tensor, TensorShape


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
def gelu_tanh(x: Tensor) -> Tensor:
    """Return GELU(x), approximated by a hyperbolic tangent.

    Example:

    >>> gelu_tanh(keras.ops.convert_to_tensor([-1.0, 0.0, 1.0])).numpy().round(4)
    array([-0.1588,  0.    ,  0.8412], dtype=float32)

    Reference: Hendrycks and Gimpel 2016, section 2.
    """
    return keras.activations.gelu(x, approximate=True)


Activation: TypeAlias = Literal["relu", "gelu", "gelu_tanh"]
ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "relu": keras.activations.relu,
    "gelu": keras.activations.gelu,  # with the error function, as in BERT for PyTorch
    "gelu_tanh": gelu_tanh,  # as in Google's BERT for TensorFlow of 2018
}


class _Block(MaskedLayer):
    """Base of both blocks: the feed-forward layer, normalization, dropout and residual connections."""

    def __init__(
        self,
        num_heads: int,
        intermediate_dim: int,
        dropout: float = 0.1,
        activation: Activation = "relu",
        norm_first: bool = False,
        residual: bool = True,
        layer_norm: bool = True,
        layer_norm_epsilon: float = 1e-5,
        kernel_initializer: Initializer = "glorot_uniform",
        score_mode: HeadScoreMode = "scaled_dot",
        key_dim: int | None = None,
        value_dim: int | None = None,
        shared_key_value: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        require_choice("activation", activation, tuple(ACTIVATIONS))
        require_positive(num_heads=num_heads, intermediate_dim=intermediate_dim)
        require_fraction(dropout=dropout)
        self.num_heads = num_heads
        self.intermediate_dim = intermediate_dim
        self.dropout = dropout
        self.activation = activation
        self.norm_first = norm_first
        self.residual = residual
        self.layer_norm = layer_norm
        self.layer_norm_epsilon = layer_norm_epsilon
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.score_mode = score_mode
        self.key_dim = key_dim
        self.value_dim = value_dim
        self.shared_key_value = shared_key_value

    @property
    def _attention_arguments(self) -> dict[str, Any]:
        """The arguments that the attentions of the block share."""
        return {
            "num_heads": self.num_heads,
            "dropout": self.dropout,
            "score_mode": self.score_mode,
            "kernel_initializer": self.kernel_initializer,
            "key_dim": self.key_dim,
            "value_dim": self.value_dim,
            "shared_key_value": self.shared_key_value,
            "dtype": self.dtype_policy,
        }

    def _build_feed_forward(self, inputs_shape: TensorShape) -> None:
        """Create the two dense layers."""
        dtype, initializer = self.dtype_policy, self.kernel_initializer
        self.intermediate = keras.layers.Dense(
            self.intermediate_dim,
            activation=ACTIVATIONS[self.activation],
            kernel_initializer=initializer.clone(),
            dtype=dtype,
            name="intermediate",
        )
        self.output_dense = keras.layers.Dense(
            inputs_shape[-1], kernel_initializer=initializer.clone(), dtype=dtype, name="output"
        )
        self.intermediate.build(inputs_shape)
        self.output_dense.build((*inputs_shape[:-1], self.intermediate_dim))

    def _build_norms(self, names: Sequence[str], inputs_shape: TensorShape) -> None:
        """Create the normalization of each sub-layer, and the dropout."""
        for name in names:
            norm = keras.layers.LayerNormalization(epsilon=self.layer_norm_epsilon, dtype=self.dtype_policy, name=name)
            norm.build(inputs_shape)
            setattr(self, name, norm if self.layer_norm else None)
        self.drop = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy, name="drop")

    def _feed_forward(self, inputs: Tensor) -> Tensor:
        """Apply both dense layers."""
        flat = ops.reshape(inputs, (-1, inputs.shape[-1]))
        return ops.reshape(self.output_dense(self.intermediate(flat)), (*known_shape(inputs), inputs.shape[-1]))

    def _around(
        self,
        inputs: Tensor,
        norm: Callable[[Tensor], Tensor] | None,
        sublayer: Callable[[Tensor], Tensor],
        training: bool | None,
    ) -> Tensor:
        """Apply a sub-layer with its dropout, residual connection and normalization."""
        norm = norm or (lambda x: x)
        outputs = self.drop(sublayer(norm(inputs) if self.norm_first else inputs), training=training)
        outputs = inputs + outputs if self.residual else outputs
        return outputs if self.norm_first else norm(outputs)

    def compute_output_shape(self, inputs_shape: TensorShape, *others: Any) -> TensorShape:
        """Return the shape of the inputs."""
        return inputs_shape

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "intermediate_dim": self.intermediate_dim,
            "dropout": self.dropout,
            "activation": self.activation,
            "norm_first": self.norm_first,
            "residual": self.residual,
            "layer_norm": self.layer_norm,
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "score_mode": self.score_mode,
            "key_dim": self.key_dim,
            "value_dim": self.value_dim,
            "shared_key_value": self.shared_key_value,
        }


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class TransformerEncoderBlock(_Block):
    """Encoder block: self-attention and a feed-forward layer, with residual connections and normalization.

    Args:
        num_heads: number of attention heads (>= 1).
        intermediate_dim: F (>= 1).
        dropout: fraction of the attention weights and of the outputs of each sub-layer that is dropped in training, in
            [0, 1).
        activation: "relu" (original paper), "gelu" (BERT, exact) or "gelu_tanh" (an approximation that Google's BERT
            was trained with).
        norm_first: whether to normalize the inputs of each sub-layer (pre-norm, easier to train with many layers)
            instead of the sums after it (post-norm, original paper).
        residual: whether there are residual connections; False is for ablation studies.
        layer_norm: whether there is normalization; False is for ablation studies.
        layer_norm_epsilon: number added to the variance.
        kernel_initializer: initializer of all kernels.
        score_mode, key_dim, value_dim, shared_key_value: as for `MultiHeadSelfAttention`.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True at real tokens; None for all True.

    Returns:
        float tensor [B, T, D].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> block = TransformerEncoderBlock(num_heads=2, intermediate_dim=16)
    >>> block(keras.ops.ones((1, 3, 8)), mask=[[True, True, False]]).shape
    TensorShape([1, 3, 8])

    References: Vaswani et al. 2017, section 3.1; Xiong et al. 2020, for `norm_first`.
    """

    def build(self, inputs_shape: TensorShape) -> None:
        """Create the attention, the feed-forward layer and two normalizations."""
        self.attention = MultiHeadSelfAttention(**self._attention_arguments, name="attention")
        self.attention.build(inputs_shape)
        self._build_feed_forward(inputs_shape)
        self._build_norms(("attention_norm", "output_norm"), inputs_shape)

    def call(self, inputs: Tensor, mask: Tensor | None = None, training: bool | None = None) -> Tensor:
        """Apply the two sub-layers."""
        attended = self._around(
            inputs, self.attention_norm, lambda x: self.attention(x, mask=mask, training=training), training
        )
        return self._around(attended, self.output_norm, self._feed_forward, training)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class TransformerDecoderBlock(_Block):
    """Decoder block: causal self-attention, attention to the encoder's memory and a feed-forward layer.

    `step` decodes one token at a time, from a cache of the previous tokens.

    Args:
        num_heads, intermediate_dim, dropout, activation, norm_first, residual: as for `TransformerEncoderBlock`.
        layer_norm, layer_norm_epsilon, kernel_initializer: as for `TransformerEncoderBlock`.
        score_mode, key_dim, value_dim, shared_key_value: as for `TransformerEncoderBlock`.

    Call arguments:
        inputs: float tensor [B, T, D], the tokens of the target.
        memory: float tensor [B, S, D], the outputs of the encoder.
        mask: bool tensor [B, T], True at real tokens; None for all True.
        memory_mask: bool tensor [B, S], True at real tokens; None for all True.
        return_attention_scores: whether to also return the attention weights of the memory.

    Returns:
        float tensor [B, T, D]; with `return_attention_scores` also the weights [B, H, T, S].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> block = TransformerDecoderBlock(num_heads=2, intermediate_dim=16)
    >>> block(keras.ops.ones((1, 3, 8)), keras.ops.ones((1, 5, 8))).shape
    TensorShape([1, 3, 8])

    Reference: Vaswani et al. 2017, section 3.1.
    """

    def build(self, inputs_shape: TensorShape, memory_shape: TensorShape) -> None:
        """Create two attentions, the feed-forward layer and three normalizations."""
        self.attention = MultiHeadSelfAttention(**self._attention_arguments, is_causal=True, name="attention")
        self.attention.build(inputs_shape)
        self.cross_attention = MultiHeadCrossAttention(**self._attention_arguments, name="cross_attention")
        self.cross_attention.build(inputs_shape, memory_shape)
        self._build_feed_forward(inputs_shape)
        self._build_norms(("attention_norm", "cross_attention_norm", "output_norm"), inputs_shape)

    def call(
        self,
        inputs: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Apply the three sub-layers."""
        scores: list[Tensor] = []

        def attend_to_memory(x: Tensor) -> Tensor:
            projected = self.cross_attention.project_memory(memory)
            attended, weights = self.cross_attention.attend(x, projected, memory_mask, training)
            scores.append(weights)
            return attended

        outputs = self._decode(
            inputs, lambda x: self.attention(x, mask=mask, training=training), attend_to_memory, training
        )
        return (outputs, scores[0]) if return_attention_scores else outputs

    def step(
        self,
        inputs: Tensor,
        cache: tuple[Tensor, Tensor],
        rows: Tensor,
        bias: Tensor,
        projected: tuple[Tensor, Tensor],
        memory_bias: Tensor,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Decode the next token of every hypothesis.

        Args:
            inputs: float tensor [B, W, D], the tokens at one position.
            cache, rows, bias: as for `MultiHeadSelfAttention.step`.
            projected, memory_bias: as for `MultiHeadCrossAttention.step`.

        Returns:
            (outputs, cache): float tensor [B, W, D], and the cache with the new tokens.
        """
        new_cache: list[tuple[Tensor, Tensor]] = []

        def attend(x: Tensor) -> Tensor:
            attended, written = self.attention.step(x, cache, rows, bias)
            new_cache.append(written)
            return attended

        outputs = self._decode(inputs, attend, lambda x: self.cross_attention.step(x, projected, memory_bias), False)
        return outputs, new_cache[0]

    def _decode(
        self,
        inputs: Tensor,
        attend: Callable[[Tensor], Tensor],
        attend_to_memory: Callable[[Tensor], Tensor],
        training: bool | None,
    ) -> Tensor:
        """Apply the three sub-layers; the attentions differ between a known target and step-by-step decoding."""
        outputs = self._around(inputs, self.attention_norm, attend, training)
        outputs = self._around(outputs, self.cross_attention_norm, attend_to_memory, training)
        return self._around(outputs, self.output_norm, self._feed_forward, training)

    def compute_output_spec(
        self,
        inputs: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
    ) -> keras.KerasTensor | tuple[keras.KerasTensor, keras.KerasTensor]:
        """Return the symbolic outputs."""
        outputs = keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)
        batch, time, _ = inputs.shape
        scores = keras.KerasTensor((batch, self.num_heads, time, memory.shape[1]), dtype=self.compute_dtype)
        return (outputs, scores) if return_attention_scores else outputs
