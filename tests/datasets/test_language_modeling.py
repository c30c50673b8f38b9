"""Lines are split into training, validation and test parts for language models."""

import gzip

import pytest

from kerasnlp_zoo.datasets import language_modeling
from kerasnlp_zoo.datasets.language_modeling import LanguageModelingOptions, load_language_modeling
from kerasnlp_zoo.errors import InputError


def test_wikitext2_has_the_published_words_and_lines(monkeypatch):
    files = {
        "train.raw.gz": gzip.compress(b" \n = Tea = \n \n tea tea is hot , is rare is \n"),
        "valid.txt": b" \n tea <unk> \n",
        "test.txt": b" = cold tea = \n \n",
    }
    monkeypatch.setattr(language_modeling, "read_member", lambda package, member: files[member.rsplit("/", 1)[1]])
    monkeypatch.setattr(language_modeling, "WIKITEXT2_MIN_COUNT", 2)
    source, text = load_language_modeling(LanguageModelingOptions(min_count=1))
    assert (source.name, source.segmenter) == ("wikitext2", "spaces")
    assert text.vocabulary.tokens[4:] == ["is", "=", "tea"]  # Tea and hot occur once
    read = [[text.vocabulary.tokens[place] for place in ids] for ids in (text.train, text.validation, text.test)]
    assert read[0][:5] == ["[END]", "=", "[UNK]", "=", "[END]"]  # a blank line counts as a line
    assert read[1] == ["[END]", "tea", "[UNK]", "[END]"]
    assert read[2] == ["=", "[UNK]", "tea", "=", "[END]", "[END]"]


@pytest.mark.parametrize(
    ("options", "tokens"),
    [
        ({}, ["Line", "39", ",", "over", "."]),
        ({"unit": "spaces"}, ["Line", "39,", "over."]),
        ({"unit": "characters"}, list("Line 39, over.")),
        ({"language": "zh"}, list("Line39,over.")),
    ],
)
def test_own_lines_are_split_in_order_without_blank_lines(tmp_path, options, tokens):
    path = tmp_path / "text.txt"
    path.write_text("\n\n".join(f"Line {number}, over." for number in range(40)) + "\n", "utf-8")
    source, text = load_language_modeling(LanguageModelingOptions(corpus=path, min_count=1, **options))
    last = text.test[-len(tokens) - 1 :]
    known = {*text.vocabulary.tokens}
    expected = [token if token in known else "[UNK]" for token in tokens]
    assert [text.vocabulary.tokens[place] for place in last] == [*expected, "[END]"]
    assert [int((part == 3).sum()) for part in (text.train, text.validation, text.test)] == [36, 2, 2]


def test_jieba_segments_chinese_lines(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("我爱吃苹果\n" * 4, "utf-8")
    with pytest.raises(InputError, match="--language zh"):
        load_language_modeling(LanguageModelingOptions(corpus=path, unit="jieba"))
    _, text = load_language_modeling(LanguageModelingOptions(corpus=path, unit="jieba", language="zh", min_count=1))
    assert [text.vocabulary.tokens[place] for place in text.test] == ["我", "爱", "吃", "苹果", "[END]"]
