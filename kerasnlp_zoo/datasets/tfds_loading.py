"""TensorFlow Datasets by name, with an error within seconds if it is unreachable."""

import importlib
import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from kerasnlp_zoo import durable
from kerasnlp_zoo.datasets.splits import Text
from kerasnlp_zoo.errors import InputError, did_you_mean
from kerasnlp_zoo.files import atomic_folder
from kerasnlp_zoo.types import FilePath

HOST = "https://storage.googleapis.com/tfds-data/"
PATIENCE = 5  # seconds; TFDS itself would wait for 200
Result = TypeVar("Result")


class NamedData(Protocol):
    """The flags that name a data set."""

    dataset: str
    data_dir: Path | None


def named_builder(
    options: NamedData,
    known: Collection[str],
    packaged: Collection[str] = (),
    tfds_name: str | None = None,
    file_flag: str = "--train-file",
) -> tfds.core.DatasetBuilder:
    """Return the prepared builder of the data set that `--dataset` names.

    Args:
        options: flags of the data.
        known: names that this project knows, for messages.
        packaged: the known names whose data comes from the package index.
        tfds_name: name in TFDS; None for the value of `--dataset`.
        file_flag: flag of the user's own files.

    Raises:
        InputError: if no data set is named, or it cannot be loaded.
    """
    name = options.dataset
    if not name:
        raise InputError(f"Name a data set with --dataset ({', '.join(known)}) or give {file_flag}")
    try:
        return load_builder(tfds_name or name, options.data_dir)
    except InputError as error:
        advice = "" if name in known else did_you_mean(name, known)
        if packaged:
            advice += f" Data sets that need a package index only: {', '.join(packaged)}"
        raise InputError(f"{error}.{advice}" if advice else str(error)) from error


def read_splits(
    builder: tfds.core.DatasetBuilder, wanted: Mapping[str, str | None], read: Callable[[str], Result]
) -> dict[str, Result]:
    """Read the splits that a data set has.

    Args:
        builder: prepared TFDS builder.
        wanted: {name of our split: name of the split in TFDS}; None for a split that the data set does not have.
        read: function that reads a split, from its name in TFDS.
    """
    return {ours: read(theirs) for ours, theirs in wanted.items() if theirs and theirs in builder.info.splits}


def load_builder(name: str, data_dir: FilePath | None = None) -> tfds.core.DatasetBuilder:
    """Return the TFDS builder of a data set, prepared so that `as_dataset` works.

    Args:
        name: TFDS name, with the config if there are several, such as "imdb_reviews" or "glue/sst2"; or "zoo_<name>",
            whose builder is in the module <name> of this folder.
        data_dir: folder of prepared data sets; None for the default of TFDS.

    Raises:
        InputError: if the name is unknown, or if the data set is not prepared and TFDS is unreachable.
    """
    arguments = {} if data_dir is None else {"data_dir": str(data_dir)}
    try:  # from its files only: tfds.builder() uses the network, even for a prepared data set
        builder = tfds.core.read_only_builder.builder_from_files(name, **arguments)
    except tfds.core.DatasetNotFoundError:
        pass
    else:
        durable.remove_leftovers(Path(builder.data_path).parent)
        return builder
    if name.startswith("zoo_"):
        importlib.import_module(f"kerasnlp_zoo.datasets.{name.removeprefix('zoo_')}")  # registers the builder
        _prepare_durably(name, tfds.builder(name, **arguments).data_path)
        return tfds.core.read_only_builder.builder_from_files(name, **arguments)
    if name.split("/")[0] not in tfds.list_builders(with_community_datasets=False):
        raise InputError(f"TensorFlow Datasets has no data set {name!r}")
    if not host_answers():
        raise InputError(
            f"Data set {name!r} comes from TensorFlow Datasets and is not prepared in "
            f"{data_dir or tfds.core.constants.DATA_DIR}, but {HOST} did not answer within {PATIENCE} s"
        )
    builder = tfds.builder(name, **arguments)
    builder.download_and_prepare()
    return builder


def _prepare_durably(name: str, folder: FilePath) -> None:
    """Prepare a data set of this package, so that its folder is complete even if the machine stops.

    TFDS renames a folder whose files may not be on the disk yet, and never removes the folder of a killed process.
    """
    with atomic_folder(folder) as new:
        builder = tfds.builder(name, data_dir=str(new / "prepared"))
        builder.download_and_prepare()
        for path in Path(builder.data_path).iterdir():
            path.rename(new / path.name)
        shutil.rmtree(new / "prepared")


def host_answers() -> bool:
    """Return within PATIENCE seconds whether the host of TensorFlow Datasets is reachable."""
    answers = []

    def ask() -> None:
        try:
            urllib.request.urlopen(HOST, timeout=PATIENCE).close()
            answers.append(True)
        except urllib.error.HTTPError:  # the host answered, although it does not list the folder
            answers.append(True)
        except OSError:
            pass

    thread = threading.Thread(target=ask, daemon=True)  # the name lookup of urlopen ignores the timeout
    thread.start()
    thread.join(PATIENCE)
    return bool(answers)


def read_split(
    builder: tfds.core.DatasetBuilder, split: str, text_features: Sequence[str], label_feature: str
) -> tuple[list[Text], np.ndarray]:
    """Read the texts and class labels of one split into memory.

    Args:
        builder: prepared TFDS builder.
        split: name of the split.
        text_features: the text feature, or the two text features of pairs.
        label_feature: the label feature.

    Returns:
        N texts or pairs, and class ids, int64 array [N].

    Raises:
        InputError: if a feature does not exist, or the label feature is not a ClassLabel.
    """
    require_features(builder, *text_features, label_feature)
    feature = builder.info.features[label_feature]
    if not isinstance(feature, tfds.features.ClassLabel):
        raise InputError(
            f"Feature {label_feature!r} of {builder.info.full_name} must be a class label. Received: {feature}. Name "
            "another feature with --label-column"
        )
    texts, labels = read_columns(builder, split, text_features, label_feature)
    return texts, labels.astype("int64")


def read_tagged_tokens(
    builder: tfds.core.DatasetBuilder, split: str, tokens_feature: str, tags_feature: str
) -> list[tuple[list[str], list[str]]]:
    """Return the tokens and the tags of every example of one split.

    Args:
        builder: prepared TFDS builder.
        split: name of the split.
        tokens_feature: feature with a sequence of tokens.
        tags_feature: feature with a sequence of class labels, of the same length.

    Raises:
        InputError: if a feature does not exist or is not such a sequence.
    """
    require_features(builder, tokens_feature, tags_feature)
    features = builder.info.features
    names = getattr(getattr(features[tags_feature], "feature", None), "names", None)
    if names is None or not isinstance(features[tokens_feature], tfds.features.Sequence):
        raise InputError(
            f"Features {tokens_feature!r} and {tags_feature!r} of {builder.info.full_name} must be sequences of tokens "
            f"and of class labels. Received: {features[tokens_feature]} and {features[tags_feature]}. Name other "
            "features with --text-column and --label-column"
        )
    rows = read_rows(builder, split)
    return [(row[tokens_feature], [names[tag] for tag in row[tags_feature]]) for row in rows]


def read_rows(builder: tfds.core.DatasetBuilder, split: str) -> Iterator[dict[str, Any]]:
    """Yield the examples of one split as dicts of strings, numbers and lists of them."""
    for row in tfds.as_numpy(builder.as_dataset(split=split)):
        yield tf.nest.map_structure(_plain, row)


def _plain(value: Any) -> Any:
    """Convert NumPy values to lists, strings and numbers."""
    value = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def require_features(builder: tfds.core.DatasetBuilder, *names: str) -> None:
    """Raise InputError unless a data set has all these features."""
    features = builder.info.features
    for name in names:
        if name not in features:
            raise InputError(
                f"Data set {builder.info.full_name} has no feature {name!r}. Its features are: "
                f"{', '.join(sorted(features))}. Name the right ones with --text-column, --text-pair-column and "
                "--label-column"
            )


def read_columns(
    builder: tfds.core.DatasetBuilder, split: str, text_features: Sequence[str], label_feature: str
) -> tuple[list[Text], np.ndarray]:
    """Return the N texts or pairs of texts of one split, and its labels as an array of numbers [N]."""
    texts: list[Text] = []
    labels = []
    for batch in tfds.as_numpy(builder.as_dataset(split=split).batch(1024)):
        columns = [[text.decode("utf-8", "replace") for text in batch[feature]] for feature in text_features]
        texts += columns[0] if len(columns) == 1 else zip(*columns, strict=True)
        labels.append(batch[label_feature])
    return texts, np.concatenate(labels)
