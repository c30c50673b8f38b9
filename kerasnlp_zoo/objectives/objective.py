"""What a task learns: a loss, the metrics beside it, and the column of the history that selects the best epoch."""

from collections.abc import Callable
from typing import NamedTuple

import keras

from kerasnlp_zoo.objectives.losses import (
    ElementLoss,
    SmoothedCrossEntropy,
    classification_metrics,
    cross_entropy,
    hinge_loss,
    perceptron_loss,
    squared_error,
)

# The losses of linear models whose outputs are not logarithms of probabilities.
MARGIN_LOSSES: dict[str, ElementLoss] = {"perceptron": perceptron_loss, "linear_svm": hinge_loss}


class Objective(NamedTuple):
    """The objective of a task.

    Attributes:
        loss: loss of each label, for `WeightedMeanLoss`.
        metrics: function that returns new weighted metrics.
        monitor: column of the history that selects the best epoch: higher is better for val_accuracy, lower is better
            for every other column.
    """

    loss: ElementLoss
    metrics: Callable[[], list[keras.metrics.Metric]]
    monitor: str


def classification_objective(builder: str | None = None, label_smoothing: float = 0.0) -> Objective:
    """Return the objective of a classifier with one label for each text, token or node.

    Args:
        builder: name of the builder of the model. The perceptron and the linear SVM have their own losses, and their
            cross entropy depends on the scale of the weights.
        label_smoothing: see `SmoothedCrossEntropy`.
    """
    if builder in MARGIN_LOSSES:
        return Objective(MARGIN_LOSSES[builder], classification_metrics, "val_accuracy")
    loss = SmoothedCrossEntropy(label_smoothing) if label_smoothing else cross_entropy
    return Objective(loss, classification_metrics, "val_cross_entropy")


def score_objective() -> Objective:
    """Return the objective of a score for each text: the squared error."""
    return Objective(squared_error, list, "val_loss")
