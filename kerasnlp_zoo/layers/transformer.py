"""The blocks of the Transformer: attention, then two dense layers, each with a short cut around it.

Shapes: B batch, T time, S length of the encoder's memory, D width of a vector, F width between the dense layers, H
heads; in step-wise decoding W hypotheses of a sequence, L places for tokens.

Reference: Vaswani et al. 2017, "Attention Is All You Need", section 3.1.
"""

import keras
from keras import ops

from kerasnlp_zoo.layers.masking import MaskedLayer
from kerasnlp_zoo.layers.multi_head_attention import MultiHeadCrossAttention, MultiHeadSelfAttention, known_shape


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


class _Block(MaskedLayer):
    """What both blocks share: the feed-forward layer, and what goes around a sub-layer."""

    def __init__(
        self,
        num_heads,
        intermediate_dim,
        dropout=0.1,
        activation="relu",
        norm_first=False,
        residual=True,
        layer_norm=True,
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
        self.residual = residual
        self.layer_norm = layer_norm
        self.layer_norm_epsilon = layer_norm_epsilon
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def _self_attention(self, is_causal):
        return MultiHeadSelfAttention(
            self.num_heads,
            self.dropout,
            is_causal,
            kernel_initializer=self.kernel_initializer,
            dtype=self.dtype_policy,
            name="attention",
        )

    def _build_feed_forward(self, inputs_shape):
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

    def _build_norms(self, names, inputs_shape):
        """Create the normalisation of each sub-layer, and the dropout."""
        for name in names:
            norm = keras.layers.LayerNormalization(epsilon=self.layer_norm_epsilon, dtype=self.dtype_policy, name=name)
            norm.build(inputs_shape)
            setattr(self, name, norm if self.layer_norm else None)
        self.drop = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy, name="drop")

    def _feed_forward(self, inputs):
        """Run both dense layers."""
        flat = ops.reshape(inputs, (-1, inputs.shape[-1]))
        return ops.reshape(self.output_dense(self.intermediate(flat)), (*known_shape(inputs), inputs.shape[-1]))

    def _around(self, inputs, norm, sublayer, training):
        """Add a sub-layer's outputs to its inputs, normalising before or after."""
        norm = norm or (lambda x: x)
        outputs = self.drop(sublayer(norm(inputs) if self.norm_first else inputs), training=training)
        outputs = inputs + outputs if self.residual else outputs
        return outputs if self.norm_first else norm(outputs)

    def compute_output_shape(self, inputs_shape, *others):
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
            "residual": self.residual,
            "layer_norm": self.layer_norm,
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class TransformerEncoderBlock(_Block):
    """Attention and a feed-forward layer, each added to its input and normalised.

    Args:
        num_heads: int >= 1, attention heads; divides D.
        intermediate_dim: int >= 1, F.
        dropout: float in [0, 1), share dropped of attention weights and of what is added to the inputs.
        activation: "relu" (the paper's), "gelu" (BERT's, by the error function) or "gelu_tanh" (its
            approximation, which Google's BERT was trained with).
        norm_first: bool, whether to normalise what goes into attention and feed-forward layer, which
            trains deep stacks more easily, instead of the sums, as the paper does.
        residual: bool, whether a sub-layer's outputs are added to its inputs; False shows what that is worth.
        layer_norm: bool, whether anything is normalised; False likewise.
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

    def build(self, inputs_shape):
        """Create attention, feed-forward layer and two normalisations."""
        self.attention = self._self_attention(is_causal=False)
        self.attention.build(inputs_shape)
        self._build_feed_forward(inputs_shape)
        self._build_norms(("attention_norm", "output_norm"), inputs_shape)

    def call(self, inputs, mask=None, training=None):
        """Run the two sub-layers."""
        attended = self._around(
            inputs, self.attention_norm, lambda x: self.attention(x, mask=mask, training=training), training
        )
        return self._around(attended, self.output_norm, self._feed_forward, training)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class TransformerDecoderBlock(_Block):
    """Attention to the tokens before, attention to the encoder's memory and a feed-forward layer.

    `step` decodes one token at a time, from a cache of the tokens before.

    Args:
        num_heads, intermediate_dim, dropout, activation, norm_first, residual, layer_norm, layer_norm_epsilon,
            kernel_initializer: as for `TransformerEncoderBlock`.

    Call arguments:
        inputs: float tensor [B, T, D], what the decoder has written, from the start on.
        memory: float tensor [B, S, D], what the encoder has read.
        mask: bool tensor [B, T], True at real tokens; None for all.
        memory_mask: bool tensor [B, S], True at real tokens; None for all.
        return_attention_scores: bool, whether the weights of the memory are wanted, too.

    Returns:
        float tensor [B, T, D]; with `return_attention_scores` also the weights [B, H, T, S].

    Raises:
        ValueError: if an argument is outside its range.

    Example:

    >>> block = TransformerDecoderBlock(num_heads=2, intermediate_dim=16)
    >>> block(keras.ops.ones((1, 3, 8)), keras.ops.ones((1, 5, 8))).shape
    TensorShape([1, 3, 8])

    Reference: Vaswani et al. 2017, section 3.1.
    """

    def build(self, inputs_shape, memory_shape):
        """Create two attentions, feed-forward layer and three normalisations."""
        self.attention = self._self_attention(is_causal=True)
        self.attention.build(inputs_shape)
        self.cross_attention = MultiHeadCrossAttention(
            self.num_heads,
            self.dropout,
            kernel_initializer=self.kernel_initializer,
            dtype=self.dtype_policy,
            name="cross_attention",
        )
        self.cross_attention.build(inputs_shape, memory_shape)
        self._build_feed_forward(inputs_shape)
        self._build_norms(("attention_norm", "cross_attention_norm", "output_norm"), inputs_shape)

    def call(self, inputs, memory, mask=None, memory_mask=None, return_attention_scores=False, training=None):
        """Run the three sub-layers."""
        scores = []

        def attend_to_memory(x):
            projected = self.cross_attention.project_memory(memory)
            attended, weights = self.cross_attention.attend(x, projected, memory_mask, training)
            scores.append(weights)
            return attended

        outputs = self._decode(
            inputs, lambda x: self.attention(x, mask=mask, training=training), attend_to_memory, training
        )
        return (outputs, scores[0]) if return_attention_scores else outputs

    def step(self, inputs, cache, rows, bias, projected, memory_bias):
        """Decode one more token of every hypothesis.

        Args:
            inputs: float tensor [B, W, D], the tokens of one place.
            cache, rows, bias: as for `MultiHeadSelfAttention.step`.
            projected, memory_bias: as for `MultiHeadCrossAttention.step`.

        Returns:
            (outputs, cache): float tensor [B, W, D], and the cache with these tokens.
        """
        new_cache = []

        def attend(x):
            attended, written = self.attention.step(x, cache, rows, bias)
            new_cache.extend(written)
            return attended

        outputs = self._decode(inputs, attend, lambda x: self.cross_attention.step(x, projected, memory_bias), False)
        return outputs, tuple(new_cache)

    def _decode(self, inputs, attend, attend_to_memory, training):
        """Run the three sub-layers, with attention as it is done all at once or step by step."""
        outputs = self._around(inputs, self.attention_norm, attend, training)
        outputs = self._around(outputs, self.cross_attention_norm, attend_to_memory, training)
        return self._around(outputs, self.output_norm, self._feed_forward, training)

    def compute_output_spec(
        self, inputs, memory, mask=None, memory_mask=None, return_attention_scores=False, training=None
    ):
        """Return the symbolic outputs."""
        outputs = keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)
        batch, time, _ = inputs.shape
        scores = keras.KerasTensor((batch, self.num_heads, time, memory.shape[1]), dtype=self.compute_dtype)
        return (outputs, scores) if return_attention_scores else outputs
