"""LoRA: fine-tune small factors of a change to each kernel, and leave the kernel as it was.

Keras' own `enable_lora` does the training. Here stands what it lacks: choosing the kernels of an encoder,
and turning a trained model into the plain one that it is equal to.

Shapes: I inputs, O outputs of a kernel, R rank.

Reference: Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models".
"""

import keras
import numpy as np

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.models.builder import build

HEAD = "logits"  # trained as a whole


def enable_lora(model, rank):
    """Freeze a model but for its head, its normalisations, and factors of a change to every other kernel.

    Args:
        model: `keras.Model` with dense layers, such as one with a BERT encoder.
        rank: int >= 1, R.

    Returns:
        The same model.

    Raises:
        InputError: if there is no dense layer beside the head.

    Example:

    >>> from kerasnlp_zoo.models import BERT_SIZES, bert_classifier
    >>> model = bert_classifier(num_classes=2, vocabulary_size=100, **BERT_SIZES["tiny"])
    >>> before = sum(weight.shape.num_elements() for weight in model.trainable_weights)
    >>> _ = enable_lora(model, rank=4)
    >>> sum(weight.shape.num_elements() for weight in model.trainable_weights) < before / 10
    True
    """
    require_positive(rank=rank)
    dense = _dense_layers(model)
    if not dense:
        raise InputError(f"LoRA changes dense layers, and the model {model.name} has none beside its head")
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, keras.layers.Embedding) or hasattr(layer, "positions"):
            layer.trainable = False
    for layer in dense:
        layer.enable_lora(rank)
    return model


def merge_lora(model):
    """Return the plain model that a model with LoRA factors is equal to.

    Args:
        model: `keras.Model` from a builder.

    Returns:
        `keras.Model`; the same one if it has no such factors.
    """
    if not any(layer.lora_enabled for layer in _dense_layers(model)):
        return model
    merged = build(model.builder_config)
    kernels = {f"{layer.path}/kernel": np.array(layer.kernel) for layer in _dense_layers(model)}
    values = {weight.path: np.array(weight) for weight in model.weights}
    for weight in merged.weights:
        weight.assign(kernels.get(weight.path, values[weight.path]))
    return merged


def _dense_layers(model):
    layers = model._flatten_layers(include_self=False)
    return [layer for layer in layers if isinstance(layer, keras.layers.Dense) and layer.name != HEAD]
