"""int8 weights by Keras' own quantization, scored before and after: word vectors in a quarter of float32's bytes."""

import keras

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import SharedEmbedding

QUANTIZATION = "int8"
# The layers that Keras can quantize and that models here are made of; the others stay float.
QUANTIZABLE = (
    keras.layers.Dense,
    keras.layers.EinsumDense,
    keras.layers.Embedding,
    keras.layers.ReversibleEmbedding,
    SharedEmbedding,
)


def quantize_model(model):
    """Turn the weights of Dense and Embedding layers into int8 with a float scale a row, in place.

    Weights only, activations stay float: so LiteRT can run the result, which lacks Keras' int8
    products, and sums are as exact as before. An embedding's rows are scaled after look-up.

    Args:
        model: functional `keras.Model`; a task made from it earlier must be made anew.

    Raises:
        InputError: if the model is quantized already, has no such layer, or computes in float16.

    Example:

    >>> from kerasnlp_zoo.models import text_cnn
    >>> model = text_cnn(vocabulary_size=20, num_classes=2, embedding_dim=8, num_filters=4)
    >>> quantize_model(model)
    >>> model.get_layer("token_embedding").embeddings.dtype
    'int8'
    """
    if is_quantized(model):
        raise InputError(f"The model {model.name} is quantized already. Quantize the float one it was made from")
    if not any(type(layer) in QUANTIZABLE for layer in model.layers):
        names = ", ".join(layer.__name__ for layer in QUANTIZABLE)
        raise InputError(f"The model {model.name} has nothing that can be quantized. Expected a layer {names}")
    if any(layer.compute_dtype == "float16" for layer in model.layers):
        raise InputError(
            f"The model {model.name} computes in float16, which overflows on the scales of int8 weights. "
            "Expected float32 or mixed_bfloat16"
        )
    weights_only = keras.quantizers.Int8QuantizationConfig(activation_quantizer=None)
    # Their types are not checked by Keras, which knows no SharedEmbedding.
    model.quantize(config=weights_only, type_check=False, filters=lambda layer: type(layer) in QUANTIZABLE)
    model.quantization = QUANTIZATION


def is_quantized(model):
    """Tell whether any layer holds quantized weights, by `quantize_model` or by Keras' own call."""
    return any(layer.quantization_mode for layer in model.layers)
