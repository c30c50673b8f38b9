import numpy as np
import pytest

from kerasnlp_zoo.evaluation.label_sets import best_thresholds, label_set_scores


def f1(predicted, expected):
    right = np.sum(predicted & expected)
    return 2 * right / max(np.sum(predicted) + np.sum(expected), 1)


def test_scores_equal_counting_label_by_label(random):
    predicted, expected = random.random((2, 50, 4)) < 0.3
    expected[:, 3] = predicted[:, 3] = False  # a label that does not occur does not count
    scores = label_set_scores(predicted, expected)
    assert scores["micro_f1"] == pytest.approx(f1(predicted, expected))
    assert scores["macro_f1"] == pytest.approx(np.mean([f1(predicted[:, c], expected[:, c]) for c in range(3)]))
    same = [set(np.flatnonzero(p)) == set(np.flatnonzero(e)) for p, e in zip(predicted, expected, strict=True)]
    assert scores["exact_match"] == pytest.approx(np.mean(same))
    assert [of_class["support"] for of_class in scores["per_class"]] == expected.sum(axis=0).tolist()


def test_correct_empty_sets_have_the_highest_scores():
    nothing = np.zeros((2, 2), bool)
    scores = label_set_scores(nothing, nothing)
    assert (scores["micro_f1"], scores["macro_f1"], scores["exact_match"]) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("decimals", [1, 6])  # with and without equal probabilities
def test_no_threshold_has_a_higher_f1(random, decimals):
    probabilities = random.random((40, 6)).round(decimals).clip(0.01, 0.99)
    expected = random.random((40, 6)) < probabilities
    thresholds = best_thresholds(probabilities, expected)
    for column, is_label, threshold in zip(probabilities.T, expected.T, thresholds, strict=True):
        tried = [f1(column >= other, is_label) for other in column]
        assert f1(column >= threshold, is_label) == pytest.approx(max(tried))
        assert 0 < threshold < 1
        assert threshold not in column.astype("float32")


def test_a_label_without_texts_has_the_threshold_of_a_half():
    assert best_thresholds(np.array([[0.1], [0.7]]), np.zeros((2, 1), bool)).tolist() == [0.5]
