"""Pooling of the vectors of a sentence into one vector, without the padded positions.

The result for a sentence without real positions is 0.

Shapes: B batch, T length, D width of a vector, K activations kept, L positions kept, U units of an attention.
"""

from typing import Any

import keras
from keras import ops

from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.layers.masking import MaskedLayer, mask_bias, mask_scores, zero_masked
from kerasnlp_zoo.types import Config, Tensor, TensorShape


class PoolingOverTime(MaskedLayer):
    """Base of the pooling layers: it applies `pool` to inputs [B, T, D] and a mask."""

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Pool the real positions of every sentence."""
        if mask is None:
            mask = ops.ones(ops.shape(inputs)[:2], dtype="bool")
        return self.pool(inputs, ops.expand_dims(ops.cast(mask, "bool"), -1))

    def pool(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """Reduce [B, T, D] to [B, D] under the mask [B, T, 1]; subclasses implement it."""
        raise NotImplementedError(f"{type(self).__name__} must define pool(inputs, mask)")

    def compute_output_shape(self, inputs_shape: TensorShape) -> TensorShape:
        """Return [B, D]."""
        return (inputs_shape[0], inputs_shape[2])


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class MaxOverTime(PoolingOverTime):
    """Return the largest activation of every feature over the sentence.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True keeps a position; None keeps all.

    Returns:
        float tensor [B, D].

    Example:

    >>> MaxOverTime()(ops.convert_to_tensor([[[1.0], [5.0], [9.0]]]), mask=[[True, True, False]]).numpy()
    array([[5.]], dtype=float32)

    References: Collobert et al. 2011, section 3.2.2; Kim 2014, section 2.
    """

    def pool(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """Return the maximum, or 0 for a sentence without real positions."""
        largest = ops.max(mask_scores(inputs, mask), axis=1)
        return zero_masked(largest, ops.any(mask, axis=1))


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class SumOverTime(PoolingOverTime):
    """Return the sum of the activations of every feature over the sentence.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True keeps a position; None keeps all.

    Returns:
        float tensor [B, D]; the sum is computed in float32.

    Example:

    >>> SumOverTime()(ops.convert_to_tensor([[[1.0], [5.0], [9.0]]]), mask=[[True, True, False]]).numpy()
    array([[6.]], dtype=float32)
    """

    def pool(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """Add in float32, because float16 overflows and bfloat16 is too coarse for long sums."""
        return ops.cast(_total(inputs, mask), inputs.dtype)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class MeanOverTime(PoolingOverTime):
    """Return the mean of the activations of every feature over the real positions.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True keeps a position; None keeps all.

    Returns:
        float tensor [B, D].

    Example:

    >>> MeanOverTime()(ops.convert_to_tensor([[[1.0], [5.0], [9.0]]]), mask=[[True, True, False]]).numpy()
    array([[3.]], dtype=float32)
    """

    def pool(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """Divide the float32 sum by the number of real positions, at least 1."""
        return ops.cast(_total(inputs, mask) / _count(mask), inputs.dtype)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class SqrtMeanOverTime(PoolingOverTime):
    """Return the sum of the activations of every feature, divided by the square root of the number of real positions.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True keeps a position; None keeps all.

    Returns:
        float tensor [B, D].

    Example:

    >>> SqrtMeanOverTime()(ops.ones((1, 5, 1)), mask=[[True, True, True, True, False]]).numpy()
    array([[2.]], dtype=float32)

    Reference: sentence-transformers, pooling "mean_sqrt_len_tokens".
    """

    def pool(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """Divide the float32 sum by the root of the number of real positions, at least 1."""
        return ops.cast(_total(inputs, mask) / ops.sqrt(_count(mask)), inputs.dtype)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class WeightedMeanOverTime(PoolingOverTime):
    """Return the mean of the activations of every feature; the weight of position t = 1, 2, ... is t.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True keeps a position; None keeps all.

    Returns:
        float tensor [B, D].

    Example:

    >>> WeightedMeanOverTime()(ops.convert_to_tensor([[[3.0], [6.0], [9.0]]]), mask=[[True, True, False]]).numpy()
    array([[5.]], dtype=float32)

    Reference: Muennighoff 2022, "SGPT: GPT Sentence Embeddings for Semantic Search", section 3.1.2.
    """

    def pool(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """Divide the float32 sum of weighted activations by the sum of the weights, at least 1."""
        positions = ops.cast(ops.arange(1, ops.shape(inputs)[1] + 1), "float32")[None, :, None]
        weights = positions * ops.cast(mask, "float32")  # [B, T, 1]
        total = ops.sum(ops.cast(zero_masked(inputs, mask), "float32") * weights, axis=1)  # [B, D]
        return ops.cast(total / ops.maximum(ops.sum(weights, axis=1), 1.0), inputs.dtype)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class LastOverTime(PoolingOverTime):
    """Return the vector of the last real position of every sentence.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True keeps a position; None keeps all.

    Returns:
        float tensor [B, D].

    Example:

    >>> LastOverTime()(ops.convert_to_tensor([[[1.0], [5.0], [9.0]]]), mask=[[True, True, False]]).numpy()
    array([[5.]], dtype=float32)
    """

    def pool(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """Add the vectors of all positions, where every position but the last real one is 0."""
        # The number of real positions from here to the end is 1 at the last real position.
        remaining = ops.flip(ops.cumsum(ops.flip(ops.cast(mask, "int32"), axis=1), axis=1), axis=1)  # [B, T, 1]
        is_last = ops.logical_and(mask, ops.equal(remaining, 1))
        return ops.sum(zero_masked(inputs, is_last), axis=1)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class KMaxPooling(PoolingOverTime):
    """Return the `k` largest activations of every feature, in sentence order.

    Only real positions are kept. The result for a sentence with fewer than `k` real positions ends with zeros.

    Args:
        k: activations kept per feature, K (>= 1).

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

    def __init__(self, k: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        require_positive(k=k)
        self.k = k

    def pool(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """Select by size, then restore the order of the sentence."""
        # K masked zeros at the end: every sentence then has at least K positions, and the last one is 0.
        inputs = ops.pad(zero_masked(inputs, mask), [[0, 0], [0, self.k], [0, 0]])  # [B, T + K, D]
        mask = ops.pad(mask, [[0, 0], [0, self.k], [0, 0]], constant_values=False)
        scores = ops.transpose(mask_scores(inputs, mask), (0, 2, 1))  # [B, D, T + K]
        # Of equal activations, a stable sort keeps the first on every backend; on torch, top_k keeps any of them.
        positions = ops.cast(ops.argsort(-scores)[..., : self.k], "int32")  # [B, D, K], by size
        positions = ops.transpose(positions, (0, 2, 1))  # [B, K, D]
        is_real = ops.take_along_axis(ops.broadcast_to(mask, ops.shape(inputs)), positions, axis=1)
        last = ops.cast(ops.shape(inputs)[1] - 1, positions.dtype)
        positions = ops.sort(ops.where(is_real, positions, last), axis=1)
        return ops.take_along_axis(inputs, positions, axis=1)

    def compute_output_shape(self, inputs_shape: TensorShape) -> TensorShape:
        """Return [B, K, D]."""
        return (inputs_shape[0], self.k, inputs_shape[2])

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "k": self.k}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class FirstPositions(PoolingOverTime):
    """Concatenate the vectors of the first `length` positions; missing positions are zeros.

    The layer ignores all later positions.

    Args:
        length: positions kept, L (>= 1).

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

    def __init__(self, length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        require_positive(length=length)
        self.length = length

    def pool(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """Truncate or pad every sentence to L positions, then flatten it."""
        kept = zero_masked(inputs, mask)[:, : self.length]
        kept = ops.pad(kept, [[0, 0], [0, self.length - ops.shape(kept)[1]], [0, 0]])
        return ops.reshape(kept, (-1, self.length * inputs.shape[-1]))

    def compute_output_shape(self, inputs_shape: TensorShape) -> TensorShape:
        """Return [B, L x D]."""
        return (inputs_shape[0], self.length * inputs_shape[2])

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "length": self.length}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class AttentionOverTime(MaskedLayer):
    """Return the mean of the vectors of every sentence, weighted by attention.

    u_t = tanh(W h_t + b); the weights a are the softmax of v . u_t over the real positions; the result is the sum of
    a_t h_t.

    Args:
        units: width of the vectors u and v, U (>= 1).

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True keeps a position; None keeps all.
        return_attention_scores: whether to also return the weights.

    Returns:
        float tensor [B, D]; with `return_attention_scores` also the weights a, float32 [B, T], 0 at padded positions.

    Raises:
        InputError: if `units` is not a positive integer.

    Example:

    >>> pool = AttentionOverTime(units=8)
    >>> pooled, weights = pool(ops.ones((2, 5, 16)), return_attention_scores=True)
    >>> pooled.shape, weights[0].numpy()
    (TensorShape([2, 16]), array([0.2, 0.2, 0.2, 0.2, 0.2], dtype=float32))

    References: Yang et al. 2016, "Hierarchical Attention Networks for Document Classification", equations 5 to 7;
    Zhou et al. 2016, "Attention-Based Bidirectional Long Short-Term Memory Networks for Relation Classification", for
    the same without W and b.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        require_positive(units=units)
        self.units = units

    def build(self, inputs_shape: TensorShape) -> None:
        """Create kernel W [D, U], bias b [U] and the context vector v [U]."""
        self.kernel = self.add_weight(name="kernel", shape=(inputs_shape[-1], self.units))
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")
        self.context = self.add_weight(name="context", shape=(self.units,), initializer="random_normal")

    def call(
        self, inputs: Tensor, mask: Tensor | None = None, return_attention_scores: bool = False
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Compute the scores of all positions, then the mean weighted by their softmax."""
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

    def compute_output_spec(
        self, inputs: Tensor, mask: Tensor | None = None, return_attention_scores: bool = False
    ) -> keras.KerasTensor | tuple[keras.KerasTensor, keras.KerasTensor]:
        """Return the symbolic output, and the weights if requested."""
        batch, time, width = inputs.shape
        pooled = keras.KerasTensor((batch, width), dtype=self.compute_dtype)
        weights = keras.KerasTensor((batch, time), dtype="float32")
        return (pooled, weights) if return_attention_scores else pooled

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "units": self.units}


def _total(inputs: Tensor, mask: Tensor) -> Tensor:
    """Return the sum over the real positions, float32 [B, D], for inputs [B, T, D] and a mask [B, T, 1]."""
    return ops.sum(ops.cast(zero_masked(inputs, mask), "float32"), axis=1)


def _count(mask: Tensor) -> Tensor:
    """Return the number of real positions, at least 1, float32 [B, 1]."""
    return ops.maximum(ops.sum(ops.cast(mask, "float32"), axis=1), 1.0)
