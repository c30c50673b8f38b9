"""Scores: small functions over arrays."""

from kerasnlp_zoo.evaluation.calibration import calibration_bins, expected_calibration_error
from kerasnlp_zoo.evaluation.classification import (
    accuracy,
    classification_scores,
    confusion_matrix,
    macro_f1,
    most_confused,
)

__all__ = [
    "accuracy",
    "calibration_bins",
    "classification_scores",
    "confusion_matrix",
    "expected_calibration_error",
    "macro_f1",
    "most_confused",
]
