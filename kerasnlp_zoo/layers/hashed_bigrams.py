"""Two neighbours as one symbol, such as two characters of Chinese that may make a word.

Shapes: B batch, T time.
"""

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers.masking import MaskedLayer

PRIME = 2**31 - 1
FACTORS = 1_103_515_245, 1_664_525_001  # of the first token and of the second: any two numbers below the prime


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class HashedBigrams(MaskedLayer):
    """Give every token, together with the one that follows it, an id.

    There are too many pairs for a vocabulary of them, so they are hashed: pairs may share an id, and those that were
    never seen in training have one, too.

    Args:
        num_bins: int >= 2, number of ids, 0 for padding included.

    Call arguments:
        token_ids: int tensor [B, T]; 0 is padding, and follows the last token.

    Returns:
        int32 tensor [B, T], from 1 to num_bins - 1; 0 at padding.

    Raises:
        InputError: if `num_bins` is below 2.

    Example:

    >>> HashedBigrams(num_bins=1000)(ops.convert_to_tensor([[5, 8, 5, 8, 0]])).numpy()
    array([[620, 918, 620, 798,   0]], dtype=int32)

    References: Carter and Wegman 1979, "Universal Classes of Hash Functions", for the hash; Chen et al. 2015, "Long
    Short-Term Memory Neural Networks for Chinese Word Segmentation", for pairs of characters.
    """

    def __init__(self, num_bins, **kwargs):
        super().__init__(**kwargs)
        if num_bins < 2:
            raise InputError(f"num_bins counts padding and at least one pair. Received: {num_bins}")
        self.num_bins = num_bins

    def call(self, token_ids):
        """Hash each token with its follower."""
        first, second = (ops.cast(ids, "int64") for ids in (token_ids, ops.pad(token_ids[:, 1:], [[0, 0], [0, 1]])))
        hashed = ops.mod(first * FACTORS[0] + second * FACTORS[1], PRIME)
        pairs = ops.cast(ops.mod(hashed, self.num_bins - 1) + 1, "int32")
        return ops.where(ops.equal(token_ids, 0), 0, pairs)

    def compute_output_spec(self, token_ids):
        """Return the symbolic output."""
        return keras.KerasTensor(token_ids.shape, dtype="int32")

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "num_bins": self.num_bins}
