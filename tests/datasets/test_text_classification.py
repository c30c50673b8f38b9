"""Data sets are read by name and from files. TFDS names are tested on small folders in TFDS's format."""

import time

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets import DataOptions, load_text_classification, tfds_loading
from kerasnlp_zoo.datasets.report import data_report
from kerasnlp_zoo.datasets.splits import duplicate_key
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import Vocabulary, WordPreprocessor
from tests.datasets.tfds_folders import write_tfds


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
def test_tfds_names_load_texts_labels_and_the_official_test_split(dataset, tfds_name, config, text, labels, tmp_path):
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


def test_glue_is_read_by_config_and_tested_on_the_validation_split(tmp_path):
    features = {"sentence": tfds.features.Text(), "label": tfds.features.ClassLabel(names=["negative", "positive"])}
    hidden = {"sentence": ["secret"], "label": [-1]}
    splits = {"train": columns("sentence", "label", 60), "validation": columns("sentence", "label", 10, word="seen")}
    write_tfds(tmp_path, "glue", features, {**splits, "test": hidden}, config="sst2")
    for name in ("sst2", "glue/sst2"):
        data = load_text_classification(options(tmp_path, name))
        assert sorted(data.test.texts) == sorted(splits["validation"]["sentence"])
        assert len(data.train) + len(data.validation) == 60


def test_columns_of_other_tfds_names_are_given_by_flags(tmp_path):
    features = {"body": tfds.features.Text(), "kind": tfds.features.ClassLabel(names=["a", "b"])}
    splits = {"train": columns("body", "kind", 60), "test": {"body": ["x", "y"], "kind": [-1, 1]}}
    write_tfds(tmp_path, "my_mails", features, splits, config=None)
    data = load_text_classification(options(tmp_path, "my_mails", text_column="body", label_column="kind"))
    assert data.test.texts == ["y"]
    assert data.dropped["rows without label"] == 1
    with pytest.raises(InputError, match="no feature 'text'. Its features are: body, kind"):
        load_text_classification(options(tmp_path, "my_mails"))
    with pytest.raises(InputError, match="must be a class label"):
        load_text_classification(options(tmp_path, "my_mails", text_column="body", label_column="body"))


PAIR_SOURCES = [
    ("snli", "snli", "premise", "hypothesis", None, ["entailment", "neutral", "contradiction"]),
    ("mnli", "glue/mnli", "premise", "hypothesis", "mnli", ["entailment", "neutral", "contradiction"]),
    ("qnli", "glue/qnli", "question", "sentence", "qnli", ["entailment", "not_entailment"]),
    ("qqp", "glue/qqp", "question1", "question2", "qqp", ["not_duplicate", "duplicate"]),
    ("mrpc", "glue/mrpc", "sentence1", "sentence2", "mrpc", ["not_equivalent", "equivalent"]),
    ("rte", "glue/rte", "sentence1", "sentence2", "rte", ["entailment", "not_entailment"]),
]


def pair_columns(first, second, count, classes, word):
    texts = [f"{word} {n}" for n in range(count)]
    return {first: texts, second: [text + " again" for text in texts], "label": [n % classes for n in range(count)]}


@pytest.mark.parametrize(("dataset", "tfds_name", "first", "second", "config", "labels"), PAIR_SOURCES)
def test_tfds_names_of_pairs_load_both_texts(dataset, tfds_name, first, second, config, labels, tmp_path):
    features = {
        first: tfds.features.Text(),
        second: tfds.features.Text(),
        "label": tfds.features.ClassLabel(names=labels),
    }
    scored = {"snli": "test", "mnli": "validation_matched"}.get(dataset, "validation")
    splits = {
        "train": pair_columns(first, second, 60, len(labels), "train"),
        scored: pair_columns(first, second, 6, len(labels), "scored"),
    }
    splits[scored]["label"][-1] = -1  # annotators did not agree
    write_tfds(tmp_path, tfds_name.split("/")[0], features, splits, config)
    for name in (dataset, tfds_name):
        data = load_text_classification(options(tmp_path, name))
        assert sorted(data.test.texts) == [(f"scored {n}", f"scored {n} again") for n in range(5)]
        assert data.dropped["rows without label"] == 1
        assert len(data.train) + len(data.validation) == 60


def test_pair_columns_of_other_tfds_names_are_given_by_flags(tmp_path):
    features = {"a": tfds.features.Text(), "b": tfds.features.Text(), "kind": tfds.features.ClassLabel(num_classes=2)}
    rows = {"a": [f"a{n}" for n in range(40)], "b": ["same"] * 40, "kind": [n % 2 for n in range(40)]}
    write_tfds(tmp_path, "my_pairs", features, {"train": rows}, config=None)
    flags = {"text_column": "a", "text_pair_column": "b", "label_column": "kind"}
    data = load_text_classification(options(tmp_path, "my_pairs", **flags))
    assert {second for _, second in data.train.texts} == {"same"}
    with pytest.raises(InputError, match="no feature 'c'.*--text-pair-column"):
        load_text_classification(options(tmp_path, "my_pairs", **{**flags, "text_pair_column": "c"}))


@pytest.mark.slow  # prepares 110,000 pairs
def test_snli_is_read_from_its_package_without_tfds(tmp_path, monkeypatch):
    monkeypatch.setattr(tfds_loading, "HOST", "http://127.0.0.1:9/")
    data = load_text_classification(options(tmp_path, "snli"))
    assert (len(data.train), len(data.validation), len(data.test)) == (89902, 9988, 9824)
    assert data.dropped["rows without label"] == 110 + 176
    assert np.bincount(data.test.labels).tolist() == [3368, 3219, 3237]
    assert load_text_classification(options(tmp_path, "zoo_snli")).fingerprint() == data.fingerprint()


def test_an_unreachable_tfds_host_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(tfds_loading, "HOST", "http://127.0.0.1:9/")
    with pytest.raises(InputError) as error:
        load_text_classification(options(tmp_path, "ag_news"))
    assert "not prepared" in str(error.value)
    assert "movie_reviews" in str(error.value)


def test_waiting_for_a_silent_host_is_limited(monkeypatch):
    waited = []

    def silent(*args, **kwargs):
        time.sleep(5)
        waited.append(True)
        raise OSError

    monkeypatch.setattr(tfds_loading, "PATIENCE", 0.2)
    monkeypatch.setattr(tfds_loading.urllib.request, "urlopen", silent)
    assert not tfds_loading.host_answers()
    assert not waited


def test_unknown_and_missing_data_sets_are_refused(tmp_path):
    with pytest.raises(InputError, match="no data set 'moovie_reviews'. Did you mean 'movie_reviews'"):
        load_text_classification(options(tmp_path, "moovie_reviews"))
    with pytest.raises(InputError, match="--dataset"):
        load_text_classification(DataOptions())


@pytest.mark.parametrize(
    ("name", "labels", "train", "validation", "test", "language"),
    [
        pytest.param("movie_reviews", 2, 6824, 854, 852, "en", marks=pytest.mark.slow),
        ("trec", 6, 4832, 537, 500, "en"),
        ("trec_fine", 47, 4830, 538, 500, "en"),
        pytest.param("shop_reviews", 2, 13886, 1736, 1736, "zh", marks=pytest.mark.slow),
        pytest.param("newsgroups", 20, 10136, 1126, 7528, "en", marks=pytest.mark.slow),
        pytest.param("reuters_r8", 8, 4874, 541, 2189, "en", marks=pytest.mark.slow),
    ],
)
def test_data_sets_of_packages_have_their_published_sizes(name, labels, train, validation, test, language):
    data = load_text_classification(DataOptions(dataset=name, drop_duplicates=True))
    assert (len(data.labels), data.language) == (labels, language)
    assert (len(data.train), len(data.validation), len(data.test)) == (train, validation, test)
    splits = [{duplicate_key(text) for text in split.texts} for split in (data.train, data.validation, data.test)]
    assert not splits[0] & splits[1]
    assert not (splits[0] | splits[1]) & splits[2]
    again = load_text_classification(DataOptions(dataset=name, drop_duplicates=True))
    assert again.fingerprint() == data.fingerprint()


def test_the_official_splits_of_trec_stay_whole():
    data = load_text_classification(DataOptions(dataset="trec"))
    assert 5452 - 10 < len(data.train) + len(data.validation) <= 5452  # few texts are in both parts
    assert not set(data.train.texts) & set(data.validation.texts)
    assert "--drop-duplicates removes them" in data.notes[0]


def test_prepared_data_equals_the_training_data_of_the_entry_in_the_same_order(tmp_path):
    data = load_text_classification(options(tmp_path, "movie_reviews"))
    assert data.fingerprint() == zoo.read_config("text_cnn_movie_reviews_en")["data"]["fingerprint"]


def test_fine_classes_of_trec_belong_to_the_coarse_ones():
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


@pytest.mark.slow
def test_imdb_is_read_from_its_package_if_tfds_cannot_be_reached(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tfds_loading, "HOST", "http://127.0.0.1:9/")
    data = load_text_classification(options(tmp_path, "imdb_reviews"))
    assert (len(data.train), len(data.validation), len(data.test)) == (19924, 2490, 2490)
    assert "a part of it from a Python package" in capsys.readouterr().err


def own(folder, name, rows):
    path = folder / f"{name}.csv"
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows), "utf-8")
    return path


def test_own_files_are_split_and_labels_are_sorted(tmp_path):
    train = own(tmp_path, "train", [(f"text {n}", n % 12) for n in range(240)])
    data = load_text_classification(DataOptions(train_file=train))
    assert data.labels == [str(n) for n in range(12)]
    assert (len(data.train), len(data.validation), len(data.test)) == (192, 24, 24)
    assert data.name == "train"


def test_own_splits_stay_whole_and_their_leaks_are_counted_or_removed(tmp_path):
    train = own(tmp_path, "train", [(f"text {n}", "ab"[n % 2]) for n in range(40)] + [("no label", "")])
    test = own(tmp_path, "test", [("text 3", "b"), ("new", "a")])
    validation = own(tmp_path, "validation", [("text 5", "b"), ("new", "a"), ("newer", "a")])
    files = {"train_file": train, "validation_file": validation, "test_file": test}
    whole = load_text_classification(DataOptions(**files))
    assert (len(whole.train), whole.validation.texts, whole.test.texts) == (
        40,
        ["text 5", "new", "newer"],
        ["text 3", "new"],
    )
    assert whole.notes == ["kept 3 texts of another split: the given splits stay whole; --drop-duplicates removes them"]
    data = load_text_classification(DataOptions(**files, drop_duplicates=True))
    assert data.notes == []
    assert data.validation.texts == ["text 5", "newer"]
    assert data.test.texts == ["text 3", "new"]
    assert not {"text 3", "text 5"} & set(data.train.texts)
    assert data.dropped["rows without label"] == 1
    assert data.dropped["texts of another split"] == 3


def test_an_unknown_label_is_refused_with_its_line(tmp_path):
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
def test_invalid_validation_shares_are_refused(share):
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


def test_own_pairs_are_split_cleaned_and_reported(tmp_path):
    rows = "".join(f"question {n},answer {n % 5},{'ab'[n % 2]}\n" for n in range(40))
    path = tmp_path / "pairs.csv"
    path.write_text("text,reply,label\n" + rows + "QUESTION 1,answer  1,b\nlonely,,a\n", "utf-8")
    data = load_text_classification(DataOptions(train_file=path, text_pair_column="reply"))
    assert (len(data.train), len(data.validation), len(data.test)) == (32, 4, 4)
    assert data.dropped["duplicates"] == data.dropped["rows without text"] == 1
    assert all(isinstance(text, tuple) and len(text) == 2 for text in data.train.texts)
    other = load_text_classification(DataOptions(train_file=path, text_pair_column="reply", validation_split=0.2))
    assert other.fingerprint() != data.fingerprint()

    class Pairs:
        """Joins the words of both texts, like a preprocessor for pairs."""

        vocabulary_size, max_sequence_length, vocabulary = 100, 3, Vocabulary(["[PAD]", "[UNK]"])

        def prepare(self, texts):
            return texts

        def features(self, first, second):
            rows = [[7] * len(f"{a} {b}".split()) for a, b in zip(first, second, strict=True)]
            return {"token_ids": tf.ragged.constant(rows)}

    report = data_report(data, Pairs(), batch_size=10)
    assert "32 train, 4 validation, 4 test" in report
    assert "4.0 tokens per text" in report


def test_the_report_explains_a_bad_score(tmp_path):
    rows = [(f"word{n} common " * (1 + n % 3), "ab"[n % 2]) for n in range(100)] + [("word0 common", "b"), ("x", "")]
    data = load_text_classification(DataOptions(train_file=own(tmp_path, "reviews", rows)))
    preprocessor = WordPreprocessor.from_texts(data.train.texts, min_count=4, max_sequence_length=4)
    report = data_report(data, preprocessor, batch_size=10)
    for part in (
        "79 train, 10 validation, 10 test",
        "1 rows without label",
        "2 texts with two labels",
        "a: 39 train",
        "truncated to 4",
        "50.0% unknown",
        "padding",
        "3 tokens, counted on train",
    ):
        assert part in report


def test_labels_that_look_alike_are_pointed_out(tmp_path):
    labels = ["pos", "Pos", "neg", "neg\u200b", "café", "cafe\u0301", "１", "1", "other"]
    rows = [f"text {number},{labels[number % 9]}" for number in range(180)]
    (tmp_path / "a.csv").write_text("\n".join(["text,label", *rows]), "utf-8")
    data = load_text_classification(DataOptions(train_file=tmp_path / "a.csv"))
    report = data_report(data, WordPreprocessor.from_texts(data.train.texts), 32)
    assert [line for line in report.split("\n") if line.startswith("  alike")] == [
        f"  alike         labels {names}: one label, or are they different?"
        for names in (r"'1', '\uff11'", "'Pos', 'pos'", r"'cafe\u0301', 'caf\xe9'", r"'neg', 'neg\u200b'")
    ]
