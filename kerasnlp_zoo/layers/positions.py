"""Where a token stands: attention alone would see a bag of words.

Shapes: B batch, T time, D width of a vector, P longest sequence.
"""

import keras
import numpy as np
from keras import ops

from kerasnlp_zoo.layers.masking import MaskedLayer

WAVELENGTH = 10_000.0


def sinusoids(length, width):
    """Return the position vectors of the Transformer.

    Computed in float64 and rounded once: positions themselves are not exact in half precision, above 256
    in bfloat16 and above 2,048 in float16.

    Args:
        length: int, P.
        width: int, D; even.

    Returns:
        float32 array [P, D]: PE(p, 2i) = sin(p / 10000^(2i/D)), PE(p, 2i + 1) = cos of the same.

    Raises:
        ValueError: if `width` is odd.

    Example:

    >>> sinusoids(length=2, width=4).round(3)
    array([[0.   , 1.   , 0.   , 1.   ],
           [0.841, 0.54 , 0.01 , 1.   ]], dtype=float32)

    Reference: Vaswani et al. 2017, section 3.5.
    """
    if width % 2:
        raise ValueError(f"Sines and cosines stand in pairs, so the width must be even. Received: width={width}")
    angles = np.arange(length)[:, None] / WAVELENGTH ** (np.arange(0, width, 2) / width)  # [P, D / 2]
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, width).astype("float32")


class _AddPositions(MaskedLayer):
    """Add a vector for each place; a subclass has them as `self.positions` [P, D]."""

    def __init__(self, max_sequence_length, **kwargs):
        super().__init__(**kwargs)
        if max_sequence_length < 1:
            raise ValueError(f"There is at least 1 position. Received: max_sequence_length={max_sequence_length}")
        self.max_sequence_length = max_sequence_length

    def call(self, inputs):
        """Add the first T position vectors."""
        length = inputs.shape[1]
        if length is not None and length > self.max_sequence_length:
            raise ValueError(
                f"{self.name} has vectors for {self.max_sequence_length} positions. Received {length} tokens: cut the "
                "text, or build the model with a larger max_sequence_length"
            )
        positions = ops.cast(self.positions, self.compute_dtype)
        return inputs + positions[: ops.shape(inputs)[1]]

    def at(self, inputs, place):
        """Add the vector of one place to tokens [B, W, D] that all stand there, as in step-wise decoding."""
        return inputs + ops.cast(ops.take(self.positions, place, axis=0), self.compute_dtype)

    def compute_output_shape(self, inputs_shape):
        """Return the shape of the inputs."""
        return inputs_shape

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "max_sequence_length": self.max_sequence_length}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class LearnedPositions(_AddPositions):
    """Add a trained vector for each place, as BERT does.

    Args:
        max_sequence_length: int >= 1, P, positions that have a vector.

    Call arguments:
        inputs: float tensor [B, T, D], T <= P.

    Returns:
        float tensor [B, T, D].

    Raises:
        ValueError: if `max_sequence_length` < 1, or more tokens are given.

    Example:

    >>> LearnedPositions(max_sequence_length=8)(np.zeros((1, 3, 4))).shape
    TensorShape([1, 3, 4])

    Reference: Devlin et al. 2019, section 3; Gehring et al. 2017.
    """

    def build(self, inputs_shape):
        """Create the table of vectors."""
        self.positions = self.add_weight(
            shape=(self.max_sequence_length, inputs_shape[-1]),
            initializer=keras.initializers.TruncatedNormal(stddev=0.02),
            name="embeddings",
        )


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class SinusoidalPositions(_AddPositions):
    """Add sines and cosines of each place, which need no training.

    Args:
        max_sequence_length: int >= 1, P, positions that have a vector.

    Call arguments:
        inputs: float tensor [B, T, D], T <= P, D even.

    Returns:
        float tensor [B, T, D].

    Raises:
        ValueError: if `max_sequence_length` < 1, more tokens are given, or D is odd.

    Example:

    >>> SinusoidalPositions(max_sequence_length=8)(np.zeros((1, 2, 4))).numpy().round(2)[0, 1]
    array([0.84, 0.54, 0.01, 1.  ], dtype=float32)

    Reference: Vaswani et al. 2017, section 3.5.
    """

    def build(self, inputs_shape):
        """Compute the table of vectors."""
        self.positions = sinusoids(self.max_sequence_length, inputs_shape[-1])
