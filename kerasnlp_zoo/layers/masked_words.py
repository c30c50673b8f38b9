"""Layers of a masked language model: selection of positions, and a bias for every word.

Shapes: B batch, T length, P selected positions, D width of a vector, V vocabulary.
"""

import keras
from keras import ops

from kerasnlp_zoo.layers.masking import MaskedLayer
from kerasnlp_zoo.types import Tensor, TensorShape


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class GatherPositions(MaskedLayer):
    """Select the vectors at given positions.

    Call arguments:
        inputs: float tensor [B, T, D].
        positions: int tensor [B, P], each from 0 to T - 1; None for all T.

    Returns:
        float tensor [B, P, D].

    Example:

    >>> vectors = ops.convert_to_tensor([[[1.0], [2.0], [3.0]]])
    >>> GatherPositions()(vectors, positions=ops.convert_to_tensor([[2, 0]])).numpy().tolist()
    [[[3.0], [1.0]]]
    """

    def call(self, inputs: Tensor, positions: Tensor | None = None) -> Tensor:
        """Gather the vectors of each row."""
        if positions is None:
            return inputs
        return ops.take_along_axis(inputs, ops.cast(positions, "int32")[:, :, None], axis=1)

    def compute_output_shape(
        self, inputs_shape: TensorShape, positions_shape: TensorShape | None = None
    ) -> TensorShape:
        """Return [B, P, D]."""
        return inputs_shape if positions_shape is None else (*positions_shape, inputs_shape[2])


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class AddBias(MaskedLayer):
    """Add a trainable bias to each feature, such as one for the frequency of each word.

    Call arguments:
        inputs: float tensor [B, T, V].

    Returns:
        float tensor [B, T, V].

    Example:

    >>> AddBias()(ops.ones((1, 1, 3))).numpy().tolist()
    [[[1.0, 1.0, 1.0]]]
    """

    def build(self, inputs_shape: TensorShape) -> None:
        """Create the bias."""
        self.bias = self.add_weight(shape=(inputs_shape[-1],), initializer="zeros", name="bias")

    def call(self, inputs: Tensor) -> Tensor:
        """Add the bias."""
        return inputs + ops.cast(self.bias, inputs.dtype)

    def compute_output_shape(self, inputs_shape: TensorShape) -> TensorShape:
        """Return the shape of the inputs."""
        return inputs_shape
