import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation import bleu_by_length, translation_scores


def test_bleu_of_a_worked_example():
    # Four of 5 words occur in the reference: the precisions of 1- to 4-grams are 4/5, 3/4, 2/3 and 1/2.
    scores = translation_scores(["the cat sat down today"], [["the cat sat down there"]])
    assert scores["bleu"] == pytest.approx(100 * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25)
    assert "tok:13a" in scores["bleu_signature"]


def test_the_best_reference_counts_and_the_number_of_references_can_vary():
    translations = ["yo no voy a casa", "hoy es un buen día"]
    references = [["no voy", "yo no voy a casa"], ["hoy es un buen día"]]
    assert translation_scores(translations, references, "es")["bleu"] == pytest.approx(100)


def test_chinese_is_scored_by_character():
    scores = translation_scores(["我想喝一杯茶"], [["我想喝一杯水"]], "zh")
    assert "tok:zh" in scores["bleu_signature"]
    assert 50 < scores["bleu"] < 100


def test_empty_input_is_refused():
    with pytest.raises(InputError, match="Received: 0 translations"):
        translation_scores([], [])
    with pytest.raises(InputError, match=r"Received: \[\] for text 0"):
        translation_scores(["a"], [[]])


def test_short_and_long_sources_are_scored_separately():
    sources = ["a b", "a b c d e f", "a", "a b c d e f g h i j"]
    right, wrong = "uno dos tres cuatro", "cinco seis siete ocho"
    groups = bleu_by_length(sources, [right, wrong, right, right], [[right]] * 4, edges=[3, 5, 8], language="es")
    assert [(group["up_to"], group["texts"]) for group in groups] == [(3, 2), (8, 1)]
    assert groups[0]["bleu"] == pytest.approx(100)
    assert groups[1]["bleu"] < 5
