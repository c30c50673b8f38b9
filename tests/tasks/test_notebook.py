"""What a notebook shows of tasks, answers and explanations."""

import copy
import html.parser
import json
import pickle

import numpy as np
import pytest

from kerasnlp_zoo import explanation, zoo
from kerasnlp_zoo.explanation import Alignment, Attention
from kerasnlp_zoo.tasks.notebook import SHOWN_ANSWERS, Answers

ATTACK = '<script>alert("x")</script>'


class Shown(html.parser.HTMLParser):
    """The text of HTML, whose elements must all be closed, and its elements and styles."""

    def __init__(self, source):
        super().__init__()
        self.text, self.elements, self.open, self.styles = "", [], [], []
        self.feed(source)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append(tag)
        self.styles += [value for name, value in attributes if name == "style"]
        if tag != "hr":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def classifier():
    return zoo.load("text_cnn_movie_reviews_en")


def test_answers_are_a_list_that_is_shown_with_its_texts(classifier):
    answers = classifier.predict(["a fine film", ATTACK])
    assert isinstance(answers, list)
    assert answers == [answers[0], answers[1]]
    assert json.loads(json.dumps(answers)) == answers
    shown = Shown(answers._repr_html_())
    assert "a fine film" in shown.text
    assert ATTACK in shown.text
    assert "script" not in shown.elements
    assert f"positive\u2002{answers[0]['probabilities']['positive']:.3f}" in shown.text


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda answers: pickle.loads(pickle.dumps(answers))])
def test_copies_are_plain_lists_without_the_task(copied, classifier):
    answers = classifier.predict(["a fine film"])
    assert type(copied(answers)) is list
    assert copied(answers) == answers


def test_answers_that_were_changed_are_shown_as_a_list(classifier):
    answers = classifier.predict(["a fine film"])
    answers.append(answers[0])
    assert answers._repr_html_() is None


def test_many_answers_are_counted(classifier):
    shown = Shown(classifier.predict(["fine"] * (SHOWN_ANSWERS + 3))._repr_html_())
    assert shown.elements.count("tr") == SHOWN_ANSWERS + 1
    assert "and 3 more" in shown.text


def test_spans_are_marked_in_the_text():
    task = zoo.load("bilstm_crf_msra_zh")
    text = "王小红昨天从北京大学回到上海。"
    answers = task.predict([text])
    shown = Shown(answers._repr_html_())
    assert shown.elements.count("mark") == len(answers[0]["entities"]) == 3
    assert len({style for style in shown.styles if "border-radius" in style}) == 3  # a colour for each kind of name
    without_labels = shown.text
    for span in answers[0]["entities"]:
        without_labels = without_labels.replace(f"\u2009{span['label']}", "", 1)
    assert text in without_labels


def test_an_answer_in_a_passage_is_marked():
    answers = Answers([{"answer": "Rome", "start": 8, "end": 12}], [("Where?", "We saw, Rome <b>")], [], str)
    shown = Shown(answers._repr_html_())
    assert "We saw, Rome\u2009answer <b>" in shown.text
    assert shown.elements.count("mark") == 1


@pytest.mark.parametrize(
    ("entry", "text", "expected"),
    [
        ("bert_tiny_en", "he was born in the [MASK] of london", "\u20020."),
        ("skip_gram_mixed_en", "king", "\u20020."),
        ("nnlm_wikitext2_en", "the film was", "perplexity"),
    ],
)
def test_other_answers_are_shown_as_bars_or_as_in_a_terminal(entry, text, expected):
    answers = zoo.load(entry).predict([text])
    shown = Shown(answers._repr_html_())
    assert text in shown.text
    assert expected in shown.text


def test_a_task_is_shown_as_a_table(classifier):
    shown = Shown(classifier._repr_html_())
    for fact in ("TextClassification", "text_cnn_movie_reviews_en", "negative", f"{classifier.model.count_params():,}"):
        assert fact in shown.text


def test_explanations_shade_words_by_what_they_contribute(classifier):
    found = explanation.fired_ngrams(classifier, f"dull {ATTACK} wonderful")
    shown = Shown(found._repr_html_())
    assert "script" not in shown.elements
    assert found.words[0] in shown.text
    assert len([style for style in shown.styles if style.startswith("background:rgba")]) == len(found.words)


def test_attention_and_alignment_are_shown_as_matrices():
    weights = np.full((1, 2, 3, 3), 1 / 3)
    shown = Shown(Attention(["[CLS]", "<i>", "[SEP]"], weights, 0)._repr_html_())
    assert shown.text.count("0.33") == 9
    assert "i" not in shown.elements
    shown = Shown(Alignment(["el", "fin"], ["the", "end", "."], np.full((1, 1, 3, 2), 0.5))._repr_html_())
    assert shown.text.count("0.50") == 6
