"""Multi-head attention: several attentions in parallel, each with its own projection of queries, keys and values.

Shapes: B batch, T length, Q queries, S length of the memory, D width of a vector, E width of a memory vector, H heads,
K = D / H width of a head; in step-by-step decoding W hypotheses of a sequence, L positions of the cache.

Reference: Vaswani et al. 2017, "Attention Is All You Need", section 3.2.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_choice, require_fraction, require_positive
from kerasnlp_zoo.layers.masking import MaskedLayer, mask_bias, zero_masked
from kerasnlp_zoo.types import Config, Initializer, Tensor, TensorShape

HeadScoreMode: TypeAlias = Literal["scaled_dot", "additive"]
SCORE_MODES: tuple[HeadScoreMode, ...] = ("scaled_dot", "additive")


class _MultiHead(MaskedLayer):
    """Base of self-attention and cross-attention: heads, scores, and the output projection."""

    def __init__(
        self,
        num_heads: int,
        dropout: float = 0.0,
        score_mode: HeadScoreMode = "scaled_dot",
        kernel_initializer: Initializer = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        require_positive(num_heads=num_heads)
        require_fraction(dropout=dropout)
        require_choice("score_mode", score_mode, SCORE_MODES)
        self.num_heads = num_heads
        self.dropout = dropout
        self.score_mode = score_mode
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def _build_heads(self, width: int, projections: Mapping[str, tuple[int, int]]) -> None:
        """Create the projections to the heads, {name: (units, width of the inputs)}, and the output projection."""
        if width % self.num_heads:
            raise InputError(
                "The width of the vectors must be a multiple of the number of heads. "
                f"Received: width {width}, num_heads={self.num_heads}"
            )
        self.width, self.head_width = width, width // self.num_heads
        for name, (units, inputs_width) in projections.items():
            setattr(self, name, self._projection(units, name, inputs_width))
        self.output_projection = self._projection(width, "output", width)
        self.drop = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy, name="drop")
        if self.score_mode == "additive":
            self.scale = self.add_weight(
                name="scale", shape=(self.num_heads, self.head_width, 1), initializer="random_normal"
            )

    def _projection(self, units: int, name: str, inputs_width: int) -> keras.layers.Dense:
        # Each kernel has a copy of the initializer, because one initializer with a seed would make all kernels equal.
        initializer = self.kernel_initializer.clone()
        layer = keras.layers.Dense(units, kernel_initializer=initializer, dtype=self.dtype_policy, name=name)
        layer.build((None, inputs_width))
        return layer

    def _projected(self, projection: keras.layers.Layer, inputs: Tensor, parts: int) -> list[Tensor]:
        """Project [B, T, D] to `parts` tensors [B, T, H, K]."""
        # As rows of one matrix, because TensorFlow fuses the bias with a product of two matrices.
        rows = projection(ops.reshape(inputs, (-1, inputs.shape[-1])))
        rows = ops.reshape(rows, (*known_shape(inputs), parts, self.num_heads, self.head_width))
        return ops.unstack(rows, num=parts, axis=2)

    def _query(self, query: Tensor) -> Tensor:
        """Transpose queries [B, Q, H, K] to [B, H, Q, K], and scale them for "scaled_dot"."""
        # Scaling the queries costs less than scaling the scores.
        query = query * self.head_width**-0.5 if self.score_mode == "scaled_dot" else query
        return ops.transpose(query, (0, 2, 1, 3))

    def _scores(self, query: Tensor, key: Tensor) -> Tensor:
        """Return the scores of queries [B, H, Q, K] and keys [B, H, K, T]: float32 [B, H, Q, T]."""
        if self.score_mode == "scaled_dot":
            return ops.cast(ops.matmul(query, key), "float32")
        hidden = ops.tanh(query[:, :, :, None] + ops.transpose(key, (0, 1, 3, 2))[:, :, None])  # [B, H, Q, T, K]
        return ops.cast(ops.matmul(hidden, ops.cast(self.scale, hidden.dtype)[:, None])[..., 0], "float32")

    def _attend(
        self, query: Tensor, key: Tensor, value: Tensor, visible: Tensor | None, training: bool | None
    ) -> tuple[Tensor, Tensor]:
        """Return the outputs [B, Q, D] and the weights [B, H, Q, T].

        The softmax is in float32. The output of a query without any visible key is the bias of the output projection.
        """
        scores = self._scores(query, key)
        sees_any = None
        if visible is not None:
            scores = scores + mask_bias(visible)
            sees_any = ops.any(visible, axis=-1, keepdims=True)
        weights = ops.cast(ops.softmax(scores), self.compute_dtype)
        context = ops.matmul(self.drop(weights, training=training), value)  # [B, H, Q, K]
        context = zero_masked(context, sees_any)  # fewer numbers than the weights
        return self._output(context), zero_masked(weights, sees_any)

    def _look(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
        """Return the outputs [B, Q, D] in step-by-step decoding. Every query has a visible key."""
        weights = ops.cast(ops.softmax(self._scores(query, key) + bias), self.compute_dtype)
        return self._output(ops.matmul(weights, value))

    def _output(self, context: Tensor) -> Tensor:
        """Project the contexts of all heads [B, H, Q, K] to [B, Q, D]."""
        context = ops.transpose(context, (0, 2, 1, 3))
        rows = self.output_projection(ops.reshape(context, (-1, self.width)))
        return ops.reshape(rows, (*known_shape(context), self.width))

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "dropout": self.dropout,
            "score_mode": self.score_mode,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class MultiHeadSelfAttention(_MultiHead):
    """Self-attention: softmax(Q K' / sqrt(K)) V in each of H heads, concatenated and projected.

    One product with a [D, 3D] kernel computes queries, keys and values, which is faster than three products. The
    columns of the kernel are all queries, then all keys, then all values, each in order of the heads.

    Args:
        num_heads: H (>= 1); D must be a multiple of it.
        dropout: fraction of the attention weights that is dropped in training, in [0, 1).
        is_causal: whether a token attends only to itself and the tokens before it.
        score_mode: "scaled_dot", or "additive": w . tanh(q + k) in each head.
        kernel_initializer: initializer of both kernels.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True at real tokens; None for all True. The output of a row without real tokens is
            the bias of the output projection.
        return_attention_scores: whether to also return the weights.

    Returns:
        float tensor [B, T, D]; with `return_attention_scores` also the weights [B, H, T, T] before dropout:
        [b, h, i, j] is the weight of token j for token i.

    Raises:
        InputError: if an argument is outside its range, or H does not divide D.

    Example:

    >>> attention = MultiHeadSelfAttention(num_heads=2)
    >>> outputs, scores = attention(ops.ones((1, 3, 8)), return_attention_scores=True)
    >>> outputs.shape, scores.numpy()[0, 0, 0].round(3)
    (TensorShape([1, 3, 8]), array([0.333, 0.333, 0.333], dtype=float32))

    Reference: Vaswani et al. 2017, equation 1 and section 3.2.2.
    """

    def __init__(
        self,
        num_heads: int,
        dropout: float = 0.0,
        is_causal: bool = False,
        score_mode: HeadScoreMode = "scaled_dot",
        kernel_initializer: Initializer = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(num_heads, dropout, score_mode, kernel_initializer, **kwargs)
        self.is_causal = is_causal

    def build(self, inputs_shape: TensorShape) -> None:
        """Create the input projection and the output projection."""
        width = inputs_shape[-1]
        self._build_heads(width, {"query_key_value": (3 * width, width)})

    def call(
        self,
        inputs: Tensor,
        mask: Tensor | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Project the inputs, attend in every head, project the outputs."""
        query, key, value = self._projected(self.query_key_value, inputs, 3)
        key, value = ops.transpose(key, (0, 2, 3, 1)), ops.transpose(value, (0, 2, 1, 3))
        visible = self._visible(mask, ops.shape(inputs)[1])
        outputs, weights = self._attend(self._query(query), key, value, visible, training)
        return (outputs, weights) if return_attention_scores else outputs

    def _visible(self, mask: Tensor | None, time: int | Tensor) -> Tensor | None:
        """Return which tokens are visible to which token: bool, broadcasts to [B, H, T, T]; None if all are."""
        visible = None if mask is None else ops.cast(mask, "bool")[:, None, None, :]
        if self.is_causal:
            positions = ops.arange(time)
            is_before = positions[:, None] >= positions[None, :]  # [T, T]
            visible = is_before if visible is None else ops.logical_and(visible, is_before)
        return visible

    def empty_cache(
        self, batch_size: int | Tensor, num_hypotheses: int | Tensor, max_length: int | Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return an empty cache of the keys and values for `step`: two float tensors [B * H * L, W * K] of zeros."""
        shape = (batch_size * self.num_heads * max_length, num_hypotheses * self.head_width)
        return ops.zeros(shape, self.compute_dtype), ops.zeros(shape, self.compute_dtype)

    def step(
        self, inputs: Tensor, cache: tuple[Tensor, Tensor], rows: Tensor, bias: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Compute causal attention for the next token of every hypothesis.

        The cache is never reordered. It contains the tokens of all hypotheses of a sequence, and `bias` hides the
        tokens of other hypotheses.

        Args:
            inputs: float tensor [B, W, D], the tokens at one position.
            cache: (keys, values), as from `empty_cache`, filled up to that position.
            rows: int32 tensor [B * H, 1] from `cache_rows`, the rows of the cache to write.
            bias: float32 tensor [B, 1, W, L * W], 0 at the tokens of a hypothesis, otherwise the lowest number. The W
                tokens of a position are adjacent.

        Returns:
            (outputs, cache): float tensor [B, W, D], and the cache with the new tokens.
        """
        query, *new = self._projected(self.query_key_value, inputs, 3)  # [B, W, H, K]
        new = [ops.reshape(ops.transpose(part, (0, 2, 1, 3)), (-1, cache[0].shape[-1])) for part in new]
        keys, values = (ops.scatter_update(old, rows, part) for old, part in zip(cache, new, strict=True))
        shape = (ops.shape(bias)[0], self.num_heads, -1, self.head_width)
        key, value = ops.reshape(keys, shape), ops.reshape(values, shape)
        return self._look(self._query(query), ops.transpose(key, (0, 1, 3, 2)), value, bias), (keys, values)

    def compute_output_spec(
        self,
        inputs: Tensor,
        mask: Tensor | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
    ) -> keras.KerasTensor | tuple[keras.KerasTensor, keras.KerasTensor]:
        """Return the symbolic outputs."""
        outputs = keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)
        batch, time, _ = inputs.shape
        weights = keras.KerasTensor((batch, self.num_heads, time, time), dtype=self.compute_dtype)
        return (outputs, weights) if return_attention_scores else outputs

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "is_causal": self.is_causal}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class MultiHeadCrossAttention(_MultiHead):
    """Cross-attention of a decoder to its encoder: queries from one sequence, keys and values from another.

    A decoder that generates step by step calls `project_memory` once and `step` in each step.

    Args:
        num_heads: H (>= 1); D must be a multiple of it.
        dropout: fraction of the attention weights that is dropped in training, in [0, 1).
        score_mode: "scaled_dot", or "additive": w . tanh(q + k) in each head.
        kernel_initializer: initializer of all kernels.

    Call arguments:
        inputs: float tensor [B, Q, D], the queries before their projection.
        memory: float tensor [B, S, E], the outputs of the encoder.
        mask: bool tensor [B, S], True at real tokens of the memory; None for all True. The output of a row without
            real tokens is the bias of the output projection.
        return_attention_scores: whether to also return the weights.

    Returns:
        float tensor [B, Q, D]; with `return_attention_scores` also the weights [B, H, Q, S], before dropout.

    Raises:
        InputError: if an argument is outside its range, or H does not divide D.

    Example:

    >>> attention = MultiHeadCrossAttention(num_heads=2)
    >>> attention(ops.ones((1, 3, 8)), ops.ones((1, 5, 6)), mask=[[True] * 4 + [False]]).shape
    TensorShape([1, 3, 8])

    Reference: Vaswani et al. 2017, section 3.2.3.
    """

    def build(self, inputs_shape: TensorShape, memory_shape: TensorShape) -> None:
        """Create the three projections."""
        width = inputs_shape[-1]
        self._build_heads(width, {"query": (width, width), "key_value": (2 * width, memory_shape[-1])})

    def call(
        self,
        inputs: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Project the inputs and the memory, attend in every head, project the outputs."""
        outputs, weights = self.attend(inputs, self.project_memory(memory), mask, training)
        return (outputs, weights) if return_attention_scores else outputs

    def project_memory(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Return the keys [B, H, K, S] and values [B, H, S, K] of a memory [B, S, E]."""
        key, value = self._projected(self.key_value, memory, 2)
        return ops.transpose(key, (0, 2, 3, 1)), ops.transpose(value, (0, 2, 1, 3))

    def attend(
        self, inputs: Tensor, projected: tuple[Tensor, Tensor], mask: Tensor | None = None, training: bool | None = None
    ) -> tuple[Tensor, Tensor]:
        """Attend from inputs [B, Q, D] to a projected memory: outputs [B, Q, D] and weights [B, H, Q, S]."""
        (query,) = self._projected(self.query, inputs, 1)
        visible = None if mask is None else ops.cast(mask, "bool")[:, None, None, :]
        return self._attend(self._query(query), *projected, visible, training)

    def step(self, inputs: Tensor, projected: tuple[Tensor, Tensor], bias: Tensor) -> Tensor:
        """Compute attention to the memory for one token of every hypothesis.

        Args:
            inputs: float tensor [B, W, D].
            projected: `project_memory(memory)`.
            bias: float32 tensor [B, 1, 1, S], 0 at real tokens, otherwise the lowest number.

        Returns:
            float tensor [B, W, D].
        """
        (query,) = self._projected(self.query, inputs, 1)
        return self._look(self._query(query), *projected, bias)

    def compute_output_spec(
        self,
        inputs: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
    ) -> keras.KerasTensor | tuple[keras.KerasTensor, keras.KerasTensor]:
        """Return the symbolic outputs."""
        outputs = keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)
        batch, queries, _ = inputs.shape
        weights = keras.KerasTensor((batch, self.num_heads, queries, memory.shape[1]), dtype=self.compute_dtype)
        return (outputs, weights) if return_attention_scores else outputs


def known_shape(values: Tensor) -> tuple[int | Tensor, int]:
    """Return the first two dimensions of a tensor for a reshape; one of them is -1.

    The function reads a dimension at run time only if both dimensions are unknown, because reading costs more than the
    reshape itself.
    """
    batch, time = values.shape[:2]
    if time is not None:
        return -1, time
    return (ops.shape(values)[0] if batch is None else batch), -1


def cache_rows(batch_size: int | Tensor, num_heads: int, max_length: int | Tensor, place: int | Tensor) -> Tensor:
    """Return the rows of a cache for the tokens at position `place`: int32 tensor [B * H, 1]."""
    return (ops.arange(batch_size * num_heads) * max_length + place)[:, None]
