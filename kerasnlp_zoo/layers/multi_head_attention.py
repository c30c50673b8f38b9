"""Multi-head attention: several attentions in parallel, each with its own projection of queries, keys and values.

Shapes: B batch, T length, Q queries, D width of a vector, H heads, K width of a query and of a key, V width of a value,
G groups of keys and values: H, or 1 if all heads share them; in step-by-step decoding W hypotheses of a sequence, L
positions of the cache.

References: Vaswani et al. 2017, "Attention Is All You Need", section 3.2; Shazeer 2019, "Fast Transformer Decoding: One
Write-Head is All You Need", for shared keys and values.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_choice, require_fraction, require_positive
from kerasnlp_zoo.layers.masking import MaskedLayer, mask_bias, zero_masked
from kerasnlp_zoo.types import Config, Initializer, Tensor, TensorShape

HeadScoreMode: TypeAlias = Literal["scaled_dot", "additive"]
SCORE_MODES: tuple[HeadScoreMode, ...] = ("scaled_dot", "additive")
Part: TypeAlias = Literal["query", "key", "value"]
PARTS: tuple[Part, ...] = ("query", "key", "value")


class MultiHead(MaskedLayer):
    """Base of self-attention and cross-attention: heads, scores, and the output projection."""

    def __init__(
        self,
        num_heads: int,
        dropout: float = 0.0,
        score_mode: HeadScoreMode = "scaled_dot",
        kernel_initializer: Initializer = "glorot_uniform",
        key_dim: int | None = None,
        value_dim: int | None = None,
        shared_key_value: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        require_positive(num_heads=num_heads)
        for name, dim in (("key_dim", key_dim), ("value_dim", value_dim)):
            if dim is not None:
                require_positive(**{name: dim})
        require_fraction(dropout=dropout)
        require_choice("score_mode", score_mode, SCORE_MODES)
        self.num_heads = num_heads
        self.dropout = dropout
        self.score_mode = score_mode
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.key_dim = key_dim
        self.value_dim = value_dim
        self.shared_key_value = shared_key_value

    def _build_heads(self, width: int, projections: Mapping[str, tuple[Sequence[Part], int]]) -> None:
        """Create the projections to the heads, {name: (parts, width of the inputs)}, and the output projection."""
        require_heads(width, self.num_heads, self.key_dim, self.value_dim)
        self.width = width
        self.key_width, self.value_width = (dim or width // self.num_heads for dim in (self.key_dim, self.value_dim))
        self.num_groups = 1 if self.shared_key_value else self.num_heads
        self.part_shapes: dict[Part, tuple[int, int]] = {
            "query": (self.num_heads, self.key_width),
            "key": (self.num_groups, self.key_width),
            "value": (self.num_groups, self.value_width),
        }
        for name, (parts, inputs_width) in projections.items():
            units = sum(math.prod(self.part_shapes[part]) for part in parts)
            setattr(self, name, self._projection(units, name, inputs_width))
        self.output_projection = self._projection(width, "output", self.num_heads * self.value_width)
        self.drop = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy, name="drop")
        if self.score_mode == "additive":
            self.scale = self.add_weight(
                name="scale", shape=(self.num_heads, self.key_width, 1), initializer="random_normal"
            )

    def _projection(self, units: int, name: str, inputs_width: int) -> keras.layers.Dense:
        # Each kernel has a copy of the initializer, because one initializer with a seed would make all kernels equal.
        initializer = self.kernel_initializer.clone()
        layer = keras.layers.Dense(units, kernel_initializer=initializer, dtype=self.dtype_policy, name=name)
        layer.build((None, inputs_width))
        return layer

    def _projected(self, projection: keras.layers.Layer, inputs: Tensor, parts: Sequence[Part]) -> list[Tensor]:
        """Project [B, T, D] to the tensors of the parts, [B, T, H or G, K or V]."""
        # As rows of one matrix, because TensorFlow fuses the bias with a product of two matrices.
        rows = projection(ops.reshape(inputs, (-1, inputs.shape[-1])))
        shapes = [self.part_shapes[part] for part in parts]
        ends = list(itertools.accumulate(math.prod(shape) for shape in shapes))
        columns = ops.split(rows, ends[:-1], axis=-1) if len(parts) > 1 else [rows]
        size = known_shape(inputs)
        return [ops.reshape(part, (*size, *shape)) for part, shape in zip(columns, shapes, strict=True)]

    def _query(self, query: Tensor) -> Tensor:
        """Transpose queries [B, Q, H, K] to [B, H, Q, K], and scale them for "scaled_dot"."""
        # Scaling the queries costs less than scaling the scores.
        query = query * self.key_width**-0.5 if self.score_mode == "scaled_dot" else query
        return ops.transpose(query, (0, 2, 1, 3))

    def _scores(self, query: Tensor, key: Tensor) -> Tensor:
        """Return the scores of queries [B, H, Q, K] and keys [B, G, K, T]: float32 [B, H, Q, T]."""
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
        context = ops.matmul(self.drop(weights, training=training), value)  # [B, H, Q, V]
        context = zero_masked(context, sees_any)  # fewer numbers than the weights
        return self._output(context), zero_masked(weights, sees_any)

    def _look(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
        """Return the outputs [B, Q, D] in step-by-step decoding. Every query has a visible key."""
        weights = ops.cast(ops.softmax(self._scores(query, key) + bias), self.compute_dtype)
        return self._output(ops.matmul(weights, value))

    def _output(self, context: Tensor) -> Tensor:
        """Project the contexts of all heads [B, H, Q, V] to [B, Q, D]."""
        context = ops.transpose(context, (0, 2, 1, 3))
        rows = self.output_projection(ops.reshape(context, (-1, self.num_heads * self.value_width)))
        return ops.reshape(rows, (*known_shape(context), self.width))

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "dropout": self.dropout,
            "score_mode": self.score_mode,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "key_dim": self.key_dim,
            "value_dim": self.value_dim,
            "shared_key_value": self.shared_key_value,
        }


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class MultiHeadSelfAttention(MultiHead):
    """Self-attention: softmax(Q K' / sqrt(K)) V in each of H heads, concatenated and projected.

    One product computes queries, keys and values, which is faster than three products. The columns of the kernel are
    all queries, then all keys, then all values, each in order of the heads.

    Args:
        num_heads: H (>= 1).
        dropout: fraction of the attention weights that is dropped in training, in [0, 1).
        is_causal: whether a token attends only to itself and the tokens before it.
        score_mode: "scaled_dot", or "additive": w . tanh(q + k) in each head.
        kernel_initializer: initializer of both kernels.
        key_dim: K (>= 1); None for D / H, which must be an integer.
        value_dim: V (>= 1), likewise.
        shared_key_value: whether all heads share one key and one value per token, so a token has H queries for the
            same keys and values (multi-query attention).

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True at real tokens; None for all True. The output of a row without real tokens is
            the bias of the output projection.
        return_attention_scores: whether to also return the weights.

    Returns:
        float tensor [B, T, D]; with `return_attention_scores` also the weights [B, H, T, T] before dropout:
        [b, h, i, j] is the weight of token j for token i.

    Raises:
        InputError: if an argument is outside its range, or H does not divide D and `key_dim` or `value_dim` is None.

    Example:

    >>> attention = MultiHeadSelfAttention(num_heads=2)
    >>> outputs, scores = attention(ops.ones((1, 3, 8)), return_attention_scores=True)
    >>> outputs.shape, scores.numpy()[0, 0, 0].round(3)
    (TensorShape([1, 3, 8]), array([0.333, 0.333, 0.333], dtype=float32))

    References: Vaswani et al. 2017, equation 1 and section 3.2.2; Shazeer 2019, section 3, for `shared_key_value`.
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
        self._build_heads(width, {"query_key_value": (PARTS, width)})

    def call(
        self,
        inputs: Tensor,
        mask: Tensor | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Project the inputs, attend in every head, project the outputs."""
        query, key, value = self._projected(self.query_key_value, inputs, PARTS)
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
        """Return an empty cache for `step`: zeros, keys float [B * G * L, W * K], values float [B * G * L, W * V]."""
        rows = batch_size * self.num_groups * max_length
        widths = (self.key_width, self.value_width)
        key, value = (ops.zeros((rows, num_hypotheses * width), self.compute_dtype) for width in widths)
        return key, value

    def step(
        self, inputs: Tensor, cache: tuple[Tensor, Tensor], rows: Tensor, bias: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Compute causal attention for the next token of every hypothesis.

        The cache is never reordered. It contains the tokens of all hypotheses of a sequence, and `bias` hides the
        tokens of other hypotheses.

        Args:
            inputs: float tensor [B, W, D], the tokens at one position.
            cache: (keys, values), as from `empty_cache`, filled up to that position.
            rows: int32 tensor [B * G, 1] from `cache_rows`, the rows of the cache to write.
            bias: float32 tensor [B, 1, W, L * W], 0 at the tokens of a hypothesis, otherwise the lowest number. The W
                tokens of a position are adjacent.

        Returns:
            (outputs, cache): float tensor [B, W, D], and the cache with the new tokens.
        """
        query, *new = self._projected(self.query_key_value, inputs, PARTS)  # [B, W, H or G, K or V]
        keys, values = (
            ops.scatter_update(old, rows, ops.reshape(ops.transpose(part, (0, 2, 1, 3)), (-1, old.shape[-1])))
            for old, part in zip(cache, new, strict=True)
        )
        shape = (ops.shape(bias)[0], self.num_groups, -1)
        key, value = ops.reshape(keys, (*shape, self.key_width)), ops.reshape(values, (*shape, self.value_width))
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


def known_shape(values: Tensor) -> tuple[int | Tensor, int]:
    """Return the first two dimensions of a tensor for a reshape; one of them is -1.

    The function reads a dimension at run time only if both dimensions are unknown, because reading costs more than the
    reshape itself.
    """
    batch, time = values.shape[:2]
    if time is not None:
        return -1, time
    return (ops.shape(values)[0] if batch is None else batch), -1


def cache_rows(batch_size: int | Tensor, num_groups: int, max_length: int | Tensor, place: int | Tensor) -> Tensor:
    """Return the rows of a cache for the tokens at position `place`: int32 tensor [B * G, 1]."""
    return (ops.arange(batch_size * num_groups) * max_length + place)[:, None]


def require_heads(width: int, num_heads: int, key_dim: int | None = None, value_dim: int | None = None) -> None:
    """Raise InputError unless vectors can be split into heads, or the widths of the heads are given."""
    if width % num_heads and None in (key_dim, value_dim):
        raise InputError(
            "The width of the vectors must be a multiple of the number of heads. Otherwise give key_dim and value_dim. "
            f"Received: width {width}, num_heads={num_heads}, key_dim={key_dim}, value_dim={value_dim}"
        )
