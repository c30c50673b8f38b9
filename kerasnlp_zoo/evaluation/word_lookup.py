"""Look-up of words in a table of word vectors, for all scores of word vectors.

A word is looked up as written, and then in lower case: "Paris" finds "paris" in a vocabulary of lower-case words.
`[PAD]` and `[UNK]` are not words: they are never found, and never answers.

Shapes: V tokens, D width of a vector.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.correlation import Vectors, normalized
from kerasnlp_zoo.vocabulary import PADDING, UNKNOWN


def without_special_tokens(tokens: Sequence[str], vectors: Vectors) -> tuple[Sequence[str], np.ndarray]:
    """Return the words of a vocabulary and their vectors, without `[PAD]` and `[UNK]`.

    Args:
        tokens: V tokens.
        vectors: float [V, D].

    Returns:
        (words, float32 array [words, D]).

    Raises:
        InputError: if the number of vectors differs, or the vector of a word contains NaN or infinity.

    Example:

    >>> without_special_tokens(["[PAD]", "[UNK]", "paris"], [[0.0, 0.0], [1.0, 1.0], [3.0, 4.0]])
    (['paris'], array([[3., 4.]], dtype=float32))
    """
    vectors = np.asarray(vectors, "float32")
    if vectors.ndim != 2 or len(vectors) != len(tokens):
        raise InputError(
            f"Word vectors are an array [V, D] with a row for each token. Expected {len(tokens):,} rows. "
            f"Received: the shape {vectors.shape}"
        )
    start = sum(token in (PADDING, UNKNOWN) for token in tokens[:2])
    words, vectors = tokens[start:], vectors[start:]
    broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(broken):
        raise InputError(
            f"Word vectors must be finite. Received: {len(broken):,} with NaN or infinity, the first for "
            f"{words[broken[0]]!r}. The training has diverged: use a smaller learning rate"
        )
    return words, vectors


class WordLookup:
    """The words of a vocabulary with their unit vectors.

    Args:
        tokens: V tokens, the most frequent first.
        vectors: float [V, D].
        most_frequent: number of known words, the first of `tokens`; None for all.

    Attributes:
        vectors: float32 array [words, D]; rows have norm 1, or 0 if the vector was zero.

    Raises:
        InputError: if the number of vectors differs, or the vector of a word contains NaN or infinity.

    Example:

    >>> words = WordLookup(["[PAD]", "[UNK]", "paris", "Rome"], [[0.0, 0.0], [1.0, 1.0], [3.0, 4.0], [0.0, 2.0]])
    >>> words.find(["Paris", "Rome", "rome", "[UNK]"])
    [0, 1, -1, -1]
    >>> words.vectors
    array([[0.6, 0.8],
           [0. , 1. ]], dtype=float32)
    """

    def __init__(self, tokens: Sequence[str], vectors: Vectors, most_frequent: int | None = None) -> None:
        words, rows = without_special_tokens(tokens, vectors)
        self.vectors = normalized(rows[:most_frequent])
        self._rows = {word: row for row, word in enumerate(words[:most_frequent])}

    def find(self, words: Iterable[str]) -> list[int]:
        """Return the row of every word, -1 if it is unknown."""
        return [self._rows.get(word, self._rows.get(word.lower(), -1)) for word in words]
