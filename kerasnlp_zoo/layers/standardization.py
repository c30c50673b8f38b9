"""Standardization of the columns of a table of numbers.

Shapes: B batch, F features.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import Tensor, TensorShape


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class Standardization(keras.layers.Layer):
    """Subtract the mean of every feature and divide by its standard deviation.

    Means and standard deviations are weights of the layer, which training does not change. They are 0 and 1 until
    `set_statistics` is called. (The statistics of Keras' `Normalization` are not read from weights that are assigned.)

    Call arguments:
        inputs: float tensor [B, F].

    Returns:
        float tensor [B, F], computed in float32.

    Example:

    >>> layer = Standardization()
    >>> layer.build((None, 2))
    >>> layer.set_statistics([[1.0, 5.0], [3.0, 5.0]])
    >>> layer(ops.convert_to_tensor([[3.0, 6.0]])).numpy()
    array([[1., 1.]], dtype=float32)
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)

    def build(self, inputs_shape: TensorShape) -> None:
        """Create means [F] and standard deviations [F]."""
        fixed = {"shape": (inputs_shape[-1],), "trainable": False, "autocast": False}
        self.mean = self.add_weight(name="mean", initializer="zeros", **fixed)
        self.standard_deviation = self.add_weight(name="standard_deviation", initializer="ones", **fixed)

    def set_statistics(self, values: Tensor) -> None:
        """Set mean and standard deviation to those of the training data; a constant feature is only shifted.

        Args:
            values: float array [N, F] of finite numbers.

        Raises:
            InputError: if the values have another number of features.
        """
        values = ops.convert_to_numpy(values).astype("float64")
        if values.ndim != 2 or values.shape[1] != self.mean.shape[0]:
            raise InputError(
                f"Expected rows of {self.mean.shape[0]} numbers, float [N, {self.mean.shape[0]}]. "
                f"Received: shape {values.shape}"
            )
        is_constant = values.max(axis=0) == values.min(axis=0)
        self.mean.assign(values.mean(axis=0))
        self.standard_deviation.assign(np.where(is_constant, 1.0, values.std(axis=0)))

    def call(self, inputs: Tensor) -> Tensor:
        """Standardize in float32, because large numbers overflow in float16."""
        standardized = (ops.cast(inputs, "float32") - self.mean) / self.standard_deviation
        return ops.cast(standardized, self.compute_dtype)

    def compute_output_shape(self, inputs_shape: TensorShape) -> TensorShape:
        """Return the shape of the inputs."""
        return inputs_shape
