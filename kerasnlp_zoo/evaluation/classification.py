"""Scores of classifiers: accuracy, F1, calibration and confusion matrix.

Shapes: N examples, C classes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasnlp_zoo.evaluation.calibration import calibration_bins, expected_calibration_error


def confusion_matrix(
    labels: Sequence[int] | np.ndarray, predictions: Sequence[int] | np.ndarray, num_classes: int
) -> np.ndarray:
    """Return how often class j was predicted for class i.

    Args:
        labels: int [N].
        predictions: int [N].
        num_classes: C.

    Returns:
        int array [C, C]; rows are true classes, columns are predicted classes.

    Example:

    >>> confusion_matrix([0, 0, 1], [0, 1, 1], num_classes=2)
    array([[1, 1],
           [0, 1]])
    """
    cells = np.asarray(labels) * num_classes + np.asarray(predictions)
    return np.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


def most_confused(matrix: np.ndarray, limit: int) -> np.ndarray:
    """Return the ids of the classes with the most errors, in increasing order.

    Args:
        matrix: int array [C, C], rows are true classes.
        limit: maximum number of classes.

    Returns:
        int array of class ids.

    Example:

    >>> most_confused(np.array([[5, 0, 2], [0, 9, 0], [0, 0, 7]]), limit=2)
    array([0, 2])
    """
    errors = matrix.sum(axis=0) + matrix.sum(axis=1) - 2 * np.diag(matrix)
    return np.sort(np.argsort(-errors, kind="stable")[:limit])


def accuracy(matrix: np.ndarray) -> float:
    """Return the share of correct predictions, from a confusion matrix.

    Example:

    >>> accuracy(np.array([[1, 1], [0, 2]]))
    0.75
    """
    return float(np.trace(matrix) / matrix.sum())


def macro_f1(matrix: np.ndarray) -> float:
    """Return the mean over classes of F1 = 2 TP / (2 TP + FP + FN), from a confusion matrix.

    A class that does not occur and is not predicted does not count.

    Example:

    >>> round(macro_f1(np.array([[1, 1], [0, 2]])), 3)
    0.733
    """
    true_positives = np.diag(matrix)
    occurrences = matrix.sum(axis=0) + matrix.sum(axis=1)  # 2 TP + FP + FN
    present = occurrences > 0
    return float(np.mean(2 * true_positives[present] / occurrences[present]))


def per_class_scores(matrix: np.ndarray) -> list[dict[str, float]]:
    """Return precision, recall, F1 and support (number of examples) of each class, from a confusion matrix.

    A score is 0 where it is not defined: the precision of a class that is never predicted, the recall of a class
    that does not occur.

    Example:

    >>> per_class_scores(np.array([[1, 1], [0, 2]]))[0]
    {'precision': 1.0, 'recall': 0.5, 'f1': 0.6666666666666666, 'support': 2}
    """
    predicted, support = matrix.sum(axis=0), matrix.sum(axis=1)
    return precision_recall_f1(np.diag(matrix), predicted, support)


def precision_recall_f1(
    true_positives: np.ndarray, predicted: np.ndarray, support: np.ndarray
) -> list[dict[str, float]]:
    """Return the scores of each of C classes: {"precision", "recall", "f1", "support"}, 0 where they are not defined.

    Args:
        true_positives: int [C], correct predictions of each class.
        predicted: int [C], predictions of each class.
        support: int [C], examples of each class.
    """
    return [
        {
            "precision": float(right / max(found, 1)),
            "recall": float(right / max(true, 1)),
            "f1": float(2 * right / max(found + true, 1)),
            "support": int(true),
        }
        for right, found, true in zip(true_positives, predicted, support, strict=True)
    ]


def classification_scores(probabilities: np.ndarray, labels: Sequence[int] | np.ndarray) -> dict[str, Any]:
    """Return all scores of a classifier.

    Args:
        probabilities: float array [N, C].
        labels: int [N].

    Returns:
        dict of accuracy, macro_f1, expected_calibration_error, calibration_bins, confusion_matrix (nested list) and
        per_class (a dict of scores for each class).

    Example:

    >>> scores = classification_scores(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 1]))
    >>> scores["accuracy"], scores["confusion_matrix"]
    (1.0, [[1, 0], [0, 1]])
    """
    matrix = confusion_matrix(labels, np.argmax(probabilities, axis=1), probabilities.shape[1])
    bins = calibration_bins(probabilities, labels)
    return {
        "accuracy": accuracy(matrix),
        "macro_f1": macro_f1(matrix),
        "expected_calibration_error": expected_calibration_error(bins),
        "calibration_bins": bins,
        "confusion_matrix": matrix.tolist(),
        "per_class": per_class_scores(matrix),
    }
