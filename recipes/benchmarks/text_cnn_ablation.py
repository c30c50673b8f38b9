"""Speed-up of TextCNN from each optimization: they are added one after the other, and an epoch is timed each time.

python -m recipes.benchmarks.text_cnn_ablation --output text_cnn_ablation.json
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import keras
import tensorflow as tf
import tyro

from kerasnlp_zoo.datasets import DataOptions, load_text_classification
from kerasnlp_zoo.models import text_cnn
from kerasnlp_zoo.tasks import TextClassification
from kerasnlp_zoo.text import WordPreprocessor
from kerasnlp_zoo.text.batches import BATCHES_AHEAD, without_autotuning
from kerasnlp_zoo.training import LazyAdam, WeightedMeanLoss, cross_entropy
from recipes.benchmarks.comparison import Row, in_turn, report, row, seconds
from recipes.benchmarks.text_cnn import BATCH_SIZE


@dataclasses.dataclass
class Config:
    """Time an epoch after each added optimization; it takes about ten minutes on two cores."""

    output: Path | None = None
    """JSON file for the rows."""
    dataset: str = "movie_reviews"
    """Name of a data set."""
    rounds: int = 5
    """Number of timed epochs; the median is reported."""
    smoke: bool = False
    """Try it on a few examples; the results are meaningless."""


def main(config: Config) -> list[Row]:
    """Measure and print the table; return its rows."""
    data = load_text_classification(DataOptions(dataset=config.dataset, smoke=config.smoke))
    train_texts = cast("list[str]", data.train.texts)  # no pairs
    preprocessor = WordPreprocessor.from_texts(train_texts, language=data.language)
    labels = tf.constant(data.train.labels)
    longest = preprocessor(train_texts)["token_ids"].shape[1]

    def padded(texts: Any) -> tf.Tensor:
        ids = preprocessor(texts)["token_ids"]
        return tf.pad(ids, [[0, 0], [0, longest - tf.shape(ids)[1]]])

    texts = tf.data.Dataset.from_tensor_slices((train_texts, labels)).shuffle(len(data.train)).batch(BATCH_SIZE)
    in_memory = tf.data.Dataset.from_tensor_slices((padded(train_texts), labels))
    in_memory = in_memory.shuffle(len(data.train)).batch(BATCH_SIZE)
    model = text_cnn(preprocessor.vocabulary_size, len(data.labels))
    task = TextClassification(model, preprocessor, data.labels)
    buckets = task.dataset(train_texts, list(data.train.labels), BATCH_SIZE, training=True)
    adam = keras.optimizers.Adam
    steps: list[tuple[str, tf.data.Dataset, type[keras.optimizers.Optimizer], dict[str, Any]]] = [
        (
            "tokenized in every epoch, padded to the longest text, Adam",
            texts.map(lambda t, y: (padded(t), y)),
            adam,
            {},
        ),
        ("+ token ids in memory", in_memory, adam, {}),
        ("+ prefetch, autotuned", in_memory.prefetch(tf.data.AUTOTUNE), adam, {}),
        ("+ no autotuning", in_memory.prefetch(BATCHES_AHEAD).with_options(without_autotuning()), adam, {}),
        ("+ length buckets", buckets, adam, {}),
        ("+ LazyAdam", buckets, LazyAdam, {}),
        ("LazyAdam and 8 steps per call of the graph", buckets, LazyAdam, {"steps_per_execution": 8}),
        ("LazyAdam and XLA (without the time to compile)", buckets, LazyAdam, {"jit_compile": True}),
    ]
    epochs = [
        one_epoch(preprocessor, len(data.labels), batches, optimizer, options)
        for _, batches, optimizer, options in steps
    ]
    rows: list[Row] = []
    reference = None
    for (what, _, _, options), spent in zip(steps, in_turn(*epochs, rounds=config.rounds), strict=True):
        now = len(data.train) / spent
        compared = "the last + line" if options else "the line above"
        rows.append(row(what, "sentences/s", now, reference or now, peer_name=compared))
        if not options:  # the last two are alternatives; both are compared with the last line that begins with +
            reference = now
    report(rows, config.output)
    return rows


def one_epoch(
    preprocessor: WordPreprocessor,
    num_classes: int,
    batches: tf.data.Dataset,
    optimizer: type[keras.optimizers.Optimizer],
    options: dict[str, Any],
) -> Callable[[], float]:
    """Return a function that trains a fresh model for another epoch and returns the seconds."""
    keras.utils.set_random_seed(1)
    model = text_cnn(preprocessor.vocabulary_size, num_classes)
    model.compile(optimizer(1e-3), WeightedMeanLoss(cross_entropy), **{"jit_compile": False, **options})
    return lambda: seconds(lambda: model.fit(batches, shuffle=False, verbose=0))


if __name__ == "__main__":
    main(tyro.cli(Config))
