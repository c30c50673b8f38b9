"""Evaluation metrics: functions of predictions and references."""

from kerasnlp_zoo.evaluation.analogies import analogy_scores
from kerasnlp_zoo.evaluation.calibration import calibration_bins, expected_calibration_error
from kerasnlp_zoo.evaluation.classification import (
    accuracy,
    classification_scores,
    confusion_matrix,
    macro_f1,
    most_confused,
    per_class_scores,
)
from kerasnlp_zoo.evaluation.entities import span_scores
from kerasnlp_zoo.evaluation.main_score import with_main_score
from kerasnlp_zoo.evaluation.question_answering import question_answering_scores
from kerasnlp_zoo.evaluation.sentence_similarity import sentence_similarity_scores
from kerasnlp_zoo.evaluation.translation import bleu_by_length, translation_scores
from kerasnlp_zoo.evaluation.word_similarity import word_similarity_scores

__all__ = [
    "accuracy",
    "analogy_scores",
    "bleu_by_length",
    "calibration_bins",
    "classification_scores",
    "confusion_matrix",
    "expected_calibration_error",
    "macro_f1",
    "most_confused",
    "per_class_scores",
    "question_answering_scores",
    "sentence_similarity_scores",
    "span_scores",
    "translation_scores",
    "with_main_score",
    "word_similarity_scores",
]
