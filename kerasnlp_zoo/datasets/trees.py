"""Parsed sentences with labels: named data sets, or the user's files, without duplicates across splits."""

import dataclasses
import itertools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from kerasnlp_zoo.datasets import snli
from kerasnlp_zoo.datasets.labels import ordered
from kerasnlp_zoo.datasets.notes import Notes, readable_items
from kerasnlp_zoo.datasets.opened_files import content_suffix
from kerasnlp_zoo.datasets.options import UNSTATED, DataOptions
from kerasnlp_zoo.datasets.packages import read_member
from kerasnlp_zoo.datasets.rows import TABLE_SUFFIXES
from kerasnlp_zoo.datasets.splits import Split, Text, TextClassificationData, parts_of, prepare_splits
from kerasnlp_zoo.datasets.text_files import read_text
from kerasnlp_zoo.datasets.user_files import Example, read_examples
from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.text.trees import BLANKS, bracketed, dependencies, read_dependencies, read_tree, read_trees

PARSES = {"binary": "binary_parse", "labelled": "parse"}  # notation -> suffix of the fields in SNLI
Notation: TypeAlias = Literal["binary", "labelled", "conllu"]
BEFORE_BRACKET = re.compile(r"\n(?=\()")  # with --skip-bad, a tree begins at the beginning of a line
BLANK_LINE = re.compile(rf"\n[{BLANKS}]*\n")
LabelledTree: TypeAlias = tuple[Text, tuple[str, ...], str]  # text, labels, file and line
Attempt: TypeAlias = Callable[[], list[LabelledTree]]  # it raises InputError if a tree is malformed


@dataclasses.dataclass
class TreeOptions(DataOptions):
    """The parsed sentences to read.

    A recipe lists this class first, because its defaults must replace the defaults of the other classes.
    """

    dataset: str = "snli"
    """Name of a data set: snli, pairs of sentences with their parses."""
    train_file: Path | None = None
    """Your own trees instead: a file of brackets with labelled nodes, as in the Stanford Sentiment Treebank; CoNLL-U
    with a comment `# label = ...` before each sentence; or CSV, TSV or JSON lines with a parse and a label."""
    notation: Notation | None = None
    """Notation of the parses in a table: brackets around words (binary), brackets around labels and words (labelled),
    or CoNLL-U; by default binary. snli has binary and labelled."""
    labelled: Literal["root", "nodes"] | None = None
    """root predicts one label for each tree; nodes predicts a label for each node. Default: nodes for a file of
    brackets, otherwise root."""
    skip_bad: bool = False
    """Skip and count the trees that cannot be read, instead of stopping at the first one."""


@dataclasses.dataclass
class TreeData(TextClassificationData):
    """Parsed sentences ready for training.

    Attributes:
        notation: notation of the parses, see `text.trees`.
        has_node_labels: whether the label of a text is a tuple with the id of every node, instead of one id.

    For the other attributes see `TextClassificationData`.
    """

    notation: Notation = "binary"
    has_node_labels: bool = False


def load_trees(options: TreeOptions) -> TreeData:
    """Load train, validation and test.

    Official splits stay whole, see `prepare_splits`. For a missing split, texts are held out by their sha256.

    Raises:
        InputError: if the data cannot be read, or a tree is malformed; the message names file, line and column.
    """
    options.check_share()
    data, splits = _named(options) if options.train_file is None else _user_files(options.train_file, options)
    splits, data["dropped"], notes = prepare_splits(splits, options, data["name"])
    data["notes"] = [*data.get("notes", []), *notes]
    return TreeData(train=splits["train"], validation=splits["validation"], test=splits["test"], **data)


def _named(options: TreeOptions) -> tuple[dict[str, Any], dict[str, Split]]:
    """Return the fields of `TreeData` except the splits, and the splits."""
    require_choice("--dataset", options.dataset, ("snli",))
    notation = options.notation or "binary"
    require_choice("--notation", notation, tuple(PARSES))
    if options.labelled == "nodes":
        raise InputError("The nodes of snli have no labels. Received: --labelled nodes. Use --labelled root")
    splits = {split: _snli(split, PARSES[notation]) for split in ("train", "test")}
    data = {"name": "snli", "labels": snli.LABELS, "notation": notation, "licence": UNSTATED}
    return data, splits


def _snli(split: str, parse: str) -> Split:
    """Return the pairs of a split, without those on which the annotators did not agree."""
    texts, labels = [], []
    for line in read_member(snli.PACKAGE, snli.MEMBERS[split]).decode("utf-8").splitlines():
        row = json.loads(line)
        if row["gold_label"] != "-":
            texts.append((row[f"sentence1_{parse}"], row[f"sentence2_{parse}"]))
            labels.append(snli.LABELS.index(row["gold_label"]))
    return Split(texts, np.array(labels, "int64"))


def _user_files(train_file: Path, options: TreeOptions) -> tuple[dict[str, Any], dict[str, Split]]:
    """Return the fields of `TreeData` except the splits, and the splits."""
    read, notation = _reader(train_file, options)
    has_labelled_nodes = read is _read_brackets
    labelled = options.labelled or ("nodes" if has_labelled_nodes else "root")
    if labelled == "nodes" and not has_labelled_nodes:
        raise InputError(
            "--labelled nodes needs a file of brackets with labels, such as (3 (2 It) (4 works)). "
            f"Received: {train_file}. Use --labelled root"
        )
    options = dataclasses.replace(options, notation=notation, labelled=labelled)
    notes = Notes()
    rows = {name: read_labelled_trees(path, options, notes) for name, path in options.given_files().items()}
    known = ordered({label for _, labels, _ in rows["train"] for label in labels})
    if len(known) < 2:
        raise InputError(
            f"A classifier needs at least two labels. Received: {', '.join(known) or 'none'}, in {train_file}"
        )
    splits = {name: _encoded(split, known, labelled) for name, split in rows.items()}
    data = {"labels": known, "notation": notation, "has_node_labels": labelled == "nodes", "notes": notes.lines()}
    return {**options.user_data(), **data}, splits


def read_labelled_trees(path: Path, options: TreeOptions, notes: Notes | None = None) -> list[LabelledTree]:
    """Read the trees of a file with their labels.

    Args:
        path: a table, a CoNLL-U file, or a file of brackets with labelled nodes; the suffix of the name decides.
        options: flags of the data; labelled="nodes" returns the labels of all nodes, otherwise only the label of the
            root. With skip_bad, trees that cannot be read are skipped.
        notes: counts the trees that are skipped.

    Returns:
        (text, labels, file and line) of each tree.

    Raises:
        InputError: if a tree is malformed or has no label; the message names file and line.
    """
    read, notation = _reader(path, options)
    attempts = read(path, dataclasses.replace(options, notation=notation))
    rows = [row for part in readable_items(attempts, options.skip_bad, notes or Notes()) for row in part]
    if not rows:
        raise InputError(f"{path} contains no tree with a label. Expected brackets such as (3 (2 It) (4 works))")
    return [(text, labels if options.labelled == "nodes" else labels[:1], place) for text, labels, place in rows]


def _reader(path: Path, options: TreeOptions) -> tuple[Callable[[Path, TreeOptions], Iterator[Attempt]], Notation]:
    """Return the function that reads a file, and the notation of its trees."""
    suffix = content_suffix(path)
    if suffix in TABLE_SUFFIXES:
        return _read_table, options.notation or "binary"
    return (_read_conllu, "conllu") if suffix in (".conllu", ".conll") else (_read_brackets, "labelled")


def _parts(text: str, begins: re.Pattern[str], skip_bad: bool) -> Iterator[tuple[int, str]]:
    """Yield (number of the first line, text) of each tree, so that a bad one can be skipped, or of the whole text."""
    places = [0, *(match.end() for match in begins.finditer(text)), len(text)] if skip_bad else [0, len(text)]
    line = 1
    for start, end in itertools.pairwise(places):
        yield line, text[start:end]
        line += text.count("\n", start, end)


def _read_brackets(path: Path, options: TreeOptions) -> Iterator[Attempt]:
    """Yield functions that return trees with the labels of their nodes."""

    def read(line: int, text: str) -> list[LabelledTree]:
        trees = read_trees(text, "labelled", str(path), line)
        return [(bracketed(tree, with_labels=True), tree.labels, f"{path}, line {number}") for number, tree in trees]

    for line, part in _parts(read_text(path, options.encoding), BEFORE_BRACKET, options.skip_bad):
        yield partial(read, line, part)


def _read_conllu(path: Path, options: TreeOptions) -> Iterator[Attempt]:
    """Yield functions that return sentences with the labels from their comments."""

    def read(line: int, text: str) -> list[LabelledTree]:
        found: list[LabelledTree] = []
        for number, tree, comments in read_dependencies(text, str(path), line):
            place = f"{path}, line {number}"
            if options.label_column not in comments:
                raise InputError(
                    f"{place}: there is no label before this sentence. Expected a line such as "
                    f"`# {options.label_column} = positive`. If the comment has another name, set --label-column"
                )
            found.append((dependencies(tree), (comments[options.label_column],), place))
        return found

    for line, part in _parts(read_text(path, options.encoding), BLANK_LINE, options.skip_bad):
        yield partial(read, line, part)


def _read_table(path: Path, options: TreeOptions) -> Iterator[Attempt]:
    """Yield functions that return the trees of one row, if it has a label."""

    def read(example: Example) -> list[LabelledTree]:
        for part in parts_of(example.text):
            read_tree(part, options.notation or "binary", example.place)
        return [(example.text, (example.label,), example.place)] if example.label else []

    for example in read_examples(path, options):
        yield partial(read, example)


def _encoded(rows: Sequence[LabelledTree], known: Sequence[str], labelled: Literal["root", "nodes"]) -> Split:
    """Replace the labels by their ids."""
    id_of = {label: index for index, label in enumerate(known)}
    texts, ids = [], np.empty(len(rows), object if labelled == "nodes" else "int64")
    for number, (text, labels, place) in enumerate(rows):
        unknown = [label for label in labels if label not in id_of]
        if unknown:
            raise InputError(
                f"{place}: the label {unknown[0]!r} does not occur in the training data. Its labels are: "
                f"{', '.join(known)}. Add a training tree with the label, or remove this one"
            )
        texts.append(text)
        ids[number] = tuple(id_of[label] for label in labels) if labelled == "nodes" else id_of[labels[0]]
    return Split(texts, ids)
