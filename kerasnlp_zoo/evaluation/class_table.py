"""The scores of each class as a table for a terminal."""

import unicodedata
from collections.abc import Mapping

PRINTED_CLASSES = 20


def in_percent(scores: Mapping[str, float]) -> dict[str, float]:
    """Return the scores of a class in percent; the number of its texts is unchanged.

    Example:

    >>> in_percent({"recall": 0.5, "support": 6})
    {'recall': 50.0, 'support': 6}
    """
    return {name: value if name == "support" else 100 * value for name, value in scores.items()}


def class_table(per_class: Mapping[str, Mapping[str, float]]) -> str:
    """Return a table with a line for each class; of many classes, only the first ones.

    Args:
        per_class: {label: {"precision", "recall", "f1", "support"}}, in percent.

    Example:

    >>> print(class_table({"spam": {"precision": 80.0, "recall": 66.7, "f1": 72.7, "support": 6}}))
      class  precision  recall     F1  texts
      spam        80.0    66.7   72.7      6
    """
    shown = list(per_class.items())[:PRINTED_CLASSES]
    width = max(5, *(_width(label) for label, _ in shown))
    lines = [f"  class{' ' * (width - 5)}  precision  recall     F1  texts"]
    for label, scores in shown:
        lines.append(
            f"  {label}{' ' * (width - _width(label))}  {scores['precision']:9.1f}  {scores['recall']:6.1f}  "
            f"{scores['f1']:5.1f}  {scores['support']:5,}"
        )
    if len(per_class) > len(shown):
        lines.append(f"  {len(per_class) - len(shown):,} more in metrics.json")
    return "\n".join(lines)


def _width(text: str) -> int:
    """Return the number of columns in a terminal: a Chinese character needs two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
