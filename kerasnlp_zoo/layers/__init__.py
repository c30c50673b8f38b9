"""Keras layers on `keras.ops`; importing this package registers all of them with Keras."""

from kerasnlp_zoo.layers.attention import Attention
from kerasnlp_zoo.layers.bag_of_words import BagOfWords, BagOfWordsDense
from kerasnlp_zoo.layers.batch_normalization import MaskedBatchNormalization
from kerasnlp_zoo.layers.characters import WordCharacters
from kerasnlp_zoo.layers.convolution import TextConvolution
from kerasnlp_zoo.layers.crf import CRF
from kerasnlp_zoo.layers.cross_attention import MultiHeadCrossAttention
from kerasnlp_zoo.layers.hashed_bigrams import HashedBigrams
from kerasnlp_zoo.layers.masked_words import AddBias, GatherPositions
from kerasnlp_zoo.layers.masking import MaskScores, PaddingMask, WindowMask, ZeroMasked
from kerasnlp_zoo.layers.multi_head_attention import MultiHeadSelfAttention
from kerasnlp_zoo.layers.ngram_probabilities import NgramProbabilities
from kerasnlp_zoo.layers.pair_features import PairFeatures
from kerasnlp_zoo.layers.pooling import (
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
from kerasnlp_zoo.layers.positions import LearnedPositions, SinusoidalPositions
from kerasnlp_zoo.layers.recurrent import Recurrent
from kerasnlp_zoo.layers.recurrent_cells import (
    AdditiveStateCell,
    CoupledGateCell,
    DeepTransitionCell,
    LeakyCell,
    OutputRecurrentCell,
    SeparateGatesCell,
    TimeSkipCell,
)
from kerasnlp_zoo.layers.recurrent_decoder import RecurrentDecoder
from kerasnlp_zoo.layers.sampled_softmax import SampledSoftmax
from kerasnlp_zoo.layers.shared_embedding import SharedEmbedding
from kerasnlp_zoo.layers.standardization import Standardization
from kerasnlp_zoo.layers.token_replacement import ReplaceToken
from kerasnlp_zoo.layers.transformer import TransformerDecoderBlock, TransformerEncoderBlock
from kerasnlp_zoo.layers.tree_lstm import ChildSumTreeLSTM, NaryTreeLSTM, TreeMean
from kerasnlp_zoo.layers.unit_length import UnitLength
from kerasnlp_zoo.layers.windowed_attention import WindowedSelfAttention
from kerasnlp_zoo.layers.windowed_transformer import WindowedTransformerBlock
from kerasnlp_zoo.layers.word_dropout import WordDropout
from kerasnlp_zoo.layers.word_prediction import (
    FullSoftmax,
    HierarchicalSoftmax,
    ImportanceSampling,
    NegativeSampling,
    NoiseContrastiveEstimation,
)

__all__ = [
    "AddBias",
    "AdditiveStateCell",
    "Attention",
    "AttentionOverTime",
    "BagOfWords",
    "BagOfWordsDense",
    "CRF",
    "ChildSumTreeLSTM",
    "CoupledGateCell",
    "DeepTransitionCell",
    "FirstPositions",
    "FullSoftmax",
    "GatherPositions",
    "HashedBigrams",
    "HierarchicalSoftmax",
    "ImportanceSampling",
    "KMaxPooling",
    "LastOverTime",
    "LeakyCell",
    "LearnedPositions",
    "MaskScores",
    "MaskedBatchNormalization",
    "MaxOverTime",
    "MeanOverTime",
    "MultiHeadCrossAttention",
    "MultiHeadSelfAttention",
    "NaryTreeLSTM",
    "NegativeSampling",
    "NgramProbabilities",
    "NoiseContrastiveEstimation",
    "OutputRecurrentCell",
    "PaddingMask",
    "PairFeatures",
    "Recurrent",
    "RecurrentDecoder",
    "ReplaceToken",
    "SampledSoftmax",
    "SeparateGatesCell",
    "SharedEmbedding",
    "SinusoidalPositions",
    "SqrtMeanOverTime",
    "Standardization",
    "SumOverTime",
    "TextConvolution",
    "TimeSkipCell",
    "TransformerDecoderBlock",
    "TransformerEncoderBlock",
    "TreeMean",
    "UnitLength",
    "WeightedMeanOverTime",
    "WindowMask",
    "WindowedSelfAttention",
    "WindowedTransformerBlock",
    "WordCharacters",
    "WordDropout",
    "ZeroMasked",
]
