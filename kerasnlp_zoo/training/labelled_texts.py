"""The common part of recipes for texts with one label, with any number of labels, or with a score."""

import dataclasses
from typing import Any, TypeVar

import keras

from kerasnlp_zoo.datasets.labelled_texts import load_labelled_texts
from kerasnlp_zoo.datasets.options import LabelOptions
from kerasnlp_zoo.datasets.splits import LabelKind, TextClassificationData
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.objectives.losses import WeightedMeanLoss
from kerasnlp_zoo.tasks import MultiLabelClassification, Task, TaskName, TextClassification, TextRegression
from kerasnlp_zoo.text.preprocessors.preprocessor import Preprocessor
from kerasnlp_zoo.training.class_weighting import ClassifierConfig
from kerasnlp_zoo.training.classification import finish_classification
from kerasnlp_zoo.training.fine_tuning import finish_fine_tuning
from kerasnlp_zoo.training.run import Run

TASK_OF: dict[LabelKind, TaskName] = {
    "label": "text_classification",
    "labels": "multi_label_classification",
    "score": "text_regression",
}
Data = TypeVar("Data", bound=TextClassificationData)
METRICS = {"micro_f1": "micro-F1", "spearman": "Spearman"}


@dataclasses.dataclass
class LabelledTextConfig(LabelOptions, ClassifierConfig):
    """The flags of recipes for labelled texts."""

    score: bool = False
    """The labels are numbers, such as stars, and the model predicts a number."""
    train_examples: int | None = None
    """Train only on the first N texts of every class."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        self.check_labels()
        if self.train_examples is not None:
            require_positive(train_examples=self.train_examples)
        if self.score and (self.label_separator is not None or self.label_columns or self.class_weights):
            raise InputError(
                "--score reads a number from the label column. Omit --label-separator, --label-columns and "
                "--class-weights, which are for labels"
            )

    def load(self, fold: int | None) -> TextClassificationData:
        """Load the data of the flags."""
        return self.with_few_examples(load_labelled_texts(self, fold, self.folds, self.score))

    def with_few_examples(self, data: Data) -> Data:
        """Return data with only the first --train-examples training texts of every class."""
        if self.train_examples is None:
            return data
        return dataclasses.replace(data, train=data.train.first_of_each_class(self.train_examples))


def labelled_task(
    data: TextClassificationData, model: keras.Model, preprocessor: Preprocessor
) -> TextClassification | MultiLabelClassification | TextRegression:
    """Return the task of a model for the labels of the data."""
    if data.kind == "labels":
        return MultiLabelClassification(model, preprocessor, data.labels)
    return (TextClassification if data.kind == "label" else TextRegression)(model, preprocessor, data.labels)


def compile_labelled(config: LabelledTextConfig, task: Task, optimizer: keras.optimizers.Optimizer) -> None:
    """Compile the model of a task with the loss and the metrics of its labels."""
    objective = task.objective(config.label_smoothing)
    task.model.compile(
        optimizer=optimizer,
        loss=WeightedMeanLoss(objective.loss),
        weighted_metrics=objective.metrics(),
        jit_compile=config.jit,
    )


def train_labelled(
    run: Run[LabelledTextConfig],
    task: Task,
    data: TextClassificationData,
    monitor: str | None = None,
    name: str | None = None,
) -> dict[str, Any]:
    """Train until the validation score stops improving, score the test texts, and write everything.

    Args:
        run: the run.
        task: a task with a compiled model.
        data: the data.
        monitor: column of history.csv that selects the best epoch of a classifier with one label; None for the usual
            one of the task.
        name: name of the entry; None for builder, data and language.

    Returns:
        The content of metrics.json.
    """
    usual = task.objective().monitor
    chosen = monitor if monitor is not None and data.kind == "label" else usual
    best = run.fit(task, data.train, data.validation, chosen, run.config.read_class_weights())
    if isinstance(task, TextClassification):
        return finish_classification(run, task, data, best, name)
    if isinstance(task, MultiLabelClassification):
        task.choose_thresholds(data.validation.texts, data.validation.references)
    return finish_fine_tuning(run, task, data, best, METRICS, name)
