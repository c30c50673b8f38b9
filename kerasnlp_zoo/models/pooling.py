"""The pooling layers that builders choose by name."""

from typing import Literal, TypeAlias

import keras

from kerasnlp_zoo.layers import AttentionOverTime, FirstPositions, KMaxPooling, MaxOverTime, MeanOverTime, SumOverTime

PoolingLayer: TypeAlias = Literal["max", "mean", "sum", "k_max", "first", "attention"]


def pooling_layer(pooling: PoolingLayer, name: str, *, k: int = 2, units: int = 1) -> keras.layers.Layer:
    """Return the layer that pools the vectors of a text.

    Args:
        pooling: "max", "mean" or "sum" over all words; "k_max", the `k` largest activations; "first", the first
            word's vector; or "attention", a weighted mean with learned weights.
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
    return {"max": MaxOverTime, "mean": MeanOverTime, "sum": SumOverTime}[pooling](name=name)
