"""Words with a similar spelling, found in a large vocabulary.

Shapes: N candidates, L letters of the longest candidate.
"""

from collections.abc import Sequence

import numpy as np

MOST_EDITS = 2
LETTERS_AN_EDIT = 3  # letters per edit: shorter words have too many neighbours


def closest_spellings(word: str, words: Sequence[str], count: int = 3) -> list[str]:
    """Return the words with the smallest edit distance, which is at most 2 and at most a third of the length.

    An edit inserts, deletes or replaces a letter, or swaps two adjacent letters.

    Args:
        word: misspelled word.
        words: candidates; for equal distances, earlier ones come first.
        count: maximum number of words to return.

    Example:

    >>> closest_spellings("ikng", ["the", "sing", "king", "kings", "queen"])
    ['king']
    """
    most = min(MOST_EDITS, len(word) // LETTERS_AN_EDIT)
    lengths = np.fromiter(map(len, words), "int64", len(words))
    rows = np.flatnonzero(np.abs(lengths - len(word)) <= most)
    if not most or not len(rows):
        return []
    edits = edit_distances(word, [words[row] for row in rows.tolist()])
    nearest = np.argsort(edits, kind="stable")[:count]
    return [words[row] for row in rows[nearest[edits[nearest] <= most]].tolist()]


def edit_distances(word: str, candidates: Sequence[str]) -> np.ndarray:
    """Return the edit distance between a word and each candidate: int array [N].

    Dynamic programming over the letters of `word` and of all candidates in parallel: `rows[i][j]` is the distance
    between the first i letters of `word` and the first j letters of each candidate.

    Args:
        word: word to compare.
        candidates: N words, N >= 1.

    Reference: Damerau 1964; here the variant "optimal string alignment", which edits no substring twice.
    """
    lengths = np.fromiter(map(len, candidates), "int64", len(candidates))
    letters = np.array(candidates).view("uint32").reshape(len(candidates), -1).T.copy()  # [L, N]
    codes = [ord(letter) for letter in word]
    rows = [np.repeat(np.arange(len(letters) + 1, dtype="int32")[:, None], len(candidates), axis=1)]
    is_same = [letters == code for code in codes]
    for i in range(1, len(codes) + 1):
        row, above = np.empty_like(rows[0]), rows[-1]
        row[0] = i
        for j in range(1, len(letters) + 1):
            row[j] = np.minimum(np.minimum(above[j], row[j - 1]) + 1, above[j - 1] + ~is_same[i - 1][j - 1])
            if i > 1 and j > 1:
                swapped = is_same[i - 1][j - 2] & is_same[i - 2][j - 1]
                np.minimum(row[j], rows[-2][j - 2] + 1, out=row[j], where=swapped)
        rows = [*rows[-1:], row]
    return rows[-1][lengths, np.arange(len(candidates))]
