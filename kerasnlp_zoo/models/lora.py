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

HEADS = ("logits", "pooler")  # trained as a whole: the task's own
FACTORS = ("lora_kernel_a", "lora_kernel_b")  # Keras' names of [I, R] and [R, O]


def enable_lora(model, rank, base_entry=None):
    """Freeze a model but for its head, biases, normalisations, and factors of a change to every other kernel.

    Args:
        model: `keras.Model` with dense layers, such as one with a BERT encoder.
        rank: int >= 1, R.
        base_entry: name of the entry that the frozen weights are of; an entry of the trained model then
            holds what differs from it alone.

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
    model.base_entry = base_entry
    return model


def apply_factors(base, changes):
    """Return the weights of a model from those of its base and what LoRA trained.

    Args:
        base: dict of variable path -> float array, the base's.
        changes: dict of variable path -> float array: factors, and all else that was trained.

    Returns:
        dict of variable path -> float array: kernels with their changes, and all else.

    Example:

    >>> ones = {"dense/lora_kernel_a": np.ones((2, 1)), "dense/lora_kernel_b": np.ones((1, 3))}
    >>> apply_factors({"dense/kernel": np.zeros((2, 3))}, ones)["dense/kernel"]
    array([[1., 1., 1.],
           [1., 1., 1.]])
    """
    weights = {**base, **{path: value for path, value in changes.items() if not path.endswith(FACTORS)}}
    for path in changes:
        layer, _, name = path.rpartition("/")
        if name == FACTORS[0]:
            first, second = (np.asarray(changes[f"{layer}/{factor}"], "float32") for factor in FACTORS)
            weights[f"{layer}/kernel"] = base[f"{layer}/kernel"] + first @ second
    return weights


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
    return [layer for layer in layers if isinstance(layer, keras.layers.Dense) and layer.name not in HEADS]
