"""Texts with scores: the benchmark, TFDS names and files have float labels, and splits do not overlap."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from kerasnlp_zoo.datasets import DataOptions
from kerasnlp_zoo.datasets.report import data_report
from kerasnlp_zoo.datasets.text_regression import load_text_regression
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import WordPreprocessor
from tests.datasets.tfds_folders import write_tfds


def own(folder, rows, header="text,label"):
    path = folder / "train.csv"
    path.write_text(header + "\n" + "\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize(("language", "sizes"), [(None, [5688, 1496, 1379]), ("zh", [5171, 1451, 1361])])
def test_the_benchmark_has_pairs_with_scores(language, sizes):
    options = DataOptions(dataset="sts_benchmark", language=language, drop_duplicates=True)
    data = load_text_regression(options)
    splits = (data.train, data.validation, data.test)
    assert list(map(len, splits)) == sizes
    assert (data.labels, data.language) == (["score"], language or "en")
    for split in splits:
        assert split.labels.dtype == "float64"
        assert (split.labels.min(), split.labels.max()) == (0, 5)
        assert all(isinstance(text, tuple) and len(text) == 2 for text in split.texts)


def test_the_official_splits_of_the_benchmark_stay_whole():
    data = load_text_regression(DataOptions(dataset="sts_benchmark"))
    assert (len(data.train), len(data.validation), len(data.test)) == (5749, 1500, 1379)  # as published


def test_own_scores_are_split_by_text(tmp_path):
    path = own(tmp_path, [*(f"text {n},{n / 4}" for n in range(50)), "no number,", "text 1,0.25"])
    data = load_text_regression(DataOptions(train_file=path))
    assert (len(data.train), len(data.validation), len(data.test)) == (40, 5, 5)
    assert (data.dropped["rows without label"], data.dropped["duplicates"]) == (1, 1)
    for split in (data.train, data.validation, data.test):
        assert split.labels.tolist() == [int(text.split()[1]) / 4 for text in split.texts]


def test_own_pairs_can_have_scores(tmp_path):
    path = own(tmp_path, [f"a {n},b {n},-{n}e-1" for n in range(20)], header="text,other,label")
    data = load_text_regression(DataOptions(train_file=path, text_pair_column="other"))
    assert data.test.labels.tolist() == [-int(first.split()[1]) / 10 for first, _ in data.test.texts]


@pytest.mark.parametrize("label", ["good", "nan", "inf", "3,5"])
def test_a_label_that_is_not_a_number_is_refused(label, tmp_path):
    path = own(tmp_path, ["fine,1", f'text,"{label}"'])
    with pytest.raises(InputError, match=f"train.csv, line 3: the label '{label}' is not a number"):
        load_text_regression(DataOptions(train_file=path))


def test_scores_of_tfds_are_read_by_name_and_by_flags(tmp_path):
    features = {"sentence1": tfds.features.Text(), "sentence2": tfds.features.Text(), "label": np.float32}
    splits = {
        split: {
            "sentence1": [f"{split} {n}" for n in range(20)],
            "sentence2": [f"other {n}" for n in range(20)],
            "label": np.arange(20, dtype="float32") / 4,
        }
        for split in ("train", "validation")
    }
    write_tfds(tmp_path, "glue", features, splits, config="stsb")
    data = load_text_regression(DataOptions(dataset="stsb", data_dir=tmp_path))
    assert (len(data.train), len(data.validation), len(data.test)) == (18, 2, 20)
    assert {text: label * 4 for text, label in zip(data.test.texts, data.test.labels, strict=True)} == {
        (f"validation {n}", f"other {n}"): n for n in range(20)
    }
    write_tfds(tmp_path, "my_scores", features, splits, config=None)
    flags = {"text_column": "sentence1", "label_column": "sentence2", "data_dir": tmp_path}
    with pytest.raises(InputError, match="'sentence2' of my_scores must contain numbers"):
        load_text_regression(DataOptions(dataset="my_scores", **flags))
    flags["label_column"] = "label"
    assert load_text_regression(DataOptions(dataset="my_scores", **flags)).validation.texts[0].startswith("validation")


def test_a_missing_or_unknown_name_is_refused(tmp_path):
    with pytest.raises(InputError, match="--dataset .*sts_benchmark"):
        load_text_regression(DataOptions())
    with pytest.raises(InputError, match="Did you mean 'stsb'.*a package index only: sts_benchmark$"):
        load_text_regression(DataOptions(dataset="stsbb", data_dir=tmp_path))


def test_the_report_shows_the_scores(tmp_path):
    data = load_text_regression(DataOptions(train_file=own(tmp_path, [f"text {n},{n % 5}" for n in range(50)])))
    report = data_report(data, WordPreprocessor.from_texts(data.train.texts), batch_size=10)
    assert f"score         train: mean {data.train.labels.mean():.2f}, 0 to 4" in report
