import sys

import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import WordPiecePreprocessor, learn_wordpiece_vocabulary
from kerasnlp_zoo.vocabulary import WORDPIECE_SPECIAL

TEXTS = ["Playing plays, PLAYED play!", "the café and the cafés", "质量很好，质量差", "played the player"] * 3


def test_special_tokens_come_first_then_characters_then_frequent_pieces():
    vocabulary = learn_wordpiece_vocabulary(iter(TEXTS), size=200)
    assert vocabulary.tokens[:5] == list(WORDPIECE_SPECIAL)
    assert {"play", "cafe", "the", "质", "!", "##s"} <= set(vocabulary.tokens)
    assert not any(token != token.lower() for token in vocabulary.tokens[5:])


def test_every_training_text_has_pieces():
    vocabulary = learn_wordpiece_vocabulary(TEXTS, size=100)
    ids = WordPiecePreprocessor(vocabulary).features(TEXTS)["token_ids"]
    assert vocabulary.ids["[UNK]"] not in ids.flat_values.numpy()


def test_order_of_texts_does_not_change_the_vocabulary():
    learned = [learn_wordpiece_vocabulary(texts, size=60).tokens for texts in (TEXTS, TEXTS, TEXTS[::-1])]
    assert learned[0] == learned[1] == learned[2]


@pytest.mark.parametrize("size", [7, 10, 30, 45])
def test_the_vocabulary_size_is_a_limit_and_frequent_characters_are_kept(size):
    vocabulary = learn_wordpiece_vocabulary(TEXTS, size=size)
    assert len(vocabulary) <= size
    assert set("play") & set(vocabulary.tokens)


def test_a_cased_vocabulary_keeps_case_and_accents():
    tokens = learn_wordpiece_vocabulary(TEXTS, size=200, lower_case=False).tokens
    assert {"P", "é", "##é"} <= set(tokens)


@pytest.mark.parametrize(("texts", "size"), [([], 100), ([" "], 100), (TEXTS, 5), (TEXTS, 0)])
def test_texts_without_words_and_too_small_a_size_are_refused(texts, size):
    with pytest.raises(InputError, match="learned from texts"):
        learn_wordpiece_vocabulary(texts, size)


def test_a_missing_library_is_named_in_the_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(InputError, match="tokenizers"):
        learn_wordpiece_vocabulary(TEXTS, 100)
