"""Multi-head attention from one sequence to another, as of a decoder to its encoder.

Shapes: B batch, Q queries, S length of the memory, D width of a vector, E width of a memory vector, H heads, K width of
a query and of a key, V width of a value, G groups of keys and values: H, or 1 if all heads share them; in step-by-step
decoding W hypotheses of a sequence.

Reference: Vaswani et al. 2017, "Attention Is All You Need", section 3.2.3.
"""

import keras
from keras import ops

from kerasnlp_zoo.layers.multi_head_attention import MultiHead
from kerasnlp_zoo.types import Tensor, TensorShape


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class MultiHeadCrossAttention(MultiHead):
    """Cross-attention of a decoder to its encoder: queries from one sequence, keys and values from another.

    A decoder that generates step by step calls `project_memory` once and `step` in each step.

    Args:
        num_heads: H (>= 1).
        dropout: fraction of the attention weights that is dropped in training, in [0, 1).
        score_mode: "scaled_dot", or "additive": w . tanh(q + k) in each head.
        kernel_initializer: initializer of all kernels.
        key_dim, value_dim, shared_key_value: as for `MultiHeadSelfAttention`.

    Call arguments:
        inputs: float tensor [B, Q, D], the queries before their projection.
        memory: float tensor [B, S, E], the outputs of the encoder.
        mask: bool tensor [B, S], True at real tokens of the memory; None for all True. The output of a row without
            real tokens is the bias of the output projection.
        return_attention_scores: whether to also return the weights.

    Returns:
        float tensor [B, Q, D]; with `return_attention_scores` also the weights [B, H, Q, S], before dropout.

    Raises:
        InputError: if an argument is outside its range, or H does not divide D and `key_dim` or `value_dim` is None.

    Example:

    >>> attention = MultiHeadCrossAttention(num_heads=2)
    >>> attention(ops.ones((1, 3, 8)), ops.ones((1, 5, 6)), mask=[[True] * 4 + [False]]).shape
    TensorShape([1, 3, 8])

    Reference: Vaswani et al. 2017, section 3.2.3.
    """

    def build(self, inputs_shape: TensorShape, memory_shape: TensorShape) -> None:
        """Create the three projections."""
        width = inputs_shape[-1]
        self._build_heads(width, {"query": (("query",), width), "key_value": (("key", "value"), memory_shape[-1])})

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
        """Return the keys [B, G, K, S] and values [B, G, S, V] of a memory [B, S, E]."""
        key, value = self._projected(self.key_value, memory, ("key", "value"))
        return ops.transpose(key, (0, 2, 3, 1)), ops.transpose(value, (0, 2, 1, 3))

    def attend(
        self, inputs: Tensor, projected: tuple[Tensor, Tensor], mask: Tensor | None = None, training: bool | None = None
    ) -> tuple[Tensor, Tensor]:
        """Attend from inputs [B, Q, D] to a projected memory: outputs [B, Q, D] and weights [B, H, Q, S]."""
        (query,) = self._projected(self.query, inputs, ("query",))
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
        (query,) = self._projected(self.query, inputs, ("query",))
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
