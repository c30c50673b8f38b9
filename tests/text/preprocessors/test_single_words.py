import pytest

from kerasnlp_zoo.text import SingleWordPreprocessor, Vocabulary

VOCABULARY = Vocabulary(["[PAD]", "[UNK]", "paris", "Rome", "u.s.", "new_york", "don't", "café", "big apple"])


@pytest.fixture
def preprocessor():
    return SingleWordPreprocessor(VOCABULARY)


@pytest.mark.parametrize(
    ("word", "id_"),
    [
        ("paris", 2),
        ("PARIS", 2),
        ("Ｐａｒｉｓ", 2),
        (" paris\t", 2),
        ("Rome", 3),
        ("rome", 1),
        ("U.S.", 4),
        ("new_york", 5),
        ("new york", 1),
        ("don’t", 6),
        ("cafe\u0301", 7),
        ("big apple", 8),
        ("paris rome", 1),
        ("", 1),
        ("[PAD]", 1),
        ("[UNK]", 1),
    ],
)
def test_a_word_is_looked_up_as_written_then_normalised(preprocessor, word, id_):
    assert preprocessor([word])["token_ids"].numpy().tolist() == [[id_]]
    assert preprocessor.features([word, "x"])["token_ids"].to_list() == [[id_], [1]]


def test_an_empty_list_has_no_ids(preprocessor):
    assert preprocessor([])["token_ids"].shape == (0, 1)


def test_a_segmenter_splits_sentences_but_not_single_words():
    pytest.importorskip("jieba")
    vocabulary = Vocabulary(["[PAD]", "[UNK]", "我", "喜欢", "电影", "我喜欢电影"])
    preprocessor = SingleWordPreprocessor(vocabulary, language="zh", segmenter="jieba")
    assert preprocessor(preprocessor.prepare(["我喜欢电影"]))["token_ids"].numpy().tolist() == [[5]]
    sentences = preprocessor.sentences()
    assert sentences(sentences.prepare(["我喜欢电影"]))["token_ids"].numpy().tolist() == [[2, 3, 4]]


def test_config_rebuilds_the_preprocessor(preprocessor):
    again = SingleWordPreprocessor(VOCABULARY, **preprocessor.get_config())
    assert again.get_config() == preprocessor.get_config()
