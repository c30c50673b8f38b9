"""Conditional random fields compared with pytorch-crf: training, Viterbi, and the training of a BiLSTM-CRF.

The rows are part of the table of recipes/benchmarks/recurrent.py. Both sides have the same emissions and transitions,
and texts of different lengths. Before the measurements, their results are compared.

Shapes: B batch, T length, C tags.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import CRF, Recurrent
from kerasnlp_zoo.layers.crf import crf_log_likelihood, crf_tags
from kerasnlp_zoo.training import WeightedMeanLoss, crf_loss
from recipes.benchmarks.comparison import Row, Settings, in_turn, row, seconds

NAMES, PARTS_OF_SPEECH = 9, 44  # number of tags: IOB2 tags of four types; tags of the People's Daily
LEARNING_RATE = 1e-3
TOLERANCE = 1e-2  # the log-likelihoods are a few hundred


def crf(config: Settings, torch: Any) -> list[Row]:
    """Compare the loss with its gradients, and Viterbi, for few and for many tags; then the training of a BiLSTM-CRF.

    Raises:
        InputError: if pytorch-crf is not installed.
    """
    try:
        import torchcrf
    except ImportError as error:
        raise InputError("This benchmark compares with pytorch-crf: pip install pytorch-crf") from error
    batch, time, units = (4, 5, 8) if config.smoke else (32, 64, 256)
    rows = []
    for num_classes in (NAMES, PARTS_OF_SPEECH):
        ours, compiled = OurSide(batch, time, num_classes), OurSide(batch, time, num_classes, jit=True)
        peer = PeerSide(torch, torchcrf, batch, time, num_classes)
        for side in (ours, compiled):
            require_same_function(torch, side, peer)
        shape = f"{num_classes} tags [{batch}, {time}]"
        for what, method in (("CRF training", "train"), ("Viterbi", "decode")):
            spent = in_turn(
                *(
                    lambda side=side, method=method: repeat(getattr(side, method), config.steps)
                    for side in (ours, compiled, peer)
                ),
                rounds=config.rounds,
            )
            rate, compiled_rate, peers = (config.steps * batch / value for value in spent)
            rows.append(row(f"{what} {shape}", "sentences/s", rate, peers, peer_name="pytorch-crf"))
            rows.append(row(f"{what} {shape}, XLA", "sentences/s", compiled_rate, peers, peer_name="pytorch-crf"))
    sides = our_tagger(batch, time, units), peer_tagger(torch, torchcrf, batch, time, units)
    spent = in_turn(*(lambda step=step: repeat(step, config.steps) for step in sides), rounds=config.rounds)
    rate, peers = (config.steps * batch / value for value in spent)
    what = f"training BiLSTM({units})-CRF [{batch}, {time}]"
    return [*rows, row(what, "sentences/s", rate, peers, peer_name="PyTorch, nn.LSTM + pytorch-crf")]


def repeat(function: Callable[[], object], steps: int) -> float:
    """Return the duration of several calls in seconds."""
    return seconds(lambda: [function() for _ in range(steps)])


def example(batch: int, time: int, num_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return emissions [B, T, C], tags [B, T] and mask [B, T] of texts with lengths from T / 2 to T."""
    random = np.random.default_rng(1)
    lengths = random.integers(time // 2, time + 1, batch)
    lengths[0] = time
    emissions = random.normal(size=(batch, time, num_classes)).astype("float32")
    return emissions, random.integers(0, num_classes, (batch, time)), np.arange(time) < lengths[:, None]


class OurSide:
    """The layer CRF with the identity as its kernel, compiled with XLA if `jit` is true."""

    def __init__(self, batch: int, time: int, num_classes: int, jit: bool = False) -> None:
        emissions, tags, mask = map(tf.constant, example(batch, time, num_classes))
        self.layer = CRF(num_classes)
        self.layer.build(emissions.shape)
        self.layer.kernel.assign(np.eye(num_classes))

        @tf.function(jit_compile=jit)
        def train() -> tuple[tf.Tensor, list[tf.Tensor]]:
            with tf.GradientTape() as tape:
                tape.watch(emissions)
                likelihood = crf_log_likelihood(self.layer(emissions, mask=mask), tags)
            return likelihood, tape.gradient(likelihood, [emissions, self.layer.transitions])

        self._decode = tf.function(lambda: crf_tags(self.layer(emissions, mask=mask)), jit_compile=jit)
        self._train, self.lengths = train, mask.numpy().sum(axis=1)

    def train(self) -> np.ndarray:
        """Compute log-likelihoods and their gradients; return the log-likelihoods [B]."""
        return self._train()[0].numpy()

    def decode(self) -> list[list[int]]:
        """Return the best tags as lists."""
        tags = self._decode().numpy()
        return [row[:length].tolist() for row, length in zip(tags, self.lengths, strict=True)]


class PeerSide:
    """The same with pytorch-crf."""

    def __init__(self, torch: Any, torchcrf: Any, batch: int, time: int, num_classes: int) -> None:
        emissions, tags, mask = map(torch.tensor, example(batch, time, num_classes))
        self.torch, self.layer = torch, torchcrf.CRF(num_classes, batch_first=True)
        self.emissions, self.tags, self.mask = emissions.requires_grad_(), tags, mask

    def train(self) -> np.ndarray:
        """Compute log-likelihoods and their gradients; return the log-likelihoods [B]."""
        self.layer.zero_grad()
        self.emissions.grad = None
        likelihood = self.layer(self.emissions, self.tags, mask=self.mask, reduction="none")
        likelihood.sum().backward()
        return likelihood.detach().numpy()

    def decode(self) -> list[list[int]]:
        """Return the best tags as lists."""
        with self.torch.no_grad():
            return self.layer.decode(self.emissions, mask=self.mask)


def require_same_function(torch: Any, ours: OurSide, peer: PeerSide) -> None:
    """Copy our transitions to the other side, and compare log-likelihoods and best tags."""
    transitions = torch.tensor(np.asarray(ours.layer.transitions))
    with torch.no_grad():
        peer.layer.transitions.copy_(transitions[:-1, :-1])
        peer.layer.start_transitions.copy_(transitions[-1, :-1])
        peer.layer.end_transitions.copy_(transitions[:-1, -1])
    difference = float(np.abs(ours.train() - peer.train()).max())
    if difference > TOLERANCE or ours.decode() != peer.decode():
        raise RuntimeError(f"The two sides do not compute the same: their log-likelihoods differ by {difference}")


def our_tagger(batch: int, time: int, units: int) -> Callable[[], object]:
    """Return a function that trains a BiLSTM-CRF for one step, on vectors of width 128."""
    vectors, (_, tags, mask) = vectors_of(batch, time), example(batch, time, NAMES)
    inputs, kept = keras.Input((None, vectors.shape[-1])), keras.Input((None,), dtype="bool")
    outputs, _ = Recurrent(units, bidirectional=True)(inputs, mask=kept)
    model = keras.Model([inputs, kept], CRF(NAMES)(outputs, mask=kept))
    model.compile(keras.optimizers.Adam(LEARNING_RATE), WeightedMeanLoss(crf_loss))
    return lambda: model.train_on_batch([vectors, mask], tags, mask.astype("float32"))


def peer_tagger(torch: Any, torchcrf: Any, batch: int, time: int, units: int) -> Callable[[], None]:
    """Return a function that does the same in PyTorch, whose LSTM also reads the padding."""
    vectors, (_, tags, mask) = torch.tensor(vectors_of(batch, time)), map(torch.tensor, example(batch, time, NAMES))
    lstm = torch.nn.LSTM(vectors.shape[-1], units, batch_first=True, bidirectional=True)
    dense, layer = torch.nn.Linear(2 * units, NAMES), torchcrf.CRF(NAMES, batch_first=True)
    parameters = [*lstm.parameters(), *dense.parameters(), *layer.parameters()]
    optimizer = torch.optim.Adam(parameters, LEARNING_RATE)

    def step() -> None:
        optimizer.zero_grad()
        (-layer(dense(lstm(vectors)[0]), tags, mask=mask, reduction="token_mean")).backward()
        optimizer.step()

    return step


def vectors_of(batch: int, time: int) -> np.ndarray:
    """Return word vectors [B, T, 128]."""
    return np.random.default_rng(2).normal(size=(batch, time, 128)).astype("float32")
