"""The scores of an evaluation as a text for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from kerasnlp_zoo.evaluation.class_table import class_table, in_percent

PER_CLASS = "per_class"


def score_table(scores: Mapping[str, Any], examples: int) -> str:
    """Return the main score, the other numbers, and a table of the classes if there are classes.

    Args:
        scores: scores of `evaluate`.
        examples: number of examples.

    Example:

    >>> print(score_table({"score": 50.0, "metric": "f1", "f1": 0.5, "pairs": {"recall": 0.25}}, examples=1200))
    f1 50.0 on 1,200 examples
      f1            0.5
      pairs recall  0.25
    """
    lines = [f"{scores['metric']} {scores['score']:.1f} on {examples:,} examples"]
    others = {name: value for name, value in scores.items() if name not in ("score", "metric", PER_CLASS)}
    numbers = {name: value for name, value in _values(others) if not _is_table(value)}
    width = max(map(len, numbers), default=0)
    lines += [f"  {name.ljust(width)}  {_written(value)}" for name, value in numbers.items()]
    if PER_CLASS in scores:
        lines.append(class_table({label: in_percent(of_class) for label, of_class in scores[PER_CLASS].items()}))
    if tables := [name for name, value in _values(others) if _is_table(value)]:
        lines.append(f"--json also has {', '.join(tables)}")
    return "\n".join(lines)


def _values(scores: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the name and value of every score, also of those in dicts."""
    for name, value in scores.items():
        if isinstance(value, Mapping) and not _is_table(value):
            yield from _values(value, f"{before}{name} ")
        else:
            yield f"{before}{name}", value


def _is_table(value: Any) -> bool:
    """Return whether a value has too many numbers for a line: a list, or a dict of dicts."""
    is_nested = isinstance(value, Mapping) and all(isinstance(inner, Mapping) for inner in value.values())
    return isinstance(value, list) or is_nested


def _written(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
