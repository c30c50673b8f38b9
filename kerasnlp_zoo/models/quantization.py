"""Quantization of weights to int8 with Keras' own `quantize`: a quarter of the bytes of float32."""

from typing import Final

import keras

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import SharedEmbedding

QUANTIZATION: Final = "int8"
# The layers of these models that Keras can quantize. All others stay float.
QUANTIZABLE = (
    keras.layers.Dense,
    keras.layers.EinsumDense,
    keras.layers.Embedding,
    keras.layers.ReversibleEmbedding,
    SharedEmbedding,
)


def quantize_model(model: keras.Model) -> None:
    """Convert the weights of Dense and Embedding layers to int8 with a float scale per row, in place.

    Activations stay float, because LiteRT has no kernel for Keras' int8 matrix products. Rows of an embedding are
    scaled after look-up.

    Args:
        model: functional `keras.Model`. If a task already uses it, create the task again.

    Raises:
        InputError: if the model is already quantized, has no such layer, or computes in float16.

    Example:

    >>> from kerasnlp_zoo.models import text_cnn
    >>> model = text_cnn(vocabulary_size=20, num_classes=2, embedding_dim=8, num_filters=4)
    >>> quantize_model(model)
    >>> model.get_layer("token_embedding").embeddings.dtype
    'int8'
    """
    if is_quantized(model):
        raise InputError(f"The model {model.name} is already quantized. Quantize a model with float weights")
    if not any(type(layer) in QUANTIZABLE for layer in model.layers):
        names = ", ".join(layer.__name__ for layer in QUANTIZABLE)
        raise InputError(f"The model {model.name} has nothing that can be quantized. Expected a layer {names}")
    if any(layer.compute_dtype == "float16" for layer in model.layers):
        raise InputError(
            f"The model {model.name} computes in float16, in which int8 weights overflow. "
            "Build it in float32 or mixed_bfloat16"
        )
    weights_only = keras.quantizers.Int8QuantizationConfig(activation_quantizer=None)
    # Keras' type check rejects SharedEmbedding, a layer of this package.
    model.quantize(config=weights_only, type_check=False, filters=lambda layer: type(layer) in QUANTIZABLE)
    model.quantization = QUANTIZATION


def is_quantized(model: keras.Model) -> bool:
    """Return whether any layer has quantized weights."""
    return any(layer.quantization_mode for layer in model.layers)
