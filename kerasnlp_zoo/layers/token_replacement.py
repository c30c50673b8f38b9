"""Replacement of the vector of one token, such as `[START]`, by a vector of the text.

Shapes: B batch, T length, D width of a vector.
"""

from typing import Any

import keras
from keras import ops

from kerasnlp_zoo.layers.masking import MaskedLayer
from kerasnlp_zoo.types import Config, Tensor


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class ReplaceToken(MaskedLayer):
    """Replace the vectors of one token by a vector that is different for each text.

    Args:
        token_id: id of the token.

    Call arguments:
        inputs: float tensor [B, T, D], the vectors of the tokens.
        token_ids: int tensor [B, T].
        replacement: float tensor [B, D].

    Returns:
        float tensor [B, T, D].

    Example:

    >>> layer = ReplaceToken(token_id=2)
    >>> layer(ops.ones((1, 3, 1)), ops.convert_to_tensor([[2, 7, 8]]), ops.convert_to_tensor([[5.0]]))[0, :, 0].numpy()
    array([5., 1., 1.], dtype=float32)
    """

    def __init__(self, token_id: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.token_id = token_id

    def call(self, inputs: Tensor, token_ids: Tensor, replacement: Tensor) -> Tensor:
        """Select one of two vectors at each position."""
        return ops.where(ops.equal(token_ids, self.token_id)[:, :, None], replacement[:, None], inputs)

    def compute_output_spec(
        self, inputs: Tensor, token_ids: Tensor | None = None, replacement: Tensor | None = None
    ) -> keras.KerasTensor:
        """Return the symbolic output, of the shape of the inputs."""
        return keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "token_id": self.token_id}
