"""Rows of numbers with a label: two examples, or the user's tables.

The "text" of a row is its numbers with commas between them, as `FeatureClassification` takes it.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from kerasnlp_zoo.datasets.options import DataOptions
from kerasnlp_zoo.datasets.rows import Row, read_rows
from kerasnlp_zoo.datasets.splits import Split, TextClassificationData, hold_out_missing
from kerasnlp_zoo.datasets.text_classification import encode_labels
from kerasnlp_zoo.datasets.user_files import Example
from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.text.preprocessors.features import finite_number
from kerasnlp_zoo.types import Language

NUM_ROWS = 1000  # of an example


@dataclasses.dataclass
class FeatureOptions(DataOptions):
    """The table to read.

    A recipe lists this class first, because its defaults must replace the defaults of the other classes.
    """

    dataset: str = "interviews"
    """Name of an example. interviews: four scores of an applicant, who is hired or rejected. exam: three numbers about
    a student, who passes or fails."""
    train_file: Path | None = None
    """Your own table instead: CSV, TSV, JSON lines or parquet with columns of numbers, and a column with the label."""
    feature_columns: tuple[str, ...] = ()
    """Columns with the numbers. Default: all columns except the label."""
    text_column: tyro.conf.Suppress[str] = ""
    text_pair_column: tyro.conf.Suppress[str | None] = None
    language: tyro.conf.Suppress[Language | None] = None
    data_dir: tyro.conf.Suppress[Path | None] = None
    drop_duplicates: tyro.conf.Suppress[bool] = False


@dataclasses.dataclass
class FeatureData(TextClassificationData):
    """Rows of numbers ready for training.

    Attributes:
        columns: names of the numbers of a row.

    For the other attributes see `TextClassificationData`.
    """

    columns: tuple[str, ...] = ()

    def numbers(self) -> np.ndarray:
        """Return the numbers of the training rows, float64 [N, F]."""
        return np.array([str(row).split(",") for row in self.train.texts], "float64")


def load_features(options: FeatureOptions, fold: int | None = None, num_folds: int | None = None) -> FeatureData:
    """Load train, validation and test.

    For a missing split, rows of each class are held out by their sha256, as for texts. Equal rows stay in the data:
    two students with the same numbers are two observations.

    Args:
        options: flags of the data.
        fold: index of the fold to hold out as the test split; None without cross-validation.
        num_folds: number of folds of the cross-validation.

    Raises:
        InputError: if a table cannot be read, or a number is missing; the message names file, line and column.
    """
    options.check_share()
    data, splits = _example(options) if options.train_file is None else _user_files(options.train_file, options)
    splits = hold_out_missing(splits, options, data["name"], fold, num_folds)
    return FeatureData(train=splits["train"], validation=splits["validation"], test=splits["test"], **data)


def read_features(path: Path, options: FeatureOptions, names: Sequence[str]) -> list[Example]:
    """Read the rows of a table.

    Args:
        path: a table, such as CSV.
        options: flags of the data: label column, delimiter, encoding.
        names: columns with the numbers.

    Raises:
        InputError: for a missing column, or a field that is not a finite number; the message names file, line and
            column.
    """
    wanted = {options.label_column: "--label-column", **dict.fromkeys(names, "--feature-columns")}
    examples = []
    for row in _table(path, options, wanted):
        numbers = [row.text(name) for name in names]
        for name, number in zip(names, numbers, strict=True):
            if finite_number(number) is None:
                raise InputError(
                    f"{row.place}, column {name!r}: expected a number, such as 6.5. Received: {number!r}. "
                    "Correct or remove the row, or name the columns with numbers with --feature-columns"
                )
        examples.append(Example(",".join(numbers), row.text(options.label_column), row.place))
    return examples


def _table(path: Path, options: FeatureOptions, wanted: Mapping[str, str]) -> list[Row]:
    """Return the rows of a table, which have the wanted columns {name: flag}."""
    if not path.is_file():
        raise InputError(f"{path} is not a file. Expected a table with columns of numbers and of labels")
    rows = list(read_rows(path, options.encoding, options.delimiter, wanted))
    if not rows:
        raise InputError(f"{path} contains no rows. Expected a line with the names of the columns, and rows of numbers")
    return rows


def _user_files(train_file: Path, options: FeatureOptions) -> tuple[dict[str, Any], dict[str, Split]]:
    """Return the fields of `FeatureData` except the splits, and the splits."""
    names = options.feature_columns
    if not names:
        first = _table(train_file, options, {options.label_column: "--label-column"})[0]
        names = tuple(name for name in first.values if name != options.label_column)
    if not names or len(set(names)) < len(names) or options.label_column in names:
        raise InputError(
            f"Expected different columns with numbers, and the label in another one, {options.label_column!r}. "
            f"Received: {', '.join(names) or 'none'} in {train_file}"
        )
    examples = {name: read_features(path, options, names) for name, path in options.given_files().items()}
    data, splits = encode_labels(examples, options)
    return {**options.user_data(), **data, "columns": names}, splits


def _example(options: FeatureOptions) -> tuple[dict[str, Any], dict[str, Split]]:
    """Return the fields of `FeatureData` except the splits, and the training split."""
    require_choice("--dataset", options.dataset, tuple(EXAMPLES))
    make, columns, labels = EXAMPLES[options.dataset]
    numbers, label_ids = make(np.random.default_rng(0))
    rows = [",".join(f"{number:g}" for number in row) for row in numbers.round(2)]
    data = {"name": options.dataset, "labels": list(labels), "dropped": {}, "columns": columns}
    data |= {"licence": "made by this package", "commercial_use": "yes"}
    return data, {"train": Split(rows, label_ids.astype("int64"))}


def _interviews(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of four interviewers, from 0 to 10, and whether their weighted sum reaches a threshold."""
    scores = random.uniform(0, 10, (NUM_ROWS, 4)).round(1)
    return scores, scores @ [0.4, 0.3, 0.2, 0.1] >= 5.0


def _exam(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return hours of study, shares of homework and of absence, and whether the exam was passed.

    The probability to pass is sigmoid(w.x + b).
    """
    student = random.uniform([0, 0, 0], [10, 1, 0.5], (NUM_ROWS, 3)).round(2)
    passed = 1 / (1 + np.exp(-(student @ [0.8, 3.0, -6.0] - 3.5)))
    return student, random.uniform(size=NUM_ROWS) < passed


# name -> (function that makes the numbers and label ids, columns, labels)
EXAMPLES: dict[
    str, tuple[Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]], tuple[str, ...], Sequence[str]]
]
EXAMPLES = {
    "interviews": (_interviews, ("first", "second", "third", "fourth"), ("rejected", "hired")),
    "exam": (_exam, ("hours", "homework", "absence"), ("failed", "passed")),
}
