"""The pooling layers that builders choose by name."""

from typing import Literal, TypeAlias

import keras

from kerasnlp_zoo.layers import (
    AttentionOverTime,
    FirstPositions,
    KMaxPooling,
    LastOverTime,
    MaxOverTime,
    MeanOverTime,
    SqrtMeanOverTime,
    SumOverTime,
    WeightedMeanOverTime,
)

PoolingLayer: TypeAlias = Literal[
    "max", "mean", "sum", "sqrt_mean", "weighted_mean", "k_max", "first", "last", "attention"
]
# The layers without arguments.
LAYERS: dict[str, type[keras.layers.Layer]] = {
    "max": MaxOverTime,
    "mean": MeanOverTime,
    "sum": SumOverTime,
    "sqrt_mean": SqrtMeanOverTime,
    "weighted_mean": WeightedMeanOverTime,
    "last": LastOverTime,
}


def pooling_layer(pooling: PoolingLayer, name: str, *, k: int = 2, units: int = 1) -> keras.layers.Layer:
    """Return the layer that pools the vectors of a text.

    Args:
        pooling: "max", "mean" or "sum" over all words; "sqrt_mean", the sum divided by the root of the number of words;
            "weighted_mean", in which the weight of a word is its position 1, 2, ...; "k_max", the `k` largest
            activations; "first" or "last", the vector of one word; or "attention", a mean with learned weights.
        name: name of the layer.
        k: activations that "k_max" keeps per feature.
        units: width of the hidden layer of "attention".

    Example:

    >>> pooling_layer("max", name="pooling")(keras.ops.ones((2, 5, 16))).shape
    TensorShape([2, 16])
    """
    if pooling == "k_max":
        return KMaxPooling(k, name=name)
    if pooling == "first":
        return FirstPositions(1, name=name)
    if pooling == "attention":
        return AttentionOverTime(units, name=name)
    return LAYERS[pooling](name=name)
