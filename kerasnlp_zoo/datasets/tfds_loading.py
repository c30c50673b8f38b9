"""TensorFlow Datasets by name, with a quick and clear answer where it cannot be reached."""

import importlib
import threading
import urllib.error
import urllib.request

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from kerasnlp_zoo.errors import InputError

HOST = "https://storage.googleapis.com/tfds-data/"
PATIENCE = 5  # seconds; TFDS itself tries for 200


def load_builder(name, data_dir=None):
    """Return the prepared TFDS builder of that name.

    Args:
        name: TFDS name, with its config where there are several: "imdb_reviews", "glue/sst2"; or one
            of ours, "zoo_<name>", whose builder stands in the module of that name beside this one.
        data_dir: folder of prepared data sets; None for TFDS's own place.

    Returns:
        A builder whose `as_dataset` works.

    Raises:
        InputError: if TFDS knows no such name, or it is not prepared here and TFDS cannot be reached.
    """
    arguments = {} if data_dir is None else {"data_dir": str(data_dir)}
    try:  # from its files alone: tfds.builder() would ask the network about a data set prepared long ago
        return tfds.core.read_only_builder.builder_from_files(name, **arguments)
    except tfds.core.DatasetNotFoundError:
        pass
    if name.startswith("zoo_"):
        importlib.import_module(f"kerasnlp_zoo.datasets.{name.removeprefix('zoo_')}")  # registers the builder
        return _prepared(tfds.builder(name, **arguments))
    if name.split("/")[0] not in tfds.list_builders(with_community_datasets=False):
        raise InputError(f"TensorFlow Datasets has no data set {name!r}")
    if not host_answers():
        raise InputError(
            f"Data set {name!r} comes from TensorFlow Datasets, is not prepared in "
            f"{data_dir or tfds.core.constants.DATA_DIR}, and {HOST} did not answer within {PATIENCE} s"
        )
    return _prepared(tfds.builder(name, **arguments))


def _prepared(builder):
    builder.download_and_prepare()
    return builder


def host_answers():
    """Tell within PATIENCE seconds whether the host of TensorFlow Datasets can be reached."""
    answers = []

    def ask():
        try:
            urllib.request.urlopen(HOST, timeout=PATIENCE).close()
            answers.append(True)
        except urllib.error.HTTPError:  # refusing the folder listing is an answer too
            answers.append(True)
        except OSError:
            pass

    thread = threading.Thread(target=ask, daemon=True)  # looking up a name ignores the timeout
    thread.start()
    thread.join(PATIENCE)
    return bool(answers)


def read_split(builder, split, text_features, label_feature):
    """Read one split into memory.

    Args:
        builder: prepared TFDS builder.
        split: name of a split of the data set.
        text_features: names of the text feature, or of the two features of pairs.
        label_feature: name of the label feature.

    Returns:
        (list of str, or of pairs (str, str); int64 array [N]).

    Raises:
        InputError: if the data set has no such feature, or the label is no class.
    """
    require_features(builder, *text_features, label_feature)
    feature = builder.info.features[label_feature]
    if not isinstance(feature, tfds.features.ClassLabel):
        raise InputError(f"Feature {label_feature!r} of {builder.info.full_name} is no class label but {feature}")
    texts, labels = read_columns(builder, split, text_features, label_feature)
    return texts, labels.astype("int64")


def read_tagged_tokens(builder, split, tokens_feature, tags_feature):
    """Read the tokens of one split and their tags.

    Args:
        builder: prepared TFDS builder.
        split: name of a split of the data set.
        tokens_feature, tags_feature: names of the features, sequences as long as each other.

    Returns:
        list of (list of str, list of str).

    Raises:
        InputError: if the data set has no such features.
    """
    require_features(builder, tokens_feature, tags_feature)
    features = builder.info.features
    names = getattr(getattr(features[tags_feature], "feature", None), "names", None)
    if names is None or not isinstance(features[tokens_feature], tfds.features.Sequence):
        raise InputError(
            f"Features {tokens_feature!r} and {tags_feature!r} of {builder.info.full_name} are no tokens with tags, "
            f"but {features[tokens_feature]} and {features[tags_feature]}. Choose with --text-column and --label-column"
        )
    rows = read_rows(builder, split)
    return [(row[tokens_feature], [names[tag] for tag in row[tags_feature]]) for row in rows]


def read_rows(builder, split):
    """Yield the examples of one split as dicts of str, numbers and lists of them."""
    for row in tfds.as_numpy(builder.as_dataset(split=split)):
        yield tf.nest.map_structure(_plain, row)


def _plain(value):
    value = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def require_features(builder, *names):
    """Raise InputError unless a data set has all these features."""
    features = builder.info.features
    for name in names:
        if name not in features:
            raise InputError(
                f"Data set {builder.info.full_name} has no feature {name!r}; it has: {', '.join(sorted(features))}. "
                "Choose with --text-column, --text-pair-column and --label-column"
            )


def read_columns(builder, split, text_features, label_feature):
    """Read the texts of one split, or its pairs of texts, and its numbers, whatever they mean.

    Returns:
        (list of str, or of pairs (str, str); array [N]).
    """
    texts, labels = [], []
    for batch in tfds.as_numpy(builder.as_dataset(split=split).batch(1024)):
        columns = [[text.decode("utf-8", "replace") for text in batch[feature]] for feature in text_features]
        texts += columns[0] if len(columns) == 1 else zip(*columns, strict=True)
        labels.append(batch[label_feature])
    return texts, np.concatenate(labels)
