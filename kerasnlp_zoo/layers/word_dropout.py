"""Dropout of whole words.

Shapes: B batch, T length.
"""

from typing import Any

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.layers.masking import MaskedLayer
from kerasnlp_zoo.types import Config, Tensor


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class WordDropout(MaskedLayer):
    """Replace random words by `[UNK]` in training, so that the model also learns from the words around them.

    Args:
        rate: in [0, 1), the fraction of the words to replace.
        token_id: id of `[UNK]`, which replaces them (>= 1).
        seed: random seed; None for a random one.

    Call arguments:
        token_ids: int tensor [B, T]; 0 is padding, which is not replaced.
        training: bool, whether words are replaced.

    Returns:
        int tensor [B, T].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> layer = WordDropout(rate=0.5, token_id=1, seed=0)
    >>> ids = ops.convert_to_tensor([[5, 8, 9, 0]])
    >>> layer(ids).numpy().tolist()
    [[5, 8, 9, 0]]
    >>> set(layer(ids, training=True).numpy()[0].tolist()) <= {0, 1, 5, 8, 9}
    True

    References: Iyyer et al. 2015, "Deep Unordered Composition Rivals Syntactic Methods for Text Classification",
    section 3.2; Gal and Ghahramani 2016, "A Theoretically Grounded Application of Dropout in Recurrent Neural
    Networks".
    """

    def __init__(self, rate: float, token_id: int, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise InputError(f"rate must be in [0, 1). Received: {rate}")
        require_positive(token_id=token_id)
        self.rate, self.token_id, self.seed = rate, token_id, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, token_ids: Tensor, training: bool = False) -> Tensor:
        """Draw a number for each word."""
        if not training or not self.rate:
            return token_ids
        numbers = keras.random.uniform(ops.shape(token_ids), seed=self.seed_generator)
        is_dropped = ops.logical_and(numbers < self.rate, ops.not_equal(token_ids, 0))
        return ops.where(is_dropped, ops.cast(self.token_id, token_ids.dtype), token_ids)

    def compute_output_spec(self, token_ids: Tensor, training: bool = False) -> keras.KerasTensor:
        """Return the symbolic output."""
        return keras.KerasTensor(token_ids.shape, dtype=token_ids.dtype)

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "rate": self.rate, "token_id": self.token_id, "seed": self.seed}
