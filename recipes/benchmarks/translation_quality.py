"""BLEU of a translator of the same size in PyTorch, after the same training time as ours.

    kerasnlp-zoo train transformer_translation --output-dir runs/transformer
    python -m recipes.benchmarks.translation_quality --run runs/transformer

Ours is a finished run of a recipe. PyTorch's translator has the same sentences, batches, word pieces, optimizer and
training time; its learning rate decreases over that time. Run both on an otherwise idle machine.
"""

import dataclasses
import itertools
import json
import os
import shlex
import time
from collections.abc import Sequence
from csv import DictReader
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tyro

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets import load_translation
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation import translation_scores
from kerasnlp_zoo.tasks import Translation
from kerasnlp_zoo.training import TranslationConfig
from kerasnlp_zoo.vocabulary import END_ID
from recipes import seq2seq, transformer_translation
from recipes.benchmarks.comparison import Row, report, require_torch, row
from recipes.benchmarks.translation_peers import Size, TorchSeq2SeqSide, TorchSide, TorchTransformerSide

DECODED_TOGETHER = 64  # sources
SPEED = "target_tokens_per_second"
LIKE_THE_PEER: dict[str, dict[str, Any]] = {
    "transformer": {"positions": "sinusoidal", "norm_first": True, "residual": True, "layer_norm": True},
    "seq2seq": {
        "cell": "gru",
        "num_layers": 1,
        "bidirectional": True,
        "attention": "soft",
        "score_mode": "additive",
        "placement": "luong",
    },
}
RECIPES: dict[str, Any] = {"seq2seq": seq2seq, "transformer_translation": transformer_translation}


@dataclasses.dataclass
class Config:
    """Train PyTorch's translator for the training time of a finished run, and compare both by greedy decoding."""

    run: Path
    """Output folder of a recipe for translation."""
    threads: int = os.cpu_count() or 1
    """Number of cores that PyTorch uses."""
    output: Path | None = None
    """JSON file for the rows."""


def main(config: Config) -> list[Row]:
    """Train, translate and print the table; return its rows."""
    torch = require_torch()
    torch.set_num_threads(config.threads)
    metrics = json.loads((config.run / "metrics.json").read_text("utf-8"))
    flags = shlex.split(metrics["command"])[3:]  # after "kerasnlp-zoo train seq2seq"
    training = tyro.cli(RECIPES[metrics["recipe"]].Config, args=flags)
    torch.manual_seed(training.seed)
    task, data = zoo.load(config.run / "entry", "translation"), load_translation(training)
    batches = task.dataset(*data.train.sources_and_targets(), training.batch_size, training=True, seed=training.seed)
    seconds = seconds_of_training(config.run, batches)
    peer = peer_of(torch, task, training)
    losses = train_peer(peer, batches, seconds, training)
    print(f"{peer.name}: {len(losses):,} steps in {seconds:,.0f} s, final loss {np.mean(losses[-100:]):.3f}")
    translations = translate(peer, task, data.test.texts)
    theirs = translation_scores(translations, data.test.references, data.target_language)["bleu"]
    what = f"{metrics['recipe']}, test BLEU after {seconds / 60:.0f} minutes, greedily"
    rows = [row(what, "%", metrics["greedy_test_score"], theirs, peer_name=peer.name)]
    report(rows, config.output, torch=torch.__version__)
    return rows


def seconds_of_training(run: Path, batches: tf.data.Dataset) -> float:
    """Return the training time of a run in seconds, without validation."""
    tokens = sum(int(weights.numpy().sum()) for _, _, weights in batches)
    with open(run / "history.csv", encoding="utf-8") as file:
        return sum(tokens / float(epoch[SPEED]) for epoch in DictReader(file))


def peer_of(torch: Any, task: Translation, training: TranslationConfig) -> TorchSide:
    """Return the translator in PyTorch with the size of a task's model.

    Raises:
        InputError: if PyTorch's translator has no such part.
    """
    builder, made = task.model.builder_config["builder"], task.model.builder_config["arguments"]
    if differing := [name for name, value in LIKE_THE_PEER[builder].items() if made.get(name, value) != value]:
        raise InputError(
            f"PyTorch's {builder} has {LIKE_THE_PEER[builder]}. Received another {', '.join(differing)}: train "
            "without those flags"
        )
    shared: dict[str, Any] = {
        "vocabulary": task.preprocessor.vocabulary_size,
        "dropout": made["dropout"],
        "decoded": task.preprocessor.max_sequence_length,
    }
    if builder == "transformer":
        size = Size(
            **shared,
            width=made["hidden_dim"],
            layers=made["num_layers"],
            heads=made["num_heads"],
            intermediate=made["intermediate_dim"],
        )
        return TorchTransformerSide(torch, size, training.learning_rate, training.label_smoothing)
    size = Size(**shared, width=made["embedding_dim"], units=made["hidden_dim"], merge=made["merge"])
    return TorchSeq2SeqSide(torch, size, training.learning_rate, training.label_smoothing)


def train_peer(peer: TorchSide, batches: tf.data.Dataset, seconds: float, training: TranslationConfig) -> list[float]:
    """Train until the time is over and return the loss of each step.

    The learning rate increases in the first steps, and then decreases to 0.
    """
    started = time.perf_counter()
    losses: list[float] = []
    endless = itertools.chain.from_iterable(itertools.repeat(batches))
    while (spent := (time.perf_counter() - started) / seconds) < 1:
        rising = (len(losses) + 1) / training.warmup_steps
        peer.set_learning_rate(training.learning_rate * min(rising, 1 - spent))
        inputs, target, _ = next(endless)
        losses.append(peer.step(inputs["source_ids"].numpy(), target.numpy()))
        if len(losses) % len(batches) == 0:
            print(f"{spent:.0%} of the time: loss {np.mean(losses[-len(batches) :]):.3f}", flush=True)
    return losses


def translate(peer: TorchSide, task: Translation, texts: Sequence[str]) -> list[str]:
    """Translate texts greedily."""
    order = sorted(range(len(texts)), key=lambda row_number: len(texts[row_number]))
    translations = [""] * len(texts)
    for first in range(0, len(order), DECODED_TOGETHER):
        rows = order[first : first + DECODED_TOGETHER]
        source = task.preprocessor([texts[number] for number in rows])["source_ids"].numpy()
        for number, ids in zip(rows, peer.decode(source, beam=1), strict=True):
            ends = np.flatnonzero(ids == END_ID)
            written = ids[: ends[0]] if len(ends) else ids
            joined = task.preprocessor.tokenizer.detokenize(written[written > END_ID][None].astype("int32"))
            translations[number] = joined.numpy()[0].decode("utf-8")
    return translations


if __name__ == "__main__":
    main(tyro.cli(Config))
