"""Multi-head self-attention: every token looks at every other, several times over.

Shapes: B batch, T time, D width of a vector, H heads, K = D / H width of a head.

Reference: Vaswani et al. 2017, "Attention Is All You Need", section 3.2.
"""

import keras
from keras import ops

from kerasnlp_zoo.layers.masking import MaskedLayer, mask_bias, zero_masked


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class MultiHeadSelfAttention(MaskedLayer):
    """softmax(Q K' / sqrt(K)) V in each of H heads, concatenated and projected.

    Queries, keys and values come out of one product with a [D, 3D] kernel: one large matrix product is
    quicker than three small ones. Its columns are all queries, then all keys, then all values; within
    each, head by head.

    Args:
        num_heads: int >= 1, H; divides D.
        dropout: float in [0, 1), share of attention weights dropped in training.
        is_causal: bool, whether a token sees only those before it and itself.
        kernel_initializer: of both kernels.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True where a token may be looked at; None for everywhere. A row
            without any such token gives the bias of the projection.
        return_attention_scores: bool, whether to return the weights too.

    Returns:
        float tensor [B, T, D]; with `return_attention_scores` also the weights [B, H, T, T], where
        [b, h, i, j] is how much token i takes from token j, before dropout.

    Raises:
        ValueError: if an argument is outside its range, or H does not divide D.

    Example:

    >>> attention = MultiHeadSelfAttention(num_heads=2)
    >>> outputs, scores = attention(ops.ones((1, 3, 8)), return_attention_scores=True)
    >>> outputs.shape, scores.numpy()[0, 0, 0].round(3)
    (TensorShape([1, 3, 8]), array([0.333, 0.333, 0.333], dtype=float32))

    Reference: Vaswani et al. 2017, equation 1 and section 3.2.2.
    """

    def __init__(self, num_heads, dropout=0.0, is_causal=False, kernel_initializer="glorot_uniform", **kwargs):
        super().__init__(**kwargs)
        if num_heads < 1 or not 0 <= dropout < 1:
            raise ValueError(
                "Attention has at least 1 head and drops a share in [0, 1). "
                f"Received: num_heads={num_heads}, dropout={dropout}"
            )
        self.num_heads = num_heads
        self.dropout = dropout
        self.is_causal = is_causal
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, inputs_shape):
        """Create the two projections."""
        width = inputs_shape[-1]
        if width % self.num_heads:
            raise ValueError(
                f"The width of the vectors must be a multiple of the number of heads. Received: width {width}, "
                f"num_heads={self.num_heads}"
            )
        # A copy each: an initializer with a seed of its own would fill both kernels alike.
        self.query_key_value = self._projection(3 * width, "query_key_value")
        self.output_projection = self._projection(width, "output")
        self.query_key_value.build(inputs_shape)
        self.output_projection.build(inputs_shape)
        self.drop = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy, name="drop")

    def _projection(self, units, name):
        initializer = self.kernel_initializer.clone()
        return keras.layers.Dense(units, kernel_initializer=initializer, dtype=self.dtype_policy, name=name)

    def call(self, inputs, mask=None, return_attention_scores=False, training=None):
        """Project, compare, average, project."""
        query, key, value = self._heads(inputs)
        scores = ops.matmul(query, key)  # [B, H, T, T]
        visible = self._visible(mask, ops.shape(inputs)[1])
        sees_any = None if visible is None else ops.any(visible, axis=-1, keepdims=True)
        weights = self._softmax(scores, visible)
        context = ops.matmul(self.drop(weights, training=training), value)  # [B, H, T, K]
        context = zero_masked(context, sees_any)  # fewer numbers than the weights
        context = ops.reshape(ops.transpose(context, (0, 2, 1, 3)), (-1, inputs.shape[-1]))  # [B T, D]
        outputs = ops.reshape(self.output_projection(context), ops.shape(inputs))
        return (outputs, zero_masked(weights, sees_any)) if return_attention_scores else outputs

    def _heads(self, inputs):
        """Return queries [B, H, T, K], scaled, keys [B, H, K, T] and values [B, H, T, K]."""
        batch, time, width = *ops.shape(inputs)[:2], inputs.shape[-1]
        head_width = width // self.num_heads
        shape = (batch, time, 3, self.num_heads, head_width)
        # As rows of one matrix: TensorFlow adds the bias within such a product, not after it.
        projected = self.query_key_value(ops.reshape(inputs, (-1, width)))  # [B T, 3D]
        query, key, value = ops.unstack(ops.reshape(projected, shape), num=3, axis=2)
        # The scale goes to the queries, which are fewer numbers than the scores.
        query = ops.transpose(query * head_width**-0.5, (0, 2, 1, 3))
        return query, ops.transpose(key, (0, 2, 3, 1)), ops.transpose(value, (0, 2, 1, 3))

    def _visible(self, mask, time):
        """Return which token may look at which, a bool tensor that broadcasts to [B, H, T, T], or None."""
        visible = None if mask is None else ops.cast(mask, "bool")[:, None, None, :]
        if self.is_causal:
            places = ops.arange(time)
            earlier = places[:, None] >= places[None, :]  # [T, T]
            visible = earlier if visible is None else ops.logical_and(visible, earlier)
        return visible

    def _softmax(self, scores, visible):
        """Normalise in float32, whatever the precision of the scores; a row that sees nothing is arbitrary."""
        scores = ops.cast(scores, "float32")
        if visible is not None:
            scores = scores + mask_bias(visible)
        return ops.cast(ops.softmax(scores), self.compute_dtype)

    def compute_output_spec(self, inputs, mask=None, return_attention_scores=False, training=None):
        """Return the symbolic outputs."""
        outputs = keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)
        batch, time, _ = inputs.shape
        weights = keras.KerasTensor((batch, self.num_heads, time, time), dtype=self.compute_dtype)
        return (outputs, weights) if return_attention_scores else outputs

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "dropout": self.dropout,
            "is_causal": self.is_causal,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
