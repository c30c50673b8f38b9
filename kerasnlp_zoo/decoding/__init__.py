"""Word after word from any model: the most probable one, one drawn by chance, or the best of several sequences.

A model is known only by a function `step(state, ids) -> (logits, state)`: the state is a flat dict of tensors,
batch first. All of it are TensorFlow operations, in one loop that compiles and exports.
"""

from kerasnlp_zoo.decoding.beams import beam_search, gathered, length_norm, repeated
from kerasnlp_zoo.decoding.compiled import search_compiled
from kerasnlp_zoo.decoding.generation import generate, greedy
from kerasnlp_zoo.decoding.sampling import Sampling, keep_top_k, keep_top_p

__all__ = [
    "Sampling",
    "beam_search",
    "gathered",
    "generate",
    "greedy",
    "keep_top_k",
    "keep_top_p",
    "length_norm",
    "repeated",
    "search_compiled",
]
