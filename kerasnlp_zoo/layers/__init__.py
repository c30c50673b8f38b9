"""Keras layers on `keras.ops`, one idea per file; importing this package registers them all."""

from kerasnlp_zoo.layers.attention import MultiHeadSelfAttention
from kerasnlp_zoo.layers.bag_of_words import BagOfWords, BagOfWordsDense
from kerasnlp_zoo.layers.convolution import TextConvolution
from kerasnlp_zoo.layers.masked_words import AddBias, GatherPositions
from kerasnlp_zoo.layers.masking import MaskScores, PaddingMask, WindowMask, ZeroMasked
from kerasnlp_zoo.layers.pooling import AverageOverTime, FirstPositions, KMaxPooling, MaxOverTime, SumOverTime
from kerasnlp_zoo.layers.positions import LearnedPositions, SinusoidalPositions
from kerasnlp_zoo.layers.recurrent import Recurrent
from kerasnlp_zoo.layers.recurrent_cells import (
    AdditiveStateCell,
    CoupledGateCell,
    DeepTransitionCell,
    LeakyCell,
    OutputRecurrentCell,
    TimeSkipCell,
)
from kerasnlp_zoo.layers.transformer import TransformerEncoderBlock
from kerasnlp_zoo.layers.unit_length import UnitLength
from kerasnlp_zoo.layers.word_prediction import (
    FullSoftmax,
    HierarchicalSoftmax,
    NegativeSampling,
    NoiseContrastiveEstimation,
)

__all__ = [
    "AddBias",
    "AdditiveStateCell",
    "AverageOverTime",
    "BagOfWords",
    "BagOfWordsDense",
    "CoupledGateCell",
    "DeepTransitionCell",
    "FirstPositions",
    "FullSoftmax",
    "GatherPositions",
    "HierarchicalSoftmax",
    "KMaxPooling",
    "LeakyCell",
    "LearnedPositions",
    "MaskScores",
    "MaxOverTime",
    "MultiHeadSelfAttention",
    "NegativeSampling",
    "NoiseContrastiveEstimation",
    "OutputRecurrentCell",
    "PaddingMask",
    "Recurrent",
    "SinusoidalPositions",
    "SumOverTime",
    "TextConvolution",
    "TimeSkipCell",
    "TransformerEncoderBlock",
    "UnitLength",
    "WindowMask",
    "ZeroMasked",
]
