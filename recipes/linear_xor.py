"""Exclusive or in two words: what no linear model can learn, and a hidden layer can.

    kerasnlp-zoo train linear_xor

The texts "", "a", "b" and "a b"; the answer is yes where exactly one of the words stands. Every linear model
has z("") + z("a b") = z("a") + z("b"), so it errs on at least one text. With a hidden layer of five units, not
every start finds the solution: the recipe counts how many do, and draws what was learned and how the step
size decides. Ours: none of 4 linear models, 31 of 40 starts of the multilayer perceptron, half a minute on 2 CPU cores.
"""

import dataclasses
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo import files, plots
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import BUILDERS
from kerasnlp_zoo.text import Vocabulary, WordPreprocessor
from kerasnlp_zoo.training import WeightedMeanLoss, cross_entropy, hinge_loss, perceptron_loss
from kerasnlp_zoo.training.run import command_line
from kerasnlp_zoo.versions import versions

TEXTS = ["", "a", "b", "a b"]
EXACTLY_ONE = np.array([0, 1, 1, 0])
POINTS = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])  # the bags of words of the texts: is there an a, a b?
LOSSES = {
    "perceptron": perceptron_loss,
    "logistic_regression": cross_entropy,
    "softmax_regression": cross_entropy,
    "linear_svm": hinge_loss,
    "multilayer_perceptron": cross_entropy,
}
STEPS_AT_ONCE = 10  # between two points of a curve of the loss


@dataclasses.dataclass
class Config:
    """Train every linear model and many multilayer perceptrons on exclusive or, in about a minute."""

    starts: int = 40
    """Random starts of the multilayer perceptron."""
    hidden_dim: int = 5
    """Units of its hidden layer."""
    steps: int = 500
    """Steps of gradient descent, each over all four texts."""
    learning_rate: float = 0.5
    """Step size; the picture also shows one a hundred times smaller and one a hundred times larger."""
    output_dir: Path = Path("runs/linear_xor")
    """Folder for metrics.json and xor.png."""


def main(config: Config) -> dict[str, Any]:
    """Train, count and draw; return the content of metrics.json."""
    started = time.time()
    plots.require_matplotlib()
    preprocessor = WordPreprocessor(Vocabulary(["[PAD]", "[UNK]", "a", "b"]))
    token_ids = preprocessor(TEXTS)["token_ids"]

    linear = {name: train(config, name, token_ids)[0] for name in LOSSES if name != "multilayer_perceptron"}
    rates = [config.learning_rate / 100, config.learning_rate, config.learning_rate * 100]
    starts, losses = [], {}
    for seed in range(config.starts):
        model, _ = train(config, "multilayer_perceptron", token_ids, seed=seed)
        starts.append((model, right_answers(model, token_ids)))
    solved = [model for model, right in starts if right == len(TEXTS)]
    failed = [model for model, right in starts if right < len(TEXTS)]
    seed = next((seed for seed, (_, right) in enumerate(starts) if right == len(TEXTS)), 0)
    for rate in rates:
        _, curve = train(config, "multilayer_perceptron", token_ids, rate, seed)
        losses[f"learning rate {rate:g}"] = ([STEPS_AT_ONCE * (n + 1) for n in range(len(curve))], curve)

    panels = [("softmax regression: undecided", probability(linear["softmax_regression"]))]
    panels += [("multilayer perceptron: solved", probability(model)) for model in solved[:1]]
    panels += [("another start: stuck", probability(model)) for model in failed[:1]]
    plots.decision_regions(panels, POINTS, EXACTLY_ONE, losses, config.output_dir / "xor.png")

    metrics = {
        "recipe": "linear_xor",
        "dataset": "exclusive or",
        "metric": "share of starts solved",
        "validation_score": None,
        "test_score": 100 * len(solved) / config.starts,
        "published_score": None,
        "right_answers_of_linear_models": {name: right_answers(model, token_ids) for name, model in linear.items()},
        "right_answers_of_starts": [right for _, right in starts],
        "final_losses": {name: curve[-1] for name, (_, curve) in losses.items()},
        "seconds": round(time.time() - started, 1),
        "seed": 0,
        "command": command_line("linear_xor", config),
        "versions": versions(),
    }
    files.write_json(config.output_dir / "metrics.json", metrics)
    for name, right in metrics["right_answers_of_linear_models"].items():
        print(f"{name:<22} {right} of 4 texts right")
    print(f"multilayer_perceptron  {len(solved)} of {config.starts} starts get all 4 right")
    for name, value in metrics["final_losses"].items():
        print(f"  {name:<20} cross entropy {value:.3f} at the end")
    print(f"The picture is {config.output_dir / 'xor.png'}")
    return metrics


def train(config, name, token_ids, learning_rate=None, seed=0):
    """Return a model trained by gradient descent over all four texts, and its losses."""
    keras.utils.set_random_seed(seed)
    has_layer = name == "multilayer_perceptron"
    more = {"hidden_dims": (config.hidden_dim,), "dropout": 0.0} if has_layer else {}
    model = BUILDERS[name](vocabulary_size=4, num_classes=2, **more)
    model.compile(
        keras.optimizers.SGD(learning_rate or config.learning_rate),
        WeightedMeanLoss(LOSSES[name]),
        steps_per_execution=STEPS_AT_ONCE,
    )
    batches = tf.data.Dataset.from_tensors((token_ids, EXACTLY_ONE)).repeat()
    epochs = config.steps // STEPS_AT_ONCE
    history = model.fit(batches, epochs=epochs, steps_per_epoch=STEPS_AT_ONCE, shuffle=False, verbose=0)
    return model, history.history["loss"]


def right_answers(model, token_ids):
    """Count the texts that are answered rightly."""
    return int(np.sum(np.argmax(model(token_ids), axis=-1) == EXACTLY_ONE))


def probability(model):
    """Return a function from points of the plane to P(yes): a point is a bag with that much of a and of b."""

    def of_points(points):
        first_dense, *rest = model.layers[2:]  # after the input and its bag of words
        values = first_dense(np.tile([[2, 3]], (len(points), 1)), points)
        for layer in rest:
            values = layer(values)
        return np.array(keras.ops.softmax(values))[:, 1]

    return of_points


if __name__ == "__main__":
    main(read_flags(Config))
