"""Texts, or pairs of texts, with a number each: semantic similarity from 0 to 5, stars, grades."""

import numpy as np

from kerasnlp_zoo.datasets.splits import Split, TextClassificationData, prepare_splits
from kerasnlp_zoo.datasets.sts_benchmark import LICENCE, load_sts_benchmark
from kerasnlp_zoo.datasets.text_classification import UNSTATED, Source, prepared_builder
from kerasnlp_zoo.datasets.user_files import read_examples
from kerasnlp_zoo.errors import InputError

SCORE = "score"  # the one label of such data: a model has one output for it
STS_BENCHMARK = "sts_benchmark"
SCORED = {"stsb": Source("glue/stsb", "sentence1", "label", "sentence2", test="validation")}  # its test is hidden


def load_text_regression(options):
    """Load train, validation and test texts whose labels are numbers.

    Args:
        options: `DataOptions`; the dataset may be sts_benchmark (--language zh for the Chinese one), stsb or
            another data set of TFDS with a number as its label. Files are read as for classification; the
            label column holds numbers.

    Returns:
        TextClassificationData, its labels ["score"], those of every `Split` float64.

    Raises:
        InputError: if the data cannot be had, or a label is no finite number, naming file and line.
    """
    options.check_share()
    if options.train_file is not None:
        data, splits = _user_files(options)
    elif options.dataset == STS_BENCHMARK:
        data, splits = _sts_benchmark(options)
    else:
        data, splits = _tfds(options)
    splits, dropped = prepare_splits(splits, options, data["name"])
    data["dropped"] = {**data.get("dropped", {}), **dropped}
    return TextClassificationData(labels=[SCORE], **data, **splits)


def _user_files(options):
    files = {"train": options.train_file, "validation": options.validation_file, "test": options.test_file}
    splits, unlabelled = {}, 0
    for name, path in files.items():
        if path is not None:
            examples = read_examples(path, options)
            labelled = [example for example in examples if example.label]
            unlabelled += len(examples) - len(labelled)
            scores = np.array([_number(example) for example in labelled], "float64")
            splits[name] = Split([example.text for example in labelled], scores)
    data = {"name": options.train_file.stem, "language": options.language or "en"}
    return {**data, "dropped": {"rows without label": unlabelled}}, splits


def _number(example):
    """Return the label of an example as a finite float."""
    try:
        number = float(example.label)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise InputError(
            f"{example.place}: the label {example.label!r} is no number. Expected scores such as 3.5; name their "
            "column with --label-column, or train a classifier"
        )
    return number


def _sts_benchmark(options):
    language = options.language or "en"
    splits = {
        name: Split(list(zip(pairs.first, pairs.second, strict=True)), pairs.scores)
        for name, pairs in load_sts_benchmark(language).items()
    }
    return {"name": STS_BENCHMARK, "language": language, "licence": LICENCE}, splits


def _tfds(options):
    from kerasnlp_zoo.datasets import tfds_loading  # importing TFDS takes a while: not for the user's files

    if not options.dataset:
        known = ", ".join([STS_BENCHMARK, *SCORED])
        raise InputError(f"Name a data set with --dataset ({known}) or give --train-file")
    source = SCORED.get(options.dataset)
    if source is None:
        columns = (options.text_column, options.label_column, options.text_pair_column)
        source = Source(options.dataset, *columns, "validation", "test")
    builder = prepared_builder(source, options.data_dir)
    tfds_loading.require_features(builder, *source.texts, source.label)
    splits = {}
    for name, split in (("train", "train"), ("validation", source.validation), ("test", source.test)):
        if split in builder.info.splits:
            texts, scores = tfds_loading.read_columns(builder, split, source.texts, source.label)
            if scores.dtype.kind not in "if":
                raise InputError(f"Feature {source.label!r} of {options.dataset} holds no numbers, but {scores.dtype}")
            splits[name] = Split(texts, scores.astype("float64"))
    return {"name": options.dataset, "language": options.language or "en", "licence": UNSTATED}, splits
