"""Finding words among vectors, as every score of word vectors does it.

A word is looked up as it is written, else lower-cased: "Paris" finds "paris" in a vocabulary of
lower-cased words. `[PAD]` and `[UNK]` are no words: they are neither found nor given as answers.

Shapes: V words, D width of a vector.
"""

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.correlation import normalized
from kerasnlp_zoo.vocabulary import PADDING, UNKNOWN


def without_special_tokens(tokens, vectors):
    """Return the words of a vocabulary and their vectors, without `[PAD]` and `[UNK]`.

    Args:
        tokens: list of str, V.
        vectors: float array [V, D].

    Returns:
        (list of str, float32 array [words, D]).

    Raises:
        InputError: if there is not one vector per token, or a vector of a word holds NaN or infinity.

    Example:

    >>> without_special_tokens(["[PAD]", "[UNK]", "paris"], [[0.0, 0.0], [1.0, 1.0], [3.0, 4.0]])
    (['paris'], array([[3., 4.]], dtype=float32))
    """
    vectors = np.asarray(vectors, "float32")
    if vectors.ndim != 2 or len(vectors) != len(tokens):
        raise InputError(
            f"Word vectors are an array [V, D] with a row per token. Expected {len(tokens):,} rows. "
            f"Received the shape {vectors.shape}"
        )
    start = sum(token in (PADDING, UNKNOWN) for token in tokens[:2])
    words, vectors = tokens[start:], vectors[start:]
    broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(broken):
        raise InputError(
            f"{len(broken):,} word vectors hold NaN or infinity, that of {words[broken[0]]!r} is the first. "
            "Training has diverged: lower the learning rate"
        )
    return words, vectors


class WordLookup:
    """The vectors of the words of a vocabulary, each of length 1, and who is who.

    Args:
        tokens: list of str, V.
        vectors: float array [V, D].
        most_frequent: int, only the first so many words are known; None for all.

    Attributes:
        vectors: float32 array [words, D], of length 1, or 0 where a vector was all zeros.

    Raises:
        InputError: if there is not one vector per token, or a vector holds NaN or infinity.

    Example:

    >>> words = WordLookup(["[PAD]", "[UNK]", "paris", "Rome"], [[0.0, 0.0], [1.0, 1.0], [3.0, 4.0], [0.0, 2.0]])
    >>> words.find(["Paris", "Rome", "rome", "[UNK]"])
    [0, 1, -1, -1]
    >>> words.vectors
    array([[0.6, 0.8],
           [0. , 1. ]], dtype=float32)
    """

    def __init__(self, tokens, vectors, most_frequent=None):
        words, vectors = without_special_tokens(tokens, vectors)
        words, vectors = words[:most_frequent], vectors[:most_frequent]
        self.vectors = normalized(vectors)
        self._rows = {word: row for row, word in enumerate(words)}

    def find(self, words):
        """Return the row of every word as a list of int, -1 where it is unknown."""
        return [self._rows.get(word, self._rows.get(word.lower(), -1)) for word in words]
