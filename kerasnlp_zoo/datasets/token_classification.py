"""Texts with marked spans by name or from the user's files, split honestly."""

import dataclasses
from pathlib import Path
from typing import Literal

from kerasnlp_zoo.datasets import msra, peoples_daily
from kerasnlp_zoo.datasets.options import DataOptions
from kerasnlp_zoo.datasets.splits import prepare_splits
from kerasnlp_zoo.datasets.tagged_files import TaggedLines, read_tagged, spans_from_tags
from kerasnlp_zoo.datasets.tagged_texts import TaggedTexts, TokenClassificationData
from kerasnlp_zoo.datasets.text_classification import UNSTATED
from kerasnlp_zoo.errors import InputError, did_you_mean
from kerasnlp_zoo.tag_schemes import Span, num_repaired, spans_of
from kerasnlp_zoo.text.tagged_text import join_tokens

WORD = "word"  # the label of every word of a segmented text
SPLIT_NAMES = {"train": ("train",), "validation": ("validation", "dev"), "test": ("test",)}  # ours -> TFDS's


@dataclasses.dataclass
class TokenClassificationOptions(DataOptions):
    """Which texts with marked spans to read, from a named data set or from the user's own files.

    A recipe's flags name it before the others, so that its defaults hold: class Config(TokenClassificationOptions,
    RunConfig).
    """

    dataset: str = ""
    """Name of a data set: ours, or one of TensorFlow Datasets with tokens and tags, such as conll2003."""
    train_file: Path | None = None
    """Your own data instead: a column file, a token and its tag a line; or JSON lines with a text and its spans."""
    label_column: str = "spans"
    """JSON key that holds the spans, or TFDS feature that holds the tags."""
    columns: tuple[int, int] = (1, -1)
    """Columns of the token and of its tag in a column file, counted from 1, or from the end by -1, -2."""
    scheme: Literal["auto", "iob1", "iob2", "bmes", "bioes", "bilou", "tokens"] = "auto"
    """How tags mark spans in a column file; with tokens, each token is a span of its own, as parts of speech are."""


@dataclasses.dataclass(frozen=True)
class TaggedSource:
    """A named data set that ships in a package.

    Args:
        read: function that returns ({split: list of TaggedText}, number of repaired tags).
        language: "en" or "zh".
    """

    read: callable
    language: str = "zh"


def _msra():
    splits, repaired = {}, 0
    for split in ("train", "test"):
        splits[split] = []
        for characters, tags in msra.tagged_characters(split):
            splits[split].append(join_tokens(characters, spans_of(tags), "zh"))
            repaired += num_repaired(tags, "bmes")
    return splits, repaired


def _peoples_daily_words():
    return _peoples_daily([[(word, WORD) for word, _ in words] for words in peoples_daily.tagged_words()])


def _peoples_daily_pos():
    return _peoples_daily(peoples_daily.tagged_words())


def _peoples_daily_names():
    return _peoples_daily(map(peoples_daily.name_words, peoples_daily.tagged_words()))


def _peoples_daily(paragraphs):
    """Make a span of every word that has a label."""
    examples = []
    for words in paragraphs:
        spans = [Span(row, row + 1, label) for row, (_, label) in enumerate(words) if label is not None]
        examples.append(join_tokens([word for word, _ in words], spans, "zh"))
    return {"train": examples}, 0


PACKAGED = {
    "msra": TaggedSource(_msra),
    "peoples_daily_names": TaggedSource(_peoples_daily_names),
    "peoples_daily_segmentation": TaggedSource(_peoples_daily_words),
    "peoples_daily_pos": TaggedSource(_peoples_daily_pos),
}
TFDS_COLUMNS = {  # names of the features of tokens and tags
    "conll2003": ("tokens", "ner"),
    "universal_dependencies": ("tokens", "upos"),
}


def load_token_classification(options):
    """Load train, validation and test texts with their spans.

    Official splits are kept; where there is none, texts are held out by the sha256 of the text, so that the
    same data is always cut the same way. Empty and repeated texts, and texts marked in two ways, are removed,
    across splits too.

    Args:
        options: `TokenClassificationOptions`.

    Returns:
        TokenClassificationData.

    Raises:
        InputError: if the data cannot be had, or has no spans to learn from.
    """
    options.check_share()
    if options.train_file is not None:
        data, splits = _user_files(options)
    elif options.dataset in PACKAGED:
        data, splits = _packaged(options)
    else:
        data, splits = _tfds(options)
    splits = {name: TaggedTexts.of(examples) for name, examples in splits.items()}
    data["labels"] = sorted(set().union(*(split.span_labels() for split in splits.values())))
    if not data["labels"]:
        raise InputError(f"No text of {data['name']} has a span. Expected spans to learn from")
    splits, data["dropped"] = prepare_splits(splits, options, data["name"])
    return TokenClassificationData(**data, **splits)


def _user_files(options):
    files = {"train": options.train_file, "validation": options.validation_file, "test": options.test_file}
    splits, repaired, labels = {}, 0, set()
    for name, path in files.items():
        if path is None:
            continue
        examples, count = read_tagged(path, options)
        repaired += count
        for (_, spans), place in examples:
            new = {span.label for span in spans} - labels
            if name == "train":
                labels |= new
            elif new:
                raise InputError(
                    f"{place}: this text has a span with the label {min(new)!r}, which does not occur in the training "
                    f"data, whose labels are {', '.join(sorted(labels))}"
                )
        splits[name] = [example for example, _ in examples]
    return {"name": options.train_file.stem, "language": options.language or "en", "repaired": repaired}, splits


def _packaged(options):
    source = PACKAGED[options.dataset]
    splits, repaired = source.read()
    return {"name": options.dataset, "language": source.language, "licence": UNSTATED, "repaired": repaired}, splits


def _tfds(options):
    from kerasnlp_zoo.datasets import tfds_loading  # importing TFDS takes a while: not for the user's files

    known = [*PACKAGED, *TFDS_COLUMNS]
    if not options.dataset:
        raise InputError(f"Name a data set with --dataset ({', '.join(known)}) or give --train-file")
    try:
        builder = tfds_loading.load_builder(options.dataset, options.data_dir)
    except InputError as error:
        raise InputError(
            f"{error}.{did_you_mean(options.dataset, known)} Data sets that need a package index only: "
            f"{', '.join(PACKAGED)}"
        ) from error
    features = TFDS_COLUMNS.get(options.dataset.split("/")[0], (options.text_column, options.label_column))
    splits, repaired = {}, 0
    for ours, theirs in SPLIT_NAMES.items():
        for split in set(theirs) & set(builder.info.splits):
            rows = tfds_loading.read_tagged_tokens(builder, split, *features)
            texts = [
                TaggedLines(tokens, tags, [f"{options.dataset}, {split} text {number}"] * len(tokens))
                for number, (tokens, tags) in enumerate(rows)
                if tokens
            ]
            examples, count = spans_from_tags(f"{options.dataset}, {split}", texts, options)
            splits[ours] = [example for example, _ in examples]
            repaired += count
    data = {"name": options.dataset, "language": options.language or "en", "licence": UNSTATED, "repaired": repaired}
    return data, splits
