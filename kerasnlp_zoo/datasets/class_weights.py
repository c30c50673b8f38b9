"""Weights of the classes in the loss, for data with rare classes.

Shapes: N texts, C classes.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from kerasnlp_zoo.datasets.json_values import JSON_SUFFIXES
from kerasnlp_zoo.datasets.rows import read_rows
from kerasnlp_zoo.datasets.text_files import read_text
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import FilePath

BALANCED: Literal["balanced"] = "balanced"
ClassWeights: TypeAlias = Literal["balanced"] | Mapping[str, float]


def read_class_weights(path: FilePath) -> dict[str, float]:
    """Read the weights of classes.

    Args:
        path: a JSON file with one object, {label: weight}; or a CSV or TSV file with a header and two columns, label
            and weight.

    Raises:
        InputError: if the file is missing, has another form, names a label twice, or a weight is not a number.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"--class-weights must be {BALANCED} or a file with the weight of each label. Received: {path}, which "
            "does not exist"
        )
    rows = _json_rows(path) if path.suffix.lower() in JSON_SUFFIXES else _table_rows(path)
    weights: dict[str, float] = {}
    for place, label, written in rows:
        if label in weights:
            raise InputError(f"{place}: the label {label!r} has a weight already. Give each label once")
        try:
            weights[label] = float(written)
        except ValueError as error:
            raise InputError(f"{place}: the weight of {label!r} must be a number. Received: {written!r}") from error
    return weights


def _json_rows(path: Path) -> list[tuple[str, str, str]]:
    """Return (place, label, weight) for each member of a JSON object."""
    expected = f'{path}: expected one JSON object, such as {{"spam": 5, "other": 1}}.'
    try:
        pairs = json.loads(read_text(path, "utf-8-sig"), object_pairs_hook=_Members)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{expected} {error}") from error
    if not isinstance(pairs, _Members):
        raise InputError(f"{expected} Received: {type(pairs).__name__}")
    return [(str(path), label, str(weight)) for label, weight in pairs]


class _Members(list[tuple[str, object]]):
    """The members of a JSON object, also those with equal names."""


def _table_rows(path: Path) -> list[tuple[str, str, str]]:
    """Return (place, label, weight) for each row of a table."""
    rows = list(read_rows(path, "utf-8-sig", None, {}))
    columns = list(rows[0].values) if rows else []
    if len(columns) != 2:
        raise InputError(
            f"{path}: expected two columns, a label and its weight, below a header such as label,weight. "
            f"Received the columns: {', '.join(columns) or 'none'}"
        )
    label, weight = columns
    return [(row.place, row.text(label), row.text(weight)) for row in rows]


def weights_of_classes(class_weights: ClassWeights, labels: Sequence[str], counts: np.ndarray) -> np.ndarray:
    """Return the weight of each class as a float32 array [C].

    Args:
        class_weights: {label: weight}; or "balanced" for N / (C n), so that all classes have the same total weight.
        labels: names of the C classes.
        counts: int [C], number n of training examples of each class.

    Raises:
        InputError: if a label is missing or unknown, or a weight is not a positive number.

    Example:

    >>> weights_of_classes("balanced", ["ham", "spam"], counts=np.array([9, 1]))
    array([0.5555556, 5.       ], dtype=float32)

    Reference: King and Zeng 2001, "Logistic Regression in Rare Events Data".
    """
    if isinstance(class_weights, str):
        if class_weights != BALANCED:
            raise InputError(f"Expected class weights {BALANCED!r} or {{label: weight}}. Received: {class_weights!r}")
        return (counts.sum() / (len(labels) * np.maximum(counts, 1))).astype("float32")
    missing = [label for label in labels if label not in class_weights]
    unknown = [str(label) for label in class_weights if label not in labels]
    if missing or unknown:
        found = [f"{kind}: {', '.join(names)}" for kind, names in (("missing", missing), ("unknown", unknown)) if names]
        raise InputError(
            f"Class weights must have one weight for each of the labels {', '.join(labels)}. Received: "
            f"{'; '.join(found)}"
        )
    weights = np.array([class_weights[label] for label in labels], "float32")
    for label, weight in zip(labels, weights, strict=True):
        if not (np.isfinite(weight) and weight > 0):
            raise InputError(f"The weight of a class must be a positive number. Received: {label!r}: {weight}")
    return weights
