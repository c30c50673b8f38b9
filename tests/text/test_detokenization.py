import re

import pytest

from kerasnlp_zoo.text.detokenization import detokenize


@pytest.mark.parametrize(
    "text",
    [
        "it's 10:30, isn't it? (yes; 3.5 miles, or 1,000...)",
        'she said, "we\'ll stay" and "don\'t go".',
        "“we’ll see,” he said",
        "the ladies' choice and tom's well-known tv/radio [sic] at 2 p.m.",
        "$5 is 50% of 10!",
        "on may 7, 2010, some 1,250,000 of them came in 1999, 200 left",
        "买了2件t恤，“很好”……谢谢！",
        "カメラは３つ。",
        "",
    ],
)
def test_tokens_become_text_with_usual_spacing(text):
    apart = " ".join(re.findall(r"[a-z]+|\d+|\S", text))
    assert detokenize(apart) == text


def test_spaces_around_separate_words_are_kept():
    assert detokenize("a cat and a dog & a 3 5") == "a cat and a dog & a 3 5"
