"""Cloze questions are made from paragraphs: the answer is in the passage, exactly once."""

import re

import pytest

from kerasnlp_zoo.datasets.cloze_questions import BLANK, cloze_of, wikitext2_clozes
from kerasnlp_zoo.datasets.question_answering import QuestionAnsweringOptions, load_question_answering
from kerasnlp_zoo.errors import InputError

PARAGRAPH = "Ada met Babbage in London . Both knew Paul Smith and Mary @-@ Ann . {}"


@pytest.mark.parametrize(
    ("last", "question", "answer"),
    [
        ("Later she wrote to Babbage .", "Later she wrote to what .", "Babbage"),
        ("They wrote to Paul Smith ?", "They wrote to what ?", "Paul Smith"),
        ("They wrote to Paul and to London", "They wrote to Paul and to what", "London"),  # Paul is part of a name
    ],
)
def test_the_last_sentence_asks_for_a_name_of_the_others(last, question, answer):
    cloze = cloze_of(PARAGRAPH.format(last))
    assert (cloze.question, cloze.answer) == (question, answer)
    assert cloze.passage == "Ada met Babbage in London . Both knew Paul Smith and Mary-Ann ."
    assert cloze.passage[cloze.start :].startswith(answer)


@pytest.mark.parametrize(
    "paragraph",
    [
        "",
        PARAGRAPH.format(""),  # no name occurs again
        PARAGRAPH.format("Babbage wrote ."),  # the first word of a sentence
        PARAGRAPH.format("He saw Babbage , and Babbage saw him ."),  # the question would contain the answer
        "Ada met Babbage . Later she wrote to Babbage .",  # too few names to choose from
        PARAGRAPH.format("They saw Babbage . She liked him , and Babbage liked her .").replace("London", "Babbage"),
    ],
)
def test_a_paragraph_without_a_clear_answer_has_no_question(paragraph):
    assert cloze_of(paragraph) is None


@pytest.mark.slow
def test_the_paragraphs_of_wikitext_give_questions_with_one_answer_each():
    clozes = list(wikitext2_clozes())
    assert len(clozes) == 5719
    for question, passage, answer, start in clozes:
        assert BLANK in question.split(" ")
        assert passage[start : start + len(answer)] == answer
        assert len(re.findall(rf"(?<!\w){re.escape(answer)}(?!\w)", passage)) == 1
    data = load_question_answering(QuestionAnsweringOptions(dataset="wikitext2_cloze"))
    assert len(data.train) + len(data.validation) + len(data.test) + sum(data.dropped.values()) == 5719
    assert data.licence == "CC-BY-SA"


def test_a_misspelled_data_set_is_named():
    with pytest.raises(InputError, match="Did you mean 'wikitext2_cloze'"):
        load_question_answering(QuestionAnsweringOptions(dataset="wikitext2_close"))
