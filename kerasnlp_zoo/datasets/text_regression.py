"""Texts, or pairs of texts, with numbers as labels: similarity from 0 to 5, stars, grades."""

from typing import Any

import numpy as np

from kerasnlp_zoo.datasets.options import UNSTATED, DataOptions
from kerasnlp_zoo.datasets.splits import Split, TextClassificationData, prepare_splits
from kerasnlp_zoo.datasets.sts_benchmark import LICENCE, load_sts_benchmark
from kerasnlp_zoo.datasets.text_classification import Source
from kerasnlp_zoo.datasets.user_files import Example, read_examples
from kerasnlp_zoo.errors import InputError

SCORE = "score"  # the only name in `TextClassificationData.labels`: a model has one output for it
STS_BENCHMARK = "sts_benchmark"
SCORED = {"stsb": Source("glue/stsb", "sentence1", "label", "sentence2", test="validation")}  # its test is secret


def load_text_regression(
    options: DataOptions, fold: int | None = None, num_folds: int | None = None
) -> TextClassificationData:
    """Load train, validation and test texts with numbers as labels.

    Args:
        options: flags of the data. The dataset is sts_benchmark (the Chinese one with --language zh), stsb, or a
            TFDS data set with a number as its label. Files are read as for classification, with numbers in the
            label column.
        fold: index of the fold to hold out as the test split; None without cross-validation.
        num_folds: number of folds of the cross-validation.

    Returns:
        The data; `labels` is ["score"], and the labels of each `Split` are float64.

    Raises:
        InputError: if the data cannot be read, or a label is not a finite number; the message names file and line.
    """
    options.check_share()
    if options.train_file is not None:
        data, splits = _user_files(options)
    elif options.dataset == STS_BENCHMARK:
        data, splits = _sts_benchmark(options)
    else:
        data, splits = _tfds(options)
    splits, dropped, notes = prepare_splits(splits, options, data["name"], fold, num_folds)
    data["dropped"] = {**data.get("dropped", {}), **dropped}
    data["notes"] = [*data.get("notes", []), *notes]
    return TextClassificationData(
        labels=[SCORE], train=splits["train"], validation=splits["validation"], test=splits["test"], **data
    )


def _user_files(options: DataOptions) -> tuple[dict[str, Any], dict[str, Split]]:
    splits, unlabelled = {}, 0
    for name, path in options.given_files().items():
        examples = read_examples(path, options)
        labelled = [example for example in examples if example.label]
        unlabelled += len(examples) - len(labelled)
        scores = np.array([score_of(example) for example in labelled], "float64")
        splits[name] = Split([example.text for example in labelled], scores)
    return {**options.user_data(), "dropped": {"rows without label": unlabelled}}, splits


def score_of(example: Example) -> float:
    """Return the label of an example as a finite float.

    Raises:
        InputError: if it is not a number; the message names file and line.
    """
    try:
        number = float(example.label)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise InputError(
            f"{example.place}: the label {example.label!r} is not a number. Expected scores such as 3.5. Name their "
            "column with --label-column, or train a classifier"
        )
    return number


def _sts_benchmark(options: DataOptions) -> tuple[dict[str, Any], dict[str, Split]]:
    language = options.language or "en"
    splits = {
        name: Split(list(zip(pairs.first, pairs.second, strict=True)), pairs.scores)
        for name, pairs in load_sts_benchmark(language).items()
    }
    return {"name": STS_BENCHMARK, "language": language, "licence": LICENCE}, splits


def _tfds(options: DataOptions) -> tuple[dict[str, Any], dict[str, Split]]:
    from kerasnlp_zoo.datasets import tfds_loading  # a slow import, not needed for the user's files

    source = SCORED.get(options.dataset)
    if source is None:
        columns = (options.text_column, options.label_column, options.text_pair_column)
        source = Source(options.dataset, *columns, "validation", "test")
    known = (STS_BENCHMARK, *SCORED)
    builder = tfds_loading.named_builder(options, known, [STS_BENCHMARK], source.tfds_name)
    tfds_loading.require_features(builder, *source.texts, source.label)

    def read(split: str) -> Split:
        texts, scores = tfds_loading.read_columns(builder, split, source.texts, source.label)
        if scores.dtype.kind not in "if":
            raise InputError(
                f"Feature {source.label!r} of {options.dataset} must contain numbers. Received: {scores.dtype}. "
                "Name a feature with numbers with --label-column"
            )
        return Split(texts, scores.astype("float64"))

    data = {"name": options.dataset, "language": options.language or "en", "licence": UNSTATED}
    return data, tfds_loading.read_splits(builder, source.splits, read)
