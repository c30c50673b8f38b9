import unicodedata

import pytest
import tensorflow as tf

from kerasnlp_zoo.text.normalization import normalize


def normalized(*texts):
    return [text.decode() for text in normalize(tf.constant(list(texts), tf.string)).numpy()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ÉCOLE Ünal ΣΑΣ", "école ünal σας"),
        ("ＡＢＣ１２３！？（）", "abc123!?()"),
        ("a\u3000b", "a b"),
        ("cafe\u0301 Vie\u0323\u0302t e\u0302\u0301", "café việt ế"),
        ("don’t ‘so’", "don't 'so'"),
        ("很好，吃！", "很好,吃!"),
        ("nothing is\x00Lost", "nothing is lost"),
        ("", ""),
    ],
)
def test_texts_that_look_alike_are_normalised_alike(text, expected):
    assert normalized(text) == [expected]


def test_compositions_equal_unicode_nfc():
    letters = [chr(c) for c in range(0x30000) if unicodedata.decomposition(chr(c))]
    apart = [unicodedata.normalize("NFD", letter) for letter in letters]
    wanted = [unicodedata.normalize("NFC", letter).lower() for letter in letters]
    # Marks of one letter only, as typed; compatibility forms and Hangul, which is composed by rule, are not letters
    # followed by marks.
    tried = [(a, w) for a, w in zip(apart, wanted, strict=True) if 2 <= len(a) <= 4 and len(w) == 1 and w < "\uac00"]
    assert len(tried) > 800
    together = normalized(*(a for a, _ in tried))
    wrong = [(a, w, t) for (a, w), t in zip(tried, together, strict=True) if t != w]
    assert not wrong


def test_texts_are_normalised_separately():
    assert normalized("e", "\u0301a", "", "e") == ["e", "\u0301a", "", "e"]


def test_invalid_bytes_become_replacement_characters():
    assert normalized(b"\xff\xfeab caf\xe9") == ["��ab caf�"]
