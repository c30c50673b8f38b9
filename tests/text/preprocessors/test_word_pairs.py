import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import PairVocabulary, WordPairPreprocessor, WordPreprocessor

TEXTS = ["a fine film", "an old film of dogs and cats", ""]
PAIRS = ["fine dogs", "", "a cat"]


@pytest.mark.parametrize("max_sequence_length", [5, 8, 9, 512])
def test_a_pair_has_the_words_of_both_texts_and_the_longer_one_is_truncated_first(max_sequence_length):
    preprocessor = WordPairPreprocessor.from_texts(TEXTS + PAIRS, max_sequence_length=max_sequence_length)
    tokens, words = preprocessor.vocabulary.tokens, WordPreprocessor.from_texts(TEXTS + PAIRS)
    features = preprocessor.features(TEXTS, PAIRS)
    for row, texts in enumerate(zip(TEXTS, PAIRS, strict=True)):
        first, second = ([token.decode() for token in words.tokenize([text])[0].numpy()] for text in texts)
        while len(first) + len(second) + 3 > max_sequence_length:
            (first if len(first) > len(second) else second).pop()
        expected = ["[CLS]", *first, "[SEP]", *second, "[SEP]"]
        assert [tokens[i] for i in features["token_ids"][row].numpy()] == expected
        segments = [0] * (len(first) + 2) + [1] * (len(second) + 1)
        assert features["segment_ids"][row].numpy().tolist() == segments


def test_special_tokens_in_a_text_are_unknown_words():
    vocabulary = PairVocabulary.from_counts({"茶": 1})
    preprocessor = WordPairPreprocessor(vocabulary, language="zh", segmenter="jieba")
    assert preprocessor(["[SEP]"], ["茶"])["token_ids"].numpy().tolist()[0][-3:] == [3, 4, 3]
    assert 3 not in preprocessor(["[SEP]"], ["茶"])["token_ids"].numpy()[0][1:-3]


def test_single_texts_and_lengths_without_room_are_refused():
    vocabulary = PairVocabulary.from_counts({"tea": 1})
    with pytest.raises(InputError, match="takes text and text_pair. Received: one text"):
        WordPairPreprocessor(vocabulary)(["tea"])
    with pytest.raises(InputError, match="so it must be at least 5. Received: max_sequence_length=4"):
        WordPairPreprocessor(vocabulary, max_sequence_length=4)
