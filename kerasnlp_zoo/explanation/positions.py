"""The vectors by which a model knows places.

Shapes: P positions, D width of a vector.
"""

import keras

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import LearnedPositions, SinusoidalPositions


def position_vectors(model):
    """Return what a model adds to the tokens at each place.

    Args:
        model: `keras.Model` with `LearnedPositions` or `SinusoidalPositions`, such as BERT.

    Returns:
        float32 array [P, D].

    Raises:
        InputError: if there is no such layer.

    Example:

    >>> from kerasnlp_zoo.models import BERT_SIZES, bert
    >>> position_vectors(bert(vocabulary_size=1000, **BERT_SIZES["tiny"])).shape
    (512, 128)
    """
    for layer in model.layers:
        if isinstance(layer, (LearnedPositions, SinusoidalPositions)):
            return keras.ops.convert_to_numpy(keras.ops.cast(layer.positions, "float32"))
    raise InputError(
        f"The model {model.name} adds no vectors of positions. Expected one that does, such as a BERT or "
        "transformer_encoder"
    )
