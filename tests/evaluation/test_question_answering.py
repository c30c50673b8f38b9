"""Scores of answers, computed by hand as the evaluation script of SQuAD computes them."""

import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation import question_answering_scores


def score(prediction, *answers, language="en"):
    scores = question_answering_scores([prediction], [answers], language)
    return scores["exact_match"], round(scores["f1"], 4)


@pytest.mark.parametrize(
    ("prediction", "answers", "expected"),
    [
        ("in 1066", ["in 1066"], (1, 1)),
        ("The Red  Fox.", ["red fox"], (1, 1)),  # case, articles, punctuation, spacing
        ("an apple-tree", ["appletree"], (1, 1)),  # punctuation is removed without leaving a space
        ("the theatre", ["a theatre"], (1, 1)),  # articles are removed only as complete words
        ("in 1066 AD", ["in 1066"], (0, 0.8)),  # 2 * 2 / (3 + 2)
        ("fox fox", ["fox"], (0, 0.6667)),  # a word counts as often as it occurs on both sides
        ("red fox", ["fox red"], (0, 1)),  # different word order
        ("Paris", ["London", "Paris, France", "paris"], (1, 1)),  # the best of several references
        ("Paris in France", ["Paris", "France"], (0, 0.5)),
        ("Rome", ["Paris"], (0, 0)),
        ("", ["Paris"], (0, 0)),
        ("", [], (1, 1)),  # correctly no answer
        ("Paris", [], (0, 0)),
        ("the", [], (1, 1)),  # an article alone is an empty answer
    ],
)
def test_scores_of_english_answers(prediction, answers, expected):
    assert score(prediction, *answers) == expected


@pytest.mark.parametrize(
    ("prediction", "answers", "expected"),
    [
        ("北京大学", ["北京大学"], (1, 1)),
        ("《红楼梦》", ["红楼梦。"], (1, 1)),  # punctuation of both scripts
        ("１９９８年", ["1998年"], (1, 1)),  # full width
        ("北京大学", ["北京"], (0, 0.6667)),  # 2 * 2 / (4 + 2)
        ("1998年", ["1997年"], (0, 0.5)),  # a number is one unit
        ("IBM公司", ["ibm"], (0, 0.5)),  # 2 * 1 / (3 + 1)
        ("上海", ["北京"], (0, 0)),
        ("", [], (1, 1)),
    ],
)
def test_scores_of_chinese_answers(prediction, answers, expected):
    assert score(prediction, *answers, language="zh") == expected


def test_questions_with_and_without_an_answer_are_also_scored_separately():
    scores = question_answering_scores(["a cat", "", "dog", "x"], [["cat"], ["two dogs"], [], ["x y z"]])
    assert scores["exact_match"] == 0.25
    assert scores["f1"] == pytest.approx((1 + 0 + 0 + 0.5) / 4)
    assert scores["answerable"] == {"exact_match": pytest.approx(1 / 3), "f1": pytest.approx(0.5), "num_questions": 3}
    assert scores["unanswerable"] == {"exact_match": 0, "f1": 0, "num_questions": 1}
    assert "answerable" not in question_answering_scores(["a"], [["b"]])


def test_invalid_input_is_refused():
    for arguments, message in (
        (([], []), "at least one question"),
        ((["a"], [["a"], ["b"]]), "1 answers to 2 questions"),
        ((["a"], [["a"]], "de"), "language must be one of"),
    ):
        with pytest.raises(InputError, match=message):
            question_answering_scores(*arguments)
