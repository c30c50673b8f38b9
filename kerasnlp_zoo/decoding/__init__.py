"""Decoding with any model, one token at a time: greedy, by sampling, or by beam search.

The model is given as a function `step(state, ids) -> (logits, state)`, where the state is a flat dict of tensors,
batch first. Each decoder is one loop of TensorFlow operations, which XLA can compile and a SavedModel can contain.
"""

from kerasnlp_zoo.decoding.beams import beam_search, gather_rows, length_norm, repeat_for_beams
from kerasnlp_zoo.decoding.compiled import search_compiled
from kerasnlp_zoo.decoding.generation import generate, greedy
from kerasnlp_zoo.decoding.sampling import Sampling, keep_top_k, keep_top_p

__all__ = [
    "Sampling",
    "beam_search",
    "gather_rows",
    "generate",
    "greedy",
    "keep_top_k",
    "keep_top_p",
    "length_norm",
    "repeat_for_beams",
    "search_compiled",
]
