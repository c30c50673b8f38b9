"""Translators compared with PyTorch: training, and decoding greedily and with four beams.

    python -m recipes.benchmarks.translation --output translation.json

The Transformer is compared with a Marian model of `transformers` and its `generate`. The recurrent translator is
compared with the same network in PyTorch and a plain loop. All sides have the same batches. The weights are random, and
no sequence can end early, so all sides decode the same number of tokens.
"""

import dataclasses
import functools
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tyro

from kerasnlp_zoo.decoding import beam_search, generate, greedy, search_compiled
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import Seq2SeqSteps, TransformerSteps, seq2seq, transformer
from kerasnlp_zoo.text.batches import without_autotuning
from kerasnlp_zoo.training import SmoothedCrossEntropy, WeightedMeanLoss
from kerasnlp_zoo.vocabulary import START_ID
from kerasnlp_zoo.weights import read_once
from recipes.benchmarks.comparison import Row, in_turn, report, require_torch, row, seconds
from recipes.benchmarks.translation_peers import MarianSide, Size, TorchSeq2SeqSide, TorchSide

LEARNING_RATE, SMOOTHING = 1e-4, 0.1
NO_END = -1  # no token ends a sequence


SMOKE = Size(50, 8, 1, 2, 16, 8, batch=4, time=5, decoded=4, batches_decoded=(1, 2), beam=2)


@dataclasses.dataclass
class Config:
    """Compare translators with PyTorch; it takes about twenty minutes on two cores of an idle machine."""

    output: Path | None = None
    """JSON file for the rows."""
    families: tuple[str, ...] = ("transformer", "seq2seq")
    """Translators to measure."""
    rounds: int = 5
    """Number of measurements of each library; the median is reported."""
    steps: int = 4
    """Batches in a measurement of training."""
    smoke: bool = False
    """Try it on tiny models; the results are meaningless."""


def main(config: Config) -> list[Row]:
    """Measure and print the table; return its rows."""
    torch = require_torch()
    try:
        import transformers
    except ImportError as error:
        raise InputError("This benchmark compares with transformers: pip install transformers torch") from error
    keras.utils.set_random_seed(1)
    torch.manual_seed(1)
    size = SMOKE if config.smoke else Size()
    random = np.random.default_rng(1)
    shape = (2, config.steps, size.batch, size.time)
    source, target = random.integers(4, size.vocabulary, shape).astype("int32")
    makers: dict[str, Any] = {
        "transformer": lambda: (our_transformer(size), MarianSide(torch, transformers, size, LEARNING_RATE, SMOOTHING)),
        "seq2seq": lambda: (our_seq2seq(size), TorchSeq2SeqSide(torch, size, LEARNING_RATE, SMOOTHING)),
    }
    rows = []
    for family in config.families:
        ours, peer = makers[family]()
        rows += training_rows(config, family, ours, peer, source, target)
        rows += decoding_rows(config, size, family, ours, peer, source[0])
    report(rows, config.output, torch=torch.__version__, transformers=transformers.__version__)
    return rows


def training_rows(
    config: Config, family: str, ours: "OurSide", peer: TorchSide, source: np.ndarray, target: np.ndarray
) -> list[Row]:
    """Compare training on all batches."""
    count, batch, time = source.shape
    passes = (functools.partial(seconds, functools.partial(side.fit, source, target)) for side in (ours, peer))
    rates = [source.size / spent for spent in in_turn(*passes, rounds=config.rounds)]
    return [row(f"{family}, training [{batch}, {time}]", "tokens/s", *rates, peer_name=peer.name)]


def decoding_rows(
    config: Config, size: Size, family: str, ours: "OurSide", peer: TorchSide, source: np.ndarray
) -> list[Row]:
    """Compare greedy decoding and beam search, for one sentence and for a batch; and ours without its cache."""
    rows = []
    for beam in (1, size.beam):
        for batch in size.batches_decoded:
            some = source[:batch]
            calls: tuple[Any, ...] = (
                functools.partial(ours.decode, some, beam),
                functools.partial(ours.decode, some, beam, jit=True),
                functools.partial(peer.decode, some, beam),
            )
            spent = in_turn(*(functools.partial(seconds, call) for call in calls), rounds=config.rounds)
            plain, compiled, rate = (batch * size.decoded / value for value in spent)
            how = "greedily" if beam == 1 else f"with {beam} beams"
            what = f"{family}, decoding {how}, batch {batch}"
            print(f"{what}: {plain:,.0f} tokens/s, with XLA {compiled:,.0f}, {peer.name} {rate:,.0f}", flush=True)
            what += " (XLA)" if compiled > plain else ""
            rows.append(row(what, "tokens/s", max(plain, compiled), rate, peer_name=peer.name))
    if family == "transformer":
        some = source[: size.batches_decoded[-1]]
        calls = (lambda: ours.decode(some, 1), lambda: ours.decode_without_cache(some))
        spent = in_turn(*(functools.partial(seconds, call) for call in calls), rounds=config.rounds)
        rates = [len(some) * size.decoded / value for value in spent]
        what = f"{family}, decoding greedily, batch {len(some)}"
        rows.append(row(what, "tokens/s", *rates, peer_name="ours without a cache"))
    return rows


def our_transformer(size: Size) -> "OurSide":
    """Return our Transformer."""
    model = transformer(
        vocabulary_size=size.vocabulary,
        hidden_dim=size.width,
        num_layers=size.layers,
        num_heads=size.heads,
        intermediate_dim=size.intermediate,
        dropout=size.dropout,
    )
    return OurSide(model, TransformerSteps(model), size)


def our_seq2seq(size: Size) -> "OurSide":
    """Return our recurrent translator with additive attention after the decoder."""
    model = seq2seq(
        vocabulary_size=size.vocabulary, embedding_dim=size.width, hidden_dim=size.units, dropout=size.dropout
    )
    return OurSide(model, Seq2SeqSteps(model), size)


class OurSide:
    """A translator of ours, compiled as in the recipes."""

    def __init__(self, model: keras.Model, steps: Seq2SeqSteps | TransformerSteps, size: Size) -> None:
        self.model, self.steps, self.size = model, steps, size
        model.compile(
            keras.optimizers.Adam(LEARNING_RATE, beta_2=0.98, epsilon=1e-9),
            WeightedMeanLoss(SmoothedCrossEntropy(SMOOTHING)),
        )
        self.decoders: dict[tuple[int, bool] | None, Any] = {}

    def fit(self, source: np.ndarray, target: np.ndarray) -> None:
        """Train on the batches."""
        before = np.insert(target[:, :, :-1], 0, START_ID, axis=2)
        data = ({"source_ids": source, "target_ids": before}, target, np.ones(target.shape, "float32"))
        dataset = tf.data.Dataset.from_tensor_slices(data).with_options(without_autotuning())
        self.model.fit(dataset, shuffle=False, verbose=0)

    def decode(self, source: np.ndarray, beam: int, jit: bool = False) -> np.ndarray:
        """Decode `size.decoded` tokens for every source."""
        if (beam, jit) not in self.decoders:
            decode = functools.partial(self._decode, beam=beam)
            decode = functools.partial(search_compiled, decode) if jit else decode
            self.decoders[beam, jit] = tf.function(decode, reduce_retracing=True)
        return self.decoders[beam, jit](tf.constant(source)).numpy()

    def _decode(self, source: tf.Tensor, beam: int) -> tf.Tensor:
        length = self.size.decoded
        start = tf.fill([tf.shape(source)[0]], START_ID)
        with read_once(self.model):
            state = self.steps.start(source, beam, length)
            if beam == 1:
                return generate(self.steps.step, state, start, greedy, length, NO_END)
            return beam_search(self.steps.step, state, start, beam, length, NO_END, reorder=self.steps.reorder)[0]

    def decode_without_cache(self, source: np.ndarray) -> np.ndarray:
        """Decode as many tokens, with a complete pass over all previous tokens for each."""
        if None not in self.decoders:
            self.decoders[None] = tf.function(self._decode_without_cache, reduce_retracing=True)
        return self.decoders[None](tf.constant(source)).numpy()

    def _decode_without_cache(self, source: tf.Tensor) -> tf.Tensor:
        ids = tf.fill([tf.shape(source)[0], 1], START_ID)
        _, ids = tf.while_loop(
            lambda count, ids: count < self.size.decoded,
            lambda count, ids: (count + 1, tf.concat([ids, self._following(source, ids)], axis=1)),
            (tf.constant(0), ids),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, None])),
        )
        return ids[:, 1:]

    def _following(self, source: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
        logits = self.model({"source_ids": source, "target_ids": ids}, training=False)[:, -1]
        return tf.argmax(logits, axis=-1, output_type=tf.int32)[:, None]


if __name__ == "__main__":
    main(tyro.cli(Config))
