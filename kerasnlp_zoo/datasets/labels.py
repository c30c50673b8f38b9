"""The labels of the user's data: their order, and labels that are easily taken for one another."""

import unicodedata
from collections.abc import Iterable

INVISIBLE = "Cf"  # Unicode's category of format characters, such as the zero-width space
VARIATIONS = "\ufe0e\ufe0f"  # the same symbol as text or as emoji


def ordered(labels: Iterable[str]) -> list[str]:
    """Return the labels sorted by value if all are integers, and by name otherwise; equal values are sorted by name.

    Example:

    >>> ordered({"10", "9", "１", "1"}), ordered({"b", "10", "9"})
    (['1', '１', '9', '10'], ['10', '9', 'b'])
    """
    names = sorted(labels)
    try:
        return sorted(names, key=int)
    except ValueError:
        return names


def alike(labels: Iterable[str]) -> list[list[str]]:
    r"""Return the groups of labels that differ only in case, width, invisible characters or the encoding of accents.

    Example:

    >>> alike(["pos", "Pos", "neg", "neg\u200b", "other"])
    [['Pos', 'pos'], ['neg', 'neg\u200b']]
    """
    groups: dict[str, list[str]] = {}
    for label in sorted(labels):
        groups.setdefault(_essence(label), []).append(label)
    return [group for group in groups.values() if len(group) > 1]


def _essence(label: str) -> str:
    """Return what remains of a label without case, width, invisible characters and the encoding of accents."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).casefold())
    visible = (c for c in folded if unicodedata.category(c) != INVISIBLE and c not in VARIATIONS)
    return " ".join("".join(visible).split())
