"""Train a linear classifier, or a multilayer perceptron, over bags of words.

    kerasnlp-zoo train linear
    kerasnlp-zoo train linear --model linear_svm --weighting tf_idf --dataset newsgroups
    kerasnlp-zoo train linear --model multilayer_perceptron --hidden-dims 128 64

These are baselines for models that read the order of the words. Ours, softmax regression: movie_reviews 76.8 +- 1.2
(10 folds), TREC 85.7 +- 0.7 (--weighting binary, 5 seeds), a few seconds per run on 2 CPU cores.
"""

import dataclasses
from typing import Any, Literal

from kerasnlp_zoo.datasets.report import data_report
from kerasnlp_zoo.datasets.splits import TextClassificationData
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import BUILDERS
from kerasnlp_zoo.objectives.objective import MARGIN_LOSSES
from kerasnlp_zoo.text import inverse_document_frequencies
from kerasnlp_zoo.training import (
    SGD,
    Run,
    WordClassifierConfig,
    compile_labelled,
    is_repeated_run,
    labelled_task,
    run_repeatedly,
    train_labelled,
)

# The losses of the others need exactly one correct class.
WITHOUT_CLASSES = ("softmax_regression", "multilayer_perceptron")


@dataclasses.dataclass
class Config(WordClassifierConfig):
    """Train a classifier over bags of words, by default softmax regression on movie_reviews."""

    builders = ("softmax_regression", "logistic_regression", "perceptron", "linear_svm", "multilayer_perceptron")
    model: Literal["softmax_regression", "logistic_regression", "perceptron", "linear_svm", "multilayer_perceptron"] = (
        "softmax_regression"
    )
    """Type of the classifier. If a text has several labels, softmax_regression is a logistic regression for each. With
    --score it is linear regression."""
    weighting: Literal["binary", "count", "tf_idf"] = "tf_idf"
    """Weight of a word in its text. binary: 1. count: number of occurrences. tf_idf: count x inverse document
    frequency."""
    l1: float = 0.0
    """Factor of the L1 penalty of the weights."""
    l2: float = 0.0
    """Factor of the L2 penalty of the weights."""
    hidden_dims: tuple[int, ...] = (128,)
    """Number of units of each hidden layer of the multilayer perceptron."""
    dropout: float = 0.5
    """Dropout rate of each hidden layer."""
    learning_rate: float = 1e-2
    """Maximum learning rate; the perceptron ignores it."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        if self.model == "perceptron" and self.accumulate_steps > 1:
            raise InputError("The perceptron updates its weights after each batch. Omit --accumulate-steps")
        if self.model in MARGIN_LOSSES:
            self.refuse_label_smoothing(f"the loss of --model {self.model} has no probabilities")
        if self.score and self.model not in WITHOUT_CLASSES:
            raise InputError(f"--score needs --model {' or '.join(WITHOUT_CLASSES)}. Received: --model {self.model}")

    def load(self, fold: int | None) -> TextClassificationData:
        """Load the data of the flags. Raise InputError if a text has several labels and the model has no sigmoids."""
        data = super().load(fold)
        if data.kind == "labels" and self.model not in WITHOUT_CLASSES:
            raise InputError(
                f"Several labels for a text need --model {' or '.join(WITHOUT_CLASSES)}. Received: --model {self.model}"
            )
        return data


def main(config: Config, fold: int | None = None) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    if is_repeated_run(config) and fold is None:
        return run_repeatedly(main, "linear", config)
    run = Run("linear", config, fold)

    data = run.same_data(config.load(fold))
    entry = run.load_entry(data.language, data.labels, data.has_pairs)
    preprocessor = entry.preprocessor if entry else config.preprocessor(data)
    print(data_report(data, preprocessor, config.batch_size))

    with run.scope():
        name = entry.model.builder_config["builder"] if entry else config.model
        if entry:
            model = entry.model
        else:
            has_layers = name == "multilayer_perceptron"
            model = BUILDERS[name](
                vocabulary_size=preprocessor.vocabulary_size,
                num_classes=len(data.labels),
                weighting=config.weighting,
                l1=config.l1,
                l2=config.l2,
                **{"hidden_dims": config.hidden_dims, "dropout": config.dropout} if has_layers else {},
            )
        if config.weighting == "tf_idf" and not entry:
            token_ids = config.token_ids(preprocessor, data.train.texts)
            frequencies = inverse_document_frequencies(token_ids, preprocessor.vocabulary_size)
            model.get_layer("bag_of_words").set_inverse_document_frequencies(frequencies)
        # Rosenblatt's update has no learning rate: from zero weights, every rate leads to the same predictions.
        is_perceptron = name == "perceptron"
        optimizer = SGD(1.0) if is_perceptron else config.make_optimizer(run.total_steps(len(data.train)))
        task = labelled_task(data, model, preprocessor)
        compile_labelled(config, task, optimizer)
    return train_labelled(run, task, data)


if __name__ == "__main__":
    main(read_flags(Config))
