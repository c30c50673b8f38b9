import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import Vocabulary, WordPieceVocabulary


def test_words_are_sorted_by_frequency_then_by_name():
    counts = {"b": 2, "a": 2, "c": 5, "rare": 1, "[UNK]": 9}
    assert Vocabulary.from_counts(counts, min_count=2).tokens == ["[PAD]", "[UNK]", "c", "a", "b"]
    assert Vocabulary.from_counts(dict(reversed(counts.items())), min_count=2).tokens[2:] == ["c", "a", "b"]
    assert len(Vocabulary.from_counts(counts, max_size=3)) == 3


def test_a_saved_file_is_read_exactly(tmp_path):
    tokens = ["[PAD]", "[UNK]", "café", "cafe\u0301", "👨‍👩‍👧", "很", "\u2028", "\r", "a\u00a0b"]
    Vocabulary(tokens).save(tmp_path / "vocabulary.txt")
    assert Vocabulary.load(tmp_path / "vocabulary.txt").tokens == tokens


@pytest.mark.parametrize(
    "tokens", [[], ["a", "b"], ["[PAD]", "[UNK]", "a", "a"], ["[PAD]", "[UNK]", ""], ["[PAD]", "[UNK]", "a\nb"]]
)
def test_invalid_lists_of_tokens_are_refused(tokens):
    with pytest.raises(InputError):
        Vocabulary(tokens)


@pytest.mark.parametrize(("content", "message"), [(b"[PAD]\n[UNK]\nfil", "incomplete"), (b"\xff\xfe", "UTF-8")])
def test_broken_files_are_refused(content, message, tmp_path):
    (tmp_path / "vocabulary.txt").write_bytes(content)
    with pytest.raises(InputError, match=message):
        Vocabulary.load(tmp_path / "vocabulary.txt")


def test_wordpieces_may_have_any_order_after_padding(tmp_path):
    tokens = ["[PAD]", "[unused1]", "[MASK]", "##ing", "[SEP]", "很", "[CLS]", "[UNK]"]
    WordPieceVocabulary(tokens).save(tmp_path / "vocabulary.txt")
    vocabulary = WordPieceVocabulary.load(tmp_path / "vocabulary.txt")
    assert vocabulary.tokens == tokens
    assert vocabulary.ids["[CLS]"] == 6


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([], "missing: .*MASK"),
        (["[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]"], "first line"),
        (["[PAD]", "[UNK]", "[CLS]", "[SEP]"], "missing: .*MASK"),
        (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "a"], "a duplicate"),
    ],
)
def test_invalid_lists_of_wordpieces_are_refused(tokens, message):
    with pytest.raises(InputError, match=message):
        WordPieceVocabulary(tokens)
