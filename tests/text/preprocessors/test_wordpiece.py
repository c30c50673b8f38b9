import importlib
import itertools
import json
import os
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
import tensorflow as tf
from tokenizers import BertWordPieceTokenizer

from kerasnlp_zoo import text as text_package
from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import text_cnn
from kerasnlp_zoo.tasks import TextClassification
from kerasnlp_zoo.text import WordPiecePreprocessor, WordPieceVocabulary

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ["play", "##ing", "##ed", "the", "cafe", "Café", "don", "un", "##aff", "##able", "##!", "iphone", "##phone"]
TRICKY = [
    "Playing, un-affable PLAYED!",
    "CAFÉ cafe\u0301 Café naïve Ångström",
    "Don't — “quote” ‘it’s’ …",
    "İstanbul ISPARTA ılık",
    "ὈΔΥΣΣΕΎΣ ΟΔΟΣ. Σ ς σας",
    "STRAẞE straße ﬁn Ⅷ ① ½",
    "한국어 각 ᄒ",
    "iPhone14很好！买了２件Ｔ恤，𠮷野家",
    "カガが ｶﾞ ヴ",
    "हिन्दी क्षि ไทย עברית عَ",
    "👍🏽 ❤️ 👨\u200d👩\u200d👧 🇨🇳",
    "soft\u00adhyphen zero\u200bwidth \ufeffmark a\u0300\u0301\u0302b",
    "a\x00b c\x07d e\x85f g\x7fh \ufffd i\ue000j",
    "tabs\tand\nlines\r\nand\u00a0spaces\u3000wide\u2028end",
    "##ing # #a [CLS ] [unused1] $5 ^a^ `b` a|b ~c",
    "",
    " \n ",
    "\u0301",
]
CHARACTERS = sorted(
    {c for text in TRICKY for form in (text, unicodedata.normalize("NFD", text)) for c in form + form.lower()}
)
CHARACTERS = [c for c in CHARACTERS if not c.isspace() and c != "\x00"]
VOCABULARY = WordPieceVocabulary([*SPECIAL, *WORDS, *CHARACTERS, *(f"##{c}" for c in CHARACTERS if c != "!")])
IDS = VOCABULARY.ids


def pieces_of(text, **arguments):
    """Return [(piece, start, end)] of one text."""
    pieces = WordPiecePreprocessor(VOCABULARY, **arguments).pieces([text])
    columns = (pieces[name][0].numpy().tolist() for name in ("token_ids", "starts", "ends"))
    return [(VOCABULARY.tokens[token_id], start, end) for token_id, start, end in zip(*columns, strict=True)]


def assert_as_hugging_face(texts, lower_case):
    features = WordPiecePreprocessor(VOCABULARY, lower_case, max_sequence_length=2000).features_with_offsets(texts)
    features = {name: values.to_list() for name, values in features.items()}
    for row, expected in enumerate(BertWordPieceTokenizer(IDS, lowercase=lower_case).encode_batch(texts)):
        inner = slice(1, -1)
        received = zip(features["starts"][row][inner], features["ends"][row][inner], strict=True)
        assert features["token_ids"][row] == expected.ids, texts[row]
        assert list(received) == expected.offsets[inner], texts[row]
        words = itertools.pairwise([None, *expected.word_ids])
        assert features["is_word_start"][row] == [int(b is not None and a != b) for a, b in words], texts[row]


@pytest.mark.parametrize("lower_case", [True, False])
def test_pieces_offsets_and_words_equal_those_of_hugging_face(lower_case, random):
    parts = [part for text in TRICKY for part in (*text.split(" "), " ", *text[:3])]
    mixed = ["".join(random.choice(parts, random.integers(1, 12))) for _ in range(400)]
    assert_as_hugging_face([*TRICKY, *mixed], lower_case)


@pytest.mark.parametrize("lower_case", [True, False])
def test_words_of_more_than_100_characters_are_unknown_as_in_hugging_face(lower_case):
    words = [f"{c * n} b{c * n}. {c}" for c in "aéが👍한字" for n in (33, 34, 50, 99, 100, 101, 133, 134, 400, 401)]
    words += ["play" * 25, "play" * 26, "a " + "play" * 26 + ", " + "e\u0301" * 101 + " played"]
    assert_as_hugging_face(words, lower_case)


@pytest.mark.parametrize("max_sequence_length", [5, 6, 9, 12, 40])
def test_pairs_are_truncated_as_in_hugging_face(max_sequence_length):
    lengths = list(itertools.product([0, 1, 2, 3, 4, 6, 15], repeat=2))
    pairs = [("the " * first, "play " * second) for first, second in lengths]
    features = WordPiecePreprocessor(VOCABULARY, pairs=True, max_sequence_length=max_sequence_length)(
        *(list(side) for side in zip(*pairs, strict=True))
    )
    tokenizer = BertWordPieceTokenizer(IDS)
    tokenizer.enable_truncation(max_sequence_length)
    tokenizer.enable_padding()
    expected = tokenizer.encode_batch(pairs)
    np.testing.assert_array_equal(features["token_ids"], [row.ids for row in expected])
    np.testing.assert_array_equal(features["segment_ids"], [row.type_ids for row in expected])


@pytest.mark.parametrize("max_sequence_length", [3, 4, 5, 600])
def test_long_texts_are_truncated_and_keep_the_separator(max_sequence_length):
    preprocessor = WordPiecePreprocessor(VOCABULARY, max_sequence_length=max_sequence_length)
    features = preprocessor.features(["playing played", "the", ""])
    tokenizer = BertWordPieceTokenizer(IDS)
    tokenizer.enable_truncation(max_sequence_length)
    expected = [row.ids for row in tokenizer.encode_batch(["playing played", "the", ""])]
    assert features["token_ids"].to_list() == expected
    assert features["segment_ids"].to_list() == [[0] * len(row) for row in expected]
    with_offsets = preprocessor.features_with_offsets(["playing played", "the", ""])
    assert with_offsets["token_ids"].to_list() == expected
    assert with_offsets["starts"].to_list()[2] == [-1, -1]
    assert {name: [len(row) for row in rows.to_list()] for name, rows in with_offsets.items()} == {
        name: [len(row) for row in expected] for name in ("token_ids", "segment_ids", "starts", "ends", "is_word_start")
    }


def spelled_without_case(text):
    """Normalise a text as BERT does, one character at a time."""
    kept = [c for c in text if c in "\t\n\r" or (unicodedata.category(c) not in ("Cc", "Cf", "Co") and c != "\ufffd")]
    decomposed = unicodedata.normalize("NFD", "".join(c.lower() for c in kept))
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn")


@pytest.mark.parametrize("text", [text for text in TRICKY if "한" not in text])
def test_offsets_of_a_piece_mark_its_text(text):
    pieces = pieces_of(text)
    for piece, start, end in pieces:
        assert spelled_without_case(text[start:end]).strip() == piece.removeprefix("##")
    outside = set(range(len(text))) - {place for _, start, end in pieces for place in range(start, end)}
    assert not spelled_without_case("".join(text[place] for place in outside)).strip()


def test_letters_of_a_korean_syllable_share_its_offsets():
    assert pieces_of("a 한") == [("a", 0, 1), ("ᄒ", 2, 3), ("##ᅡ", 2, 3), ("##ᆫ", 2, 3)]


def test_invalid_utf8_has_the_offsets_of_the_text_python_decodes():
    for broken in (b"a\xffb the", b"\xed\xa0\x80the", b"\xe4\xb8 the", b"\xf0\x9f\x98play", b"\xf8\x88\x80the"):
        for lower_case in (True, False):
            text = broken.decode("utf-8", "replace")
            token, start, end = pieces_of(broken, lower_case=lower_case)[-1]
            assert (token, text[start:end]) in (("the", "the"), ("play", "play"))


@pytest.mark.parametrize("text", ["the [MASK] cafe", "the[MASK]cafe", "É[MASK], [MASK]"])
def test_mask_in_a_text_becomes_the_mask_token(text):
    expected = BertWordPieceTokenizer(IDS).encode(text)
    assert pieces_of(text) == list(zip(expected.tokens, *zip(*expected.offsets, strict=True), strict=True))[1:-1]


def test_other_special_tokens_in_a_text_become_ordinary_pieces():
    ids = WordPiecePreprocessor(VOCABULARY).pieces(["[CLS] [SEP] [PAD] [mask] [UNK]"])["token_ids"].to_list()[0]
    assert not set(ids) & {IDS[token] for token in SPECIAL}


def test_features_are_the_same_inside_tf_data():
    preprocessor = WordPiecePreprocessor(VOCABULARY, pairs=True)
    outside = preprocessor(TRICKY, TRICKY[::-1])
    inside = tf.data.Dataset.from_tensors((TRICKY, TRICKY[::-1])).map(preprocessor).get_single_element()
    for name in ("token_ids", "segment_ids"):
        assert inside[name].dtype == tf.int32
        np.testing.assert_array_equal(inside[name], outside[name])


@pytest.mark.parametrize(("texts", "shape"), [([], (0, 1)), ([""], (1, 2)), (["", "the"], (2, 3))])
def test_empty_texts_are_framed(texts, shape):
    preprocessor = WordPiecePreprocessor(VOCABULARY)
    features = preprocessor(tf.constant(texts, tf.string))
    assert features["token_ids"].shape == features["segment_ids"].shape == shape
    assert preprocessor.pieces(tf.constant(texts, tf.string))["starts"].nrows() == len(texts)


def test_special_ids_are_looked_up_by_token():
    vocabulary = WordPieceVocabulary(["[PAD]", "[unused1]", "the", "[MASK]", "[SEP]", "[UNK]", "[CLS]"])
    token_ids = WordPiecePreprocessor(vocabulary)(["the x [MASK]"])["token_ids"]
    np.testing.assert_array_equal(token_ids, [[6, 2, 5, 3, 4]])


# Runs in a new Python process with a Turkish locale, and loads the SavedModel as a server does.
RELOAD = """
import json, sys
import tensorflow as tf
import tensorflow_text
assert tf.strings.lower("I", encoding="utf-8") != b"i"  # else this machine is not Turkish, and the test is void
answers = tf.saved_model.load(sys.argv[1]).signatures["serving_default"](text=tf.constant(json.loads(sys.argv[2])))
assert not any(name.split(".")[0] == "kerasnlp_zoo" for name in sys.modules)
print("\\n" + json.dumps({name: values.numpy().tolist() for name, values in answers.items()}))
"""


@pytest.mark.slow
def test_saved_model_answers_the_same_in_another_locale(tmp_path):
    preprocessor = WordPiecePreprocessor(VOCABULARY)
    texts = [text for text in TRICKY if "\x00" not in text]
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")], autograph=False)
    def serve(text):
        offsets = preprocessor.features_with_offsets(text)
        return {**preprocessor(text), "starts": offsets["starts"].to_tensor(-1), "ends": offsets["ends"].to_tensor(-1)}

    tf.saved_model.save(module, tmp_path / "1", signatures=serve)
    command = [sys.executable, "-c", RELOAD, str(tmp_path / "1"), json.dumps(texts)]
    environment = {**os.environ, "LC_ALL": "tr_TR.UTF-8"}
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    expected = {name: values.numpy().tolist() for name, values in serve(tf.constant(texts)).items()}
    assert json.loads(result.stdout.splitlines()[-1]) == expected


def test_a_loaded_entry_has_the_vocabulary_of_its_preprocessor(tmp_path):
    preprocessor = WordPiecePreprocessor(VOCABULARY, lower_case=False, max_sequence_length=20)
    model = text_cnn(len(VOCABULARY), 2, embedding_dim=2, num_filters=2)
    task = TextClassification(model, preprocessor, ["no", "yes"])
    loaded = zoo.load(zoo.save(task, tmp_path / "entry"))
    assert loaded.preprocessor.get_config() == preprocessor.get_config()
    assert loaded.preprocessor.vocabulary.tokens == VOCABULARY.tokens
    assert loaded.predict(["playing"]) == task.predict(["playing"])


@pytest.mark.parametrize(
    "arguments",
    [
        {"language": "fr"},
        {"max_sequence_length": 2},
        {"max_sequence_length": 4, "pairs": True},
        {"max_sequence_length": 20.5},
        {"max_sequence_length": None},
    ],
)
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(InputError):
        WordPiecePreprocessor(VOCABULARY, **arguments)


@pytest.mark.parametrize(("pairs", "texts"), [(True, (["a"],)), (False, (["a"], ["b"]))])
def test_a_missing_or_unexpected_second_text_is_refused(pairs, texts):
    with pytest.raises(InputError, match=f"pairs={pairs}"):
        WordPiecePreprocessor(VOCABULARY, pairs=pairs)(*texts)


def test_offsets_of_pairs_are_refused():
    with pytest.raises(InputError, match="pairs=True"):
        WordPiecePreprocessor(VOCABULARY, pairs=True).features_with_offsets(["a"])


def test_token_ids_are_decoded_to_text():
    preprocessor = WordPiecePreprocessor(VOCABULARY)
    texts = ["playing the cafe.", "don't!", "买了２件，好！", "the [MASK]", ""]
    ids = preprocessor(texts)["token_ids"].numpy()
    assert [preprocessor.detokenize(row) for row in ids] == texts


def test_missing_tensorflow_text_is_reported_only_where_wordpiece_is_used(monkeypatch):
    assert text_package.WordPiecePreprocessor is WordPiecePreprocessor
    with pytest.raises(AttributeError, match="no attribute 'BytePairPreprocessor'"):
        _ = text_package.BytePairPreprocessor
    monkeypatch.setitem(sys.modules, "tensorflow_text", None)
    monkeypatch.setattr("kerasnlp_zoo.text", text_package)  # restored afterwards: the import below replaces it
    for name in [name for name in sys.modules if f"{name}.".startswith("kerasnlp_zoo.text.")]:
        monkeypatch.delitem(sys.modules, name)
    without = importlib.import_module("kerasnlp_zoo.text")
    for name in ("TranslationPreprocessor", "WordPiecePreprocessor"):
        with pytest.raises(InputError, match="pip install tensorflow-text"):
            getattr(without, name)
