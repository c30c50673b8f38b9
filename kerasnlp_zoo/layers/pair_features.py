"""Features of a pair of sentence vectors, for natural language inference.

Shapes: B batch, H width of a vector.
"""

import keras
from keras import ops

from kerasnlp_zoo.layers.masking import MaskedLayer
from kerasnlp_zoo.types import Tensor, TensorShape


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class PairFeatures(MaskedLayer):
    """Concatenate two vectors u and v, their absolute difference |u - v| and their elementwise product u v.

    Call arguments:
        inputs: float tensor [B, 2, H].

    Returns:
        float tensor [B, 4H].

    Example:

    >>> PairFeatures()(ops.convert_to_tensor([[[1.0], [3.0]]])).numpy()
    array([[1., 3., 2., 3.]], dtype=float32)

    References: Tai et al. 2015, section 4.2, for difference and product; Mou et al. 2016, "Natural Language Inference
    by Tree-Based Convolution and Heuristic Matching", section 3.2, for all four.
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Concatenate the four vectors."""
        first, second = inputs[:, 0], inputs[:, 1]
        return ops.concatenate([first, second, ops.abs(first - second), first * second], axis=-1)

    def compute_output_shape(self, inputs_shape: TensorShape) -> TensorShape:
        """Return [B, 4H]."""
        return (inputs_shape[0], 4 * inputs_shape[-1])
