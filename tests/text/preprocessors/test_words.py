import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import Vocabulary, WordPreprocessor
from tests import oracles

EMPTY = Vocabulary.from_counts({})


def tokens(text, **arguments):
    return [token.decode() for token in WordPreprocessor(EMPTY, **arguments).tokenize([text])[0].numpy()]


@pytest.mark.parametrize(
    "text",
    [
        "it's a film , isn't it ? (they'd say `yes` !)",
        "they'd've, we'll... can't--won't; 3.5/10 #1",
        "'start and end' n't's ''ll",
        "tabs\tand\nlines\r\nand   spaces ",
        "",
    ],
)
def test_ascii_text_is_split_as_in_the_paper(text):
    assert tokens(text) == oracles.clean_str(text)


def test_random_ascii_text_is_split_as_in_the_paper(random):
    alphabet = np.array(list("abdelnrstv'',!()?` .-0\n"))
    texts = ["".join(random.choice(alphabet, 40)) for _ in range(500)]
    split = WordPreprocessor(EMPTY).tokenize(texts).to_list()
    assert [[token.decode() for token in row] for row in split] == [oracles.clean_str(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IT'S NOT, DON'T", ["it", "'s", "not", ",", "do", "n't"]),
        ("Café naïve ÀÉ cafe\u0301", ["café", "naïve", "àé", "café"]),
        ("ｇｒｅａｔ！ｆｉｌｍ", ["great", "!", "film"]),
        ("great👍🏽film❤️👨‍👩‍👧🇨🇳🇫🇷", ["great", "👍🏽", "film", "❤️", "👨‍👩‍👧", "🇨🇳", "🇫🇷"]),
        ("don’t", ["do", "n't"]),
        ("good.<br /><BR>bad", ["good", "bad"]),
        ("a\u00a0b\u200bc", ["a", "b", "c"]),
        ("हिन्दी עברית", ["हिन्दी", "עברית"]),
    ],
)
def test_english_text_with_other_unicode_characters_is_split(text, expected):
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("iPhone14很好！吃苹果。", ["iphone14", "很", "好", "!", "吃", "苹", "果", "。"]),
        ("买了２件T恤，5元👍🏽", ["买", "了", "2", "件", "t", "恤", ",", "5", "元", "👍🏽"]),
        ("全角　空格\u200b零", ["全", "角", "空", "格", "零"]),
        ("カメラ𠮷野家", ["カ", "メ", "ラ", "𠮷", "野", "家"]),
        ("café好", ["café", "好"]),
        ("《书》——“好”…", ["《", "书", "》", "—", "—", "“", "好", "”", "…"]),
    ],
)
def test_chinese_text_is_split_into_characters_and_latin_words(text, expected):
    assert tokens(text, language="zh") == expected


def test_the_graph_reads_segmented_words_separated_by_spaces():
    preprocessor = WordPreprocessor.from_texts(["我爱吃苹果", "质量很好"], language="zh", segmenter="jieba")
    assert "苹果" in preprocessor.vocabulary.tokens
    assert preprocessor.prepare(["我爱吃苹果"]) == ["我 爱 吃 苹果"]
    assert not np.any(preprocessor(["我 爱 吃 苹果"])["token_ids"] == 1)


def test_an_unsegmented_sentence_is_refused_in_the_graph():
    preprocessor = WordPreprocessor.from_texts(["我爱吃苹果"], language="zh", segmenter="jieba")
    with pytest.raises(tf.errors.InvalidArgumentError, match="Segment the text first"):
        preprocessor(["我今天去商店买了很多很多好吃的苹果"])


def test_chinese_text_as_english_is_refused_with_advice():
    texts = ["质量很好我很喜欢", "太差了不推荐大家买", "a fine film"]
    with pytest.raises(InputError, match="--language zh"):
        WordPreprocessor.from_texts(texts)
    WordPreprocessor.from_texts(["a film called 卧虎藏龙大师", *["a fine film"] * 20])  # a quotation


def test_ids_are_ordered_by_frequency_and_unknown_words_have_id_1():
    preprocessor = WordPreprocessor.from_texts(["b a a", "a c"], min_count=2)
    assert preprocessor.vocabulary.tokens == ["[PAD]", "[UNK]", "a"]
    ids = preprocessor(["a b A zebra", "a"])["token_ids"]
    assert ids.dtype == tf.int32
    np.testing.assert_array_equal(ids, [[2, 1, 2, 1], [2, 0, 0, 0]])


def test_long_texts_are_truncated():
    preprocessor = WordPreprocessor.from_texts(["a b"], max_sequence_length=3)
    assert preprocessor(["a " * 100_000])["token_ids"].shape == (1, 3)


@pytest.mark.parametrize(("texts", "shape"), [([], (0, 1)), ([""], (1, 1)), (["", "  \n"], (2, 1))])
def test_empty_texts_have_one_position_of_padding(texts, shape):
    preprocessor = WordPreprocessor.from_texts(["a b"])
    ids = preprocessor(tf.constant(texts, tf.string))["token_ids"]
    assert ids.shape == shape
    assert not np.any(ids)


def test_ids_are_the_same_inside_tf_data():
    texts = ["Café ＡＢＣ！", "", "don’t 👍🏽"]
    preprocessor = WordPreprocessor.from_texts(texts)
    inside = tf.data.Dataset.from_tensors(texts).map(preprocessor).get_single_element()
    np.testing.assert_array_equal(inside["token_ids"], preprocessor(texts)["token_ids"])


@pytest.mark.parametrize(
    "arguments", [{"language": "fr"}, {"segmenter": "jieba"}, {"max_sequence_length": 0}, {"segmenter": "hanlp"}]
)
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(InputError):
        WordPreprocessor(EMPTY, **arguments)


def test_a_vocabulary_from_no_texts_is_refused():
    with pytest.raises(InputError, match="training texts"):
        WordPreprocessor.from_texts([])
