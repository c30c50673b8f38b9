"""Training, validation and test splits: without duplicates, and independent of the order of the data."""

import collections
import dataclasses
import hashlib
import itertools
import unicodedata
from collections.abc import Mapping, Sequence, Sized
from typing import Any, Literal, Self, TypeAlias, TypeVar

import numpy as np

from kerasnlp_zoo.datasets.options import SPLITS, CommercialUse, DataOptions
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import Language

SMOKE_EXAMPLES = 24  # of each class
LabelKind: TypeAlias = Literal["label", "labels", "score"]
Text: TypeAlias = str | tuple[str, str]  # a text, or a pair of texts


@dataclasses.dataclass(frozen=True)
class Split:
    """Texts and their labels.

    Attributes:
        texts: N texts, or N pairs of texts.
        labels: array [N] of int64 class ids, float64 scores, or tuples of `Span` or of class ids.
    """

    texts: Sequence[Text]
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def references(self) -> list[Any]:
        """The labels as a list, which `Task.evaluate` takes."""
        return list(self.labels)

    @property
    def classes(self) -> np.ndarray:
        """Class ids of the examples, int64 [N]; all 0 if the labels are not class ids."""
        return self.labels if self.labels.dtype.kind == "i" else np.zeros(len(self), "int64")

    def take(self, rows: np.ndarray) -> Self:
        """Return the examples with these row numbers."""
        return type(self)([self.texts[row] for row in rows], self.labels[rows])

    def renumbered(self, new_ids: np.ndarray) -> Self:
        """Return the examples with other class ids; spans and scores are unchanged.

        Args:
            new_ids: int array [number of classes], the new id of each class.

        Example:

        >>> Split(["a", "b", "c"], np.array([0, 0, 2])).renumbered(np.array([1, 2, 0])).labels
        array([1, 1, 0])
        """
        if self.labels.dtype.kind == "i":
            return dataclasses.replace(self, labels=new_ids[self.labels])
        if self.labels.dtype.kind != "O":
            return self
        id_of = {old: int(new) for old, new in enumerate(new_ids)}  # a span is not a key
        rows = (tuple(id_of.get(part, part) for part in row) for row in self.labels)
        return dataclasses.replace(self, labels=np.fromiter(rows, object, len(self)))

    def first_of_each_class(self, count: int) -> Self:
        """Return the first `count` examples of every class."""
        classes = self.classes
        rows = [np.flatnonzero(classes == label)[:count] for label in np.unique(classes)]
        return self.take(np.sort(np.concatenate(rows)))


class LabelSetSplit(Split):
    """Texts with any number of labels: `labels` are tuples of class ids in increasing order."""

    def renumbered(self, new_ids: np.ndarray) -> Self:
        """Return the examples with other class ids."""
        rows = (tuple(sorted(int(new_ids[label]) for label in row)) for row in self.labels)
        return dataclasses.replace(self, labels=np.fromiter(rows, object, len(self)))

    @property
    def classes(self) -> np.ndarray:
        """The rarest label of each example, int64 [N]; -1 for an example without labels.

        Shares of these classes contain about the same shares of every label.
        """
        counts = collections.Counter(itertools.chain.from_iterable(self.labels))
        rarest = [min(labels, key=lambda label: (counts[label], label), default=-1) for labels in self.labels]
        return np.array(rarest, "int64")


NO_TEXT = "rows without text"
REASONS = (NO_TEXT, "duplicates", "texts with two labels", "texts of another split")
SplitType = TypeVar("SplitType", bound=Split)


@dataclasses.dataclass
class TextClassificationData:
    """A data set ready for training.

    Attributes:
        labels: names of the classes; the id of a class is its index. ["score"] if the labels are numbers.
        dropped: number of rows that were removed, by reason.
        published_score: score of a publication to compare with, in percent.
        published_by: the publication, and how it measured the score.
        licence: licence of the texts.
        commercial_use: whether the licence allows it.
        notes: what was changed or skipped in the user's files.
    """

    name: str
    labels: list[str]
    train: Split
    validation: Split
    test: Split
    dropped: dict[str, int]
    language: Language = "en"
    published_score: float | None = None
    published_by: str | None = None
    licence: str = "the user's own data"
    commercial_use: CommercialUse = "unknown"
    notes: list[str] = dataclasses.field(default_factory=list)

    @property
    def kind(self) -> LabelKind:
        """Whether a text has one label, a set of labels, or a score."""
        if isinstance(self.train, LabelSetSplit):
            return "labels"
        return "score" if self.train.labels.dtype.kind == "f" else "label"

    @property
    def has_pairs(self) -> bool:
        """Whether every example is a pair of texts."""
        return not isinstance(self.train.texts[0], str)

    def with_labels(self, labels: Sequence[str]) -> Self:
        """Return the data with the same labels in another order."""
        place = {label: index for index, label in enumerate(labels)}
        new_ids = np.array([place[label] for label in self.labels])
        splits = {name: getattr(self, name).renumbered(new_ids) for name in SPLITS}
        return dataclasses.replace(self, labels=list(labels), **splits)

    def fingerprint(self, splits: Sequence[str] = SPLITS) -> str:
        """Return the sha256 of the texts and labels of the splits, which identifies the data of a trained model."""
        digest = hashlib.sha256()
        for split in (getattr(self, name) for name in splits):
            for text, label in zip(split.texts, split.labels, strict=True):
                digest.update("\t".join([str(label), *parts_of(text)]).encode("utf-8", "surrogatepass") + b"\n")
        return digest.hexdigest()


def parts_of(text: Text) -> tuple[str, ...]:
    """Return the strings of an example: one, or the two of a pair.

    Example:

    >>> parts_of("a film"), parts_of(("A film?", "Yes."))
    (('a film',), ('A film?', 'Yes.'))
    """
    return (text,) if isinstance(text, str) else text


def duplicate_key(text: Text) -> str:
    """Return a key that is equal for duplicates: texts that differ in case, character width and white space only.

    The key is "" if the text, or one text of the pair, is empty.

    Example:

    >>> duplicate_key("A  gripping FILM ") == duplicate_key("a gripping film")
    True
    """
    parts = [" ".join(unicodedata.normalize("NFKC", part).casefold().split()) for part in parts_of(text)]
    return "\t".join(parts) if all(parts) else ""


def remove_duplicates(splits: Mapping[str, SplitType]) -> tuple[dict[str, SplitType], dict[str, int]]:
    """Remove the rows that would falsify a score.

    Texts of the test split are removed from validation and training, and texts of validation from training.
    Duplicates within training and within validation are removed, and texts with two labels. Rows without text are
    removed from all splits. Otherwise the test split is unchanged, so its score can be compared with published scores.

    Args:
        splits: the splits in the order test, validation, train.

    Returns:
        The splits, and the number of removed rows by reason.
    """
    cleaned: dict[str, SplitType] = {}
    dropped = dict.fromkeys(REASONS, 0)
    seen: set[str] = set()
    for name, split in splits.items():
        keys = [duplicate_key(text) for text in split.texts]
        labels_of: dict[str, set] = {}
        for key, label in zip(keys, split.labels, strict=True):
            labels_of.setdefault(key, set()).add(label)
        kept: list[int] = []
        own: set[str] = set()
        for row, key in enumerate(keys):
            if not key:
                dropped[NO_TEXT] += 1
            elif name == "test":
                own.add(key)
                kept.append(row)
            elif len(labels_of[key]) > 1:
                dropped["texts with two labels"] += 1
            elif key in own:
                dropped["duplicates"] += 1
            elif key in seen:
                dropped["texts of another split"] += 1
            else:
                own.add(key)
                kept.append(row)
        seen |= own
        cleaned[name] = split.take(np.array(kept, "int64"))
    return cleaned, dropped


def hold_out(split: SplitType, share: float, fold: int = 0) -> tuple[SplitType, SplitType]:
    """Hold out a share of every class.

    The texts of each class are sorted by the sha256 of their `duplicate_key`, and a slice is held out. The result
    does not depend on the order of the data. Slices of different folds do not overlap. Pairs are sorted by their
    first texts: pairs with the same first text stay together, except at the edges of a slice.

    Args:
        split: examples without duplicates.
        share: share of each class to hold out.
        fold: index of the slice, less than 1 / share.

    Returns:
        (rest, held out).
    """
    digests = np.array([_digest(duplicate_key(text)) for text in split.texts])
    slices = [np.array([], "int64")]
    classes = split.classes
    for label in np.unique(classes):
        rows = np.flatnonzero(classes == label)
        rows = rows[np.argsort(digests[rows])]
        start, end = (round(edge * share * len(rows)) for edge in (fold, fold + 1))
        slices.append(rows[start:end])
    held_out = np.sort(np.concatenate(slices))
    rest = np.setdiff1d(np.arange(len(split)), held_out)
    return split.take(rest), split.take(held_out)


def _digest(key: str) -> str:
    """Return the sha256 of the key of a text; for a pair, the sha256 of each text, joined."""
    parts = key.encode("utf-8", "surrogatepass").split(b"\t")
    return "".join(hashlib.sha256(part).hexdigest() for part in parts)


def prepare_splits(
    splits: Mapping[str, SplitType],
    options: DataOptions,
    name: str,
    fold: int | None = None,
    num_folds: int | None = None,
) -> tuple[dict[str, SplitType], dict[str, int], list[str]]:
    """Remove duplicates, hold out the missing splits, and keep only a few examples for a smoke run.

    If there is a test split, all given splits stay whole, because published scores are of whole splits. Only rows
    without text are then removed, and others are counted, unless `options.drop_duplicates` is set.

    Args:
        splits: train, and if they exist validation and test.
        options: flags of the data.
        name: name of the data, for messages.
        fold: index of the fold to hold out as the test split; None without cross-validation.
        num_folds: number of folds of the cross-validation.

    Returns:
        Train, validation and test; the number of removed rows by reason; and lines about rows that were kept.

    Raises:
        InputError: if a split is empty, or for cross-validation of data with a test split.
    """
    given = {split: splits[split] for split in ("test", "validation", "train") if split in splits}
    cleaned, dropped = remove_duplicates(given)
    if "test" not in given or options.drop_duplicates:
        return hold_out_missing(cleaned, options, name, fold, num_folds), dropped, []
    whole = hold_out_missing({split: _with_text(rows) for split, rows in given.items()}, options, name, fold, num_folds)
    if "validation" not in given:  # the edge of the slice that was held out can divide duplicates
        trained = set(map(duplicate_key, whole["train"].texts))
        is_new = [duplicate_key(text) not in trained for text in whole["validation"].texts]
        whole["validation"] = whole["validation"].take(np.flatnonzero(is_new))
    kept = ", ".join(f"{count:,} {reason}" for reason, count in dropped.items() if count and reason != NO_TEXT)
    notes = [f"kept {kept}: the given splits stay whole; --drop-duplicates removes them"] if kept else []
    return whole, {NO_TEXT: dropped[NO_TEXT]}, notes


def _with_text(split: SplitType) -> SplitType:
    """Return the rows that have text."""
    return split.take(np.array([row for row, text in enumerate(split.texts) if duplicate_key(text)], "int64"))


def hold_out_missing(
    splits: Mapping[str, SplitType],
    options: DataOptions,
    name: str,
    fold: int | None = None,
    num_folds: int | None = None,
) -> dict[str, SplitType]:
    """Hold out the missing splits, and keep only a few examples for a smoke run.

    The arguments, the splits that are returned and the errors are those of `prepare_splits`.
    """
    splits = dict(splits)
    if fold is not None and "test" in splits:
        raise InputError(
            f"Cross-validation needs data without a test split. Received: {name}, which has a test split. Leave out "
            "the folds"
        )
    share = options.validation_split
    if fold is not None and num_folds is not None:
        splits["train"], splits["test"] = hold_out(splits["train"], 1 / num_folds, fold)
    elif "test" not in splits:
        splits["train"], splits["test"] = hold_out(splits["train"], share)
        share /= 1 - share  # of the rest: the same number of texts
    if "validation" not in splits:
        splits["train"], splits["validation"] = hold_out(splits["train"], share)
    require_examples(splits, options, name)
    if options.smoke:
        splits = {split: examples.first_of_each_class(SMOKE_EXAMPLES) for split, examples in splits.items()}
    return splits


def require_examples(splits: Mapping[str, Sized], options: DataOptions, name: str) -> None:
    """Raise InputError if a split is empty."""
    for split, examples in splits.items():
        if not len(examples):
            raise InputError(
                f"The {split} split of {name} is empty: too little data to hold out {options.validation_split:.0%} of "
                f"each class. Give more rows, or a --{split}-file"
            )
