"""Batch normalization of sequences, independent of padding.

Shapes: B batch, T length, D width of a vector.
"""

from typing import Any

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_fraction
from kerasnlp_zoo.layers.masking import MaskedLayer, zero_masked
from kerasnlp_zoo.types import Config, Tensor, TensorShape

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
if ON_TENSORFLOW:
    from kerasnlp_zoo.layers.batch_normalization_tensorflow import sum_over_replicas


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class MaskedBatchNormalization(MaskedLayer):
    """Normalize every feature by its mean m and variance v over the real positions.

    The output is gamma (x - m) / sqrt(v + epsilon) + beta. In training, m and v are those of the batch, with the
    positions of all replicas. Otherwise they are the moving averages of the training batches. Keras'
    `BatchNormalization` takes a mask, too, but its replicas then have different statistics.

    Args:
        momentum: in [0, 1), weight of the old value in a moving average.
        epsilon: > 0, added to the variance.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True at real positions; None for all True.
        training: whether to use the statistics of the batch.

    Returns:
        float tensor [B, T, D], 0 at padded positions. The statistics are computed in float32.

    Raises:
        InputError: if `momentum` or `epsilon` is outside its range.

    Example:

    >>> x = ops.convert_to_tensor([[[1.0], [3.0], [100.0]]])
    >>> layer = MaskedBatchNormalization()
    >>> layer(x, mask=ops.convert_to_tensor([[True, True, False]]), training=True)[0, :, 0].numpy().round(2)
    array([-1.,  1.,  0.], dtype=float32)

    Reference: Ioffe and Szegedy 2015, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal
    Covariate Shift", algorithm 1.
    """

    def __init__(self, momentum: float = 0.9, epsilon: float = 1e-3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        require_fraction(momentum=momentum)
        if not epsilon > 0:
            raise InputError(f"epsilon must be a number above 0. Received: epsilon={epsilon!r}")
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, inputs_shape: TensorShape) -> None:
        """Create gamma [D] and beta [D], and the moving averages of mean and variance [D]."""
        shape = (inputs_shape[-1],)
        self.gamma = self.add_weight(name="gamma", shape=shape, initializer="ones", autocast=False)
        self.beta = self.add_weight(name="beta", shape=shape, initializer="zeros", autocast=False)
        # All replicas compute the same averages, so that the first one can write them.
        fixed = {"shape": shape, "trainable": False, "autocast": False, "aggregation": "only_first_replica"}
        self.moving_mean = self.add_weight(name="moving_mean", initializer="zeros", **fixed)
        self.moving_variance = self.add_weight(name="moving_variance", initializer="ones", **fixed)

    def call(self, inputs: Tensor, mask: Tensor | None = None, training: bool | None = None) -> Tensor:
        """Normalize with the statistics of the batch, or with their moving averages."""
        if mask is None:
            mask = ops.ones(ops.shape(inputs)[:2], dtype="bool")
        mask = ops.expand_dims(mask, -1)
        values = zero_masked(ops.cast(inputs, "float32"), mask)
        mean, variance = self.moving_mean, self.moving_variance
        if training and self.trainable:
            mean, variance = _moments(values, mask)
            for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
                average.assign(self.momentum * average + (1 - self.momentum) * value)
        scale = self.gamma * ops.rsqrt(variance + self.epsilon)
        return ops.cast(zero_masked((values - mean) * scale + self.beta, mask), self.compute_dtype)

    def compute_output_shape(self, inputs_shape: TensorShape) -> TensorShape:
        """Return the shape of the inputs."""
        return inputs_shape

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "momentum": self.momentum, "epsilon": self.epsilon}


def _moments(values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and variance [D] of the values [B, T, D] of all replicas where the mask [B, T, 1] is True."""
    count = ops.maximum(_total(ops.cast(mask, "float32")), 1.0)  # [1]
    mean = _total(values) / count
    return mean, _total(zero_masked(ops.square(values - mean), mask)) / count


def _total(values: Tensor) -> Tensor:
    """Return the sum [D] over the batches of all replicas and over time."""
    total = ops.sum(values, axis=(0, 1))
    return sum_over_replicas(total) if ON_TENSORFLOW else total
