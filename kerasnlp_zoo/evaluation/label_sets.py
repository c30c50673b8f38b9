"""Scores of classifiers that assign any number of labels to a text, and the choice of their thresholds.

Shapes: N texts, C labels.
"""

from typing import Any

import numpy as np

from kerasnlp_zoo.evaluation.classification import precision_recall_f1

DEFAULT_THRESHOLD = 0.5


def label_set_scores(predicted: np.ndarray, expected: np.ndarray) -> dict[str, Any]:
    """Return the scores of predicted sets of labels.

    Args:
        predicted: bool [N, C], the predicted labels.
        expected: bool [N, C], the correct labels.

    Returns:
        dict of micro_f1, F1 over all pairs of a text and a label; macro_f1, the mean of F1 over the labels that occur
        or are predicted; exact_match, the share of texts with exactly the correct labels; and per_class, a dict of
        scores for each label.

    Example:

    >>> scores = label_set_scores(np.array([[True, True], [False, True]]), np.array([[True, False], [False, True]]))
    >>> scores["micro_f1"], round(scores["macro_f1"], 3), scores["exact_match"]
    (0.8, 0.833, 0.5)

    Reference: Lewis et al. 2004, "RCV1: A New Benchmark Collection for Text Categorization Research", section 5.
    """
    predicted, expected = np.asarray(predicted, bool), np.asarray(expected, bool)
    right, found, support = (values.sum(axis=0) for values in (predicted & expected, predicted, expected))
    per_class = precision_recall_f1(right, found, support)
    present = (found + support) > 0
    total = found.sum() + support.sum()
    return {
        "micro_f1": float(2 * right.sum() / total) if total else 1.0,
        "macro_f1": float(np.mean([s["f1"] for s, is_present in zip(per_class, present, strict=True) if is_present]))
        if present.any()
        else 1.0,
        "exact_match": float(np.mean(np.all(predicted == expected, axis=1))),
        "per_class": per_class,
    }


def best_thresholds(probabilities: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return for each label the threshold with the highest F1.

    A text has a label if its probability is at least the threshold. Thresholds are in the middle between two
    probabilities, so that rounding changes no answer. Of equally good ones, the nearest to 0.5 is returned; without a
    text of the label, 0.5.

    Args:
        probabilities: float [N, C], of held-out texts.
        expected: bool [N, C], their labels.

    Returns:
        float32 [C].

    Example:

    >>> best_thresholds(np.array([[0.1], [0.3], [0.4]]), np.array([[False], [True], [True]]))
    array([0.2], dtype=float32)

    Reference: Yang 2001, "A Study on Thresholding Strategies for Text Categorization", SCut.
    """
    columns = zip(np.transpose(probabilities), np.transpose(np.asarray(expected, bool)), strict=True)
    return np.array([_best_threshold(column, is_label) for column, is_label in columns], "float32")


def _best_threshold(probabilities: np.ndarray, is_label: np.ndarray) -> float:
    if not is_label.any():
        return DEFAULT_THRESHOLD
    order = np.argsort(-probabilities, kind="stable")
    sorted_probabilities = probabilities[order]
    # F1 of the k + 1 most probable texts: 2 TP / (k + 1 + number of texts with the label).
    f1 = 2 * np.cumsum(is_label[order]) / (np.arange(1, len(order) + 1) + is_label.sum())
    thresholds = (sorted_probabilities + np.append(sorted_probabilities[1:], 0.0)) / 2
    f1[np.append(sorted_probabilities[1:] == sorted_probabilities[:-1], False)] = -1.0  # no threshold between equals
    best = np.flatnonzero(f1 == f1.max())
    return float(thresholds[best[np.argmin(np.abs(thresholds[best] - DEFAULT_THRESHOLD))]])
