import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import TokenPreprocessor, Vocabulary
from kerasnlp_zoo.text.tagged_text import cuts_of

TEXTS = {
    "en": [
        "Ann's in Ulm, isn't she?",
        "The U.S. spent $1,200.50 on e-mail…",
        "  CAFE\u0301 Ｎｏ．５ 👍🏽\tя  ",
        "",
        "don’t",
    ],
    "zh": ["他１９９８年买了iPhone14，很好！", "　王小红　", "👍🏽好", "", "cafe\u0301好\u200b吗"],
}


def preprocessor(language, **arguments):
    return TokenPreprocessor.from_texts(TEXTS[language], language).changed(**arguments)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_tokens_cover_the_text_except_its_spaces(language):
    features = preprocessor(language).features_with_offsets(TEXTS[language])
    for text, starts, ends in zip(
        TEXTS[language], features["starts"].to_list(), features["ends"].to_list(), strict=True
    ):
        assert starts == sorted(starts)
        tokens = [text[start:end] for start, end in zip(starts, ends, strict=True)]
        assert "".join(tokens) == "".join(text.replace("\u200b", " ").split())
        assert all(tokens)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", TEXTS["en"][0], "ann 's in ulm , is n't she ?"),
        ("en", TEXTS["en"][1], "the u.s . spent $ 1,200.50 on e-mail …"),
        ("en", "Ann 's book", "ann 's book"),
        ("en", TEXTS["en"][4], "do n't"),
        ("zh", TEXTS["zh"][0], "他 1998 年 买 了 iphone14 , 很 好 !"),
    ],
)
def test_tokens_of_examples(language, text, expected):
    tokens = preprocessor(language).tokenize([text])[0].numpy()
    assert [token.decode() for token in tokens] == expected.split()


@pytest.mark.parametrize(
    ("cut_at", "text", "expected"),
    [
        ("", "Ulm,Germany London-based", "ulm,germany london-based"),
        (",-", "Ulm,Germany London-based", "ulm , germany london - based"),
        ("-", "Ulm,Germany a-b-c-d 1-2 x-1 -y z-", "ulm,germany a - b - c - d 1-2 x-1 - y z -"),
        (",", "1,200.50,x", "1,200.50,x"),
        ("-", "cafe\u0301-bar", "café - bar"),
        ("'’", "l'Ulm d’Oslo", "l ' ulm d ' oslo"),
    ],
)
def test_words_are_cut_at_punctuation_between_letters_on_demand(cut_at, text, expected):
    cutting = preprocessor("en", cut_at=cut_at)
    tokens = [token.decode() for token in cutting.tokenize([text])[0].numpy()]
    assert tokens == expected.split()
    starts, ends = (cutting.features_with_offsets([text])[name].to_list()[0] for name in ("starts", "ends"))
    assert "".join(text[start:end] for start, end in zip(starts, ends, strict=True)) == "".join(text.split())
    again = TokenPreprocessor(cutting.vocabulary, **cutting.get_config())
    assert again.tokenize([text]).to_list() == cutting.tokenize([text]).to_list()
    assert ("cut_at" in cutting.get_config()) == bool(cut_at)


def test_words_are_cut_where_the_training_spans_end():
    cases = [
        ("Ulm,Germany", [(4, 11, "x")], ","),
        ("a London-based firm", [(2, 8, "x")], "-"),
        ("a London-based firm", [(2, 14, "x")], ""),
        ("Ann's", [(0, 3, "x")], ""),
        ("l'Oslo", [(2, 6, "x")], "'"),
        ("3,000", [(0, 1, "x")], ""),
        ("so-", [(0, 2, "x")], ""),
    ]
    for text, spans, expected in cases:
        assert cuts_of([text], [spans]) == expected, text
    assert cuts_of([text for text, *_ in cases], [spans for _, spans, _ in cases]) == "',-"


def test_only_punctuation_inside_words_can_cut_them():
    with pytest.raises(InputError, match="cut_at must have characters of ' ’ . , - only. Received: ';'"):
        preprocessor("en", cut_at=";")


def test_given_tokens_are_not_split():
    given = preprocessor("zh", segmenter="spaces")
    assert [t.decode() for t in given.tokenize(["１９９８年 很好 ！"])[0].numpy()] == ["1998年", "很好", "!"]


def test_letters_have_ids_that_depend_on_case():
    letters = preprocessor("en", word_length=3).features(["Ann ann ANNA z"])["character_ids"].to_list()[0]
    assert letters[0] != letters[1]
    assert letters[0][1:] == letters[1][1:]
    assert letters[2][:2] == [letters[0][0], letters[2][1]]
    assert letters[2][2] == letters[0][0]  # the last letter: the middle letters are left out
    assert letters[3] == [1, 0, 0]  # z does not occur in the vocabulary


def test_dense_features_have_at_least_one_position():
    dense = preprocessor("zh", word_length=2)(["", ""])
    assert {name: values.shape for name, values in dense.items()} == {"token_ids": (2, 1), "character_ids": (2, 1, 2)}


def test_long_texts_are_truncated():
    features = preprocessor("zh", max_sequence_length=3, word_length=2).features_with_offsets(["他很好吗", "好"])
    assert [values.row_lengths().numpy().tolist() for values in features.values()] == [[3, 1]] * 5


def test_config_rebuilds_the_preprocessor():
    first = preprocessor("en", word_length=4)
    again = TokenPreprocessor(Vocabulary(first.vocabulary.tokens), **first.get_config())
    for name, values in first.features(TEXTS["en"]).items():
        np.testing.assert_array_equal(values.to_tensor(), again.features(TEXTS["en"])[name].to_tensor())


def test_a_task_that_does_not_segment_words_is_refused():
    for segmenter in (zoo.load("cbow_news_zh"), "jieba"):
        with pytest.raises(InputError, match="must be a task that finds words in Chinese text.*Received:"):
            preprocessor("zh", segmenter=segmenter)
    unsaved = zoo.load("bilstm_crf_segmentation_zh")
    unsaved.entry = None
    with pytest.raises(InputError, match="must be loaded from an entry"):
        preprocessor("zh", segmenter=unsaved)


def test_the_preprocessor_runs_in_a_graph():
    one = preprocessor("en", word_length=3)
    graph = tf.function(one.features_with_offsets, input_signature=[tf.TensorSpec([None], tf.string)])
    for name, values in graph(tf.constant(TEXTS["en"])).items():
        np.testing.assert_array_equal(values.flat_values, one.features_with_offsets(TEXTS["en"])[name].flat_values)
