"""Position vectors of a segment that continues a text.

Shapes: B batch, T length of a segment, D width of a vector.
"""

import keras
import numpy as np
from keras import ops

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers.masking import MaskedLayer
from kerasnlp_zoo.layers.positions import WAVELENGTH
from kerasnlp_zoo.types import Tensor, TensorShape


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class ContinuedPositions(MaskedLayer):
    """Add sines and cosines of each position, counted from the beginning of the text.

    They are those of `SinusoidalPositions`, computed for any position.

    Call arguments:
        inputs: float tensor [B, T, D], D even.
        num_read: int tensor [B], number of tokens before the segment; None if there are none.

    Returns:
        float tensor [B, T, D].

    Raises:
        InputError: if D is odd.

    Example:

    >>> ContinuedPositions()(np.zeros((1, 1, 4)), num_read=np.array([1])).numpy().round(2)
    array([[[0.84, 0.54, 0.01, 1.  ]]], dtype=float32)

    Reference: Vaswani et al. 2017, section 3.5.
    """

    def build(self, inputs_shape: TensorShape) -> None:
        """Check that every sine has a cosine."""
        if inputs_shape[-1] % 2:
            raise InputError(f"Every sine has a cosine, so the width must be even. Received: width={inputs_shape[-1]}")

    def call(self, inputs: Tensor, num_read: Tensor | None = None) -> Tensor:
        """Compute the position vectors in float32, and add them."""
        width = inputs.shape[-1]
        positions = ops.arange(ops.shape(inputs)[1])[None]  # [1 or B, T]
        positions = positions if num_read is None else positions + num_read[:, None]
        frequencies = WAVELENGTH ** -(np.arange(0, width, 2) / width)
        frequencies = ops.convert_to_tensor(frequencies.astype("float32"))
        angles = ops.cast(positions, "float32")[:, :, None] * frequencies  # [1 or B, T, D / 2]
        vectors = ops.reshape(ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1), (*ops.shape(positions), width))
        return inputs + ops.cast(vectors, self.compute_dtype)

    def compute_output_shape(self, inputs_shape: TensorShape) -> TensorShape:
        """Return the shape of the inputs."""
        return inputs_shape
