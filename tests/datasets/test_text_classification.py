"""Data by name and from files; TFDS names on folders in TFDS's own format, written here."""

import time

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets import DataOptions, load_text_classification, tfds_names
from kerasnlp_zoo.datasets.report import data_report
from kerasnlp_zoo.datasets.splits import comparable
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import WordPreprocessor


def write_tfds(folder, name, features, splits, config="plain_text"):
    """Write a data set as TFDS itself keeps it: a folder per name, config and version, with record files."""
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        config=config,
        version="1.0.0",
        data_dir=folder,
        features=tfds.features.FeaturesDict(features),
        split_datasets={
            split: tf.data.Dataset.from_tensor_slices({key: list(values) for key, values in columns.items()})
            for split, columns in splits.items()
        },
    )


def columns(text, label, count, classes=2, word="film"):
    return {text: [f"{word} number {n}" for n in range(count)], label: [n % classes for n in range(count)]}


def options(folder, dataset, **arguments):
    return DataOptions(dataset=dataset, data_dir=folder, **arguments)


@pytest.mark.parametrize(
    ("dataset", "tfds_name", "config", "text", "labels"),
    [
        ("imdb_reviews", "imdb_reviews", "plain_text", "text", ["neg", "pos"]),
        ("yelp_polarity", "yelp_polarity_reviews", None, "text", ["1", "2"]),
        ("yelp_polarity_reviews", "yelp_polarity_reviews", None, "text", ["1", "2"]),
        ("ag_news", "ag_news_subset", None, "description", ["World", "Sports", "Business", "Sci/Tech"]),
        ("ag_news_subset", "ag_news_subset", None, "description", ["World", "Sports", "Business", "Sci/Tech"]),
    ],
)
def test_tfds_names_give_text_label_and_the_official_test(dataset, tfds_name, config, text, labels, tmp_path):
    features = {text: tfds.features.Text(), "label": tfds.features.ClassLabel(names=labels)}
    splits = {
        "train": columns(text, "label", 80, len(labels)),
        "test": columns(text, "label", 20, len(labels), word="test"),
    }
    write_tfds(tmp_path, tfds_name, features, splits, config)
    data = load_text_classification(options(tmp_path, dataset))
    assert data.labels == labels
    assert sorted(data.test.texts) == sorted(splits["test"][text])
    assert len(data.train) + len(data.validation) == 80
    assert np.all(np.bincount(data.validation.labels) == 8 // len(labels))


def test_glue_names_its_config_and_scores_the_validation_split(tmp_path):
    features = {"sentence": tfds.features.Text(), "label": tfds.features.ClassLabel(names=["negative", "positive"])}
    hidden = {"sentence": ["secret"], "label": [-1]}
    splits = {"train": columns("sentence", "label", 60), "validation": columns("sentence", "label", 10, word="seen")}
    write_tfds(tmp_path, "glue", features, {**splits, "test": hidden}, config="sst2")
    for name in ("sst2", "glue/sst2"):
        data = load_text_classification(options(tmp_path, name))
        assert sorted(data.test.texts) == sorted(splits["validation"]["sentence"])
        assert len(data.train) + len(data.validation) == 60


def test_any_other_tfds_name_takes_its_columns_from_the_flags(tmp_path):
    features = {"body": tfds.features.Text(), "kind": tfds.features.ClassLabel(names=["a", "b"])}
    splits = {"train": columns("body", "kind", 60), "test": {"body": ["x", "y"], "kind": [-1, 1]}}
    write_tfds(tmp_path, "my_mails", features, splits, config=None)
    data = load_text_classification(options(tmp_path, "my_mails", text_column="body", label_column="kind"))
    assert data.test.texts == ["y"]
    assert data.dropped["rows without label"] == 1
    with pytest.raises(InputError, match="no feature 'text'; it has: body, kind"):
        load_text_classification(options(tmp_path, "my_mails"))
    with pytest.raises(InputError, match="no class label"):
        load_text_classification(options(tmp_path, "my_mails", text_column="body", label_column="body"))


def test_unreachable_tfds_host_is_told_within_seconds(tmp_path, monkeypatch):
    monkeypatch.setattr(tfds_names, "HOST", "http://127.0.0.1:9/")
    start = time.time()
    with pytest.raises(InputError) as error:
        load_text_classification(options(tmp_path, "ag_news"))
    assert time.time() - start < 15
    assert "not prepared" in str(error.value)
    assert "movie_reviews" in str(error.value)


def test_a_silent_host_is_given_up(monkeypatch):
    def silent(*args, **kwargs):
        time.sleep(3)
        raise OSError

    monkeypatch.setattr(tfds_names, "PATIENCE", 0.2)
    monkeypatch.setattr(tfds_names.urllib.request, "urlopen", silent)
    start = time.time()
    assert not tfds_names.host_answers()
    assert time.time() - start < 2


def test_unknown_data_set_and_no_data_set_are_refused(tmp_path):
    with pytest.raises(InputError, match="no data set 'moovie_reviews'. Did you mean 'movie_reviews'"):
        load_text_classification(options(tmp_path, "moovie_reviews"))
    with pytest.raises(InputError, match="--dataset"):
        load_text_classification(DataOptions())


@pytest.mark.parametrize(
    ("name", "labels", "train", "validation", "test", "language"),
    [
        ("movie_reviews", 2, 6824, 854, 852, "en"),
        ("trec", 6, 4832, 537, 500, "en"),
        ("trec_fine", 47, 4830, 538, 500, "en"),
        ("shop_reviews", 2, 13886, 1736, 1736, "zh"),
        ("newsgroups", 20, 10136, 1126, 7528, "en"),
        ("reuters_r8", 8, 4874, 541, 2189, "en"),
    ],
)
def test_data_sets_of_packages(name, labels, train, validation, test, language):
    data = load_text_classification(DataOptions(dataset=name))
    assert (len(data.labels), data.language) == (labels, language)
    assert (len(data.train), len(data.validation), len(data.test)) == (train, validation, test)
    splits = [{comparable(text) for text in split.texts} for split in (data.train, data.validation, data.test)]
    assert not splits[0] & splits[1]
    assert not (splits[0] | splits[1]) & splits[2]
    assert load_text_classification(DataOptions(dataset=name)).fingerprint() == data.fingerprint()


def test_freshly_prepared_data_is_what_the_entry_was_trained_on_in_the_same_order(tmp_path):
    data = load_text_classification(options(tmp_path, "movie_reviews"))
    assert data.fingerprint() == zoo.read_config("text_cnn_movie_reviews_en")["data"]["fingerprint"]


def test_fine_classes_of_trec_lie_within_the_coarse_ones():
    coarse, fine = (load_text_classification(DataOptions(dataset=name)) for name in ("trec", "trec_fine"))
    kinds = {}
    for text, label in zip(coarse.test.texts, coarse.test.labels, strict=True):
        kinds[text] = coarse.labels[label]
    found = {(fine.labels[label], kinds[text]) for text, label in zip(fine.test.texts, fine.test.labels, strict=True)}
    assert {
        ("date", "NUM"),
        ("city", "LOC"),
        ("def", "DESC"),
        ("abb", "ABBR"),
        ("animal", "ENTY"),
        ("ind", "HUM"),
    } <= found


def test_imdb_falls_back_on_its_package_where_tfds_cannot_be_reached(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tfds_names, "HOST", "http://127.0.0.1:9/")
    data = load_text_classification(options(tmp_path, "imdb_reviews"))
    assert (len(data.train), len(data.validation), len(data.test)) == (19924, 2490, 2490)
    assert "what a package holds" in capsys.readouterr().err


def own(folder, name, rows):
    path = folder / f"{name}.csv"
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows), "utf-8")
    return path


def test_own_files_are_split_and_labels_are_ordered_by_value(tmp_path):
    train = own(tmp_path, "train", [(f"text {n}", n % 12) for n in range(240)])
    data = load_text_classification(DataOptions(train_file=train))
    assert data.labels == [str(n) for n in range(12)]
    assert (len(data.train), len(data.validation), len(data.test)) == (192, 24, 24)
    assert data.name == "train"


def test_own_splits_are_kept_and_leaks_removed(tmp_path):
    train = own(tmp_path, "train", [(f"text {n}", "ab"[n % 2]) for n in range(40)] + [("no label", "")])
    test = own(tmp_path, "test", [("text 3", "b"), ("new", "a")])
    validation = own(tmp_path, "validation", [("text 5", "b"), ("new", "a"), ("newer", "a")])
    data = load_text_classification(DataOptions(train_file=train, validation_file=validation, test_file=test))
    assert data.validation.texts == ["text 5", "newer"]
    assert data.test.texts == ["text 3", "new"]
    assert not {"text 3", "text 5"} & set(data.train.texts)
    assert data.dropped["rows without label"] == 1
    assert data.dropped["texts of another split"] == 3


def test_unknown_label_is_refused_with_its_line(tmp_path):
    train = own(tmp_path, "train", [(f"text {n}", "ab"[n % 2]) for n in range(40)])
    test = own(tmp_path, "test", [("fine", "a"), ("odd", "c")])
    with pytest.raises(InputError, match=r"test.csv, line 3: the label 'c' does not occur.* a, b"):
        load_text_classification(DataOptions(train_file=train, test_file=test))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("only one", "a")] * 3, "at least two labels.* a"),
        ([("one", "a"), ("two", "b")], "too little data"),
        ([("same", "a"), ("same", "b")], "empty"),
        ([("", "a"), ("", "b")], "empty"),
    ],
)
def test_data_that_cannot_train_a_classifier_is_refused(rows, message, tmp_path):
    with pytest.raises(InputError, match=message):
        load_text_classification(DataOptions(train_file=own(tmp_path, "train", rows)))


@pytest.mark.parametrize("share", [0, 0.5, 1, -0.1])
def test_impossible_shares_are_refused(share):
    with pytest.raises(InputError, match="--validation-split"):
        load_text_classification(DataOptions(dataset="movie_reviews", validation_split=share))


def test_cross_validation_needs_data_without_a_test_split(tmp_path):
    train = own(tmp_path, "train", [(f"text {n}", "ab"[n % 2]) for n in range(40)])
    with pytest.raises(InputError, match="Cross-validation"):
        load_text_classification(DataOptions(train_file=train, test_file=train), fold=0, num_folds=10)
    tested = [
        text
        for fold in range(10)
        for text in load_text_classification(DataOptions(train_file=train), fold, 10).test.texts
    ]
    assert len(set(tested)) == len(tested) == 40


def test_report_tells_what_explains_a_bad_score(tmp_path):
    rows = [(f"word{n} common " * (1 + n % 3), "ab"[n % 2]) for n in range(100)] + [("word0 common", "b"), ("x", "")]
    data = load_text_classification(DataOptions(train_file=own(tmp_path, "reviews", rows)))
    preprocessor = WordPreprocessor.from_texts(data.train.texts, min_count=4, max_sequence_length=4)
    report = data_report(data, preprocessor, batch_size=10)
    for part in (
        "79 train, 10 validation, 10 test",
        "1 rows without label",
        "2 texts with two labels",
        "a: 39 train",
        "cut at 4",
        "50.0% unknown",
        "padding",
        "3 tokens, counted on train",
    ):
        assert part in report
