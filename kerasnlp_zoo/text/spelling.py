"""Words spelled alike, found in a large vocabulary at once.

Shapes: N candidates, L letters of the longest.
"""

import numpy as np

MOST_EDITS = 2
LETTERS_AN_EDIT = 3  # shorter words have too many neighbours for a suggestion to mean anything


def closest_spellings(word, words, count=3):
    """Return the words that take the fewest edits to reach, at most one edit for three letters.

    An edit inserts, deletes or replaces a letter, or swaps two that stand side by side.

    Args:
        word: str.
        words: list of str; of words equally close, the first ones are returned.
        count: int, most words to return.

    Returns:
        list of str.

    Example:

    >>> closest_spellings("ikng", ["the", "sing", "king", "kings", "queen"])
    ['king']
    """
    most = min(MOST_EDITS, len(word) // LETTERS_AN_EDIT)
    lengths = np.fromiter(map(len, words), "int64", len(words))
    rows = np.flatnonzero(np.abs(lengths - len(word)) <= most)
    if not most or not len(rows):
        return []
    edits = edit_distances(word, [words[row] for row in rows])
    nearest = np.argsort(edits, kind="stable")[:count]
    return [words[row] for row in rows[nearest[edits[nearest] <= most]]]


def edit_distances(word, candidates):
    """Return how many edits lead from a word to each candidate: int array [N].

    Dynamic programming over the letters of `word` and of all candidates side by side: `rows[i][j]` is the
    distance between the first i letters of `word` and the first j of each candidate.

    Args:
        word: str.
        candidates: list of N str, not empty.

    Reference: Damerau 1964; the variant that edits no letter twice (optimal string alignment).
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
