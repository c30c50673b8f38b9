"""The position vectors of a model.

Shapes: P positions, D width of a vector.
"""

import keras
import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import LearnedPositions, SinusoidalPositions


def position_vectors(model: keras.Model) -> np.ndarray:
    """Return the vectors that a model adds to the tokens at each position.

    Args:
        model: a model with `LearnedPositions` or `SinusoidalPositions`, such as BERT.

    Returns:
        float32 array [P, D].

    Raises:
        InputError: if the model has no such layer.

    Example:

    >>> from kerasnlp_zoo.models import BERT_SIZES, bert
    >>> position_vectors(bert(vocabulary_size=1000, **BERT_SIZES["tiny"])).shape
    (512, 128)
    """
    for layer in model.layers:
        if isinstance(layer, (LearnedPositions, SinusoidalPositions)):
            return keras.ops.convert_to_numpy(keras.ops.cast(layer.positions, "float32"))
    raise InputError(
        f"The model {model.name} has no position vectors. Expected a model with LearnedPositions or "
        "SinusoidalPositions, such as BERT or transformer_encoder"
    )
