"""From one vector per position to one vector per sentence, padding left out.

A sentence without any real position gives zeros.

Shapes: B batch, T time, D width, K activations kept, L words kept, U units of an attention.
"""

import keras
from keras import ops

from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.layers.masking import MaskedLayer, mask_bias, mask_scores, zero_masked


class PoolingOverTime(MaskedLayer):
    """What the poolings share: [B, T, D] and a mask in, [B, D] out."""

    def call(self, inputs, mask=None):
        """Pool the kept positions of every sentence."""
        if mask is None:
            mask = ops.ones(ops.shape(inputs)[:2], dtype="bool")
        return self.pool(inputs, ops.expand_dims(ops.cast(mask, "bool"), -1))

    def pool(self, inputs, mask):
        """Reduce [B, T, D] under the mask [B, T, 1] to [B, D]; subclasses say how."""
        raise NotImplementedError(f"{type(self).__name__} must define pool(inputs, mask)")

    def compute_output_shape(self, inputs_shape):
        """Return [B, D]."""
        return (inputs_shape[0], inputs_shape[2])


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class MaxOverTime(PoolingOverTime):
    """Keep the largest activation of every feature: c = max over the sentence.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True keeps a position; None keeps all.

    Returns:
        float tensor [B, D].

    Example:

    >>> MaxOverTime()(ops.convert_to_tensor([[[1.0], [5.0], [9.0]]]), mask=[[True, True, False]]).numpy()
    array([[5.]], dtype=float32)

    Reference: Collobert et al. 2011, section 3.2.2; Kim 2014, section 2.
    """

    def pool(self, inputs, mask):
        """Take the maximum; a sentence without real positions gives 0."""
        largest = ops.max(mask_scores(inputs, mask), axis=1)
        return zero_masked(largest, ops.any(mask, axis=1))


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class SumOverTime(PoolingOverTime):
    """Add up the activations of every feature over the sentence.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True keeps a position; None keeps all.

    Returns:
        float tensor [B, D]; the sum is formed in float32.

    Example:

    >>> SumOverTime()(ops.convert_to_tensor([[[1.0], [5.0], [9.0]]]), mask=[[True, True, False]]).numpy()
    array([[6.]], dtype=float32)
    """

    def pool(self, inputs, mask):
        """Add in float32: float16 overflows and bfloat16 loses long sums."""
        total = ops.sum(ops.cast(zero_masked(inputs, mask), "float32"), axis=1)
        return ops.cast(total, inputs.dtype)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class MeanOverTime(PoolingOverTime):
    """Average the activations of every feature over the real positions.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True keeps a position; None keeps all.

    Returns:
        float tensor [B, D].

    Example:

    >>> MeanOverTime()(ops.convert_to_tensor([[[1.0], [5.0], [9.0]]]), mask=[[True, True, False]]).numpy()
    array([[3.]], dtype=float32)
    """

    def pool(self, inputs, mask):
        """Divide the float32 sum by the number of real positions, at least 1."""
        total = ops.sum(ops.cast(zero_masked(inputs, mask), "float32"), axis=1)  # [B, D]
        count = ops.sum(ops.cast(mask, "float32"), axis=1)  # [B, 1]
        return ops.cast(total / ops.maximum(count, 1.0), inputs.dtype)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class KMaxPooling(PoolingOverTime):
    """Keep the `k` largest activations of every feature, in sentence order.

    Padded positions are never kept while real ones remain; a sentence with fewer than `k` real
    positions is filled up with zeros at the end.

    Args:
        k: int >= 1, K, activations kept per feature.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True keeps a position; None keeps all.

    Returns:
        float tensor [B, K, D].

    Raises:
        InputError: if `k` is not a positive integer.

    Example:

    >>> c = ops.convert_to_tensor([[[0.73], [0.85], [0.62], [0.91], [0.45]]])
    >>> KMaxPooling(k=2)(c)[0, :, 0].numpy()
    array([0.85, 0.91], dtype=float32)

    Reference: Kalchbrenner et al. 2014, section 3.3.
    """

    def __init__(self, k, **kwargs):
        super().__init__(**kwargs)
        require_positive(k=k)
        self.k = k

    def pool(self, inputs, mask):
        """Select by size, then restore the order of the sentence."""
        # K masked positions at the end: there are always K to choose from, and the last one is a zero.
        inputs = ops.pad(zero_masked(inputs, mask), [[0, 0], [0, self.k], [0, 0]])  # [B, T + K, D]
        mask = ops.pad(mask, [[0, 0], [0, self.k], [0, 0]], constant_values=False)
        scores = ops.transpose(mask_scores(inputs, mask), (0, 2, 1))  # [B, D, T + K]
        _, positions = ops.top_k(scores, self.k)  # [B, D, K], by size
        positions = ops.transpose(positions, (0, 2, 1))  # [B, K, D]
        is_real = ops.take_along_axis(ops.broadcast_to(mask, ops.shape(inputs)), positions, axis=1)
        last = ops.cast(ops.shape(inputs)[1] - 1, positions.dtype)
        positions = ops.sort(ops.where(is_real, positions, last), axis=1)
        return ops.take_along_axis(inputs, positions, axis=1)

    def compute_output_shape(self, inputs_shape):
        """Return [B, K, D]."""
        return (inputs_shape[0], self.k, inputs_shape[2])

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "k": self.k}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class FirstPositions(PoolingOverTime):
    """Put the vectors of the first `length` positions side by side; missing ones are zeros.

    What comes later in the sentence is not seen.

    Args:
        length: int >= 1, L, positions kept.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True keeps a position; None keeps all.

    Returns:
        float tensor [B, L x D].

    Raises:
        InputError: if `length` is not a positive integer.

    Example:

    >>> FirstPositions(length=2)(ops.convert_to_tensor([[[1.0], [5.0], [9.0]]])).numpy()
    array([[1., 5.]], dtype=float32)

    Reference: Bengio et al. 2003, equation 5, where x is such a concatenation.
    """

    def __init__(self, length, **kwargs):
        super().__init__(**kwargs)
        require_positive(length=length)
        self.length = length

    def pool(self, inputs, mask):
        """Cut or fill every sentence to the same length, then flatten it."""
        kept = zero_masked(inputs, mask)[:, : self.length]
        kept = ops.pad(kept, [[0, 0], [0, self.length - ops.shape(kept)[1]], [0, 0]])
        return ops.reshape(kept, (-1, self.length * inputs.shape[-1]))

    def compute_output_shape(self, inputs_shape):
        """Return [B, L x D]."""
        return (inputs_shape[0], self.length * inputs_shape[2])

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "length": self.length}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class AttentionOverTime(MaskedLayer):
    """Average the positions of every sentence, weighted by how much each one matters for the task.

    u_t = tanh(W h_t + b); a = softmax over the real positions of v . u_t; the sentence is sum_t a_t h_t.

    Args:
        units: int >= 1, U, width of the vectors u and v.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True keeps a position; None keeps all.
        return_attention_scores: bool, whether the weights are wanted, too.

    Returns:
        float tensor [B, D]; with `return_attention_scores` the pair of it and the weights a, float32 [B, T],
        0 at padded positions.

    Raises:
        InputError: if `units` is not a positive integer.

    Example:

    >>> pool = AttentionOverTime(units=8)
    >>> pooled, weights = pool(ops.ones((2, 5, 16)), return_attention_scores=True)
    >>> pooled.shape, weights[0].numpy()
    (TensorShape([2, 16]), array([0.2, 0.2, 0.2, 0.2, 0.2], dtype=float32))

    References: Yang et al. 2016, "Hierarchical Attention Networks for Document Classification", equations 5 to 7;
    Zhou et al. 2016, "Attention-Based Bidirectional Long Short-Term Memory Networks for Relation Classification",
    has it without W and b.
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        require_positive(units=units)
        self.units = units

    def build(self, inputs_shape):
        """Create kernel W [D, U], bias b [U] and the context vector v [U]."""
        self.kernel = self.add_weight(name="kernel", shape=(inputs_shape[-1], self.units))
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")
        self.context = self.add_weight(name="context", shape=(self.units,), initializer="random_normal")

    def call(self, inputs, mask=None, return_attention_scores=False):
        """Score every position, then average with the softmax of the scores."""
        if mask is None:
            mask = ops.ones(ops.shape(inputs)[:2], dtype="bool")
        mask = ops.cast(mask, "bool")
        inputs = zero_masked(inputs, ops.expand_dims(mask, -1))
        hidden = ops.tanh(ops.matmul(inputs, self.kernel) + self.bias)  # [B, T, U]
        scores = ops.cast(ops.sum(hidden * self.context, axis=-1), "float32")
        weights = zero_masked(ops.softmax(scores + mask_bias(mask), axis=-1), mask)  # [B, T]
        pooled = ops.sum(ops.cast(inputs, "float32") * weights[:, :, None], axis=1)
        pooled = ops.cast(pooled, inputs.dtype)
        return (pooled, weights) if return_attention_scores else pooled

    def compute_output_spec(self, inputs, mask=None, return_attention_scores=False):
        """Return the symbolic vector of a sentence, and the weights where they are wanted."""
        batch, time, width = inputs.shape
        pooled = keras.KerasTensor((batch, width), dtype=self.compute_dtype)
        weights = keras.KerasTensor((batch, time), dtype="float32")
        return (pooled, weights) if return_attention_scores else pooled

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "units": self.units}
