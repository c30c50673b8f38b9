"""Texts from any iterable: a list, a column of a table, a generator."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.well_formed import well_formed

Item = TypeVar("Item")


def listed(texts: Any, expected: str) -> list[Any]:
    """Return the items of an iterable as a list. Lone surrogates in strings become U+FFFD.

    Args:
        texts: any iterable except a string, a dict and a table.
        expected: what is expected, for the message.

    Raises:
        InputError: if `texts` is something else.

    Example:

    >>> listed((text for text in ["a", "b"]), "strings")
    ['a', 'b']
    """
    if hasattr(texts, "columns") and hasattr(texts, "iloc"):  # a pandas DataFrame iterates over names of columns
        raise InputError(f"Expected a list of {expected}. Received: a table. Use predict_frame(frame, text_column=...)")
    if isinstance(texts, (str, bytes, Mapping)) or not isinstance(texts, Iterable):
        raise InputError(f"Expected a list of {expected}. Received: {type(texts).__name__}")
    return [well_formed(text) for text in texts]


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of `size` consecutive items; the last one may be shorter.

    Example:

    >>> list(chunks("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    remaining = iter(items)
    while chunk := list(itertools.islice(remaining, size)):
        yield chunk


def pair_of_line(line: str) -> tuple[str, str]:
    """Split a line at its tab.

    Raises:
        InputError: unless the line has one tab.

    Example:

    >>> pair_of_line("A question?\\tA passage.")
    ('A question?', 'A passage.')
    """
    if line.count("\t") != 1:
        raise InputError(f"This entry takes pairs of texts. Expected one tab in each line. Received: {line!r:.80}")
    first, second = line.split("\t")
    return first, second
