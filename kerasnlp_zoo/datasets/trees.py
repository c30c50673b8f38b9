"""Parsed sentences with labels, by name or from the user's files, split honestly."""

import dataclasses
import json
from pathlib import Path
from typing import Literal

import numpy as np

from kerasnlp_zoo.datasets import snli
from kerasnlp_zoo.datasets.options import DataOptions
from kerasnlp_zoo.datasets.packages import read_member
from kerasnlp_zoo.datasets.splits import Split, TextClassificationData, parts_of, prepare_splits
from kerasnlp_zoo.datasets.text_classification import UNSTATED, ordered
from kerasnlp_zoo.datasets.user_files import JSON_SUFFIXES, read_examples, read_text
from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.text.trees import bracketed, dependencies, read_dependencies, read_tree, read_trees

TABLES = (".csv", ".tsv", *JSON_SUFFIXES)
PARSES = {"binary": "binary_parse", "labelled": "parse"}  # notation -> how SNLI names its fields


@dataclasses.dataclass
class TreeOptions(DataOptions):
    """Which parsed sentences to read. A recipe's flags name it before the others, so that its defaults hold."""

    dataset: str = "snli"
    """Name of a data set: snli, pairs of sentences with their parses."""
    train_file: Path | None = None
    """Your own trees instead: a file of brackets whose nodes are labelled, as of the Stanford Sentiment Treebank;
    CoNLL-U with a comment `# label = ...` before each sentence; or a table of parses and labels, as
    --text-column names them: CSV, TSV, JSON lines."""
    notation: Literal["binary", "labelled", "conllu"] | None = None
    """How a table writes its parses: brackets alone, around labels and words, or CoNLL-U; by default binary. snli has
    the first two."""
    labelled: Literal["root", "nodes"] | None = None
    """Learn the label of each tree, or of every node of it; by default nodes for a file of brackets, else root."""


@dataclasses.dataclass
class TreeData(TextClassificationData):
    """Parsed sentences ready for training.

    Attributes:
        notation: str, how the texts are written: see `text.trees`.
        has_node_labels: bool, whether the labels of a split are those of all nodes of a text, a tuple of ids.
    """

    notation: str = "binary"
    has_node_labels: bool = False


def load_trees(options):
    """Load train, validation and test.

    Official splits are kept; where there is none, texts are held out by the sha256 of the text. Duplicates are
    removed, across splits too.

    Args:
        options: `TreeOptions`.

    Returns:
        TreeData.

    Raises:
        InputError: if the data cannot be had, or a tree is malformed; the message names file, line and column.
    """
    options.check_share()
    data, splits = _named(options) if options.train_file is None else _user_files(options)
    splits, data["dropped"] = prepare_splits(splits, options, data["name"])
    return TreeData(**data, **splits)


def _named(options):
    require_choice("--dataset", options.dataset, ("snli",))
    notation = options.notation or "binary"
    require_choice("--notation", notation, tuple(PARSES))
    if options.labelled == "nodes":
        raise InputError("The nodes of snli have no labels of their own. Use --labelled root")
    splits = {split: _snli(split, PARSES[notation]) for split in ("train", "test")}
    data = {"name": "snli", "labels": snli.LABELS, "notation": notation, "licence": UNSTATED}
    return data, splits


def _snli(split, parse):
    """Return the pairs of a split whose annotators agreed."""
    texts, labels = [], []
    for line in read_member(snli.PACKAGE, snli.MEMBERS[split]).decode("utf-8").splitlines():
        row = json.loads(line)
        if row["gold_label"] != "-":
            texts.append((row[f"sentence1_{parse}"], row[f"sentence2_{parse}"]))
            labels.append(snli.LABELS.index(row["gold_label"]))
    return Split(texts, np.array(labels, "int64"))


def _user_files(options):
    read, notation = _reader(options.train_file, options)
    has_labelled_nodes = read is _read_brackets
    labelled = options.labelled or ("nodes" if has_labelled_nodes else "root")
    if labelled == "nodes" and not has_labelled_nodes:
        raise InputError(
            "Labels of nodes stand in a file of brackets, such as (3 (2 It) (4 works)). "
            f"Received: {options.train_file} with --labelled nodes"
        )
    files = {"train": options.train_file, "validation": options.validation_file, "test": options.test_file}
    options = dataclasses.replace(options, notation=notation, labelled=labelled)
    rows = {name: read_labelled_trees(path, options) for name, path in files.items() if path is not None}
    known = ordered({label for _, labels, _ in rows["train"] for label in labels})
    if len(known) < 2:
        raise InputError(
            f"A classifier needs at least two labels. Received from {options.train_file}: {', '.join(known) or 'none'}"
        )
    splits = {name: _encoded(split, known, labelled) for name, split in rows.items()}
    data = {"name": options.train_file.stem, "labels": known, "notation": notation}
    return {**data, "has_node_labels": labelled == "nodes"}, splits


def read_labelled_trees(path, options):
    """Read the trees of a file with their labels.

    Args:
        path: Path of a table, of CoNLL-U, or of brackets with labelled nodes, by its suffix.
        options: `TreeOptions`; labelled="root" keeps the label of each tree alone.

    Returns:
        list of (text, tuple of labels, place).

    Raises:
        InputError: naming file and line of a tree that is malformed or has no label.
    """
    read, notation = _reader(path, options)
    rows = read(path, dataclasses.replace(options, notation=notation))
    return [(text, labels if options.labelled == "nodes" else labels[:1], place) for text, labels, place in rows]


def _reader(path, options):
    """Return the function that reads a file, and the notation of its trees."""
    suffix = path.suffix.lower()
    if suffix in TABLES:
        return _read_table, options.notation or "binary"
    return (_read_conllu, "conllu") if suffix in (".conllu", ".conll") else (_read_brackets, "labelled")


def _read_brackets(path, options):
    """Yield (text, labels of the nodes, place) for every tree."""
    trees = list(read_trees(read_text(path, options.encoding), "labelled", str(path)))
    if not trees:
        raise InputError(f"{path} holds no tree. Expected brackets such as (3 (2 It) (4 works))")
    for line, tree in trees:
        yield bracketed(tree, with_labels=True), tree.labels, f"{path}, line {line}"


def _read_conllu(path, options):
    """Yield (text, labels, place) for every sentence; its label stands in a comment."""
    for line, tree, comments in read_dependencies(read_text(path, options.encoding), str(path)):
        place = f"{path}, line {line}"
        if options.label_column not in comments:
            raise InputError(
                f"{place}: no label stands before this sentence. Expected a line such as `# {options.label_column} = "
                "positive`, or the name of another comment as --label-column"
            )
        yield dependencies(tree), (comments[options.label_column],), place


def _read_table(path, options):
    """Yield (text, labels, place) for every row with a label."""
    for example in read_examples(path, options):
        for part in parts_of(example.text):
            read_tree(part, options.notation, example.place)
        if example.label:
            yield example.text, (example.label,), example.place


def _encoded(rows, known, labelled):
    """Make a split of (text, labels, place)."""
    id_of = {label: place for place, label in enumerate(known)}
    texts, ids = [], np.empty(len(rows), object if labelled == "nodes" else "int64")
    for number, (text, labels, place) in enumerate(rows):
        unknown = [label for label in labels if label not in id_of]
        if unknown:
            raise InputError(
                f"{place}: the label {unknown[0]!r} does not occur in the training data, whose labels are "
                f"{', '.join(known)}"
            )
        texts.append(text)
        ids[number] = tuple(id_of[label] for label in labels) if labelled == "nodes" else id_of[labels[0]]
    return Split(texts, ids)
