"""Exclusive or of two words: a model with a hidden layer can learn it, a linear model cannot.

    kerasnlp-zoo train linear_xor

The texts are "", "a", "b" and "a b"; the label is 1 if the text has exactly one of the words. Every linear model has
z("") + z("a b") = z("a") + z("b"), so it is wrong on at least one text. With a hidden layer of five units, some random
starts do not find the solution. The recipe counts the successful starts, and draws the decision regions and the effect
of the learning rate. Ours: none of 4 linear models, 31 of 40 starts of the multilayer perceptron, half a minute on 2
CPU cores.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tyro

from kerasnlp_zoo import plots
from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import BUILDERS
from kerasnlp_zoo.text import Vocabulary, WordPreprocessor
from kerasnlp_zoo.training import (
    Run,
    RunOptions,
    StrategyName,
    WeightedMeanLoss,
    cross_entropy,
    hinge_loss,
    perceptron_loss,
)

TEXTS = ["", "a", "b", "a b"]
EXACTLY_ONE = np.array([0, 1, 1, 0])
POINTS = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])  # the bags of words of the texts: number of a, number of b
LOSSES = {
    "perceptron": perceptron_loss,
    "logistic_regression": cross_entropy,
    "softmax_regression": cross_entropy,
    "linear_svm": hinge_loss,
    "multilayer_perceptron": cross_entropy,
}
STEPS_AT_ONCE = 10  # between two points of a loss curve
SMOKE_STARTS = 2


@dataclasses.dataclass
class Config(RunOptions):
    """Train every linear model and many multilayer perceptrons on exclusive or, in about a minute."""

    epochs: int = 500
    """Number of passes over the four texts; each pass is one step of gradient descent."""
    strategy: tyro.conf.Suppress[StrategyName] = "none"  # the models are small
    save_steps: tyro.conf.Suppress[int | None] = None
    resume: tyro.conf.Suppress[bool] = False  # nothing is saved before the end
    seed: int = 0
    """Random seed of the first start; the next starts have the next seeds."""
    starts: int = 40
    """Number of random starts of the multilayer perceptron."""
    hidden_dim: int = 5
    """Number of units of the hidden layer of the multilayer perceptron."""
    learning_rate: float = 0.5
    """Learning rate; the plot also shows a rate a hundred times lower and a rate a hundred times higher."""
    smoke: bool = False
    """Try the complete recipe in seconds, with few starts and steps; its scores are meaningless."""

    def data_name(self) -> str:
        """Return the name of the data as part of a file name."""
        return "exclusive_or"

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        require_positive(starts=self.starts, hidden_dim=self.hidden_dim)


def main(config: Config) -> dict[str, Any]:
    """Train, count and draw; return the content of metrics.json."""
    run = Run("linear_xor", config)
    num_starts = SMOKE_STARTS if config.smoke else config.starts
    preprocessor = WordPreprocessor(Vocabulary(["[PAD]", "[UNK]", "a", "b"]))
    token_ids = preprocessor(TEXTS)["token_ids"]

    def train_model(name: str, seed: int, rate: float = config.learning_rate) -> tuple[keras.Model, list[float]]:
        return train(name, token_ids, run.epochs, config.hidden_dim, rate, seed)

    linear = {name: train_model(name, config.seed)[0] for name in LOSSES if name != "multilayer_perceptron"}
    starts = []
    for seed in range(config.seed, config.seed + num_starts):
        model, _ = train_model("multilayer_perceptron", seed)
        starts.append((seed, model, correct_answers(model, token_ids)))
    solved = [(seed, model) for seed, model, correct in starts if correct == len(TEXTS)]
    failed = [model for _, model, correct in starts if correct < len(TEXTS)]
    shown_seed = solved[0][0] if solved else config.seed
    losses: dict[str, tuple[list[int], list[float]]] = {}
    for rate in (config.learning_rate / 100, config.learning_rate, config.learning_rate * 100):
        _, curve = train_model("multilayer_perceptron", shown_seed, rate)
        losses[f"learning rate {rate:g}"] = ([STEPS_AT_ONCE * (n + 1) for n in range(len(curve))], curve)

    panels = [("softmax regression: undecided", probability(linear["softmax_regression"]))]
    panels += [("multilayer perceptron: solved", probability(model)) for _, model in solved[:1]]
    panels += [("another start: not solved", probability(model)) for model in failed[:1]]
    plots.decision_regions(panels, POINTS, EXACTLY_ONE, losses, run.folder / "xor.png")

    metrics = run.describe(
        {
            "metric": "share of starts solved",
            "validation_score": None,
            "test_score": 100 * len(solved) / num_starts,
            "published_score": None,
            "published_by": None,
            "correct_answers_of_linear_models": {
                name: correct_answers(model, token_ids) for name, model in linear.items()
            },
            "correct_answers_of_starts": [correct for _, _, correct in starts],
            "final_losses": {name: curve[-1] for name, (_, curve) in losses.items()},
            "pictures": ["xor"],
        }
    )
    for name, correct in metrics["correct_answers_of_linear_models"].items():
        print(f"{name:<22} {correct} of 4 texts correct")
    print(f"multilayer_perceptron  all 4 texts correct from {len(solved)} of {num_starts} starts")
    for name, value in metrics["final_losses"].items():
        print(f"  {name:<20} final cross entropy {value:.3f}")
    run.note_smoke()
    print(f"Everything is in {run.folder}: metrics.json and xor.png")
    run.finish(metrics)
    return metrics


def train(
    name: str, token_ids: tf.Tensor, steps: int, hidden_dim: int, learning_rate: float, seed: int
) -> tuple[keras.Model, list[float]]:
    """Return a model trained by gradient descent over all four texts, and its losses."""
    keras.utils.set_random_seed(seed)
    has_layer = name == "multilayer_perceptron"
    more: dict[str, Any] = {"hidden_dims": (hidden_dim,), "dropout": 0.0} if has_layer else {}
    model = BUILDERS[name](vocabulary_size=4, num_classes=2, weighting="binary", **more)
    model.compile(
        keras.optimizers.SGD(learning_rate),
        WeightedMeanLoss(LOSSES[name]),
        steps_per_execution=STEPS_AT_ONCE,
    )
    batches = tf.data.Dataset.from_tensors((token_ids, EXACTLY_ONE)).repeat()
    epochs = max(1, steps // STEPS_AT_ONCE)
    history = model.fit(batches, epochs=epochs, steps_per_epoch=STEPS_AT_ONCE, shuffle=False, verbose=0)
    return model, history.history["loss"]


def correct_answers(model: keras.Model, token_ids: tf.Tensor) -> int:
    """Return the number of texts whose label is predicted."""
    return int(np.sum(np.argmax(model(token_ids), axis=-1) == EXACTLY_ONE))


def probability(model: keras.Model) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function from points [N, 2] to the probability [N] of label 1; a point has the weights of a and b."""

    def of_points(points: np.ndarray) -> np.ndarray:
        first_dense, *rest = model.layers[2:]  # after the input and its bag of words
        values = first_dense(np.tile([[2, 3]], (len(points), 1)), points)
        for layer in rest:
            values = layer(values)
        return np.array(keras.ops.softmax(values))[:, 1]

    return of_points


if __name__ == "__main__":
    main(read_flags(Config))
