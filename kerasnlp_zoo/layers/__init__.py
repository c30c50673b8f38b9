"""Keras layers on `keras.ops`, one idea per file; importing this package registers them all."""

from kerasnlp_zoo.layers.bag_of_words import BagOfWords, BagOfWordsDense
from kerasnlp_zoo.layers.convolution import TextConvolution
from kerasnlp_zoo.layers.masking import PaddingMask, WindowMask, ZeroMasked
from kerasnlp_zoo.layers.pooling import AverageOverTime, FirstPositions, KMaxPooling, MaxOverTime, SumOverTime
from kerasnlp_zoo.layers.word_prediction import (
    FullSoftmax,
    HierarchicalSoftmax,
    NegativeSampling,
    NoiseContrastiveEstimation,
)

__all__ = [
    "AverageOverTime",
    "BagOfWords",
    "BagOfWordsDense",
    "FirstPositions",
    "FullSoftmax",
    "HierarchicalSoftmax",
    "KMaxPooling",
    "MaxOverTime",
    "NegativeSampling",
    "NoiseContrastiveEstimation",
    "PaddingMask",
    "SumOverTime",
    "TextConvolution",
    "WindowMask",
    "ZeroMasked",
]
