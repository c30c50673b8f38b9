"""Scores of spans computed by hand. Counting tags, or accepting inexact boundaries, would give different scores."""

import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation import span_scores
from kerasnlp_zoo.tag_schemes import spans_of


def scores(prediction, reference):
    return span_scores([spans_of(prediction.split())], [spans_of(reference.split())])


def figures(prediction, reference):
    found = scores(prediction, reference)
    return found["num_predictions"], found["num_references"], found["num_correct"]


@pytest.mark.parametrize(
    ("prediction", "reference", "expected"),
    [
        ("B-PER I-PER O", "B-PER I-PER O", (1, 1, 1)),
        ("B-PER O O", "B-PER I-PER O", (1, 1, 0)),  # half a span does not count, although 2 of 3 tags agree
        ("B-PER B-PER O", "B-PER I-PER O", (2, 1, 0)),  # two spans of one token instead of one span of two tokens
        ("B-PER I-PER O", "B-PER B-PER O", (1, 2, 0)),
        ("B-LOC I-LOC O", "B-PER I-PER O", (1, 1, 0)),  # the label counts
        ("I-PER I-PER O", "B-PER I-PER O", (1, 1, 1)),  # an I without its B begins a span
        ("O I-LOC O", "O O O", (1, 0, 0)),  # and can be a false positive
        ("B-PER I-LOC O", "B-PER O O", (2, 1, 1)),  # a new label ends a span
        ("O O O", "O O O", (0, 0, 0)),
    ],
)
def test_spans_are_counted_rather_than_tags(prediction, reference, expected):
    assert figures(prediction, reference) == expected


def test_precision_recall_and_f1_of_worked_examples():
    reference = "B-PER I-PER O B-LOC O B-ORG I-ORG B-PER"
    prediction = "B-PER I-PER O B-LOC O B-ORG O O"
    found = scores(prediction, reference)
    assert found["precision"] == pytest.approx(2 / 3)
    assert found["recall"] == pytest.approx(2 / 4)
    assert found["f1"] == pytest.approx(4 / 7)
    assert found["labels"]["PER"] == {
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "num_references": 2,
        "num_predictions": 1,
        "num_correct": 1,
    }
    assert found["labels"]["ORG"]["f1"] == 0
    assert found["macro_f1"] == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_unlabelled_f1_ignores_the_labels():
    reference = [(0, 2, "n"), (2, 3, "v"), (3, 5, "n")]
    found = span_scores([[(0, 2, "v"), (2, 3, "v"), (3, 4, "n"), (4, 5, "n")]], [reference])
    assert (found["f1"], found["unlabelled_f1"]) == (pytest.approx(2 / 7), pytest.approx(4 / 7))


def test_spans_of_different_texts_do_not_match():
    first, second = [(0, 2, "PER")], [(3, 4, "LOC")]
    assert span_scores([first, second], [second, first])["f1"] == 0
    assert span_scores([first, second], [first, second])["f1"] == 1


def test_a_span_predicted_twice_counts_once():
    assert span_scores([[(0, 1, "x"), (0, 1, "x")]], [[(0, 1, "x")]])["precision"] == 1


def test_a_label_that_never_occurs_lowers_the_precision_but_not_macro_f1():
    found = span_scores([[(0, 1, "x"), (1, 2, "z")]], [[(0, 1, "x")]])
    assert (found["precision"], found["macro_f1"]) == (0.5, 1.0)
    assert found["labels"]["z"]["num_predictions"] == 1


def test_order_of_texts_and_spans_does_not_change_the_scores(random):
    def some_spans():
        return [(int(start), int(start) + 2, "xyz"[start % 3]) for start in random.permutation(12)[:6]]

    predictions, references = ([some_spans() for _ in range(20)] for _ in range(2))
    order = random.permutation(20)
    shuffled = [[rows[place][::-1] for place in order] for rows in (predictions, references)]
    assert span_scores(*shuffled) == span_scores(predictions, references)


def test_swapping_predictions_and_references_swaps_precision_and_recall():
    one, other = [[(0, 2, "x"), (3, 4, "x"), (5, 6, "y")]], [[(0, 2, "x")]]
    found, swapped = span_scores(one, other), span_scores(other, one)
    assert (found["precision"], found["recall"]) == (swapped["recall"], swapped["precision"])
    assert found["f1"] == swapped["f1"]


@pytest.mark.parametrize(("predictions", "references"), [([], []), ([[]], [[], []])])
def test_empty_input_is_refused(predictions, references):
    with pytest.raises(InputError, match="at least one text"):
        span_scores(predictions, references)


@pytest.mark.peers
def test_scores_are_those_of_seqeval():
    """seqeval is tested to be equal to conlleval."""
    metrics = pytest.importorskip("seqeval.metrics", reason="seqeval is not installed")
    tags = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"]
    random = np.random.default_rng(0)
    for _ in range(50):
        lengths = random.integers(1, 30, size=20)
        true = [random.choice(tags, size=length, p=[0.4] + [0.1] * 6).tolist() for length in lengths]
        found = [[tag if random.random() < 0.7 else str(random.choice(tags)) for tag in row] for row in true]
        ours = span_scores([spans_of(row) for row in found], [spans_of(row) for row in true])
        assert ours["precision"] == pytest.approx(metrics.precision_score(true, found))
        assert ours["recall"] == pytest.approx(metrics.recall_score(true, found))
        assert ours["f1"] == pytest.approx(metrics.f1_score(true, found))
        assert ours["macro_f1"] == pytest.approx(metrics.f1_score(true, found, average="macro"))
