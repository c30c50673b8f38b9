"""Word vectors against what people say of two words.

Shapes: V words, D width of a vector, P pairs.
"""

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.correlation import correlations
from kerasnlp_zoo.evaluation.word_lookup import WordLookup


def word_similarity_scores(tokens, vectors, pairs):
    """Correlate the cosine of two words' vectors with their human score.

    Pairs with an unknown word are left out and lower the coverage: two sets of vectors can be compared
    where they cover the same pairs. Words are found as written, else lower-cased.

    Args:
        tokens: list of str, V.
        vectors: float array [V, D].
        pairs: `WordPairs`, from `datasets.word_evaluation.load_word_pairs`.

    Returns:
        dict of spearman, pearson, num_pairs, num_known, coverage.

    Raises:
        InputError: if fewer than two pairs have both their words in the vocabulary.

    Example:

    >>> from kerasnlp_zoo.datasets.word_evaluation import WordPairs
    >>> pairs = WordPairs("mine", [("cup", "mug"), ("cup", "train"), ("mug", "train"), ("cup", "yak")], [9, 1, 2, 0])
    >>> word_similarity_scores(["cup", "mug", "train"], [[3.0, 1.0], [2.0, 1.0], [0.0, 1.0]], pairs)
    {'spearman': 1.0, 'pearson': 0.99..., 'num_pairs': 4, 'num_known': 3, 'coverage': 0.75}

    Reference: Finkelstein et al. 2002 (WordSim-353); Hill et al. 2015 (SimLex-999).
    """
    words = WordLookup(tokens, vectors)
    rows = np.array([words.find(pair) for pair in pairs.words])  # [P, 2]
    known = np.all(rows >= 0, axis=1)
    if known.sum() < 2:
        raise InputError(
            f"{known.sum()} of the {len(rows)} pairs of {pairs.name} have both words in the vocabulary, such as "
            f"{', '.join(map(repr, pairs.words[0]))}; a correlation takes two or more. The vocabulary has "
            f"{len(tokens):,} tokens, such as {', '.join(tokens[:7])}. Expected pairs in its language"
        )
    first, second = words.vectors[rows[known].T]
    return {
        **correlations(np.sum(first * second, axis=1), np.asarray(pairs.scores)[known]),
        "num_pairs": len(rows),
        "num_known": int(known.sum()),
        "coverage": float(known.mean()),
    }
