"""Vectors of length 1: the dot product of two such vectors is their cosine.

Shapes: B batch, D width of a vector.
"""

import keras
from keras import ops

from kerasnlp_zoo.layers.masking import MaskedLayer
from kerasnlp_zoo.types import Tensor


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class UnitLength(MaskedLayer):
    """Divide every vector by its length, in float32; a vector of zeros is unchanged.

    Call arguments:
        inputs: float tensor [..., D].

    Returns:
        float32 tensor [..., D].

    Example:

    >>> UnitLength()(ops.convert_to_tensor([[3.0, 4.0], [0.0, 0.0]])).numpy()
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Divide by the length, or by 1 where the length is 0."""
        inputs = ops.cast(inputs, "float32")
        squares = ops.sum(ops.square(inputs), axis=-1, keepdims=True)
        # `where` is inside the root because the gradient of a root is infinite at 0.
        lengths = ops.sqrt(ops.where(squares > 0, squares, 1.0))
        return inputs / lengths

    def compute_output_spec(self, inputs: Tensor) -> keras.KerasTensor:
        """Return the symbolic output."""
        return keras.KerasTensor(inputs.shape, dtype="float32")
