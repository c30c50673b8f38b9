"""Why a model answered as it did: each answer taken apart into what the words of the text contributed."""

from kerasnlp_zoo.explanation.fired_ngrams import Explanation, FiredNgram, fired_ngrams
from kerasnlp_zoo.explanation.terminal import readable

__all__ = ["Explanation", "FiredNgram", "fired_ngrams", "readable"]
