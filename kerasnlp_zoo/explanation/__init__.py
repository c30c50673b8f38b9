"""Explain the answers of a model: contributions of n-grams, attention weights, alignments."""

from kerasnlp_zoo.explanation.alignment import Alignment, alignment_weights
from kerasnlp_zoo.explanation.attention import Attention, attention_weights
from kerasnlp_zoo.explanation.fired_ngrams import Explanation, FiredNgram, fired_ngrams
from kerasnlp_zoo.explanation.positions import position_vectors
from kerasnlp_zoo.explanation.terminal import readable

__all__ = [
    "Alignment",
    "Attention",
    "Explanation",
    "FiredNgram",
    "alignment_weights",
    "attention_weights",
    "fired_ngrams",
    "position_vectors",
    "readable",
]
