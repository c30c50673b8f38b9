"""What recipes share: strategies, the loss, callbacks and the frame of a run."""

from kerasnlp_zoo.training.callbacks import EpochBackup, EpochSeed, HistoryFile, KeepBest
from kerasnlp_zoo.training.classification import finish_classification
from kerasnlp_zoo.training.cross_validation import cross_validate
from kerasnlp_zoo.training.losses import WeightedMeanLoss, classification_metrics, cross_entropy
from kerasnlp_zoo.training.run import Run, RunConfig
from kerasnlp_zoo.training.strategies import STRATEGIES, make_strategy

__all__ = [
    "STRATEGIES",
    "EpochBackup",
    "EpochSeed",
    "HistoryFile",
    "KeepBest",
    "Run",
    "RunConfig",
    "WeightedMeanLoss",
    "classification_metrics",
    "cross_entropy",
    "cross_validate",
    "finish_classification",
    "make_strategy",
]
