"""Recurrent networks compared with PyTorch and Keras: training and inference.

    python -m recipes.benchmarks.recurrent --output recurrent.json

All sides have the same weights and the same batches without padding, because PyTorch has no masks. Before the
measurements, their results are compared.
"""

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tyro

from kerasnlp_zoo.layers import MaxOverTime, Recurrent
from kerasnlp_zoo.text.batches import without_autotuning
from kerasnlp_zoo.training import WeightedMeanLoss, cross_entropy
from kerasnlp_zoo.types import Tensor
from recipes.benchmarks.comparison import Row, in_turn, report, require_torch, row, seconds
from recipes.benchmarks.crf import crf
from recipes.benchmarks.recurrent_generation import generation

# The vocabulary is small, to compare the layers and not the update of a large embedding.
VOCABULARY_SIZE, NUM_CLASSES, LEARNING_RATE = 1_000, 2, 1e-3
TOLERANCE = 1e-5


@dataclasses.dataclass(frozen=True)
class Size:
    """Sizes of a stack of bidirectional LSTMs and of its batches."""

    batch: int = 32
    time: int = 64
    embedding_dim: int = 128
    units: int = 256
    layers: int = 2


@dataclasses.dataclass
class Config:
    """Compare recurrent networks with PyTorch and Keras; it takes three minutes on two cores of an idle machine."""

    output: Path | None = None
    """JSON file for the rows."""
    rounds: int = 9
    """Number of measurements of each library; the median is reported."""
    steps: int = 5
    """Batches in a measurement."""
    smoke: bool = False
    """Try it on a tiny model; the results are meaningless."""


def main(config: Config) -> list[Row]:
    """Measure and print the table; return its rows."""
    torch = require_torch()
    keras.utils.set_random_seed(1)
    torch.manual_seed(1)
    rows = [row_ for measure in MEASURES for row_ in measure(config, torch)]
    report(rows, config.output, torch=torch.__version__)
    return rows


def bilstm(config: Config, torch: Any) -> list[Row]:
    """Compare classifiers with a stack of bidirectional LSTMs."""
    size = Size(batch=4, time=5, embedding_dim=6, units=8) if config.smoke else Size()
    random = np.random.default_rng(1)
    ids = random.integers(1, VOCABULARY_SIZE, (config.steps, size.batch, size.time)).astype("int32")
    labels = random.integers(0, NUM_CLASSES, (config.steps, size.batch))
    ours, bidirectional = (KerasSide(classifier(size, layer), ids, labels) for layer in (our_layer, keras_layer))
    network = TorchSide(torch, torch_classifier(torch, size), ids, labels)
    require_same_function(torch, ours.model, bidirectional.model, network.model, ids[0])
    sides: dict[str, KerasSide | TorchSide] = {
        "": ours,
        "Keras, Bidirectional(LSTM)": bidirectional,
        "PyTorch, nn.LSTM": network,
    }
    shape = f"{size.layers} x BiLSTM({size.units}) [{size.batch}, {size.time}]"
    rows = []
    for what, method in (("training", "fit"), ("inference", "answer")):
        spent = in_turn(*(getattr(side, method) for side in sides.values()), rounds=config.rounds)
        rate, *peers = (config.steps * size.batch / value for value in spent)
        rows += [
            row(f"{what} {shape}", "sentences/s", rate, peer, peer_name=name)
            for name, peer in zip(list(sides)[1:], peers, strict=True)
        ]
    return rows


MEASURES = (bilstm, crf, generation)  # functions (config, torch) -> rows


class KerasSide:
    """A Keras model with its batches."""

    def __init__(self, model: keras.Model, ids: np.ndarray, labels: np.ndarray) -> None:
        self.model, self.ids = model, ids
        model.compile(keras.optimizers.Adam(LEARNING_RATE), WeightedMeanLoss(cross_entropy))
        self.batches = tf.data.Dataset.from_tensor_slices((ids, labels)).with_options(without_autotuning())
        self.call = tf.function(functools.partial(model, training=False))

    def fit(self) -> float:
        """Return the seconds for training on all batches."""
        return seconds(lambda: self.model.fit(self.batches, shuffle=False, verbose=0))

    def answer(self) -> float:
        """Return the seconds to answer every batch."""
        batches = [tf.constant(batch) for batch in self.ids]
        return seconds(lambda: [self.call(batch).numpy() for batch in batches])


class TorchSide:
    """A PyTorch model with its batches."""

    def __init__(self, torch: Any, model: Any, ids: np.ndarray, labels: np.ndarray) -> None:
        self.torch, self.model = torch, model
        self.ids, self.labels = torch.tensor(ids).long(), torch.tensor(labels)
        self.optimizer = torch.optim.Adam(model.parameters(), LEARNING_RATE)

    def fit(self) -> float:
        """Return the seconds for training on all batches."""
        return seconds(self._fit)

    def _fit(self) -> None:
        for ids, labels in zip(self.ids, self.labels, strict=True):
            self._step(ids, labels)

    def _step(self, ids: Any, labels: Any) -> None:
        self.optimizer.zero_grad()
        self.torch.nn.functional.cross_entropy(self.model(ids), labels).backward()
        self.optimizer.step()

    def answer(self) -> float:
        """Return the seconds to answer every batch."""
        with self.torch.inference_mode():
            return seconds(lambda: [self.model(ids).numpy() for ids in self.ids])


def our_layer(units: int, inputs: Tensor) -> Tensor:
    """Apply our layer."""
    return Recurrent(units, bidirectional=True)(inputs)[0]


def keras_layer(units: int, inputs: Tensor) -> Tensor:
    """Apply Keras' own."""
    return keras.layers.Bidirectional(keras.layers.LSTM(units, return_sequences=True))(inputs)


def classifier(size: Size, layer: Callable[[int, Tensor], Tensor]) -> keras.Model:
    """Return a model from token ids [B, T] to logits [B, 2]: embedding, recurrent layers, maximum over time."""
    token_ids = keras.Input((None,), dtype="int32")
    vectors = keras.layers.Embedding(VOCABULARY_SIZE, size.embedding_dim)(token_ids)
    for _ in range(size.layers):
        vectors = layer(size.units, vectors)
    return keras.Model(token_ids, keras.layers.Dense(NUM_CLASSES)(MaxOverTime()(vectors)))


def torch_classifier(torch: Any, size: Size) -> Any:
    """Return the same in PyTorch."""
    nn: Any = torch.nn
    Module: Any = nn.Module

    class Classifier(Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(VOCABULARY_SIZE, size.embedding_dim)
            self.lstm = nn.LSTM(size.embedding_dim, size.units, size.layers, batch_first=True, bidirectional=True)
            self.logits = nn.Linear(2 * size.units, NUM_CLASSES)

        def forward(self, token_ids: Any) -> Any:
            return self.logits(self.lstm(self.embedding(token_ids))[0].amax(dim=1))

    return Classifier()


def require_same_function(
    torch: Any, ours: keras.Model, bidirectional: keras.Model, network: Any, ids: np.ndarray
) -> None:
    """Copy the weights of our model to the others, and compare the logits.

    PyTorch has two biases where we have one; the second is set to zero.
    """
    bidirectional.set_weights(ours.get_weights())
    table, *lstm, kernel, bias = ours.get_weights()
    lstm = [part.T for part in lstm]  # of each layer, forward then backward: kernel, recurrent kernel, bias
    lstm = [
        part for first in range(0, len(lstm), 3) for part in (*lstm[first : first + 3], np.zeros_like(lstm[first + 2]))
    ]
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), (table, *lstm, kernel.T, bias), strict=True):
            parameter.copy_(torch.tensor(value))
        answers = [np.asarray(ours(ids)), np.asarray(bidirectional(ids)), network(torch.tensor(ids).long()).numpy()]
    difference = float(np.ptp(answers, axis=0).max())
    if difference > TOLERANCE:
        raise RuntimeError(f"The networks do not compute the same: their logits differ by {difference}")


if __name__ == "__main__":
    main(tyro.cli(Config))
