"""The text of language models: every token once, in order, with the ends of lines."""

import collections

import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.language_model_text import encode_text, split_lines
from kerasnlp_zoo.vocabulary import GenerativeVocabulary


def chunks_of(lines, size=3):
    """Yield lines as bytes, a few at a time."""
    for start in range(0, len(lines), size):
        part = lines[start : start + size]
        yield [word.encode() for line in part for word in line], np.array([len(line) for line in part], "int64")


def tokens_of(text, ids):
    return [text.vocabulary.tokens[place] for place in ids]


def lines_of(random, count):
    return [[f"w{number}" for number in random.zipf(1.4, random.integers(0, 9)) % 30] for _ in range(count)]


def with_ends(lines, known):
    return [token if token in known else "[UNK]" for line in lines for token in [*line, "[END]"]]


@pytest.mark.parametrize(("min_count", "max_size"), [(1, None), (3, None), (2, 12)])
def test_each_part_has_its_lines_with_ends_and_rare_words_are_unknown(random, min_count, max_size):
    parts = [lines_of(random, count) for count in (200, 30, 40)]
    text = encode_text(map(chunks_of, parts), min_count, max_size)
    counts = collections.Counter(word for line in parts[0] for word in line)
    known = sorted((w for w, n in counts.items() if n >= min_count), key=lambda word: (-counts[word], word))
    assert text.vocabulary.tokens == ["[PAD]", "[UNK]", "[START]", "[END]", *known][:max_size]
    for ids, lines in zip((text.train, text.validation, text.test), parts, strict=True):
        assert ids.dtype == np.int32
        assert tokens_of(text, ids) == with_ends(lines, {*text.vocabulary.tokens, "[END]"})


def test_a_single_text_is_split_between_lines_and_its_vocabulary_is_that_of_training():
    lines = [["a", f"only-{number}"] for number in range(100)]
    text = encode_text([chunks_of(lines)])
    assert [len(part) // 3 for part in (text.train, text.validation, text.test)] == [90, 5, 5]
    assert tokens_of(text, text.train[-3:]) == ["a", "only-89", "[END]"]
    assert tokens_of(text, text.test) == ["a", "[UNK]", "[END]"] * 5


def test_special_tokens_in_a_text_are_unknown_words():
    lines = [["[PAD]", "[START]", "[END]", "<unk>", "[UNK]", "tea"]]
    text = encode_text([chunks_of(lines)] * 1 + [chunks_of(lines), chunks_of(lines)])
    assert text.test.tolist() == [1, 1, 1, 1, 1, 4, 3]


def words(strings, *arguments):
    return [[token.decode() for token in row] for row in split_lines(strings, *arguments).to_list()]


def test_words_keep_case_apostrophes_and_hyphens_and_punctuation_is_separate():
    assert words(["Don't stop—the well-known café's “U.S.” 😀!", " \t "]) == [
        ["Don't", "stop", "—", "the", "well-known", "café's", "“", "U", ".", "S", ".", "”", "😀", "!"],
        [],
    ]


def test_splitting_at_spaces_does_not_change_the_words():
    assert words([" the U.S. <unk> @-@\u3000x\xa0y "], "spaces") == [["the", "U.S.", "<unk>", "@-@", "x", "y"]]


def test_characters_include_single_spaces_in_english_only_and_unk_is_not_split():
    assert words([" a  <unk>\tb "], "characters") == [["a", " ", "\uffff", " ", "b"]]
    assert words(["我 爱\u3000A1"], "characters", "zh") == [["我", "爱", "A", "1"]]
    lines = [split_lines(["ab <unk>"], "characters")] * 3
    text = encode_text([[(ragged.flat_values.numpy(), ragged.row_lengths().numpy())] for ragged in lines])
    assert tokens_of(text, text.test) == ["a", "b", " ", "[UNK]", "[END]"]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([[["a"]], [[]], [["a"]]], "validation part"),
        ([[], [["a"]], [["a"]]], "training part"),
        ([[["a"], ["b"]]], "2 lines"),
        ([[["a"], ["b"]], [["a"]], [["a"]]], "min_count=2"),
    ],
)
def test_an_empty_or_too_short_text_is_refused(parts, message):
    with pytest.raises(InputError, match=message):
        encode_text(map(chunks_of, parts), min_count=2)


def test_unknown_units_and_languages_are_refused():
    with pytest.raises(InputError, match="'syllables'"):
        split_lines(["a"], "syllables")
    with pytest.raises(InputError, match="'de'"):
        split_lines(["a"], "words", "de")


def test_a_vocabulary_without_an_end_is_refused():
    with pytest.raises(InputError, match=r"\[START\] and \[END\]"):
        GenerativeVocabulary(["[PAD]", "[UNK]", "a"])
