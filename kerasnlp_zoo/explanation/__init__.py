"""Why a model answered as it did: what the words contributed, and what they attended to."""

from kerasnlp_zoo.explanation.attention import Attention, attention_weights
from kerasnlp_zoo.explanation.fired_ngrams import Explanation, FiredNgram, fired_ngrams
from kerasnlp_zoo.explanation.positions import position_vectors
from kerasnlp_zoo.explanation.terminal import readable

__all__ = [
    "Attention",
    "Explanation",
    "FiredNgram",
    "attention_weights",
    "fired_ngrams",
    "position_vectors",
    "readable",
]
