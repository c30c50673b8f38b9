"""The block of the Transformer's encoder: attention, then two dense layers, each with a short cut around it.

Shapes: B batch, T time, D width of a vector, F width between the dense layers.

Reference: Vaswani et al. 2017, "Attention Is All You Need", section 3.1.
"""

import keras
from keras import ops

from kerasnlp_zoo.layers.attention import MultiHeadSelfAttention
from kerasnlp_zoo.layers.masking import MaskedLayer


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
def gelu_tanh(x):
    """Approximate x Phi(x), Phi the normal distribution's, by a hyperbolic tangent.

    Example:

    >>> gelu_tanh(keras.ops.convert_to_tensor([-1.0, 0.0, 1.0])).numpy().round(4)
    array([-0.1588,  0.    ,  0.8412], dtype=float32)

    Reference: Hendrycks and Gimpel 2016, section 2.
    """
    return keras.activations.gelu(x, approximate=True)


ACTIVATIONS = {
    "relu": keras.activations.relu,
    "gelu": keras.activations.gelu,  # by the error function, as BERT in PyTorch
    "gelu_tanh": gelu_tanh,  # as BERT in TensorFlow, 2018
}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class TransformerEncoderBlock(MaskedLayer):
    """Attention and a feed-forward layer, each added to its input and normalised.

    Args:
        num_heads: int >= 1, attention heads; divides D.
        intermediate_dim: int >= 1, F.
        dropout: float in [0, 1), share dropped of attention weights and of what is added to the inputs.
        activation: "relu" (the paper's), "gelu" (BERT's, by the error function) or "gelu_tanh" (its
            approximation, which Google's BERT was trained with).
        norm_first: bool, whether to normalise what goes into attention and feed-forward layer, which
            trains deep stacks more easily, instead of the sums, as the paper does.
        layer_norm_epsilon: float, added to the variance.
        kernel_initializer: of all kernels.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True at real tokens; None for all.

    Returns:
        float tensor [B, T, D].

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> block = TransformerEncoderBlock(num_heads=2, intermediate_dim=16)
    >>> block(keras.ops.ones((1, 3, 8)), mask=[[True, True, False]]).shape
    TensorShape([1, 3, 8])

    Reference: Vaswani et al. 2017, section 3.1; `norm_first`: Xiong et al. 2020.
    """

    def __init__(
        self,
        num_heads,
        intermediate_dim,
        dropout=0.1,
        activation="relu",
        norm_first=False,
        layer_norm_epsilon=1e-5,
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}. Received: {activation!r}")
        if intermediate_dim < 1:
            raise ValueError(f"intermediate_dim must be at least 1. Received: {intermediate_dim}")
        self.num_heads = num_heads
        self.intermediate_dim = intermediate_dim
        self.dropout = dropout
        self.activation = activation
        self.norm_first = norm_first
        self.layer_norm_epsilon = layer_norm_epsilon
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, inputs_shape):
        """Create attention, feed-forward layer and two normalisations."""
        dtype, initializer = self.dtype_policy, self.kernel_initializer
        self.attention = MultiHeadSelfAttention(
            self.num_heads, self.dropout, kernel_initializer=initializer, dtype=dtype, name="attention"
        )
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
        self.attention_norm = self._norm("attention_norm")
        self.output_norm = self._norm("output_norm")
        self.drop = keras.layers.Dropout(self.dropout, dtype=dtype, name="drop")
        for layer in (self.attention, self.intermediate, self.attention_norm, self.output_norm):
            layer.build(inputs_shape)
        self.output_dense.build((*inputs_shape[:-1], self.intermediate_dim))

    def _norm(self, name):
        return keras.layers.LayerNormalization(epsilon=self.layer_norm_epsilon, dtype=self.dtype_policy, name=name)

    def call(self, inputs, mask=None, training=None):
        """Run the two sub-layers."""
        attended = self._around(
            inputs, self.attention_norm, lambda x: self.attention(x, mask=mask, training=training), training
        )
        return self._around(attended, self.output_norm, self._feed_forward, training)

    def _feed_forward(self, inputs):
        """Run both dense layers."""
        flat = ops.reshape(inputs, (-1, inputs.shape[-1]))
        return ops.reshape(self.output_dense(self.intermediate(flat)), ops.shape(inputs))

    def _around(self, inputs, norm, sublayer, training):
        """Add a sub-layer's outputs to its inputs, normalising before or after."""
        outputs = self.drop(sublayer(norm(inputs) if self.norm_first else inputs), training=training)
        return inputs + outputs if self.norm_first else norm(inputs + outputs)

    def compute_output_shape(self, inputs_shape):
        """Return the shape of the inputs."""
        return inputs_shape

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "intermediate_dim": self.intermediate_dim,
            "dropout": self.dropout,
            "activation": self.activation,
            "norm_first": self.norm_first,
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
