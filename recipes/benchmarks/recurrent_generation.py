"""Speed of text generation by a recurrent language model, compared with a plain loop in PyTorch.

The rows are part of the table of recipes/benchmarks/recurrent.py. Both sides have the same weights and generate
greedily, one word after the other. Before the measurements, their words are compared.

Shapes: B texts, L generated words, V vocabulary.
"""

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.decoding import generate, greedy
from kerasnlp_zoo.models import rnn_language_model, with_state, zero_state
from kerasnlp_zoo.vocabulary import END_ID
from recipes.benchmarks.comparison import Row, Settings, in_turn, row, seconds

BATCHES = 1, 64
NEVER = -1e9  # logit of the special tokens: no text ends early


def generation(config: Settings, torch: Any) -> list[Row]:
    """Compare the number of words generated per second, for one text and for a batch.

    Raises:
        RuntimeError: if the two sides do not generate the same words.
    """
    vocabulary_size, units, length = (50, 8, 5) if config.smoke else (10_000, 256, 100)
    model = rnn_language_model(vocabulary_size, embedding_dim=units, hidden_dim=units)
    model.get_layer("logits").weights[0].assign(np.where(np.arange(vocabulary_size) <= END_ID, NEVER, 0.0))
    network = torch_language_model(torch, model)
    rows = []
    for batch in BATCHES:
        ids = np.random.default_rng(1).integers(END_ID + 1, vocabulary_size, batch)
        writers = our_writer(model, ids, length), functools.partial(network.write, torch.tensor(ids), length)
        ours, peer = (writer() for writer in writers)
        if not np.array_equal(ours, peer):
            raise RuntimeError("The two sides do not generate the same words")
        spent = in_turn(*(functools.partial(seconds, writer) for writer in writers), rounds=config.rounds)
        rates = (batch * length / value for value in spent)
        what = f"generation, 2 x LSTM({units}), batch size {batch}"
        rows.append(row(what, "tokens/s", *rates, peer_name="PyTorch, nn.LSTM"))
    return rows


def our_writer(model: keras.Model, ids: np.ndarray, length: int) -> Callable[[], np.ndarray]:
    """Return a function that generates int [B, L] after the token ids [B], as the graph of a SavedModel does."""
    stepwise, first_ids = with_state(model), tf.constant(ids, "int32")

    def step(state: dict[str, tf.Tensor], ids: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        outputs = stepwise({"token_ids": ids[:, None], **state}, training=False)
        return outputs["logits"][:, 0], {name: outputs[name] for name in state}

    @tf.function
    def write() -> tf.Tensor:
        return generate(step, zero_state(model, len(ids)), first_ids, greedy, length, END_ID)

    return lambda: write().numpy()


def torch_language_model(torch: Any, model: keras.Model) -> Any:
    """Return the same network in PyTorch, with the same weights."""
    nn: Any = torch.nn
    Module: Any = nn.Module
    table, *lstms, bias = (np.asarray(weight) for weight in model.weights)

    class LanguageModel(Module):
        def __init__(self) -> None:
            super().__init__()
            size, width = table.shape
            self.embedding = nn.Embedding(size, width)
            self.lstm = nn.LSTM(width, width, len(lstms) // 3, batch_first=True)
            self.logits = nn.Linear(width, size)
            self.logits.weight = self.embedding.weight

        def write(self, ids: Any, length: int) -> np.ndarray:
            """Generate one word after the other."""
            written, state, ids = [], None, ids[:, None]
            with torch.inference_mode():
                for _ in range(length):
                    hidden, state = self.lstm(self.embedding(ids), state)
                    ids = self.logits(hidden).argmax(dim=-1)
                    written.append(ids)
            return torch.cat(written, dim=1).numpy()

    network = LanguageModel().eval()
    # PyTorch has two biases where we have one; the second is set to zero.
    layers = [lstms[first : first + 3] for first in range(0, len(lstms), 3)]
    parts = [
        part
        for kernel, recurrent, lstm_bias in layers
        for part in (kernel.T, recurrent.T, lstm_bias, np.zeros_like(lstm_bias))
    ]
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), (table, *parts, bias), strict=True):
            parameter.copy_(torch.tensor(value))
    return network
