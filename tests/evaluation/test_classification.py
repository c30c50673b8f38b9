import numpy as np
import pytest

from kerasnlp_zoo.evaluation import (
    accuracy,
    calibration_bins,
    classification_scores,
    confusion_matrix,
    expected_calibration_error,
    macro_f1,
    per_class_scores,
)
from kerasnlp_zoo.evaluation.class_table import class_table

LABELS = [0, 0, 0, 1, 1, 2]
PREDICTIONS = [0, 0, 1, 1, 2, 2]


def test_scores_of_a_worked_example():
    matrix = confusion_matrix(LABELS, PREDICTIONS, 3)
    assert matrix.tolist() == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]
    assert accuracy(matrix) == pytest.approx(4 / 6)
    # F1: 2*2/(3+2), 2*1/(2+2), 2*1/(1+2)
    assert macro_f1(matrix) == pytest.approx((0.8 + 0.5 + 2 / 3) / 3)


def test_a_class_that_never_occurs_is_ignored():
    assert macro_f1(confusion_matrix([0, 1], [0, 1], 5)) == 1.0


def test_calibration_error_of_a_worked_example():
    # Bins of width 0.2: (0.6, 0.8] contains 0.7 (correct) and 0.8 (wrong); (0.8, 1] contains 0.9 (correct).
    probabilities = np.array([[0.7, 0.3], [0.8, 0.2], [0.1, 0.9]])
    bins = calibration_bins(probabilities, [0, 1, 1], num_bins=5)
    assert expected_calibration_error(bins) == pytest.approx((abs(1 - 1.5) + abs(1 - 0.9)) / 3)
    assert bins == [
        pytest.approx({"above": 0.6, "up_to": 0.8, "confidence": 0.75, "accuracy": 0.5, "share": 2 / 3}),
        pytest.approx({"above": 0.8, "up_to": 1.0, "confidence": 0.9, "accuracy": 1.0, "share": 1 / 3}),
    ]


def test_calibration_error_detects_overconfidence(random):
    confident = np.tile([0.99, 0.01], (1000, 1))
    labels = (random.random(1000) < 0.5).astype(int)
    assert expected_calibration_error(calibration_bins(confident, labels)) == pytest.approx(0.49, abs=0.05)
    honest = random.dirichlet([1, 1, 1], 20000)
    labels = np.array([random.choice(3, p=row) for row in honest])
    assert expected_calibration_error(calibration_bins(honest, labels)) < 0.02


def test_all_scores_are_computed_at_once():
    probabilities = np.eye(3)[PREDICTIONS]
    scores = classification_scores(probabilities, np.array(LABELS))
    assert scores["accuracy"] == pytest.approx(4 / 6)
    assert scores["expected_calibration_error"] == pytest.approx(2 / 6)
    assert scores["calibration_bins"] == calibration_bins(probabilities, LABELS)
    assert scores["confusion_matrix"] == confusion_matrix(LABELS, PREDICTIONS, 3).tolist()


def test_scores_per_class_of_a_worked_example():
    assert per_class_scores(confusion_matrix(LABELS, PREDICTIONS, 4)) == [
        pytest.approx({"precision": 1.0, "recall": 2 / 3, "f1": 0.8, "support": 3}),
        pytest.approx({"precision": 1 / 2, "recall": 1 / 2, "f1": 1 / 2, "support": 2}),
        pytest.approx({"precision": 1 / 2, "recall": 1.0, "f1": 2 / 3, "support": 1}),
        {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0},
    ]


def test_the_table_of_classes_is_aligned_and_shortened():
    scores = {"precision": 5.0, "recall": 100.0, "f1": 9.5, "support": 1234}
    lines = class_table({"好评": scores, "negative": scores}).splitlines()
    assert lines[1] == "  好评            5.0   100.0    9.5  1,234"
    assert lines[2] == "  negative        5.0   100.0    9.5  1,234"
    assert class_table({str(label): scores for label in range(30)}).splitlines()[-1] == "  10 more in metrics.json"
