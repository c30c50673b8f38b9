"""Text classification data: named data sets, or the user's files, without duplicates across splits."""

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasnlp_zoo.datasets.labels import ordered
from kerasnlp_zoo.datasets.options import UNSTATED, CommercialUse, DataOptions
from kerasnlp_zoo.datasets.splits import Split, TextClassificationData, prepare_splits
from kerasnlp_zoo.datasets.user_files import Example, read_examples
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import Language

if TYPE_CHECKING:
    import tensorflow_datasets as tfds


@dataclasses.dataclass(frozen=True)
class Source:
    """A named data set: its TFDS builder, features and splits.

    Args:
        tfds_name: name of a TFDS builder, ours ("zoo_...") or one of TensorFlow Datasets.
        text: feature with the text.
        label: feature with the label.
        text_pair: feature with the second text of a pair; None for single texts.
        validation: official validation split; None to hold out a share of train.
        test: official test split; None to hold out a share of train.
        published_score: score of a publication to compare with, in percent.
        published_by: the publication, and how it measured the score.
        fallback: builder of ours to use if TFDS is unreachable.
        licence: licence of the texts.
        commercial_use: whether the licence allows it.
    """

    tfds_name: str
    text: str = "text"
    label: str = "label"
    text_pair: str | None = None
    validation: str | None = None
    test: str | None = None
    published_score: float | None = None
    published_by: str | None = None
    language: Language = "en"
    fallback: str | None = None
    licence: str = UNSTATED
    commercial_use: CommercialUse = "unknown"

    @property
    def texts(self) -> tuple[str, ...]:
        """Features with the texts: one, or two for pairs."""
        return (self.text,) if self.text_pair is None else (self.text, self.text_pair)

    @property
    def splits(self) -> dict[str, str | None]:
        """The official split of each of our splits."""
        return {"train": "train", "validation": self.validation, "test": self.test}


KIM = "Kim 2014, CNN-rand"
# The test labels of GLUE are secret. Its validation split is our test split.
SOURCES = {
    "movie_reviews": Source(
        "zoo_movie_reviews",
        published_score=76.1,
        published_by=f"{KIM}, 10-fold cross-validation over 10,662 sentences",
    ),
    "imdb_reviews": Source("imdb_reviews", test="test", fallback="zoo_imdb_reviews"),
    "trec": Source("zoo_trec", test="test", published_score=91.2, published_by=KIM),
    "trec_fine": Source("zoo_trec", label="label_fine", test="test"),
    "shop_reviews": Source("zoo_shop_reviews", language="zh"),
    "newsgroups": Source("zoo_newsgroups", test="test"),
    "reuters_r8": Source("zoo_reuters_r8", test="test"),
    "sst2": Source("glue/sst2", text="sentence", test="validation"),
    "snli": Source("snli", "premise", "label", "hypothesis", "validation", "test", fallback="zoo_snli"),
    "mnli": Source("glue/mnli", "premise", "label", "hypothesis", test="validation_matched"),
    "qnli": Source("glue/qnli", "question", "label", "sentence", test="validation"),
    "qqp": Source("glue/qqp", "question1", "label", "question2", test="validation"),
    "mrpc": Source("glue/mrpc", "sentence1", "label", "sentence2", test="validation"),
    "rte": Source("glue/rte", "sentence1", "label", "sentence2", test="validation"),
    "ag_news": Source("ag_news_subset", text="description", test="test"),
    "yelp_polarity": Source("yelp_polarity_reviews", test="test"),
}
BY_TFDS_NAME = {source.tfds_name: source for source in SOURCES.values() if source.label == "label"}
BY_TFDS_NAME |= {
    source.fallback: dataclasses.replace(source, tfds_name=source.fallback, fallback=None)
    for source in SOURCES.values()
    if source.fallback
}


def load_text_classification(
    options: DataOptions, fold: int | None = None, num_folds: int | None = None
) -> TextClassificationData:
    """Load train, validation and test.

    Texts are strings, or pairs of strings if the named data set has pairs or with --text-pair-column. Official splits
    stay whole, see `prepare_splits`. For a missing split, the texts of each class are sorted by their sha256, and the
    share `options.validation_split` of all texts is held out.

    Args:
        options: flags of the data.
        fold: index of the fold to hold out as the test split; None without cross-validation.
        num_folds: number of folds of the cross-validation.

    Raises:
        InputError: if the data cannot be read, or a classifier cannot be trained on it.
    """
    options.check_share()
    if options.train_file is not None:
        data, splits = _user_files(options)
    else:
        data, splits = read_named(options)
    splits, dropped, notes = prepare_splits(splits, options, data["name"], fold, num_folds)
    data["dropped"].update(dropped)
    data["notes"] = [*data.get("notes", []), *notes]
    missing = [label for index, label in enumerate(data["labels"]) if index not in splits["train"].labels]
    if missing:
        raise InputError(
            f"The training split of {data['name']} has no text with the label {', '.join(missing)}. Expected at least "
            "one text of each label. Give more rows of it, or remove the label"
        )
    return TextClassificationData(train=splits["train"], validation=splits["validation"], test=splits["test"], **data)


def _user_files(options: DataOptions) -> tuple[dict[str, Any], dict[str, Split]]:
    """Return the fields of `TextClassificationData` except the splits, and the splits."""
    examples = {name: read_examples(path, options) for name, path in options.given_files().items()}
    data, splits = encode_labels(examples, options)
    return {**options.user_data(), **data}, splits


def encode_labels(
    examples: Mapping[str, Sequence[Example]], options: DataOptions
) -> tuple[dict[str, Any], dict[str, Split]]:
    """Replace the labels of the user's examples by their ids, and drop examples without a label.

    Args:
        examples: the examples of each split.
        options: flags of the data, for messages.

    Returns:
        ("labels" and "dropped" of `TextClassificationData`, the splits).

    Raises:
        InputError: for fewer than two labels, or a label that does not occur in the training split.
    """
    dropped = {"rows without label": sum(not e.label for split in examples.values() for e in split)}
    examples = {name: [e for e in split if e.label] for name, split in examples.items()}
    labels = ordered({example.label for example in examples["train"]})
    if len(labels) < 2:
        raise InputError(
            f"A classifier needs at least two labels. Received: {', '.join(labels) or 'none'}, in the column "
            f"{options.label_column!r} of {options.train_file}"
        )
    splits = {name: _encode(split, labels) for name, split in examples.items()}
    return {"labels": labels, "dropped": dropped}, splits


def _encode(examples: Sequence[Example], labels: Sequence[str]) -> Split:
    """Replace the labels by their ids."""
    id_of = {label: index for index, label in enumerate(labels)}
    for example in examples:
        if example.label not in id_of:
            raise InputError(
                f"{example.place}: the label {example.label!r} does not occur in the training data. "
                f"Its labels are: {', '.join(labels)}. Add a training text with the label, or remove this one"
            )
    ids = np.array([id_of[example.label] for example in examples], "int64")
    return Split([example.text for example in examples], ids)


def read_named(options: DataOptions) -> tuple[dict[str, Any], dict[str, Split]]:
    """Return the fields of `TextClassificationData` except the splits, and the splits."""
    from kerasnlp_zoo.datasets import tfds_loading  # a slow import, not needed for the user's files

    source = SOURCES.get(options.dataset) or BY_TFDS_NAME.get(options.dataset)
    if source is None:  # any other TFDS name
        columns = (options.text_column, options.label_column, options.text_pair_column)
        source = Source(options.dataset, *columns, "validation", "test")
    builder = _prepared_builder(source, options)

    def read(split: str) -> Split:
        return Split(*tfds_loading.read_split(builder, split, source.texts, source.label))

    splits = tfds_loading.read_splits(builder, source.splits, read)
    hidden = sum(int(np.sum(split.labels < 0)) for split in splits.values())  # TFDS has -1 for labels that are secret
    splits = {name: split.take(np.flatnonzero(split.labels >= 0)) for name, split in splits.items()}
    data = {
        "name": options.dataset,
        "labels": list(builder.info.features[source.label].names),
        "dropped": {"rows without label": hidden},
        "language": options.language or source.language,
        "published_score": source.published_score,
        "published_by": source.published_by,
        "licence": source.licence,
        "commercial_use": source.commercial_use,
    }
    return data, splits


def _prepared_builder(source: Source, options: DataOptions) -> "tfds.core.DatasetBuilder":
    """Return the prepared builder of a source, or the builder of its fallback if TFDS is unreachable."""
    from kerasnlp_zoo.datasets import tfds_loading

    if source.fallback is None:
        packaged = [name for name, other in SOURCES.items() if (other.fallback or other.tfds_name).startswith("zoo_")]
        return tfds_loading.named_builder(options, SOURCES, packaged, source.tfds_name)
    try:
        return tfds_loading.load_builder(source.tfds_name, options.data_dir)
    except InputError as error:
        print(f"{error}. Using a part of it from a Python package instead", file=sys.stderr)
        return tfds_loading.load_builder(source.fallback, options.data_dir)
