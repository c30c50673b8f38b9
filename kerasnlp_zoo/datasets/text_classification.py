"""Text classification data by name or from the user's files, split honestly."""

import dataclasses
import sys

import numpy as np

from kerasnlp_zoo.datasets.splits import Split, TextClassificationData, prepare_splits
from kerasnlp_zoo.datasets.user_files import read_examples
from kerasnlp_zoo.errors import InputError, did_you_mean

UNSTATED = "not stated by its distributor; widely used in research"


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a named data set comes from and what stands where in it.

    Args:
        tfds_name: TFDS builder, ours ("zoo_...") or TFDS's own.
        text, label: feature names.
        text_pair: name of the feature with the second text of a pair; None for single texts.
        validation, test: names of official splits; None holds out a share of train.
        published_score, published_by: the number to stand beside, in percent, and its conditions.
        language: "en" or "zh".
        fallback: one of our builders to use where TFDS cannot be reached.
        licence: of the texts.
        commercial_use: "yes", "no" or "unknown".
    """

    tfds_name: str
    text: str = "text"
    label: str = "label"
    text_pair: str | None = None
    validation: str | None = None
    test: str | None = None
    published_score: float | None = None
    published_by: str | None = None
    language: str = "en"
    fallback: str | None = None
    licence: str = UNSTATED
    commercial_use: str = "unknown"

    @property
    def texts(self):
        """Names of the features that hold the texts: one, or two for pairs."""
        return (self.text,) if self.text_pair is None else (self.text, self.text_pair)


KIM = "Kim 2014, CNN-rand"
# The official test labels of GLUE are hidden, so its validation split is the one to score.
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


def load_text_classification(options, fold=None, num_folds=None):
    """Load train, validation and test.

    Texts are strings, or pairs of strings where --text-pair-column or the named data set has them.
    Official splits are kept. Where there is none, the texts of each class are sorted by their sha256
    and `options.validation_split` of all texts is held out for each of test and validation. Duplicates
    are removed, across splits too.

    Args:
        options: `DataOptions`.
        fold: int, which fold to hold out for testing; None for the usual cut.
        num_folds: int, number of folds.

    Returns:
        TextClassificationData.

    Raises:
        InputError: if the data cannot be had or cannot train a classifier.
    """
    options.check_share()
    if options.train_file is not None:
        data, splits = _user_files(options)
    else:
        data, splits = _named(options)
    splits, dropped = prepare_splits(splits, options, data["name"], fold, num_folds)
    data["dropped"].update(dropped)
    missing = [label for place, label in enumerate(data["labels"]) if place not in splits["train"].labels]
    if missing:
        raise InputError(f"No training text of {data['name']} has the label {', '.join(missing)}")
    return TextClassificationData(**data, **splits)


def _user_files(options):
    files = {"train": options.train_file, "validation": options.validation_file, "test": options.test_file}
    examples = {name: read_examples(path, options) for name, path in files.items() if path is not None}
    dropped = {"rows without label": sum(not e.label for split in examples.values() for e in split)}
    examples = {name: [e for e in split if e.label] for name, split in examples.items()}
    labels = ordered({example.label for example in examples["train"]})
    if len(labels) < 2:
        raise InputError(
            f"A classifier needs at least two labels. Received from {options.train_file}, column "
            f"{options.label_column!r}: {', '.join(labels) or 'none'}"
        )
    splits = {name: _encode(split, labels) for name, split in examples.items()}
    language = options.language or "en"
    return {"name": options.train_file.stem, "labels": labels, "dropped": dropped, "language": language}, splits


def ordered(labels):
    """Sort labels by value when all are integers, else by name: never by their order in the data."""
    try:
        return sorted(labels, key=int)
    except ValueError:
        return sorted(labels)


def _encode(examples, labels):
    place_of = {label: place for place, label in enumerate(labels)}
    for example in examples:
        if example.label not in place_of:
            raise InputError(
                f"{example.place}: the label {example.label!r} does not occur in the training data, "
                f"whose labels are {', '.join(labels)}"
            )
    ids = np.array([place_of[example.label] for example in examples], "int64")
    return Split([example.text for example in examples], ids)


def _named(options):
    from kerasnlp_zoo.datasets import tfds_loading  # importing TFDS takes a while: not for the user's files

    if not options.dataset:
        raise InputError(f"Name a data set with --dataset ({', '.join(SOURCES)}) or give --train-file")
    source = SOURCES.get(options.dataset) or BY_TFDS_NAME.get(options.dataset)
    if source is None:  # any other TFDS name
        columns = (options.text_column, options.label_column, options.text_pair_column)
        source = Source(options.dataset, *columns, "validation", "test")
    builder = prepared_builder(source, options.data_dir)
    splits, hidden = {}, 0
    for name, split in (("train", "train"), ("validation", source.validation), ("test", source.test)):
        if split in builder.info.splits:
            texts, labels = tfds_loading.read_split(builder, split, source.texts, source.label)
            hidden += int(np.sum(labels < 0))  # TFDS marks the secret labels of a competition with -1
            splits[name] = Split(texts, labels).take(np.flatnonzero(labels >= 0))
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


def prepared_builder(source, data_dir):
    """Return the prepared builder of a source, or that of its fallback where TFDS cannot be reached."""
    from kerasnlp_zoo.datasets import tfds_loading

    try:
        return tfds_loading.load_builder(source.tfds_name, data_dir)
    except InputError as error:
        if source.fallback:
            print(f"{error}. Taking what a package holds of it instead", file=sys.stderr)
            return tfds_loading.load_builder(source.fallback, data_dir)
        packaged = [name for name, other in SOURCES.items() if (other.fallback or other.tfds_name).startswith("zoo_")]
        raise InputError(
            f"{error}.{did_you_mean(source.tfds_name, list(SOURCES))} "
            f"Data sets that need a package index only: {', '.join(packaged)}"
        ) from error
