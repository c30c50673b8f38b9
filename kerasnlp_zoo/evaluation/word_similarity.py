"""Correlation of word vectors with human similarity scores.

Shapes: V tokens, D width of a vector, P pairs.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.correlation import Vectors, correlations
from kerasnlp_zoo.evaluation.word_lookup import WordLookup


@dataclasses.dataclass(frozen=True)
class WordPairs:
    """Pairs of words with human scores.

    Attributes:
        name: name or path of the data.
        words: P pairs of words.
        scores: float array [P].
    """

    name: str
    words: list[tuple[str, str]]
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.words)


def word_similarity_scores(tokens: Sequence[str], vectors: Vectors, word_pairs: WordPairs) -> dict[str, Any]:
    """Return the correlation of cosine similarities of word pairs with human scores.

    Pairs with an unknown word are skipped and reduce the coverage. Only scores over the same pairs can be compared.
    A word is looked up as written, and then in lower case.

    Args:
        tokens: V tokens.
        vectors: float [V, D].
        word_pairs: pairs with human scores, from `datasets.word_evaluation.load_word_pairs`.

    Returns:
        dict of spearman, pearson, num_pairs, num_known and coverage.

    Raises:
        InputError: if fewer than two pairs are known.

    Example:

    >>> pairs = [("cup", "mug"), ("cup", "train"), ("mug", "train"), ("cup", "yak")]
    >>> word_pairs = WordPairs("mine", pairs, [9, 1, 2, 0])
    >>> word_similarity_scores(["cup", "mug", "train"], [[3.0, 1.0], [2.0, 1.0], [0.0, 1.0]], word_pairs)
    {'spearman': 1.0, 'pearson': 0.99..., 'num_pairs': 4, 'num_known': 3, 'coverage': 0.75}

    Reference: Finkelstein et al. 2002 (WordSim-353); Hill et al. 2015 (SimLex-999).
    """
    words = WordLookup(tokens, vectors)
    rows = np.array([words.find(pair) for pair in word_pairs.words])  # [P, 2]
    known = np.all(rows >= 0, axis=1)
    if known.sum() < 2:
        raise InputError(
            f"A correlation needs at least two pairs with both words in the vocabulary. Received: {known.sum()} of the "
            f"{len(rows)} pairs of {word_pairs.name}, such as {', '.join(map(repr, word_pairs.words[0]))}. Use pairs "
            f"in the language of the vocabulary, which has {len(tokens):,} tokens, such as {', '.join(tokens[:7])}"
        )
    first, second = words.vectors[rows[known].T]
    return {
        **correlations(np.sum(first * second, axis=1), np.asarray(word_pairs.scores)[known]),
        "num_pairs": len(rows),
        "num_known": int(known.sum()),
        "coverage": float(known.mean()),
    }
