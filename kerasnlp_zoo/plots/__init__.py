"""Pictures of runs, answers and words: PNG files for reports and cards."""

from kerasnlp_zoo.plots.decision_regions import decision_regions
from kerasnlp_zoo.plots.figure import require_matplotlib
from kerasnlp_zoo.plots.fired_ngrams import fired_ngrams
from kerasnlp_zoo.plots.runs import (
    confusion_matrix,
    pretraining_curves,
    reliability,
    score_curves,
    training_curves,
)
from kerasnlp_zoo.plots.word_scatter import word_scatter

__all__ = [
    "confusion_matrix",
    "decision_regions",
    "fired_ngrams",
    "pretraining_curves",
    "reliability",
    "require_matplotlib",
    "score_curves",
    "training_curves",
    "word_scatter",
]
