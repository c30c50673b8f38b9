"""LoRA: each kernel is frozen, and the product of two small trained factors is added to it.

Keras' own `enable_lora` adds the factors to a layer. This module chooses the layers, and merges trained factors into
the kernels of a plain model.

Shapes: I inputs, O outputs of a kernel, R rank.

Reference: Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models".
"""

from collections.abc import Mapping

import keras
import numpy as np

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.models.builder import build

HEADS = ("logits", "pooler")  # layers of a task's head: their kernels are trained without factors
FACTORS = ("lora_kernel_a", "lora_kernel_b")  # Keras' names of [I, R] and [R, O]


def enable_lora(model: keras.Model, rank: int, base_entry: str | None = None) -> keras.Model:
    """Add LoRA factors to every dense layer except the head, and freeze kernels and embeddings.

    The factors, the head, biases and layer normalizations stay trainable.

    Args:
        model: model with dense layers, such as one with a BERT encoder.
        rank: >= 1, R.
        base_entry: name of the entry with the frozen weights; an entry of the trained model then contains only the
            weights that differ from it.

    Returns:
        The same model.

    Raises:
        InputError: if the model has no dense layer except the head.

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
        raise InputError(f"LoRA needs a model with dense layers below its head. Received: {model.name}, which has none")
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, keras.layers.Embedding) or hasattr(layer, "positions"):
            layer.trainable = False
    for layer in dense:
        layer.enable_lora(rank)
    model.base_entry = base_entry
    return model


def apply_factors(base: Mapping[str, np.ndarray], changes: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the weights of a model from the weights of its base and the weights that LoRA trained.

    Args:
        base: variable path -> float array, the weights of the base.
        changes: variable path -> float array, the factors and all other trained weights.

    Returns:
        Variable path -> float array: the kernels plus the products of their factors, and all other weights.

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


def merge_lora(model: keras.Model) -> keras.Model:
    """Return a plain model equal to a model with LoRA factors.

    Args:
        model: model from a builder.

    Returns:
        `keras.Model`; the given model if it has no LoRA factors.
    """
    if not any(layer.lora_enabled for layer in _dense_layers(model)):
        return model
    merged = build(model.builder_config)
    kernels = {f"{layer.path}/kernel": np.array(layer.kernel) for layer in _dense_layers(model)}
    values = {weight.path: np.array(weight) for weight in model.weights}
    for weight in merged.weights:
        weight.assign(kernels.get(weight.path, values[weight.path]))
    return merged


def _dense_layers(model: keras.Model) -> list[keras.layers.Dense]:
    """Return all dense layers except the head."""
    layers = model._flatten_layers(include_self=False)
    return [layer for layer in layers if isinstance(layer, keras.layers.Dense) and layer.name not in HEADS]
