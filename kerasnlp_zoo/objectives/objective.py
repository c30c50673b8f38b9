"""What a task learns: a loss, the metrics beside it, and the column of the history that selects the best epoch."""

from collections.abc import Callable
from typing import NamedTuple

import keras

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.objectives.label_sets import BinaryCrossEntropy, label_set_metrics
from kerasnlp_zoo.objectives.losses import (
    ElementLoss,
    SmoothedCrossEntropy,
    classification_metrics,
    crf_loss,
    crf_metrics,
    cross_entropy,
    hinge_loss,
    perceptron_loss,
    span_cross_entropy,
    squared_error,
)

# The losses of linear models whose outputs are not logarithms of probabilities.
MARGIN_LOSSES: dict[str, ElementLoss] = {"perceptron": perceptron_loss, "linear_svm": hinge_loss}

CLASSIFIERS = ("text_classification", "feature_classification", "tree_classification", "token_classification")
TRAINED = (*CLASSIFIERS, "multi_label_classification", "text_regression", "question_answering")


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


def objective_of(task: str, builder: str = "", label_smoothing: float = 0.0) -> Objective:
    """Return the objective of a task.

    Args:
        task: name of the task.
        builder: name of the builder of the model. The perceptron, the linear SVM and conditional random fields have
            their own losses.
        label_smoothing: share of the target probability that is divided among all labels: see `SmoothedCrossEntropy`.

    Raises:
        InputError: for a task that is not trained on labels.

    Example:

    >>> objective_of("text_regression").monitor
    'val_loss'
    """
    if task == "multi_label_classification":
        return Objective(BinaryCrossEntropy(label_smoothing), label_set_metrics, "val_cross_entropy")
    if task == "text_regression":
        return Objective(squared_error, list, "val_loss")
    if task == "question_answering":
        return Objective(span_cross_entropy, list, "val_loss")
    if task not in CLASSIFIERS:
        raise InputError(
            f"{task} is not trained on labels. Expected one of {', '.join(TRAINED)}. Train it with a recipe: "
            "kerasnlp-zoo train --help"
        )
    if builder.endswith("_crf"):
        return Objective(crf_loss, crf_metrics, "val_cross_entropy")
    if builder in MARGIN_LOSSES:  # their cross entropy depends on the scale of the weights
        return Objective(MARGIN_LOSSES[builder], classification_metrics, "val_accuracy")
    loss = SmoothedCrossEntropy(label_smoothing) if label_smoothing else cross_entropy
    return Objective(loss, classification_metrics, "val_cross_entropy")
