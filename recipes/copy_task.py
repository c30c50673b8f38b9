"""Repeat five symbols after a delay: what gates are for.

    kerasnlp-zoo train copy_task
    kerasnlp-zoo train copy_task --delays 20 200 --cells gru lstm

A network of one direction reads five random symbols, then blanks for as long as the delay, then a mark, and has to
give the symbols in their order. Two pictures: how accuracy rises over training at each delay, and how the gradient
of an answer fades on its way back to earlier inputs, which is why.

The gates of GRU and LSTM start as Tallec and Ollivier 2018 say (section 2, chrono initialization): biased so that
units keep what they hold for between one step and the length of the sequence. With Keras' own start they keep half
of it for one step or two, and learn long delays as slowly as the simple RNN.
"""

import dataclasses
import time
from pathlib import Path
from typing import Literal

import keras
import numpy as np
import tensorflow as tf
import tyro

from kerasnlp_zoo import files, plots
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.models import bilstm_tagger
from kerasnlp_zoo.training import LazyAdam, WeightedMeanLoss, cross_entropy
from kerasnlp_zoo.training.run import command_line, versions

SYMBOLS = 5  # to be repeated
ALPHABET = 8
BLANK, MARK, FIRST_SYMBOL = 1, 2, 3  # token ids; 0 is padding, and there is none
STEPS_AT_ONCE = 50  # between two points of a curve
TEST_SEED, TEST_EXAMPLES = 0, 500
LEARNED = 0.995  # accuracy at which training stops
CLIPNORM = 1.0
Cell = Literal["rnn", "gru", "lstm"]


@dataclasses.dataclass
class Config:
    """Train simple RNN, GRU and LSTM to repeat symbols after delays, in some minutes on two CPU cores."""

    delays: tuple[int, ...] = (10, 50, 100)
    """Steps between the last symbol and the first answer."""
    cells: tuple[Cell, ...] = ("rnn", "gru", "lstm")
    """Networks to compare."""
    hidden_dim: int = 64
    """Units of a network."""
    steps: int = 1500
    """Most training steps; a network that has learned the task stops earlier."""
    batch_size: int = 64
    """Sequences of a training step, new ones each time."""
    learning_rate: float = 1e-2
    """Step size of Adam for GRU and LSTM."""
    rnn_learning_rate: float = 3e-3
    """Step size of Adam for the simple RNN, which larger steps throw off."""
    seed: int = 1
    """Decides weights and sequences."""
    output_dir: Path = Path("runs/copy_task")
    """Folder for metrics.json and the pictures."""


def main(config):
    """Train, score and draw; return what metrics.json holds."""
    started = time.time()
    plots.require_matplotlib()
    require_positive(hidden_dim=config.hidden_dim, steps=config.steps, batch_size=config.batch_size)
    if min(config.delays, default=0) < 1 or not config.cells:
        raise InputError(
            "The copy task needs delays of at least 1 step and at least one cell, such as --delays 10 50 --cells gru. "
            f"Received: delays {config.delays}, cells {config.cells}"
        )

    curves, gradients = {}, {"before training": {}, "after training": {}}
    for delay in config.delays:
        curves[delay] = {}
        for cell in config.cells:
            model = build(config, cell, delay)
            before = gradient_norms(model, delay)
            curves[delay][cell] = train(config, model, delay)
            print(f"delay {delay:3d}  {cell:4s}  accuracy {100 * curves[delay][cell][1][-1]:5.1f}", flush=True)
            if delay == max(config.delays):
                gradients["before training"][cell] = before
                gradients["after training"][cell] = gradient_norms(model, delay)

    longest = max(config.delays)
    plots.copy_curves(
        curves, 1 / ALPHABET, config.output_dir / "accuracy.png", f"{SYMBOLS} of {ALPHABET} symbols, repeated"
    )
    plots.gradients_over_distance(gradients, config.output_dir / "gradients.png", f"copy task, delay {longest}")
    accuracies = {delay: {cell: curve[1][-1] for cell, curve in cells.items()} for delay, cells in curves.items()}
    metrics = {
        "recipe": "copy_task",
        "dataset": "copy task",
        "metric": f"accuracy of the best network at a delay of {longest}",
        "validation_score": None,
        "test_score": 100 * max(accuracies[longest].values()),
        "published_score": None,
        "chance": 100 / ALPHABET,
        "accuracies": accuracies,
        "steps": {delay: {cell: curve[0][-1] for cell, curve in cells.items()} for delay, cells in curves.items()},
        "gradient_at_the_first_symbol": {
            name: {cell: float(norms[-1]) for cell, norms in cells.items()} for name, cells in gradients.items()
        },
        "seconds": round(time.time() - started, 1),
        "seed": config.seed,
        "command": command_line("copy_task", config),
        "versions": versions(),
    }
    files.write_json(config.output_dir / "metrics.json", metrics)
    print(f"The pictures are {config.output_dir / 'accuracy.png'} and {config.output_dir / 'gradients.png'}")
    return metrics


def build(config, cell, delay):
    """Return a compiled network of one direction that gives a symbol at every step."""
    keras.utils.set_random_seed(config.seed)
    model = bilstm_tagger(
        vocabulary_size=FIRST_SYMBOL + ALPHABET,
        num_classes=ALPHABET,
        embedding_dim=16,
        hidden_dim=config.hidden_dim,
        num_layers=1,
        cell=cell,
        bidirectional=False,
        dropout=0.0,
    )
    remember(model.get_layer("recurrent_0"), cell, SYMBOLS + delay)
    rate = config.rnn_learning_rate if cell == "rnn" else config.learning_rate
    model.compile(
        LazyAdam(rate, global_clipnorm=CLIPNORM), WeightedMeanLoss(cross_entropy), weighted_metrics=["accuracy"]
    )
    return model


def remember(layer, cell, longest):
    """Bias the gates of a cell so that its units keep what they hold for 1 to `longest` steps.

    A unit that keeps the share f of its state at every step, forgets it in about 1 / (1 - f) steps. With
    b = log(n), f = sigmoid(b) gives n + 1.
    """
    bias = next(weight for weight in layer.weights if weight.path.endswith("/bias"))
    values, units = np.array(bias), layer.units
    keeping = np.log(np.random.default_rng(0).uniform(1, longest, units))
    if cell == "lstm":  # gates in the order input, forget, candidate, output
        values[:units], values[units : 2 * units] = -keeping, keeping
    elif cell == "gru":  # update, reset, candidate; a second row is for the recurrent side
        values[..., :units].flat[:units] = keeping
    bias.assign(values)


def sequences(delay, count, seed):
    """Make sequences of the task.

    Args:
        delay: int.
        count: int, B.
        seed: int or int tensor.

    Returns:
        (token ids int32 [B, T], labels int32 [B, T], weights float32 [B, T]), T = 2 x SYMBOLS + delay: blanks
        and the mark have weight 0.
    """
    symbols = tf.random.stateless_uniform((count, SYMBOLS), (seed, delay), 0, ALPHABET, tf.int32)
    blanks, mark = tf.fill((count, delay - 1), BLANK), tf.fill((count, 1), MARK)
    answers = tf.fill((count, SYMBOLS), BLANK)
    unscored = tf.zeros((count, SYMBOLS + delay), tf.int32)
    token_ids = tf.concat([FIRST_SYMBOL + symbols, blanks, mark, answers], axis=1)
    labels = tf.concat([unscored, symbols], axis=1)
    return token_ids, labels, tf.cast(tf.concat([unscored, tf.ones_like(symbols)], axis=1), tf.float32)


def train(config, model, delay):
    """Train a network until it has learned the task; return (steps, accuracies on fixed sequences)."""
    batches = tf.data.Dataset.range(TEST_SEED + 1, TEST_SEED + 1 + config.steps)
    batches = batches.map(lambda seed: sequences(delay, config.batch_size, seed)).prefetch(2)
    evaluations = max(1, config.steps // STEPS_AT_ONCE)
    history = model.fit(
        batches,
        epochs=evaluations,
        steps_per_epoch=config.steps // evaluations,
        validation_data=sequences(delay, TEST_EXAMPLES, TEST_SEED),
        validation_batch_size=TEST_EXAMPLES,
        callbacks=[StopWhenLearned()],
        shuffle=False,
        verbose=0,
    ).history
    accuracies = history["val_accuracy"]
    return [config.steps // evaluations * (n + 1) for n in range(len(accuracies))], accuracies


class StopWhenLearned(keras.callbacks.Callback):
    """Stop training once nearly all symbols are repeated rightly."""

    def on_epoch_end(self, epoch, logs=None):
        """Look at the accuracy on the fixed sequences."""
        self.model.stop_training = logs["val_accuracy"] >= LEARNED


def gradient_norms(model, delay):
    """Return the norm of d loss / d input for the first answer, at distances 0 to that of the first symbol.

    Args:
        model: a network of `build`.
        delay: int.

    Returns:
        float array [SYMBOLS + delay + 1], means over sequences, as shares of the norm at distance 0.
    """
    token_ids, labels, _ = sequences(delay, TEST_EXAMPLES, TEST_SEED)
    place = SYMBOLS + delay  # of the first answer
    vectors = tf.convert_to_tensor(model.get_layer("token_embedding")(token_ids[:, : place + 1]))
    with tf.GradientTape() as tape:
        tape.watch(vectors)
        outputs, _ = model.get_layer("recurrent_0")(vectors)
        losses = cross_entropy(labels[:, place], model.get_layer("logits")(outputs[:, place]))
    norms = tf.reduce_mean(tf.norm(tape.gradient(losses, vectors), axis=-1), axis=0).numpy()[::-1]
    return norms / max(norms[0], np.finfo("float32").tiny)


if __name__ == "__main__":
    main(tyro.cli(Config))
