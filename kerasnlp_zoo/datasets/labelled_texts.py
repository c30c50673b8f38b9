"""Texts with one label, with any number of labels or with a score: the flags and the data decide which."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kerasnlp_zoo.datasets.json_values import JSON_SUFFIXES, as_text
from kerasnlp_zoo.datasets.labels import ordered
from kerasnlp_zoo.datasets.opened_files import content_suffix, is_parquet
from kerasnlp_zoo.datasets.options import LabelOptions
from kerasnlp_zoo.datasets.rows import Row, read_rows
from kerasnlp_zoo.datasets.splits import LabelSetSplit, Split, Text, TextClassificationData, prepare_splits
from kerasnlp_zoo.datasets.text_classification import load_text_classification, read_named
from kerasnlp_zoo.datasets.text_regression import load_text_regression
from kerasnlp_zoo.errors import InputError

# Topics: a message to the newsgroup comp.sys.mac.hardware is about comp, comp.sys, comp.sys.mac and the group.
TOPICS = {"newsgroups_topics": "newsgroups"}
YES = ("1", "1.0", "true", "yes")
NO = ("0", "0.0", "false", "no", "")


class LabelledText(NamedTuple):
    """A text, or pair of texts, and its labels; None if they are missing.

    Attributes:
        place: file and line, for messages.
    """

    text: Text
    labels: tuple[str, ...] | None
    place: str


def load_labelled_texts(
    options: LabelOptions, fold: int | None = None, num_folds: int | None = None, scored: bool = False
) -> TextClassificationData:
    """Load train, validation and test.

    Args:
        options: flags of the data. With --label-separator, --label-columns, a list as a label in JSON or parquet, or
            newsgroups_topics, a text has any number of labels.
        fold: index of the fold to hold out as the test split; None without cross-validation.
        num_folds: number of folds of the cross-validation.
        scored: whether the labels are numbers.

    Raises:
        InputError: if the data cannot be read, or a model cannot be trained on it.
    """
    options.check_labels()
    if scored:
        return load_text_regression(options, fold, num_folds)
    if not has_label_sets(options):
        return load_text_classification(options, fold, num_folds)
    options.check_share()
    data, splits = _named_topics(options) if options.train_file is None else _user_files(options)
    splits, dropped, notes = prepare_splits(splits, options, data["name"], fold, num_folds)
    trained = {label for labels in splits["train"].labels for label in labels}
    if missing := [name for index, name in enumerate(data["labels"]) if index not in trained]:
        raise InputError(
            f"The training split of {data['name']} has no text with the label {', '.join(missing)}. Expected at least "
            "one text of each label. Give more rows of it, or remove the label"
        )
    data |= {"dropped": {**data["dropped"], **dropped}, "notes": [*data.get("notes", []), *notes], **splits}
    return TextClassificationData(**data)


def has_label_sets(options: LabelOptions) -> bool:
    """Return whether a text of the data has any number of labels, instead of one."""
    if options.train_file is None:
        if options.label_separator is not None or options.label_columns:
            raise InputError("--label-separator and --label-columns describe your own file: give it as --train-file")
        return options.dataset in TOPICS
    if options.label_separator is not None or options.label_columns:
        return True
    path = options.train_file
    if not path.is_file() or not (content_suffix(path) in JSON_SUFFIXES or is_parquet(path)):
        return False  # the fields of CSV are strings
    rows = read_rows(path, options.encoding, options.delimiter, {options.label_column: "--label-column"})
    return any(isinstance(row.value(options.label_column), list) for row in rows)


def read_label_sets(path: Path, options: LabelOptions) -> list[LabelledText]:
    """Read all texts of a file with their labels.

    Args:
        path: a table: CSV, TSV, JSON lines, a JSON array or parquet.
        options: flags of the data.

    Raises:
        InputError: if the file cannot be read, or a value is not a label; the message names file and line.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder per class, where each text has one label. Give several labels in a table")
    texts = {options.text_column: "--text-column"}
    if options.text_pair_column is not None:
        texts[options.text_pair_column] = "--text-pair-column"
    labels = dict.fromkeys(options.label_columns, "--label-columns") or {options.label_column: "--label-column"}
    examples = []
    for row in read_rows(path, options.encoding, options.delimiter, {**texts, **labels}):
        text, *second = map(row.text, texts)
        examples.append(LabelledText((text, second[0]) if second else text, _labels(row, options), row.place))
    if not examples:
        raise InputError(f"{path} contains no examples. Expected at least one text with its labels")
    return examples


def _labels(row: Row, options: LabelOptions) -> tuple[str, ...] | None:
    """Return the labels of a row; None if they are missing."""
    if options.label_columns:
        return tuple(name for name in options.label_columns if _is_yes(row, name))
    value = row.value(options.label_column)
    if value is None:
        return None
    place = f"{row.place}, {options.label_column!r}"
    values = value if isinstance(value, list) else as_text(value, place).split(options.label_separator or "\0")
    return tuple(label for label in (as_text(value, place).strip() for value in values) if label)


def _is_yes(row: Row, name: str) -> bool:
    value = row.text(name).lower()
    if value not in (*YES, *NO):
        raise InputError(
            f"{row.place}: the column {name!r} must be 1 or 0, or true or false. Received: {row.text(name)!r}. For a "
            "column with a score, use --score"
        )
    return value in YES


def _user_files(options: LabelOptions) -> tuple[dict[str, Any], dict[str, LabelSetSplit]]:
    """Return the fields of `TextClassificationData` except the splits, and the splits."""
    found = {name: read_label_sets(path, options) for name, path in options.given_files().items()}
    examples = {name: [e for e in split if e.labels is not None] for name, split in found.items()}
    dropped = sum(map(len, found.values())) - sum(map(len, examples.values()))
    names = list(options.label_columns) or ordered({label for e in examples["train"] for label in e.labels or ()})
    if len(names) < 2:
        raise InputError(
            f"A classifier needs at least two labels. Received: {', '.join(names) or 'none'}, in the column "
            f"{options.label_column!r} of {options.train_file}"
        )
    data = {**options.user_data(), "labels": names, "dropped": {"rows without label": dropped}}
    return data, {name: _encoded(split, names) for name, split in examples.items()}


def _encoded(examples: Sequence[LabelledText], names: Sequence[str]) -> LabelSetSplit:
    """Replace the labels by their ids."""
    id_of = {name: index for index, name in enumerate(names)}
    for example in examples:
        for label in example.labels or ():
            if label not in id_of:
                raise InputError(
                    f"{example.place}: the label {label!r} does not occur in the training data. Its labels are: "
                    f"{', '.join(names)}. Add a training text with the label, or remove this one"
                )
    ids = ({id_of[label] for label in example.labels or ()} for example in examples)
    return LabelSetSplit([example.text for example in examples], _tuples(ids))


def _tuples(sets: Iterator[set[int]]) -> np.ndarray:
    """Return sets of ids as an array of tuples in increasing order, object [N]."""
    tuples = [tuple(sorted(ids)) for ids in sets]
    return np.fromiter(tuples, object, len(tuples))


def _named_topics(options: LabelOptions) -> tuple[dict[str, Any], dict[str, LabelSetSplit]]:
    """Return the fields of `TextClassificationData` except the splits, and the splits."""
    data, splits = read_named(dataclasses.replace(options, dataset=TOPICS[options.dataset]))
    topics = [_prefixes(group) for group in data["labels"]]
    names = sorted(set().union(*topics))
    ids = [{names.index(topic) for topic in of_group} for of_group in topics]
    data = {**data, "name": options.dataset, "labels": names}
    return data, {name: _with_topics(split, ids) for name, split in splits.items()}


def _prefixes(group: str) -> set[str]:
    """Return the topics of a newsgroup: comp.graphics is about comp, too."""
    parts = group.split(".")
    return {".".join(parts[: end + 1]) for end in range(len(parts))}


def _with_topics(split: Split, ids: Sequence[set[int]]) -> LabelSetSplit:
    return LabelSetSplit(split.texts, _tuples(ids[label] for label in split.labels))
