"""Texts with labelled spans are read by name and from files, split without overlap, and reported."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
import tyro

from kerasnlp_zoo.datasets import conll2003, msra, peoples_daily, tfds_loading
from kerasnlp_zoo.datasets.report import span_report
from kerasnlp_zoo.datasets.splits import duplicate_key
from kerasnlp_zoo.datasets.tagged_texts import TaggedTexts
from kerasnlp_zoo.datasets.token_classification import (
    TokenClassificationOptions,
    load_token_classification,
)
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tag_schemes import Span
from kerasnlp_zoo.text.tagged_text import TaggedText, join_tokens
from kerasnlp_zoo.training.run_options import RunConfig
from tests.datasets.tfds_folders import write_tfds

CONLL = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def own(folder, name, count, label="PER", tag="B-"):
    path = folder / f"{name}.txt"
    path.write_text("".join(f"Ada {tag}{label}\nsees O\n{name}{n} O\n\n" for n in range(count)))
    return path


def marked(split):
    return [(text[span.start : span.end], span.label) for text, spans in split for span in spans]


def test_a_recipe_inherits_the_flags_and_defaults():
    @dataclasses.dataclass
    class Config(TokenClassificationOptions, RunConfig):
        """Flags of a recipe."""

    flags = tyro.cli(Config, args=["--columns", "1", "-2", "--batch-size", "7"])
    assert (flags.columns, flags.label_column, flags.batch_size) == ((1, -2), "spans", 7)


def test_order_of_own_texts_does_not_change_the_splits(tmp_path):
    path = own(tmp_path, "train", 50)
    data = load_token_classification(TokenClassificationOptions(train_file=path))
    assert (len(data.train), len(data.validation), len(data.test)) == (40, 5, 5)
    assert data.labels == ["PER"]
    assert marked(data.train) == [("Ada", "PER")] * 40
    blocks = path.read_text().strip("\n").split("\n\n")
    path.write_text("\n\n".join(blocks[::-1]))
    again = load_token_classification(TokenClassificationOptions(train_file=path))
    assert set(again.test.texts) == set(data.test.texts)


def test_repeated_texts_and_texts_with_contradicting_spans_are_dropped(tmp_path):
    path = own(tmp_path, "train", 50)
    path.write_text(path.read_text() + "Ada B-PER\nsees O\ntrain0 O\n\nAda B-LOC\nsees O\ntrain1 O\n")
    data = load_token_classification(TokenClassificationOptions(train_file=path))
    assert data.dropped["duplicates"] == 1
    assert data.dropped["texts with two labels"] == 2
    assert data.labels == ["LOC", "PER"]


def test_own_splits_stay_whole_and_their_leaks_are_counted_or_removed(tmp_path):
    train, test = own(tmp_path, "train", 20), own(tmp_path, "test", 5)
    train.write_text(train.read_text() + test.read_text())
    whole = load_token_classification(TokenClassificationOptions(train_file=train, test_file=test))
    assert len(whole.train) + len(whole.validation) == 25
    assert whole.notes[-1].startswith("kept 5 texts of another split")
    options = TokenClassificationOptions(train_file=train, test_file=test, drop_duplicates=True)
    data = load_token_classification(options)
    assert (len(data.test), data.dropped["texts of another split"]) == (5, 5)
    assert not set(data.test.texts) & {*data.train.texts, *data.validation.texts}


def test_a_label_that_training_does_not_have_is_refused_with_its_position(tmp_path):
    train, test = own(tmp_path, "train", 20), own(tmp_path, "test", 5, label="ORG")
    with pytest.raises(InputError, match=r"test.txt, line 1: .*'ORG', which does not occur.* PER"):
        load_token_classification(TokenClassificationOptions(train_file=train, test_file=test))


def test_data_without_spans_and_too_little_data_are_refused(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text("It O\nrains O\n")
    with pytest.raises(InputError, match="No text of train has a span"):
        load_token_classification(TokenClassificationOptions(train_file=path))
    with pytest.raises(InputError, match="too little data"):
        load_token_classification(TokenClassificationOptions(train_file=own(tmp_path, "few", 2)))
    with pytest.raises(InputError, match="--validation-split"):
        load_token_classification(TokenClassificationOptions(train_file=own(tmp_path, "few", 2), validation_split=0.9))


def test_a_smoke_run_uses_a_few_texts(tmp_path):
    data = load_token_classification(TokenClassificationOptions(train_file=own(tmp_path, "a", 500), smoke=True))
    assert (len(data.train), len(data.validation), len(data.test)) == (24, 24, 24)


def test_a_split_is_a_sequence_of_texts_with_spans():
    texts = TaggedTexts.of([TaggedText("Ada slept", [Span(0, 3, "PER")]), TaggedText("It rains", [])])
    assert list(texts) == [("Ada slept", ((0, 3, "PER"),)), ("It rains", ())]
    taken = texts.take(np.array([1]))
    assert isinstance(taken, TaggedTexts)
    assert taken[0].text == "It rains"
    assert texts.span_labels() == {"PER"}


def test_joined_tokens_are_at_their_spans():
    tokens, spans = ["北京", "iPhone", "14"], [Span(0, 1, "LOC"), Span(1, 3, "THING")]
    for language, expected in (("zh", ["北京", "iPhone14"]), ("en", ["北京", "iPhone 14"])):
        text, places = join_tokens(tokens, spans, language)
        assert [text[place.start : place.end] for place in places] == expected


def test_tokens_and_tags_of_tfds_are_sentences_with_entities(tmp_path):
    sequence = tfds.features.Sequence
    features = {
        "tokens": sequence(tfds.features.Text()),
        "ner": sequence(tfds.features.ClassLabel(names=CONLL)),
    }

    def split(word, count):
        tokens = [["Ada", "Byron", "sees", f"{word}{n}"] for n in range(count)] + [["It", "rains", word]]
        tags = [[1, 2, 0, 3]] * count + [[0, 0, 0]]
        return {"tokens": tf.ragged.constant(tokens), "ner": tf.ragged.constant(tags, tf.int64)}

    splits = {"train": split("Rome", 9), "dev": split("Oslo", 3), "test": split("Bonn", 2)}
    flags = {"text_column": "tokens", "label_column": "ner"}
    write_tfds(tmp_path, "my_names", features, splits, config=None)
    data = load_token_classification(TokenClassificationOptions(dataset="my_names", data_dir=tmp_path, **flags))
    assert (len(data.train), len(data.validation), len(data.test)) == (10, 4, 3)
    assert data.labels == ["LOC", "PER"]
    assert sorted(marked(data.test)) == [("Ada Byron", "PER")] * 2 + [("Bonn0", "LOC"), ("Bonn1", "LOC")]
    with pytest.raises(InputError, match="no feature 'text'"):
        load_token_classification(TokenClassificationOptions(dataset="my_names", data_dir=tmp_path))
    flags["label_column"] = "tokens"
    with pytest.raises(InputError, match="must be sequences of tokens"):
        load_token_classification(TokenClassificationOptions(dataset="my_names", data_dir=tmp_path, **flags))


def test_universal_dependencies_of_tfds_have_a_tag_for_every_word(tmp_path):
    sequence = tfds.features.Sequence
    names = ["NOUN", "VERB"]
    features = {"tokens": sequence(tfds.features.Text()), "upos": sequence(tfds.features.ClassLabel(names=names))}

    def split(word, count):
        tokens = tf.ragged.constant([["Ada", f"{word}{n}"] for n in range(count)])
        return {"tokens": tokens, "upos": tf.ragged.constant([[0, 1]] * count, tf.int64)}

    splits = {"train": split("sees", 9), "dev": split("saw", 3), "test": split("sings", 2)}
    write_tfds(tmp_path, "universal_dependencies", features, splits, config="en_ewt")
    options = TokenClassificationOptions(dataset="universal_dependencies/en_ewt", data_dir=tmp_path)
    data = load_token_classification(options)
    assert (len(data.train), len(data.validation), len(data.test)) == (9, 3, 2)
    assert sorted(marked(data.test)) == [("Ada", "NOUN")] * 2 + [("sings0", "VERB"), ("sings1", "VERB")]


def test_unknown_and_missing_names_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tfds_loading, "HOST", "http://127.0.0.1:9/")
    with pytest.raises(InputError, match="--dataset .*msra"):
        load_token_classification(TokenClassificationOptions())
    with pytest.raises(InputError, match="Did you mean 'msra'.*peoples_daily_pos"):
        load_token_classification(TokenClassificationOptions(dataset="msrra", data_dir=tmp_path))


def test_peoples_daily_names_join_surname_and_given_name():
    words = [("欧阳", "nr"), ("明", "nr"), ("和", "c"), ("李", "nr"), ("小龙", "nr"), ("克林顿", "nr"), ("王", "nr")]
    joined = peoples_daily.name_words(words)
    assert joined == [("欧阳明", "PER"), ("和", None), ("李小龙", "PER"), ("克林顿", "PER"), ("王", "PER")]
    assert peoples_daily.name_words([("新华社", "nt"), ("上海", "ns"), ("电", "n")]) == [
        ("新华社", "ORG"),
        ("上海", "LOC"),
        ("电", None),
    ]


def test_the_three_versions_of_the_peoples_daily_have_the_same_texts(monkeypatch):
    paragraphs = [[("王", "nr"), ("红", "nr"), ("在", "p"), (f"北京{n}", "ns")] for n in range(20)]
    monkeypatch.setattr(peoples_daily, "tagged_words", lambda: iter(paragraphs))
    found = {
        name: load_token_classification(TokenClassificationOptions(dataset=f"peoples_daily_{name}"))
        for name in ("segmentation", "pos", "names")
    }
    assert len({tuple(data.train.texts) for data in found.values()}) == 1
    assert [label for _, label in marked(found["segmentation"].test)] == ["word"] * 8
    assert [label for _, label in marked(found["pos"].test)] == ["nr", "nr", "p", "ns"] * 2
    assert [(text[:2], label) for text, label in marked(found["names"].test)] == [("王红", "PER"), ("北京", "LOC")] * 2


def test_conll2003_has_its_published_sizes_and_forbids_commercial_use():
    sentences = {split: list(conll2003.tagged_tokens(split)) for split in conll2003.FILES}
    sizes = {split: (len(rows), sum(len(tokens) for tokens, _ in rows)) for split, rows in sentences.items()}
    assert sizes == {"train": (14_041, 203_621), "validation": (3_250, 51_362), "test": (3_453, 46_435)}
    data = load_token_classification(TokenClassificationOptions(dataset="conll2003"))
    assert (len(data.train), len(data.validation), len(data.test)) == (14_041, 3_250, 3_453)
    assert sum(map(len, data.test.references)) == 5_648  # names of the test split, as published
    assert (data.labels, data.language, data.commercial_use) == (["LOC", "MISC", "ORG", "PER"], "en", "no")


def test_every_character_of_msra_has_a_tag():
    sentences = list(msra.tagged_characters("test"))
    assert len(sentences) == 5000
    assert all(len(characters) == len(tags) for characters, tags in sentences)
    assert sum(tag.startswith(("B-PER", "S-PER")) for _, tags in sentences for tag in tags) == 1991 + 73


def test_every_word_of_the_peoples_daily_has_a_tag():
    paragraphs = list(peoples_daily.tagged_words())
    assert len(paragraphs) == 19_485
    assert sum(map(len, paragraphs)) == 1_121_447
    assert len({tag for words in paragraphs for _, tag in words}) == 44


@pytest.mark.slow  # about ten seconds each
@pytest.mark.parametrize(
    ("name", "train", "validation", "test", "labels"),
    [
        ("msra", 45260, 5029, 5000, 3),
        ("peoples_daily_names", 15195, 1899, 1899, 3),
        ("peoples_daily_segmentation", 15191, 1899, 1899, 1),
        ("peoples_daily_pos", 15188, 1898, 1898, 44),
    ],
)
def test_data_sets_of_packages_have_their_published_sizes(name, train, validation, test, labels):
    data = load_token_classification(TokenClassificationOptions(dataset=name))
    assert (len(data.train), len(data.validation), len(data.test)) == (train, validation, test)
    assert len(data.labels) == labels
    splits = [{duplicate_key(text) for text in split.texts} for split in (data.train, data.validation, data.test)]
    assert not splits[0] & splits[1]
    assert bool((splits[0] | splits[1]) & splits[2]) == (name == "msra")  # whose given splits stay whole
    for text, spans in data.test:
        assert all(text[span.start : span.end].strip() for span in spans)


def test_the_report_counts_texts_characters_spans_and_repairs(tmp_path, monkeypatch):
    path = own(tmp_path, "train", 50)
    path.write_text(path.read_text() + "Rome I-LOC\nburns O\n")
    data = load_token_classification(TokenClassificationOptions(train_file=path, scheme="iob2"))
    report = span_report(data)
    for part in (
        "41 train, 5 validation, 5 test",
        "nothing",
        "PER: 40 train",
        "1 tags that do not follow",
        "characters",
    ):
        assert part in report
    monkeypatch.setattr("kerasnlp_zoo.datasets.report.SHOWN_LABELS", 1)
    assert "1 more labels, 1 train spans" in span_report(data)
