"""Ids of bigrams, such as two Chinese characters that may form a word.

Shapes: B batch, T length.
"""

from typing import Any

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.layers.masking import MaskedLayer
from kerasnlp_zoo.types import Config, Tensor

PRIME = 2**31 - 1
FACTORS = 1_103_515_245, 1_664_525_001  # factors of the first and the second token: any two numbers below the prime


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class HashedBigrams(MaskedLayer):
    """Return the id of each bigram: a token and the token that follows it.

    A vocabulary of all bigrams would be too large, so the ids are hashes. Several bigrams can have the same id. Bigrams
    that do not occur in training also have an id.

    Args:
        num_bins: number of ids (>= 2), with id 0 for padding.

    Call arguments:
        token_ids: int tensor [B, T]; 0 is padding, which is also the token that follows the last token.

    Returns:
        int32 tensor [B, T], from 1 to num_bins - 1; 0 at padding.

    Raises:
        InputError: if `num_bins` is not an integer of at least 2, or if JAX runs without 64-bit integers.

    Example:

    >>> HashedBigrams(num_bins=1000)(ops.convert_to_tensor([[5, 8, 5, 8, 0]])).numpy()
    array([[620, 918, 620, 798,   0]], dtype=int32)

    References: Carter and Wegman 1979, "Universal Classes of Hash Functions", for the hash; Chen et al. 2015, "Long
    Short-Term Memory Neural Networks for Chinese Word Segmentation", for bigrams of characters.
    """

    def __init__(self, num_bins: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        require_positive(num_bins=num_bins)
        if num_bins < 2:
            raise InputError(f"num_bins must be at least 2: one id for padding, one for bigrams. Received: {num_bins}")
        self.num_bins = num_bins

    def call(self, token_ids: Tensor) -> Tensor:
        """Hash each token with the next token."""
        first, second = (ops.cast(ids, "int64") for ids in (token_ids, ops.pad(token_ids[:, 1:], [[0, 0], [0, 1]])))
        if keras.backend.standardize_dtype(first.dtype) != "int64":
            raise InputError(
                "The hash of a bigram needs 64-bit integers, which JAX replaces by 32-bit ones. Set the environment "
                f"variable JAX_ENABLE_X64=1 before the program starts. Received: {first.dtype}"
            )
        hashed = ops.mod(first * FACTORS[0] + second * FACTORS[1], PRIME)
        bigrams = ops.cast(ops.mod(hashed, self.num_bins - 1) + 1, "int32")
        return ops.where(ops.equal(token_ids, 0), 0, bigrams)

    def compute_output_spec(self, token_ids: Tensor) -> keras.KerasTensor:
        """Return the symbolic output."""
        return keras.KerasTensor(token_ids.shape, dtype="int32")

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "num_bins": self.num_bins}
