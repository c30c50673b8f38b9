"""Causal self-attention to a window of tokens, with a memory of the tokens before a segment.

A token attends to itself and to the tokens before it, W in all. Its key and value depend only on tokens before it.
Therefore the keys and values of the last W - 1 tokens are all that the next segment needs, and any division of a text
into segments has the same outputs as the complete text.

Shapes: B batch, T length of a segment, D width of a vector, H heads, K width of a query and of a key, V width of a
value, G groups of keys and values: H, or 1 if all heads share them, W tokens of a window, S keys: the W - 1 tokens of
the memory, if there is one, then the T tokens of the segment.

References: Dai et al. 2019, "Transformer-XL", section 3.2, for the memory; Press et al. 2022, "Train Short, Test
Long", for the linear bias.
"""

from typing import Any, TypeAlias

import keras
import numpy as np
from keras import ops

from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.layers.masking import LOWEST
from kerasnlp_zoo.layers.multi_head_attention import PARTS, MultiHead
from kerasnlp_zoo.types import Config, Tensor, TensorShape

Memory: TypeAlias = tuple[Tensor, Tensor]  # (keys, values), [B, G, W - 1, K] and [B, G, W - 1, V]


def linear_bias_slopes(num_heads: int) -> np.ndarray:
    """Return the slope of the linear bias of each head: 2^(-8 / H), and its powers; float32 [H].

    Example:

    >>> linear_bias_slopes(4)
    array([0.25      , 0.0625    , 0.015625  , 0.00390625], dtype=float32)

    Reference: Press et al. 2022, section 3.
    """
    return 2.0 ** (-8 / num_heads * np.arange(1, num_heads + 1, dtype="float32"))


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class WindowedSelfAttention(MultiHead):
    """Multi-head self-attention of each token to itself and the W - 1 tokens before it.

    With `linear_bias`, the score of a token is reduced by its distance times the slope of the head. Then the model
    needs no position vectors: softmax(q_i . k_j / sqrt(K) - slope (i - j)).

    Args:
        num_heads: H (>= 1).
        window: W (>= 1).
        linear_bias: whether scores decrease with distance.
        dropout, score_mode, kernel_initializer, key_dim, value_dim, shared_key_value: as for `MultiHeadSelfAttention`.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True at real tokens, with padding only at the end; None for all True. Padding is not
            kept in the memory.
        memory: (keys, values) of the last tokens before the segment, float tensors [B, G, W - 1, K] and
            [B, G, W - 1, V]; None if there are none.
        num_read: int tensor [B], number of tokens before the segment, for `memory`. If it is less than W - 1, only the
            last ones in the memory are tokens.

    Returns:
        (outputs, memory): float tensor [B, T, D], and the memory after the segment.

    Raises:
        InputError: if an argument is outside its range, or H does not divide D and `key_dim` or `value_dim` is None.

    Example:

    >>> attention = WindowedSelfAttention(num_heads=2, window=4)
    >>> outputs, memory = attention(ops.ones((1, 5, 8)))
    >>> outputs, memory = attention(ops.ones((1, 2, 8)), memory=memory, num_read=ops.array([5]))
    >>> outputs.shape, [part.shape for part in memory]
    (TensorShape([1, 2, 8]), [TensorShape([1, 2, 3, 4]), TensorShape([1, 2, 3, 4])])
    """

    def __init__(self, num_heads: int, window: int, linear_bias: bool = True, **kwargs: Any) -> None:
        super().__init__(num_heads, **kwargs)
        require_positive(window=window)
        self.window = window
        self.linear_bias = linear_bias

    def build(self, inputs_shape: TensorShape) -> None:
        """Create the input projection and the output projection."""
        width = inputs_shape[-1]
        self._build_heads(width, {"query_key_value": (PARTS, width)})

    def call(
        self,
        inputs: Tensor,
        mask: Tensor | None = None,
        memory: Memory | None = None,
        num_read: Tensor | None = None,
        training: bool | None = None,
    ) -> tuple[Tensor, Memory]:
        """Attend to the memory and to the segment, and return the memory for the next segment."""
        outputs, _, keys_values = self.attend(inputs, memory, num_read, training)
        return outputs, self.latest(keys_values, mask, memory is not None)

    def attend(
        self, inputs: Tensor, memory: Memory | None = None, num_read: Tensor | None = None, training: bool | None = None
    ) -> tuple[Tensor, Tensor, Memory]:
        """Return the outputs [B, T, D], the weights [B, H, T, S], and (keys, values), [B, G, S, K] and [B, G, S, V]."""
        query, *new = self._projected(self.query_key_value, inputs, PARTS)  # [B, T, H or G, K or V]
        key, value = (ops.transpose(part, (0, 2, 1, 3)) for part in new)
        if memory is not None:
            key, value = (
                ops.concatenate([ops.cast(old, part.dtype), part], axis=2)
                for old, part in zip(memory, (key, value), strict=True)
            )
        scores = self._scores(self._query(query), ops.transpose(key, (0, 1, 3, 2)))
        scores = scores + self._bias(ops.shape(inputs)[1], ops.shape(key)[2], num_read)
        weights = ops.cast(ops.softmax(scores), self.compute_dtype)
        outputs = self._output(ops.matmul(self.drop(weights, training=training), value))
        return outputs, weights, (key, value)

    def latest(self, keys_values: Memory, mask: Tensor | None, has_memory: bool) -> Memory:
        """Return the memory after a segment.

        Args:
            keys_values: (keys, values) from `attend`.
            mask: bool tensor [B, T], True at real tokens; None for all True.
            has_memory: whether the first W - 1 keys and values are those of a memory.

        Returns:
            (keys, values) of the last W - 1 tokens before the padding.
        """
        before = 0 if has_memory else self.window - 1
        key, value = (ops.pad(part, [[0, 0], [0, 0], [before, 0], [0, 0]]) for part in keys_values)
        batch, groups, num_keys, _ = ops.shape(key)
        if mask is None:
            first = num_keys - self.window + 1
            return key[:, :, first:], value[:, :, first:]
        num_new = ops.repeat(ops.sum(ops.cast(mask, "int32"), axis=1), groups)
        first = ops.arange(batch * groups) * num_keys + num_new  # rows of the matrix of all keys
        rows = first[:, None] + ops.arange(self.window - 1)

        def gather(part: Tensor) -> Tensor:
            latest = ops.take(ops.reshape(part, (-1, part.shape[-1])), rows, axis=0)
            return ops.reshape(latest, (-1, self.num_groups, self.window - 1, part.shape[-1]))

        return gather(key), gather(value)

    def _bias(self, time: int | Tensor, num_keys: int | Tensor, num_read: Tensor | None) -> Tensor:
        """Return the bias of the scores: float32 [1 or B, 1 or H, T, S], the lowest number at hidden keys."""
        keys = ops.arange(num_keys)
        distance = (keys[num_keys - time :, None] - keys)[None, None]  # the last keys are the tokens of the segment
        is_visible = ops.logical_and(distance >= 0, distance < self.window)
        if num_read is not None:
            is_token = keys >= self.window - 1 - num_read[:, None]  # [B, S]
            is_visible = ops.logical_and(is_visible, is_token[:, None, None])
        bias = ops.zeros((1, 1, 1, 1))
        if self.linear_bias:
            slopes = ops.convert_to_tensor(linear_bias_slopes(self.num_heads))
            bias = -slopes[:, None, None] * ops.cast(distance, "float32")
        return ops.where(is_visible, bias, ops.cast(LOWEST["float32"], "float32"))

    def compute_output_spec(
        self,
        inputs: Tensor,
        mask: Tensor | None = None,
        memory: Memory | None = None,
        num_read: Tensor | None = None,
        training: bool | None = None,
    ) -> tuple[keras.KerasTensor, Memory]:
        """Return the symbolic outputs."""
        batch = inputs.shape[0]
        memory_shapes = ((batch, self.num_groups, self.window - 1, size) for size in (self.key_width, self.value_width))
        outputs, key, value = (keras.KerasTensor(shape, self.compute_dtype) for shape in (inputs.shape, *memory_shapes))
        return outputs, (key, value)

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "window": self.window, "linear_bias": self.linear_bias}
