import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import GenerativeVocabulary, TranslationPreprocessor
from kerasnlp_zoo.text.pieces import PieceTokenizer, learn_piece_vocabulary, split_units

TEXTS = ["Where's the station, Tom?", "¿Dónde está la estación, Tomás?", "I paid $3.50 (or 3 €)!", "我想喝茶。"]
VOCABULARY = learn_piece_vocabulary(TEXTS * 2, size=200)


@pytest.fixture(scope="module")
def tokenizer():
    return PieceTokenizer(VOCABULARY)


@pytest.mark.parametrize("text", [*TEXTS, "Tom, Tom!", ""])
def test_joined_pieces_are_the_text(tokenizer, text):
    ids = tokenizer.token_ids(tf.constant([text]))
    assert tokenizer.detokenize(ids).numpy()[0].decode() == text
    assert tokenizer.detokenize(ids.to_tensor(shape=[1, 100])).numpy()[0].decode() == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Tom  \t paid\n", "Tom paid"),  # runs of spaces
        ("Toma\u0301s", "Tomás"),  # composed
        ("Tom\u200b paid▁3", "Tom paid 3"),  # an invisible character, and the sign that represents a space
        ("Tom 👍 paid", "Tom\ufffd paid"),  # a character that is not in the vocabulary
        ("\xff", "\ufffd"),
    ],
)
def test_lossy_tokenization_is_limited_to_spaces_and_unknown_characters(tokenizer, text, expected):
    raw = b"\xff" if text == "\xff" else text.encode()
    assert tokenizer.detokenize(tokenizer.token_ids(tf.constant([raw]))).numpy()[0].decode() == expected


def test_special_tokens_in_a_text_become_ordinary_pieces(tokenizer):
    for token in VOCABULARY.special:
        assert not set(tokenizer.token_ids(tf.constant([f"Tom {token} [x]"])).numpy()[0]) & {0, 2, 3}


def test_units_are_words_punctuation_and_chinese_characters():
    units = split_units(tf.constant(["Don't 3rd 我们go", "a"])).to_list()
    assert [[unit.decode() for unit in row] for row in units] == [
        ["▁Don", "'", "t", "▁3rd", "▁我", "们", "go"],
        ["▁a"],
    ]


def test_order_of_texts_does_not_change_the_vocabulary():
    assert learn_piece_vocabulary(TEXTS[::-1] * 2, size=200).tokens == VOCABULARY.tokens
    assert VOCABULARY.tokens[:4] == list(GenerativeVocabulary.special)
    assert len(learn_piece_vocabulary(TEXTS * 2, size=90)) == 90


def test_unknown_share_measures_text_in_another_script(tokenizer):
    ids = tokenizer.token_ids(tf.constant(["Том", "Tom", ""]))
    assert tokenizer.unknown_share(ids).numpy().tolist() == [1.0, 0.0, 0.0]


def test_a_source_has_an_end_token_and_is_truncated():
    preprocessor = TranslationPreprocessor(VOCABULARY, max_sequence_length=5)
    ids = preprocessor(["Tom, where is the station?", "Tom", ""])["source_ids"].numpy()
    assert ids.shape == (3, 5)
    assert [int(row[row > 0][-1]) for row in ids] == [3, 3, 3]
    assert (ids[2] > 0).sum() == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"language": ""}, "code of a language"),
        ({"max_sequence_length": 1}, "leave room for a piece and"),
        ({"max_sequence_length": 64.0}, "must be an integer of at least 1. Received: max_sequence_length=64.0"),
        ({"max_sequence_length": None}, "must be an integer of at least 1"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        TranslationPreprocessor(VOCABULARY, **arguments)


def test_a_vocabulary_from_no_texts_is_refused():
    with pytest.raises(InputError, match="learned from texts"):
        learn_piece_vocabulary(["", " "], size=100)
