"""Position vectors: without them, attention does not depend on the order of the tokens.

Shapes: B batch, T length, D width of a vector, P length of the longest sequence, W hypotheses of a sequence.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.layers.masking import MaskedLayer
from kerasnlp_zoo.types import Config, Tensor, TensorShape

WAVELENGTH = 10_000.0


def sinusoids(length: int, width: int) -> np.ndarray:
    """Return the sinusoidal position vectors of the Transformer.

    They are computed in float64, because integers are exact only up to 256 in bfloat16, and up to 2,048 in float16.

    Args:
        length: P.
        width: D; must be even.

    Returns:
        float32 array [P, D]: PE(p, 2i) = sin(p / 10000^(2i/D)), PE(p, 2i + 1) = cos of the same.

    Raises:
        InputError: if `width` is odd.

    Example:

    >>> sinusoids(length=2, width=4).round(3)
    array([[0.   , 1.   , 0.   , 1.   ],
           [0.841, 0.54 , 0.01 , 1.   ]], dtype=float32)

    Reference: Vaswani et al. 2017, section 3.5.
    """
    if width % 2:
        raise InputError(f"Every sine has a cosine, so the width must be even. Received: width={width}")
    angles = np.arange(length)[:, None] / WAVELENGTH ** (np.arange(0, width, 2) / width)  # [P, D / 2]
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, width).astype("float32")


class _AddPositions(MaskedLayer):
    """Base of the layers that add position vectors; a subclass creates them as `self.positions` [P, D]."""

    positions: Tensor

    def __init__(self, max_sequence_length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        require_positive(max_sequence_length=max_sequence_length)
        self.max_sequence_length = max_sequence_length

    def vectors(self, length: int | Tensor) -> Tensor:
        """Return the vectors of the first positions: float32 [length, D]."""
        raise NotImplementedError(f"{type(self).__name__} must define vectors(length)")

    def call(self, inputs: Tensor) -> Tensor:
        """Add the first T position vectors."""
        length = inputs.shape[1]
        vectors = self.vectors(ops.shape(inputs)[1] if length is None else length)
        return inputs + ops.cast(vectors, self.compute_dtype)

    def compute_output_shape(self, inputs_shape: TensorShape) -> TensorShape:
        """Return the shape of the inputs."""
        return inputs_shape

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "max_sequence_length": self.max_sequence_length}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class LearnedPositions(_AddPositions):
    """Add a trainable vector for each position, as in BERT.

    Args:
        max_sequence_length: number of positions, P (>= 1).

    Call arguments:
        inputs: float tensor [B, T, D], T <= P.

    Returns:
        float tensor [B, T, D].

    Raises:
        InputError: if `max_sequence_length` < 1, or T > P.

    Example:

    >>> LearnedPositions(max_sequence_length=8)(np.zeros((1, 3, 4))).shape
    TensorShape([1, 3, 4])

    References: Devlin et al. 2019, section 3; Gehring et al. 2017.
    """

    def build(self, inputs_shape: TensorShape) -> None:
        """Create the position vectors."""
        self.positions = self.add_weight(
            shape=(self.max_sequence_length, inputs_shape[-1]),
            initializer=keras.initializers.TruncatedNormal(stddev=0.02),
            name="embeddings",
        )

    def vectors(self, length: int | Tensor) -> Tensor:
        """Return the vectors of the first positions: float32 [length, D]."""
        if isinstance(length, int) and length > self.max_sequence_length:
            raise InputError(
                f"{self.name} has vectors for {self.max_sequence_length} positions. Received: {length} tokens. "
                "Truncate the text, or build the model with a larger max_sequence_length or with sinusoidal positions"
            )
        return ops.convert_to_tensor(self.positions)[:length]


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class SinusoidalPositions(_AddPositions):
    """Add sines and cosines of each position, which need no training.

    The vectors of the first P positions are a constant table. Those of later positions are computed from it: the vector
    of the position p + nP is the vector of p, each of its pairs of sine and cosine rotated by an angle.

    Args:
        max_sequence_length: number of positions in the table, P (>= 1). Longer texts are also accepted.

    Call arguments:
        inputs: float tensor [B, T, D], D even.
        num_read: int tensor [B], number of tokens before these, for a segment of a text; None for the beginning.

    Returns:
        float tensor [B, T, D].

    Raises:
        InputError: if `max_sequence_length` < 1, or D is odd.

    Example:

    >>> SinusoidalPositions(max_sequence_length=8)(np.zeros((1, 2, 4))).numpy().round(2)[0, 1]
    array([0.84, 0.54, 0.01, 1.  ], dtype=float32)

    Reference: Vaswani et al. 2017, section 3.5.
    """

    def build(self, inputs_shape: TensorShape) -> None:
        """Compute the table, and the angle of a rotation by P positions."""
        self.positions = sinusoids(self.max_sequence_length, inputs_shape[-1])
        angles = self.max_sequence_length / WAVELENGTH ** (np.arange(0, inputs_shape[-1], 2) / inputs_shape[-1])
        self.angles = np.repeat(angles % (2 * np.pi), 2).astype("float32")  # [D]

    def vectors(self, length: int | Tensor) -> Tensor:
        """Return the vectors of the first positions: float32 [length, D]."""
        if isinstance(length, int) and length <= self.max_sequence_length:
            return ops.convert_to_tensor(self.positions[:length])
        return self._at(ops.arange(length))

    def call(self, inputs: Tensor, num_read: Tensor | None = None) -> Tensor:
        """Add the vectors of T positions."""
        if num_read is None:
            return super().call(inputs)
        vectors = self._at(num_read[:, None] + ops.arange(ops.shape(inputs)[1]))
        return inputs + ops.cast(vectors, self.compute_dtype)

    def _at(self, places: Tensor) -> Tensor:
        """Return the vectors of positions, int of any shape: float32 [..., D]."""
        place, rotations = places % self.max_sequence_length, places // self.max_sequence_length
        sine, cosine = self.positions[:, 0::2], self.positions[:, 1::2]
        quarter_ahead = np.stack([cosine, -sine], axis=-1).reshape(self.positions.shape)
        start, ahead = (ops.take(table, place, axis=0) for table in (self.positions, quarter_ahead))
        angles = ops.cast(rotations, "float32")[..., None] * self.angles
        # sin(a + b) = sin(a) cos(b) + cos(a) sin(b) and cos(a + b) = cos(a) cos(b) - sin(a) sin(b). For the first P
        # positions b = 0, so their vectors are exactly those of the table.
        return start * ops.cos(angles) + ahead * ops.sin(angles)
