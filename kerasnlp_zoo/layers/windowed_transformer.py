"""The block of a Transformer language model: attention to the window of tokens before, then a feed-forward layer.

Shapes: B batch, T length of a segment, D width of a vector, H heads, K width of a head, W tokens of a window.
"""

from typing import Any

import keras

from kerasnlp_zoo.layers.transformer import _Block
from kerasnlp_zoo.layers.windowed_attention import Memory, WindowedSelfAttention
from kerasnlp_zoo.types import Config, Tensor, TensorShape


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class WindowedTransformerBlock(_Block):
    """Causal self-attention to a window of tokens and a feed-forward layer, with residual connections and norms.

    Args:
        num_heads, intermediate_dim: as for `TransformerEncoderBlock`.
        window, linear_bias: as for `WindowedSelfAttention`.
        dropout, activation, norm_first, residual: as for `TransformerEncoderBlock`.
        layer_norm, layer_norm_epsilon, kernel_initializer: as for `TransformerEncoderBlock`.
        score_mode, key_dim, value_dim, shared_key_value: as for `TransformerEncoderBlock`.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask, memory, num_read: as for `WindowedSelfAttention`.

    Returns:
        (outputs, memory): float tensor [B, T, D], and the memory after the segment.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> block = WindowedTransformerBlock(num_heads=2, intermediate_dim=16, window=4)
    >>> outputs, memory = block(keras.ops.ones((1, 3, 8)))
    >>> outputs.shape, [part.shape for part in memory]
    (TensorShape([1, 3, 8]), [TensorShape([1, 2, 3, 4]), TensorShape([1, 2, 3, 4])])

    References: Radford et al. 2018, "Improving Language Understanding by Generative Pre-Training", section 3.1; Dai et
    al. 2019, "Transformer-XL", section 3.2.
    """

    def __init__(
        self, num_heads: int, intermediate_dim: int, window: int, linear_bias: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(num_heads, intermediate_dim, **kwargs)
        self.window = window
        self.linear_bias = linear_bias
        self.attention = WindowedSelfAttention(
            window=window, linear_bias=linear_bias, **self._attention_arguments, name="attention"
        )

    def build(self, inputs_shape: TensorShape) -> None:
        """Create the weights of the attention, the feed-forward layer and two normalizations."""
        self.attention.build(inputs_shape)
        self._build_feed_forward(inputs_shape)
        self._build_norms(("attention_norm", "output_norm"), inputs_shape)

    def call(
        self,
        inputs: Tensor,
        mask: Tensor | None = None,
        memory: Memory | None = None,
        num_read: Tensor | None = None,
        training: bool | None = None,
    ) -> tuple[Tensor, Memory]:
        """Apply the two sub-layers, and return the memory for the next segment."""
        keys_values: list[Memory] = []

        def attend(x: Tensor) -> Tensor:
            attended, _, known = self.attention.attend(x, memory, num_read, training)
            keys_values.append(known)
            return attended

        attended = self._around(inputs, self.attention_norm, attend, training)
        outputs = self._around(attended, self.output_norm, self._feed_forward, training)
        return outputs, self.attention.latest(keys_values[0], mask, memory is not None)

    def compute_output_spec(
        self,
        inputs: Tensor,
        mask: Tensor | None = None,
        memory: Memory | None = None,
        num_read: Tensor | None = None,
        training: bool | None = None,
    ) -> tuple[keras.KerasTensor, Memory]:
        """Return the symbolic outputs."""
        return self.attention.compute_output_spec(inputs)

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "window": self.window, "linear_bias": self.linear_bias}
