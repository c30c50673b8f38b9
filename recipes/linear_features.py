"""Train a linear classifier, or a multilayer perceptron, on a table of numbers.

    kerasnlp-zoo train linear_features
    kerasnlp-zoo train linear_features --model logistic_regression --dataset exam
    kerasnlp-zoo train linear_features --train-file grades.csv --label-column passed

The two examples are those of every introduction. interviews: an applicant is hired if the weighted sum of four scores
reaches a threshold, which is a perceptron. exam: the chance to pass is the sigmoid of a weighted sum of the hours of
study, the share of homework and the share of absence, which is logistic regression.
"""

import dataclasses
from typing import Any, Literal

from kerasnlp_zoo.datasets.feature_tables import FeatureOptions, load_features
from kerasnlp_zoo.datasets.report import feature_report
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import BUILDERS
from kerasnlp_zoo.objectives.objective import MARGIN_LOSSES
from kerasnlp_zoo.tasks import FeatureClassification
from kerasnlp_zoo.text import FeaturePreprocessor
from kerasnlp_zoo.training import (
    SGD,
    ClassifierConfig,
    Run,
    WeightedMeanLoss,
    classification_metrics,
    finish_classification,
    is_repeated_run,
    run_repeatedly,
)
from kerasnlp_zoo.vocabulary import TokenList


@dataclasses.dataclass
class Config(FeatureOptions, ClassifierConfig):
    """Train a classifier of rows of numbers, by default a perceptron on interviews, in seconds."""

    model: Literal["perceptron", "logistic_regression", "softmax_regression", "linear_svm", "multilayer_perceptron"] = (
        "perceptron"
    )
    """Type of the classifier."""
    l1: float = 0.0
    """Factor of the L1 penalty."""
    l2: float = 0.0
    """Factor of the L2 penalty."""
    hidden_dims: tuple[int, ...] = (16,)
    """Number of units of each hidden layer of the multilayer perceptron."""
    dropout: float = 0.0
    """Dropout rate of each hidden layer."""
    learning_rate: float = 1e-2
    """Maximum learning rate; the perceptron ignores it."""
    epochs: int = 100
    """Maximum number of passes over the training data."""
    patience: int = 10
    """Stop training after this many epochs without a better validation score."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        if self.model == "perceptron" and self.accumulate_steps > 1:
            raise InputError("The perceptron updates its weights after each batch. Omit --accumulate-steps")
        if self.model in MARGIN_LOSSES:
            self.refuse_label_smoothing(f"the loss of --model {self.model} has no probabilities")


def main(config: Config, fold: int | None = None) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    if is_repeated_run(config) and fold is None:
        return run_repeatedly(main, "linear_features", config)
    run = Run("linear_features", config, fold)

    data = run.same_data(load_features(config, fold, config.folds))
    print(feature_report(data))

    with run.scope():
        has_layers = config.model == "multilayer_perceptron"
        model = BUILDERS[config.model](
            num_features=len(data.columns),
            num_classes=len(data.labels),
            l1=config.l1,
            l2=config.l2,
            **{"hidden_dims": config.hidden_dims, "dropout": config.dropout} if has_layers else {},
        )
        model.get_layer("standardization").set_statistics(data.numbers())
        # Rosenblatt's update has no learning rate: from zero weights, every rate leads to the same predictions.
        is_perceptron = config.model == "perceptron"
        optimizer = SGD(1.0) if is_perceptron else config.make_optimizer(run.total_steps(len(data.train)))
        model.compile(
            optimizer=optimizer,
            loss=WeightedMeanLoss(MARGIN_LOSSES.get(config.model) or config.smoothed_cross_entropy()),
            weighted_metrics=classification_metrics(),
            jit_compile=config.jit,
        )
    task = FeatureClassification(model, FeaturePreprocessor(TokenList(data.columns)), data.labels)

    # The outputs of these models are not probabilities: their cross entropy depends on the scale of the weights.
    monitor = "val_accuracy" if config.model in MARGIN_LOSSES else "val_cross_entropy"
    best = run.fit(task, data.train, data.validation, monitor, config.read_class_weights())
    return finish_classification(run, task, data, best, name=f"{config.model}_{data.name}")


if __name__ == "__main__":
    main(read_flags(Config))
