"""Train, validation and test kept apart: duplicates removed, cuts that never depend on order."""

import dataclasses
import hashlib
import unicodedata

import numpy as np


@dataclasses.dataclass(frozen=True)
class Split:
    """Texts and the ids of their labels."""

    texts: list
    labels: np.ndarray  # int64 [N]

    def __len__(self):
        return len(self.texts)

    def take(self, rows):
        """Return the examples with these row numbers."""
        return Split([self.texts[row] for row in rows], self.labels[rows])

    def first_of_each_class(self, count):
        """Return the first `count` examples of every class, for a quick trial."""
        rows = [np.flatnonzero(self.labels == label)[:count] for label in np.unique(self.labels)]
        return self.take(np.sort(np.concatenate(rows)))


@dataclasses.dataclass
class TextClassificationData:
    """A data set ready for training.

    Attributes:
        name: str.
        labels: list of str, the id of a label is its place.
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

    def fingerprint(self):
        """Return a sha256 over all texts and labels: which data a model was trained on."""
        digest = hashlib.sha256()
        for split in (self.train, self.validation, self.test):
            for text, label in zip(split.texts, split.labels, strict=True):
                digest.update(f"{label}\t{text}\n".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()


def comparable(text):
    """Return what two texts have in common when they count as duplicates: letters, not case or spacing.

    Example:

    >>> comparable("A  gripping FILM ") == comparable("a gripping film")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


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
            labels_of.setdefault(key, set()).add(int(label))
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
    texts are held out whatever order the data came in. Slices of different folds do not overlap.

    Args:
        split: `Split` without duplicates.
        share: float, of each class.
        fold: int, which of the 1 / share slices.

    Returns:
        (rest, held out), two `Split`.
    """
    keys = [comparable(text).encode("utf-8", "surrogatepass") for text in split.texts]
    digests = np.array([hashlib.sha256(key).hexdigest() for key in keys])
    held_out = [np.array([], "int64")]
    for label in np.unique(split.labels):
        rows = np.flatnonzero(split.labels == label)
        rows = rows[np.argsort(digests[rows])]
        start, end = (round(edge * share * len(rows)) for edge in (fold, fold + 1))
        held_out.append(rows[start:end])
    held_out = np.sort(np.concatenate(held_out))
    rest = np.setdiff1d(np.arange(len(split)), held_out)
    return split.take(rest), split.take(held_out)
