"""Texts as strangers write them go through every tokenizer and through exported models.

Scripts are mixed, emoji are cut in two, accents are characters of their own, and there are NULs and marks of direction.
"""

import random
import unicodedata

import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.text import (
    GenerativeVocabulary,
    LanguageModelPreprocessor,
    TokenPreprocessor,
    TranslationPreprocessor,
    TreePreprocessor,
    Vocabulary,
    WordPairPreprocessor,
    WordPiecePreprocessor,
    WordPieceVocabulary,
    WordPreprocessor,
)
from kerasnlp_zoo.text.pieces import learn_piece_vocabulary
from kerasnlp_zoo.text.wordpiece_training import learn_wordpiece_vocabulary
from kerasnlp_zoo.well_formed import well_formed
from tests import small_tasks

ALPHABETS = (
    "abcxyzABZ",
    "àéñøßŁÇ",
    "e\u0301n\u0303u\u0308",
    "好大家買了，。！",
    "ひらカナ한국",
    "שלוםعربي\u0640",
    "नमस्तेไทย",
    "👍🏽👩\u200d💻🇩🇪❤\ufe0f",
    "\ud83d\ude00\udc4d\ud800",
    "\0\x01\x7f\u0085",
    " \t\n\xa0\u3000\u2028\u200b\ufeff",
    "\u200e\u200f\u202e\u2066\u2069",
    "0123٣５",
    ".,-'’!?()[]#@/\\\"",
)
MANY = 3000
SPACES = ("Z", "Cc")  # categories of what TokenPreprocessor drops, beside two invisible spaces


def random_texts(count):
    choose = random.Random(0)
    texts = ["", "[MASK] [PAD]", "x" * 200]
    while len(texts) < count:
        alphabets = choose.sample(ALPHABETS, choose.randint(1, 4))
        texts.append("".join(choose.choice(choose.choice(alphabets)) for _ in range(choose.randint(1, 24))))
    return texts


def few_or_all(function):
    return pytest.mark.parametrize("count", [100, pytest.param(MANY, marks=pytest.mark.slow)])(function)


def characters(texts):
    return sorted({character.lower() for text in texts for character in well_formed(text) if character.isprintable()})


def is_space(character):
    category = unicodedata.category(character)
    return category in SPACES or category[0] in SPACES or character in "\u200b\ufeff"


ARGUMENTS = ({}, {"language": "zh"}, {"segmenter": "spaces"}, {"cut_at": "'’.,-"}, {"word_length": 4})


@few_or_all
@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_tokens_cover_the_text_except_its_spaces(arguments, count):
    texts = random_texts(count)
    preprocessor = TokenPreprocessor(Vocabulary.from_counts(dict.fromkeys(characters(texts), 1)), **arguments)
    features = preprocessor.features_with_offsets(texts)
    for text, starts, ends in zip(texts, features["starts"].to_list(), features["ends"].to_list(), strict=True):
        assert all(before <= after for before, after in zip(ends, starts[1:], strict=False)), text
        covered = "".join(text[start:end] for start, end in zip(starts, ends, strict=True))
        assert covered == "".join(character for character in text if not is_space(character)), ascii(text)


def essence(text):
    """Return a text in lower case without accents, invisible characters and U+FFFD, as BERT reads it."""
    decomposed = unicodedata.normalize("NFD", well_formed(text).lower())
    return "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Cc", "Cf", "Co") and c != "\ufffd")


def test_every_preprocessor_learns_from_halves_of_characters():
    half = "a \ud83d b"
    assert TokenPreprocessor.from_texts([half]).vocabulary.tokens[2:] == ["a", "b", "\ufffd"]
    assert "\ufffd" in WordPreprocessor.from_texts([half], "zh").vocabulary.tokens
    assert "\ufffd" in TreePreprocessor.from_texts(["( a \ud83d )"], "binary").vocabulary.tokens
    assert learn_piece_vocabulary([half * 5], size=20).tokens
    assert learn_wordpiece_vocabulary([half * 5], size=20).tokens


@few_or_all
def test_pieces_are_the_characters_at_their_offsets(count):
    texts = random_texts(count)
    known = sorted({character for text in texts for character in essence(text) if not character.isspace()})
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *known, *(f"##{character}" for character in known)]
    preprocessor = WordPiecePreprocessor(WordPieceVocabulary(tokens))
    pieces = preprocessor.pieces(texts)
    rows = (pieces[name].to_list() for name in ("token_ids", "starts", "ends"))
    for text, ids, starts, ends in zip(texts, *rows, strict=True):
        for token, start, end in zip((tokens[id_] for id_ in ids), starts, ends, strict=True):
            assert 0 <= start < end <= len(text), (ascii(text), token)
            if token not in ("[UNK]", "[MASK]"):
                own, piece = essence(text[start:end]), token.removeprefix("##")
                is_part = end - start == 1 and piece in own  # a Korean character decomposes into its letters
                assert piece == own or is_part, (ascii(text), token)


@pytest.mark.slow
def test_every_other_tokenizer_reads_every_text():
    texts = random_texts(MANY)
    words = Vocabulary.from_counts(dict.fromkeys(characters(texts), 1))
    generative = GenerativeVocabulary.from_counts(dict.fromkeys(characters(texts), 1))
    for preprocessor in (
        WordPreprocessor.from_texts(texts, "zh"),
        WordPreprocessor(words),
        WordPreprocessor(words, "zh", "jieba"),
        LanguageModelPreprocessor(generative, "words"),
        LanguageModelPreprocessor(generative, "characters"),
        LanguageModelPreprocessor(generative, "pieces"),
        TranslationPreprocessor(generative),
    ):
        ids = next(iter(preprocessor(preprocessor.prepare(texts)).values()))
        assert ids.shape[0] == MANY
        cleaned = next(iter(preprocessor(preprocessor.prepare(well_formed(texts))).values()))
        np.testing.assert_array_equal(ids, cleaned)
    pairs = WordPairPreprocessor.from_texts(texts, "zh")
    assert pairs(texts, texts[::-1])["token_ids"].shape[0] == MANY


@pytest.mark.slow
@pytest.mark.parametrize("name", ["text_classification", "token_classification", "fill_mask"])
def test_predict_equals_the_exported_model_on_every_text(name, tmp_path):
    task = getattr(small_tasks, name)()
    texts = random_texts(MANY)
    if name == "fill_mask":
        texts = [f"{text.replace('[MASK]', '')} [MASK]" for text in texts]
    serve = tf.saved_model.load(str(task.export(tmp_path))).signatures["serving_default"]
    answers = task.predict(texts)
    for start in range(0, MANY, 500):
        part = [well_formed(text) for text in texts[start : start + 500]]
        served = serve(text=tf.constant(part))
        found = task.outputs(texts[start : start + 500])
        for key, values in found.items():
            other = served[key].numpy()
            if values.dtype.kind == "f":
                np.testing.assert_allclose(values, other, atol=1e-5)
            else:
                np.testing.assert_array_equal(values, other)
    if name == "token_classification":
        for text, answer in zip(texts, answers, strict=True):
            for entity in answer["entities"]:
                assert entity["text"] == well_formed(text)[entity["start"] : entity["end"]]
