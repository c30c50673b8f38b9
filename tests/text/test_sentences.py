"""Paragraphs are split into sentences, and only spaces are lost."""

import pytest

from kerasnlp_zoo.text.sentences import LONGEST, split_sentences


@pytest.mark.parametrize(
    ("paragraph", "sentences"),
    [
        ("One. Two!  Three?", ["One.", "Two!", "Three?"]),
        ('"Stop." (He did.) Then...', ['"Stop."', "(He did.)", "Then..."]),
        ("3.14 is not two", ["3.14 is not two"]),
        ("他走了。“再见！”她说。", ["他走了。", "“再见！”", "她说。"]),
        ("   ", [""]),
        ("", [""]),
    ],
)
def test_sentences_end_at_punctuation(paragraph, sentences):
    assert split_sentences(paragraph) == sentences


@pytest.mark.parametrize("text", ["word " * 500, "x" * 3000, "a b. " * 300, "字" * 999 + "。" + "字" * 999])
def test_long_texts_are_split_without_loss(text):
    parts = split_sentences(text)
    assert max(map(len, parts)) <= LONGEST
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")
    assert not any(part.endswith(("wor", "wo")) for part in parts)
