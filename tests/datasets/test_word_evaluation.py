"""Word pairs and analogy questions are read from published sets and own files; broken files are refused."""

import numpy as np
import pytest

from kerasnlp_zoo.datasets.word_evaluation import load_analogies, load_word_pairs, load_word_set, published_word_sets
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation import analogy_scores, word_similarity_scores
from kerasnlp_zoo.text import Vocabulary
from kerasnlp_zoo.training.starting_vectors import read_word_vectors


def write(folder, text, encoding="utf-8"):
    path = folder / "mine.txt"
    path.write_bytes(text.encode(encoding))
    return path


def test_own_pairs_can_have_comments_spaces_windows_line_ends_and_a_byte_order_mark(tmp_path):
    text = "\ufeff# word\tword\tscore\r\ncup\tmug\t9.1\r\n\r\nice cream \t 茶\t-2\r\n"
    pairs = load_word_pairs(write(tmp_path, text))
    assert pairs.words == [("cup", "mug"), ("ice cream", "茶")]
    assert pairs.scores.tolist() == [9.1, -2.0]
    assert len(pairs) == 2


def test_own_pairs_can_have_another_encoding(tmp_path):
    path = write(tmp_path, "杯子\t茶\t3\n", "gb18030")
    assert load_word_pairs(path, encoding="gb18030").words == [("杯子", "茶")]
    with pytest.raises(InputError, match=r"mine.txt, line 1: byte 0x.. .* gb18030"):
        load_word_pairs(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cup\tmug\t1\ncup mug 2\n", r"mine.txt, line 2: expected three columns separated by tabs.*Received 1 col"),
        ("# pairs\n\ncup\tmug\t1\tNN\n", r"mine.txt, line 3: .*Received 4 columns: 'cup\\tmug\\t1\\tNN'"),
        ("cup\t\t1\n", r"mine.txt, line 1: expected three columns"),
        (
            "first\tsecond\tscore\n",
            r"mine.txt, line 1: the score 'score' is not a number. Begin a line of headings with #",
        ),
        ("cup\tmug\t1\ncup\tmug\tnan\n", r"mine.txt, line 2: the score 'nan' is not a number"),
        ("cup\tmug\t1,5\n", r"mine.txt, line 1: the score '1,5' is not a number"),
        ("# nothing\n\n", r"mine.txt contains no word pairs"),
    ],
)
def test_broken_pairs_are_refused_with_file_and_line(text, message, tmp_path):
    with pytest.raises(InputError, match=message):
        load_word_pairs(write(tmp_path, text))


def test_own_questions_are_read_by_section(tmp_path):
    text = ": family\nking queen man woman\n\n: gram1-plural\ncup  cups mug mugs\r\n: family\nman woman boy girl\n"
    questions = load_analogies(write(tmp_path, text))
    assert questions.sections == {
        "family": [("king", "queen", "man", "woman"), ("man", "woman", "boy", "girl")],
        "gram1-plural": [("cup", "cups", "mug", "mugs")],
    }
    assert len(questions) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (": family\nking queen man\n", r"mine.txt, line 2: expected four words.*Received 3 words: 'king queen man'"),
        (": family\na b c d e\n", r"mine.txt, line 2: .*Received 5 words"),
        ("king queen man woman\n", r"mine.txt, line 1: there is a question before the first section"),
        (": family\n", r"mine.txt contains no questions"),
        ("", r"mine.txt contains no questions"),
    ],
)
def test_broken_questions_are_refused_with_file_and_line(text, message, tmp_path):
    with pytest.raises(InputError, match=message):
        load_analogies(write(tmp_path, text))


def test_an_unknown_name_is_answered_with_a_suggestion():
    with pytest.raises(InputError, match=r"no file 'wordsim535'. Did you mean 'wordsim353'\? Expected wordsim353 or"):
        load_word_pairs("wordsim535")
    with pytest.raises(InputError, match="Did you mean 'questions_words'"):
        load_analogies("question_words")


def test_downloaded_sets_equal_the_published_ones():
    assert [len(load_word_pairs(name)) for name in ("wordsim353", "simlex999")] == [353, 999]
    questions = load_analogies()
    assert len(questions) == 19544
    assert len(questions.sections) == 14
    # Every word has its own vector, so that all questions can be answered.
    tokens = sorted({word for section in questions.sections.values() for question in section for word in question})
    vectors = np.random.default_rng(0).normal(size=(len(tokens), 10))
    scores = analogy_scores(tokens, vectors, questions)
    assert [scores[part]["num_questions"] for part in ("semantic", "syntactic")] == [8869, 10675]
    assert scores["num_known"] == 19544
    assert scores["accuracy"] < 0.05  # by chance


def test_published_vectors_have_their_published_scores():
    pairs = load_word_pairs("wordsim353")
    words = sorted({word.lower() for pair in pairs.words for word in pair})
    vocabulary = Vocabulary(["[PAD]", "[UNK]", *words])
    scores = word_similarity_scores(vocabulary.tokens, read_word_vectors("glove_6b_50d", vocabulary).values, pairs)
    assert scores["coverage"] == 1.0
    assert scores["spearman"] == pytest.approx(0.503, abs=5e-4)  # scores of gensim for the same vectors


def test_a_language_without_published_sets_needs_own_files():
    assert [given.name for given in published_word_sets("en")] == ["wordsim353", "simlex999", "questions_words"]
    with pytest.raises(InputError, match="language 'zh'. Give your own.*--test-file"):
        published_word_sets("zh")
    with pytest.raises(InputError, match="There is no file 'nowhere.tsv'"):
        load_word_set("nowhere.tsv")
