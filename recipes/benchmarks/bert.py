"""BERT beside KerasHub and PyTorch: training, answering, one text at a time, and texts of different lengths.

    python -m recipes.benchmarks.bert --output bert.json

All sides have the same sizes and the same batches, a dense layer over the first token's pooled vector,
dropout 0.1 and AdamW, and each is measured with its compiler and without; the quicker one counts. PyTorch's
model is that of `transformers`, with fused attention.
"""

import dataclasses
import functools
import statistics
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import tyro

from kerasnlp_zoo.datasets import DataOptions, load_text_classification
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import BERT_SIZES, bert_classifier
from kerasnlp_zoo.text.batches import bucketed_batches, without_autotuning
from kerasnlp_zoo.training import WeightedMeanLoss, cross_entropy
from recipes.benchmarks.comparison import in_turn, report, require_torch, row, seconds

VOCABULARY_SIZE, TIME, LEARNING_RATE = 30_522, 128, 1e-5
# 6 x 384 is the size of MiniLM-L6 (Wang et al. 2020).
SIZES = {
    "6x384": {"num_layers": 6, "hidden_dim": 384, "num_heads": 12, "intermediate_dim": 1536},
    "base": BERT_SIZES["base"],
}
BATCHES = {"6x384": (16, 8), "base": (8, 3)}  # texts in a batch, batches in a measurement
SMOKE = {"num_layers": 1, "hidden_dim": 16, "num_heads": 2, "intermediate_dim": 32}


@dataclasses.dataclass
class Config:
    """Measure BERT beside KerasHub and PyTorch; on two cores about half an hour, best on a quiet machine."""

    output: Path | None = None
    """JSON file for the rows."""
    sizes: tuple[str, ...] = ("6x384", "base")
    """Which sizes to measure."""
    rounds: int = 5
    """Measurements of each side, in turn; the median counts."""
    smoke: bool = False
    """Try it on a tiny model; the figures mean nothing."""


def main(config):
    """Measure and print the table; return its rows."""
    torch = require_torch()
    peers = require_peers()
    keras.utils.set_random_seed(1)
    torch.manual_seed(1)
    rows = []
    for name in config.sizes:
        size = SMOKE if config.smoke else SIZES[name]
        rows += fixed_length(config, torch, peers, name, size)
    rows += different_lengths(config, SMOKE if config.smoke else SIZES["6x384"])
    hub, transformers = peers
    report(
        rows, config.output, torch=torch.__version__, keras_hub=hub.__version__, transformers=transformers.__version__
    )
    return rows


def require_peers():
    """Return the modules keras_hub and transformers.

    Raises:
        InputError: if one is not installed.
    """
    try:
        import keras_hub
        import transformers
    except ImportError as error:
        raise InputError(
            "This benchmark measures beside KerasHub and transformers: pip install keras-hub grain transformers torch"
        ) from error
    return keras_hub, transformers


def fixed_length(config, torch, peers, name, size):
    """Compare training, answering and one text at a time on texts of 128 tokens."""
    batch_size, count = (2, 2) if config.smoke else BATCHES[name]
    random = np.random.default_rng(1)
    ids = random.integers(1, VOCABULARY_SIZE, (count, batch_size, TIME)).astype("int32")
    labels = random.integers(0, 2, (count, batch_size))
    hub, transformers = peers
    sides = {
        "ours": Side(ours(size), ids, labels),
        "ours, XLA": Side(ours(size), ids, labels, jit=True),
        "KerasHub": Side(hub_classifier(hub, size), ids, labels),
        "KerasHub, XLA": Side(hub_classifier(hub, size), ids, labels, jit=True),
        "PyTorch": TorchSide(torch, torch_classifier(torch, transformers, size), ids, labels),
    }
    rows = []
    for what, method in (("training", "fit"), ("answering", "answer")):
        spent = in_turn(*(getattr(side, method) for side in sides.values()), rounds=config.rounds)
        rates = dict(zip(sides, (ids.size / TIME / value for value in spent), strict=True))
        print(f"{name}, {what} [{batch_size}, {TIME}]:", {side: round(rate, 1) for side, rate in rates.items()})
        rows += best_rows(f"{name}, {what} [{batch_size}, {TIME}]", rates)
    spent = in_turn(*(side.one_by_one for side in sides.values()), rounds=config.rounds)
    latencies = dict(zip(sides, spent, strict=True))
    quickest = {
        side: min(v for k, v in latencies.items() if k.startswith(side)) for side in ("ours", "KerasHub", "PyTorch")
    }
    rows += [row(f"{name}, one text", "ms", quickest["ours"], quickest[peer], peer) for peer in ("KerasHub", "PyTorch")]
    return rows


def best_rows(what, rates):
    """Return a row for each peer: our quicker setting beside the peer's."""
    best = {}
    for side in ("ours", "KerasHub", "PyTorch"):
        best[side] = max((rate, key) for key, rate in rates.items() if key.startswith(side))
    (rate, setting), *peers = best.values()
    compiled = " with XLA" if setting.endswith("XLA") else ""
    return [row(f"{what}{compiled}", "texts/s", rate, peer_rate, peer) for peer_rate, peer in peers]


def different_lengths(config, size):
    """Compare an epoch over film reviews in our buckets with the same texts all padded to 128 tokens."""
    data = load_text_classification(DataOptions(dataset="movie_reviews", smoke=config.smoke)).train
    random = np.random.default_rng(1)
    lengths = np.array([min(len(text.split()) + 2, TIME) for text in data.texts[:256]])
    ids = tf.RaggedTensor.from_row_lengths(random.integers(1, VOCABULARY_SIZE, lengths.sum()).astype("int32"), lengths)
    features = {"token_ids": ids, "segment_ids": tf.zeros_like(ids)}
    batches = bucketed_batches(features, data.labels[: len(lengths)], 16, shuffle=True)
    whole = tf.data.Dataset.from_tensor_slices(
        ({name: value.to_tensor(shape=(None, TIME)) for name, value in features.items()}, data.labels[: len(lengths)])
    ).batch(16, drop_remainder=True)

    def epoch(model, dataset):
        return seconds(lambda: model.fit(dataset, shuffle=False, verbose=0))

    models = [compiled(ours(size), jit=False) for _ in range(2)]
    sides = [functools.partial(epoch, *pair) for pair in zip(models, (batches, whole), strict=True)]
    rates = [len(lengths) / value for value in in_turn(*sides, rounds=2)]
    return [row("film reviews in buckets of length", "texts/s", *rates, "the same padded to 128")]


class Side:
    """A Keras model with its batches, measured compiled by XLA or not."""

    def __init__(self, model, ids, labels, jit=False):
        self.model = compiled(model, jit)
        self.inputs = inputs_of(model, ids)
        self.batches = tf.data.Dataset.from_tensor_slices((self.inputs, labels)).with_options(without_autotuning())
        self.call = tf.function(functools.partial(model, training=False), jit_compile=jit)

    def fit(self):
        """Return the seconds of a pass over the batches."""
        return seconds(lambda: self.model.fit(self.batches, shuffle=False, verbose=0))

    def answer(self):
        """Return the seconds to answer every batch."""
        count = len(next(iter(self.inputs.values())))
        batches = [{name: tf.constant(values[place]) for name, values in self.inputs.items()} for place in range(count)]
        return seconds(lambda: [self.call(batch).numpy() for batch in batches])

    def one_by_one(self):
        """Return the median milliseconds to answer one text."""
        texts = [{name: tf.constant(values[0, :1]) for name, values in self.inputs.items()}] * 20
        return 1000 * statistics.median(seconds(lambda text=text: self.call(text).numpy()) for text in texts)


class TorchSide:
    """A PyTorch model with its batches."""

    def __init__(self, torch, model, ids, labels):
        self.torch, self.model = torch, model
        self.ids, self.labels = torch.tensor(ids).long(), torch.tensor(labels)
        self.optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE)

    def fit(self):
        """Return the seconds of a pass over the batches."""
        self.model.train()
        return seconds(lambda: [self._step(*batch) for batch in zip(self.ids, self.labels, strict=True)])

    def _step(self, ids, labels):
        self.optimizer.zero_grad()
        loss = self.torch.nn.functional.cross_entropy(self._logits(ids), labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def _logits(self, ids):
        return self.model(input_ids=ids, attention_mask=self.torch.ones_like(ids)).logits

    def answer(self):
        """Return the seconds to answer every batch."""
        self.model.eval()
        with self.torch.inference_mode():
            return seconds(lambda: [self._logits(ids).numpy() for ids in self.ids])

    def one_by_one(self):
        """Return the median milliseconds to answer one text."""
        self.model.eval()
        with self.torch.inference_mode():
            texts = [self.ids[0, :1]] * 20
            return 1000 * statistics.median(seconds(lambda text=text: self._logits(text).numpy()) for text in texts)


def inputs_of(model, ids):
    """Return the inputs that a model wants for token ids without padding."""
    inputs = {"token_ids": ids, "segment_ids": np.zeros_like(ids), "padding_mask": np.ones_like(ids)}
    return {name: inputs[name] for name in model.input}


def compiled(model, jit):
    """Compile a model as the recipes do."""
    model.compile(keras.optimizers.AdamW(LEARNING_RATE), WeightedMeanLoss(cross_entropy), jit_compile=jit)
    return model


def ours(size):
    """Return our classifier."""
    return bert_classifier(num_classes=2, vocabulary_size=VOCABULARY_SIZE, **size)


def hub_classifier(hub, size):
    """Return KerasHub's encoder with the same head."""
    backbone = hub.models.BertBackbone(vocabulary_size=VOCABULARY_SIZE, **size)
    features = keras.layers.Dropout(0.1)(backbone.output["pooled_output"])
    return keras.Model(backbone.input, keras.layers.Dense(2)(features))


def torch_classifier(torch, transformers, size):
    """Return the classifier of transformers."""
    config = transformers.BertConfig(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=size["hidden_dim"],
        num_hidden_layers=size["num_layers"],
        num_attention_heads=size["num_heads"],
        intermediate_size=size["intermediate_dim"],
        num_labels=2,
    )
    return transformers.BertForSequenceClassification(config)


if __name__ == "__main__":
    main(tyro.cli(Config))
