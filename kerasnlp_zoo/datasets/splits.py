"""Train, validation and test kept apart: duplicates removed, cuts that never depend on order."""

import dataclasses
import hashlib
import unicodedata

import numpy as np

from kerasnlp_zoo.errors import InputError

SMOKE_EXAMPLES = 24  # of each class


@dataclasses.dataclass(frozen=True)
class Split:
    """Texts and what is known of each.

    Attributes:
        texts: list of str, or of pairs (str, str).
        labels: array [N]: int64 ids of classes, float64 scores, or tuples of `Span`.
    """

    texts: list
    labels: np.ndarray

    def __len__(self):
        return len(self.texts)

    @property
    def classes(self):
        """The class of every example, int64 [N]; one and the same where labels are no classes."""
        return self.labels if self.labels.dtype.kind == "i" else np.zeros(len(self), "int64")

    def take(self, rows):
        """Return the examples with these row numbers."""
        return type(self)([self.texts[row] for row in rows], self.labels[rows])

    def first_of_each_class(self, count):
        """Return the first `count` examples of every class, for a quick trial."""
        rows = [np.flatnonzero(self.classes == label)[:count] for label in np.unique(self.classes)]
        return self.take(np.sort(np.concatenate(rows)))


@dataclasses.dataclass
class TextClassificationData:
    """A data set ready for training.

    Attributes:
        name: str.
        labels: list of str, the id of a label is its place; of scores, the one word "score".
        train, validation, test: `Split`.
        dropped: dict, reason -> number of rows that were left out.
        language: "en" or "zh".
        published_score, published_by: the number to stand beside, and its conditions; None if unknown.
        licence: str, of the texts.
        commercial_use: "yes", "no" or "unknown".
    """

    name: str
    labels: list
    train: Split
    validation: Split
    test: Split
    dropped: dict
    language: str = "en"
    published_score: float | None = None
    published_by: str | None = None
    licence: str = "the user's own data"
    commercial_use: str = "unknown"

    @property
    def has_pairs(self):
        """Whether every text is a pair of texts."""
        return not isinstance(self.train.texts[0], str)

    def fingerprint(self):
        """Return a sha256 over all texts and labels: which data a model was trained on."""
        digest = hashlib.sha256()
        for split in (self.train, self.validation, self.test):
            for text, label in zip(split.texts, split.labels, strict=True):
                digest.update("\t".join([str(label), *parts_of(text)]).encode("utf-8", "surrogatepass") + b"\n")
        return digest.hexdigest()


def parts_of(text):
    """Return the strings of an example: one, or the two of a pair.

    Example:

    >>> parts_of("a film"), parts_of(("A film?", "Yes."))
    (('a film',), ('A film?', 'Yes.'))
    """
    return (text,) if isinstance(text, str) else text


def comparable(text):
    """Return what two texts have in common when they count as duplicates: letters, not case or spacing.

    Args:
        text: str, or a pair (str, str).

    Returns:
        str; "" for a text, or a pair with a text, of spaces only.

    Example:

    >>> comparable("A  gripping FILM ") == comparable("a gripping film")
    True
    """
    parts = [" ".join(unicodedata.normalize("NFKC", part).casefold().split()) for part in parts_of(text)]
    return "\t".join(parts) if all(parts) else ""


def clean(splits):
    """Remove what would make a score dishonest.

    A text of the test split is dropped from validation and training, one of validation from training.
    Within training and validation, a text that stands twice is kept once and a text with two labels is
    dropped. A test split that was given stays as it is, so that its score can be compared with others'.
    Rows without text are dropped everywhere.

    Args:
        splits: dict of `Split`, in order of importance: test first, then validation, then train.

    Returns:
        (dict of `Split` with the same keys, dict reason -> number of dropped rows).
    """
    reasons = ("rows without text", "duplicates", "texts with two labels", "texts of another split")
    cleaned, dropped, seen = {}, dict.fromkeys(reasons, 0), set()
    for name, split in splits.items():
        keys = [comparable(text) for text in split.texts]
        labels_of = {}
        for key, label in zip(keys, split.labels, strict=True):
            labels_of.setdefault(key, set()).add(label)
        kept, own = [], set()
        for row, key in enumerate(keys):
            if not key:
                dropped["rows without text"] += 1
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


def cut(split, share, fold=0):
    """Hold out a share of every class, chosen by the texts themselves.

    Each class is sorted by the sha256 of its normalised texts and a slice is taken, so the same
    texts are held out whatever order the data came in. Slices of different folds do not overlap. Pairs lie
    in the order of their first texts, so that those that share one stay together, but for a few at the edges.

    Args:
        split: `Split` without duplicates.
        share: float, of each class.
        fold: int, which of the 1 / share slices.

    Returns:
        (rest, held out), two `Split`.
    """
    digests = np.array([_digest(comparable(text)) for text in split.texts])
    held_out = [np.array([], "int64")]
    for label in np.unique(split.classes):
        rows = np.flatnonzero(split.classes == label)
        rows = rows[np.argsort(digests[rows])]
        start, end = (round(edge * share * len(rows)) for edge in (fold, fold + 1))
        held_out.append(rows[start:end])
    held_out = np.sort(np.concatenate(held_out))
    rest = np.setdiff1d(np.arange(len(split)), held_out)
    return split.take(rest), split.take(held_out)


def _digest(comparable_text):
    """Return the sha256 of a comparable text; of a pair that of the first text, then that of the second."""
    parts = comparable_text.encode("utf-8", "surrogatepass").split(b"\t")
    return "".join(hashlib.sha256(part).hexdigest() for part in parts)


def prepare_splits(splits, options, name, fold=None, num_folds=None):
    """Clean what was read, hold out the splits that were not given, and keep little of it for a smoke run.

    Args:
        splits: dict of `Split`: train, and validation and test where they were given.
        options: `DataOptions`.
        name: str, of the data, for messages.
        fold: int, which fold to hold out for testing; None for the usual cut.
        num_folds: int, number of folds.

    Returns:
        (dict of `Split`: train, validation and test; dict reason -> number of dropped rows).

    Raises:
        InputError: if a split is empty, or cross-validation is asked for where there is a test split.
    """
    if fold is not None and "test" in splits:
        raise InputError(f"Cross-validation is for data without a test split; {name} has one")
    splits, dropped = clean({split: splits[split] for split in ("test", "validation", "train") if split in splits})
    share = options.validation_split
    if fold is not None:
        splits["train"], splits["test"] = cut(splits["train"], 1 / num_folds, fold)
    elif "test" not in splits:
        splits["train"], splits["test"] = cut(splits["train"], share)
        share /= 1 - share  # of the rest: as many texts again
    if "validation" not in splits:
        splits["train"], splits["validation"] = cut(splits["train"], share)
    require_examples(splits, options, name)
    if options.smoke:
        splits = {split: examples.first_of_each_class(SMOKE_EXAMPLES) for split, examples in splits.items()}
    return splits, dropped


def require_examples(splits, options, name):
    """Raise InputError if a split of the data has become empty."""
    for split, examples in splits.items():
        if not len(examples):
            raise InputError(
                f"The {split} split of {name} is empty: there is too little data to hold out "
                f"{options.validation_split:.0%} of each class. Give more rows, or a --{split}-file"
            )
