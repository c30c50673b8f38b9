"""Plots of runs, answers, words, attention and positions, as PNG files for reports and cards."""

from kerasnlp_zoo.plots.alignment import alignment_maps
from kerasnlp_zoo.plots.attention import attention_maps, word_attention
from kerasnlp_zoo.plots.decision_regions import decision_regions
from kerasnlp_zoo.plots.figure import require_matplotlib
from kerasnlp_zoo.plots.fired_ngrams import fired_ngrams
from kerasnlp_zoo.plots.ladder import Curves, score_over_cost, score_over_examples
from kerasnlp_zoo.plots.memory import copy_curves, gradients_over_distance
from kerasnlp_zoo.plots.neighbours import neighbours
from kerasnlp_zoo.plots.positions import positions
from kerasnlp_zoo.plots.runs import (
    bleu_by_length,
    confusion_matrix,
    perplexities_by_order,
    pretraining_curves,
    reliability,
    score_curves,
    training_curves,
)
from kerasnlp_zoo.plots.scaling import efficiency_over_replicas
from kerasnlp_zoo.plots.tree import tree_labels
from kerasnlp_zoo.plots.word_scatter import word_scatter

__all__ = [
    "Curves",
    "alignment_maps",
    "attention_maps",
    "bleu_by_length",
    "confusion_matrix",
    "copy_curves",
    "decision_regions",
    "efficiency_over_replicas",
    "fired_ngrams",
    "gradients_over_distance",
    "neighbours",
    "perplexities_by_order",
    "positions",
    "pretraining_curves",
    "reliability",
    "require_matplotlib",
    "score_curves",
    "score_over_cost",
    "score_over_examples",
    "training_curves",
    "tree_labels",
    "word_attention",
    "word_scatter",
]
