"""How well PyTorch's translator of the same size translates after the same time of training as ours.

    kerasnlp-zoo train transformer_translation --output-dir runs/transformer
    python -m recipes.benchmarks.translation_quality --run runs/transformer

Ours is a finished run of a recipe; the peer gets its sentences, its batches, its pieces, its optimiser and as many
seconds as its epochs took, with the step size falling over them. Run it as the recipe was run: beside nothing else.
"""

import dataclasses
import itertools
import json
import os
import shlex
import time
from csv import DictReader
from pathlib import Path

import numpy as np
import tyro

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets import load_translation
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation import translation_scores
from kerasnlp_zoo.vocabulary import END_ID
from recipes import seq2seq, transformer_translation
from recipes.benchmarks.comparison import report, require_torch, row
from recipes.benchmarks.translation import Size
from recipes.benchmarks.translation_peers import TorchSeq2SeqSide, TorchTransformerSide

DECODED_TOGETHER = 64  # sources
SPEED = "target_tokens_per_second"
LIKE_THE_PEER = {
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
RECIPES = {"seq2seq": seq2seq, "transformer_translation": transformer_translation}


@dataclasses.dataclass
class Config:
    """Train the peer of a finished run for as long as it took, and translate the test set with both, greedily."""

    run: Path
    """Output folder of a recipe for translation."""
    threads: int = os.cpu_count()
    """Cores that PyTorch may use."""
    output: Path | None = None
    """JSON file for the rows."""


def main(config):
    """Train, translate and print the table; return its rows."""
    torch = require_torch()
    torch.set_num_threads(config.threads)
    metrics = json.loads((config.run / "metrics.json").read_text("utf-8"))
    flags = shlex.split(metrics["command"])[3:]  # behind "kerasnlp-zoo train seq2seq"
    training = tyro.cli(RECIPES[metrics["recipe"]].Config, args=flags)
    torch.manual_seed(training.seed)
    task, data = zoo.load(config.run / "entry"), load_translation(training)
    batches = task.dataset(*data.train.sources_and_targets(), training.batch_size, training=True, seed=training.seed)
    seconds = seconds_of_training(config.run, batches)
    peer = peer_of(torch, task, training)
    losses = train_peer(peer, batches, seconds, training)
    print(f"{peer.name}: {len(losses):,} steps in {seconds:,.0f} s, loss at the end {np.mean(losses[-100:]):.3f}")
    translations = translate(peer, task, data.test.sources)
    theirs = translation_scores(translations, data.test.references, data.target_language)["bleu"]
    what = f"{metrics['recipe']}, test BLEU after {seconds / 60:.0f} minutes, greedily"
    rows = [row(what, "%", metrics["greedy_test_score"], theirs, peer.name)]
    report(rows, config.output, torch=torch.__version__)
    return rows


def seconds_of_training(run, batches):
    """Return how long the epochs of a run took, validation left out."""
    tokens = sum(int(weights.numpy().sum()) for _, _, weights in batches)
    with open(run / "history.csv", encoding="utf-8") as file:
        return sum(tokens / float(epoch[SPEED]) for epoch in DictReader(file))


def peer_of(torch, task, training):
    """Return the peer of the same size as a translator.

    Raises:
        InputError: if there is none like it.
    """
    builder, made = task.model.builder_config["builder"], task.model.builder_config["arguments"]
    if differing := [name for name, value in LIKE_THE_PEER[builder].items() if made.get(name, value) != value]:
        raise InputError(
            f"The peer of a {builder} has {LIKE_THE_PEER[builder]}. Received another {', '.join(differing)}: train "
            "without those flags"
        )
    shared = {
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


def train_peer(peer, batches, seconds, training):
    """Train until the time is over, the step size rising over the first steps and falling to 0 at the end.

    Returns:
        list of the loss of each step.
    """
    started, losses = time.perf_counter(), []
    endless = itertools.chain.from_iterable(itertools.repeat(batches))
    while (spent := (time.perf_counter() - started) / seconds) < 1:
        rising = (len(losses) + 1) / training.warmup_steps
        peer.set_learning_rate(training.learning_rate * min(rising, 1 - spent))
        inputs, target, _ = next(endless)
        losses.append(peer.step(inputs["source_ids"].numpy(), target.numpy()))
        if len(losses) % len(batches) == 0:
            print(f"{spent:.0%} of the time: loss {np.mean(losses[-len(batches) :]):.3f}", flush=True)
    return losses


def translate(peer, task, texts):
    """Translate texts greedily."""
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    translations = [""] * len(texts)
    for first in range(0, len(order), DECODED_TOGETHER):
        places = order[first : first + DECODED_TOGETHER]
        source = task.preprocessor([texts[place] for place in places])["source_ids"].numpy()
        for place, ids in zip(places, peer.decode(source, beam=1), strict=True):
            ends = np.flatnonzero(ids == END_ID)
            written = ids[: ends[0]] if len(ends) else ids
            joined = task.preprocessor.tokenizer.detokenize(written[written > END_ID][None].astype("int32"))
            translations[place] = joined.numpy()[0].decode("utf-8")
    return translations


if __name__ == "__main__":
    main(tyro.cli(Config))
