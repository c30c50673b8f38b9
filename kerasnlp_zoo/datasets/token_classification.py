"""Texts with labelled spans: named data sets, or the user's files, without duplicates across splits."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from kerasnlp_zoo.datasets import conll2003, msra, peoples_daily
from kerasnlp_zoo.datasets.column_files import TaggedLines
from kerasnlp_zoo.datasets.notes import Notes
from kerasnlp_zoo.datasets.options import UNSTATED, CommercialUse, TokenClassificationOptions
from kerasnlp_zoo.datasets.splits import prepare_splits
from kerasnlp_zoo.datasets.tagged_files import PlacedText, read_tagged, spans_from_tags
from kerasnlp_zoo.datasets.tagged_texts import TaggedTexts, TokenClassificationData
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tag_schemes import Span, num_repaired, spans_of
from kerasnlp_zoo.text.tagged_text import TaggedText, join_tokens
from kerasnlp_zoo.types import Language

WORD = "word"  # label of every word of a segmented text
VALIDATION_NAMES = ("validation", "dev")  # in TFDS
Examples: TypeAlias = dict[str, list[TaggedText]]  # of each split


@dataclasses.dataclass(frozen=True)
class TaggedSource:
    """A named data set inside a Python package.

    Args:
        read: function that returns the examples of each split, and the number of repaired tags.
        language: language of the texts.
        licence: licence of the texts.
        commercial_use: whether the licence allows it.
    """

    read: Callable[[], tuple[Examples, int]]
    language: Language = "zh"
    licence: str = UNSTATED
    commercial_use: CommercialUse = "unknown"


def _msra() -> tuple[Examples, int]:
    splits: Examples = {}
    repaired = 0
    for split in ("train", "test"):
        splits[split] = []
        for characters, tags in msra.tagged_characters(split):
            splits[split].append(join_tokens(characters, spans_of(tags), "zh"))
            repaired += num_repaired(tags, "bmes")
    return splits, repaired


def _conll2003() -> tuple[Examples, int]:
    splits = {
        split: [join_tokens(tokens, spans_of(tags), "en") for tokens, tags in conll2003.tagged_tokens(split)]
        for split in conll2003.FILES
    }
    return splits, 0


def _peoples_daily_words() -> tuple[Examples, int]:
    return _peoples_daily([[(word, WORD) for word, _ in words] for words in peoples_daily.tagged_words()])


def _peoples_daily_pos() -> tuple[Examples, int]:
    return _peoples_daily(peoples_daily.tagged_words())


def _peoples_daily_names() -> tuple[Examples, int]:
    return _peoples_daily(map(peoples_daily.name_words, peoples_daily.tagged_words()))


def _peoples_daily(paragraphs: Iterable[Sequence[tuple[str, str | None]]]) -> tuple[Examples, int]:
    """Return paragraphs of (word, label) as texts; every word with a label is a span."""
    examples = []
    for words in paragraphs:
        spans = [Span(row, row + 1, label) for row, (_, label) in enumerate(words) if label is not None]
        examples.append(join_tokens([word for word, _ in words], spans, "zh"))
    return {"train": examples}, 0


PACKAGED = {
    "conll2003": TaggedSource(_conll2003, "en", conll2003.LICENCE, commercial_use="no"),
    "msra": TaggedSource(_msra),
    "peoples_daily_names": TaggedSource(_peoples_daily_names),
    "peoples_daily_segmentation": TaggedSource(_peoples_daily_words),
    "peoples_daily_pos": TaggedSource(_peoples_daily_pos),
}
TFDS_COLUMNS = {  # features of the tokens and of the tags
    "universal_dependencies": ("tokens", "upos"),
}


def load_token_classification(options: TokenClassificationOptions) -> TokenClassificationData:
    """Load train, validation and test texts with their spans.

    Official splits stay whole, see `prepare_splits`. For a missing split, texts are held out by their sha256. If the
    test texts are held out, duplicates within and across splits and texts with two different sets of spans are removed.

    Raises:
        InputError: if the data cannot be read, or has no spans.
    """
    options.check_share()
    if options.train_file is not None:
        data, examples = _user_files(options)
    elif options.dataset in PACKAGED:
        data, examples = _packaged(options)
    else:
        data, examples = _tfds(options)
    splits = {name: TaggedTexts.of(texts) for name, texts in examples.items()}
    data["labels"] = sorted({label for split in splits.values() for label in split.span_labels()})
    if not data["labels"]:
        raise InputError(f"No text of {data['name']} has a span. Expected texts with labelled spans")
    splits, data["dropped"], notes = prepare_splits(splits, options, data["name"])
    data["notes"] = [*data.get("notes", []), *notes]
    return TokenClassificationData(train=splits["train"], validation=splits["validation"], test=splits["test"], **data)


def _user_files(options: TokenClassificationOptions) -> tuple[dict[str, Any], Examples]:
    """Return fields of `TokenClassificationData`, and the examples of each split."""
    splits: Examples = {}
    labels: set[str] = set()
    repaired, notes = 0, Notes()
    for name, path in options.given_files().items():
        examples, count = read_tagged(path, options, notes)
        repaired += count
        for (_, spans), place in examples:
            new = {span.label for span in spans} - labels
            if name == "train":
                labels |= new
            elif new:
                raise InputError(
                    f"{place}: this text has a span with the label {min(new)!r}, which does not occur in the training "
                    f"data. Its labels are: {', '.join(sorted(labels))}. Add a training text with it, or remove this"
                )
        splits[name] = [example for example, _ in examples]
    return {**options.user_data(), "repaired": repaired, "notes": notes.lines()}, splits


def _packaged(options: TokenClassificationOptions) -> tuple[dict[str, Any], Examples]:
    source = PACKAGED[options.dataset]
    splits, repaired = source.read()
    data = {"name": options.dataset, "language": source.language, "repaired": repaired}
    return {**data, "licence": source.licence, "commercial_use": source.commercial_use}, splits


def _tfds(options: TokenClassificationOptions) -> tuple[dict[str, Any], Examples]:
    from kerasnlp_zoo.datasets import tfds_loading  # a slow import, not needed for the user's files

    builder = tfds_loading.named_builder(options, (*PACKAGED, *TFDS_COLUMNS), PACKAGED)
    features = TFDS_COLUMNS.get(options.dataset.split("/")[0], (options.text_column, options.label_column))

    def read(split: str) -> tuple[list[PlacedText], int]:
        rows = tfds_loading.read_tagged_tokens(builder, split, *features)
        texts = [
            TaggedLines(tokens, tags, [f"{options.dataset}, {split} text {number}"] * len(tokens))
            for number, (tokens, tags) in enumerate(rows)
            if tokens
        ]
        return spans_from_tags(f"{options.dataset}, {split}", texts, options, Notes())

    validation = next((name for name in VALIDATION_NAMES if name in builder.info.splits), None)
    found = tfds_loading.read_splits(builder, {"train": "train", "validation": validation, "test": "test"}, read)
    splits = {name: [example for example, _ in examples] for name, (examples, _) in found.items()}
    repaired = sum(count for _, count in found.values())
    data = {"name": options.dataset, "language": options.language or "en", "licence": UNSTATED, "repaired": repaired}
    return data, splits
