"""Answers as the columns of a table."""

from collections.abc import Iterable, Mapping
from typing import Any

PREFIX = "predicted_"


def answer_columns(answer: Mapping[str, Any], taken: Iterable[str]) -> dict[str, str]:
    """Return the name of the column of each key of an answer: the key, with a prefix if the table has such a column.

    Args:
        answer: an answer of `predict`.
        taken: names of the columns of the table.

    Example:

    >>> answer_columns({"label": "pos", "probability": 0.9}, ["text", "label"])
    {'label': 'predicted_label', 'probability': 'probability'}
    """
    names: dict[str, str] = {}
    used = set(taken)
    for key in answer:
        name = key
        while name in used:
            name = PREFIX + name
        used.add(name)
        names[key] = name
    return names
