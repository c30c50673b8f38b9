"""How fast a recurrent language model writes, beside a plain loop in PyTorch.

The rows are part of the table of recipes/benchmarks/recurrent.py. Both sides hold the same weights and write greedily,
word after word; that they write the same words is checked before anything is timed.

Shapes: B texts, L words written, V vocabulary.
"""

import functools

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.decoding import generate, greedy
from kerasnlp_zoo.models import rnn_language_model
from kerasnlp_zoo.models.rnn_language_model import with_state, zero_state
from kerasnlp_zoo.vocabulary import END_ID
from recipes.benchmarks.comparison import in_turn, row, seconds

BATCHES = 1, 64
NEVER = -1e9  # score of the special tokens, so that every text is equally long


def generation(config, torch):
    """Compare words written a second, for one text and for many at a time.

    Args:
        config: Config of recipes/benchmarks/recurrent.py.
        torch: the module.

    Returns:
        list of rows.

    Raises:
        RuntimeError: if the two do not write the same words.
    """
    vocabulary_size, units, length = (50, 8, 5) if config.smoke else (10_000, 256, 100)
    model = rnn_language_model(vocabulary_size, embedding_dim=units, hidden_dim=units)
    model.get_layer("logits").weights[0].assign(np.where(np.arange(vocabulary_size) <= END_ID, NEVER, 0.0))
    network = torch_language_model(torch, model)
    rows = []
    for batch in BATCHES:
        ids = np.random.default_rng(1).integers(END_ID + 1, vocabulary_size, batch)
        writers = our_writer(model, ids, length), functools.partial(network.write, torch.tensor(ids), length)
        if not np.array_equal(*(writer() for writer in writers)):
            raise RuntimeError("The two do not write the same words")
        spent = in_turn(*(functools.partial(seconds, writer) for writer in writers), rounds=config.rounds)
        rates = (batch * length / value for value in spent)
        rows.append(row(f"writing, 2 x LSTM({units}), {batch} at a time", "tokens/s", *rates, "PyTorch, nn.LSTM"))
    return rows


def our_writer(model, ids, length):
    """Return a function that writes int [B, L] after the token ids [B], as the graph of a SavedModel does."""
    stepwise, ids = with_state(model), tf.constant(ids, "int32")

    def step(state, ids):
        outputs = stepwise({"token_ids": ids[:, None], **state}, training=False)
        return outputs["logits"][:, 0], {name: outputs[name] for name in state}

    @tf.function
    def write():
        return generate(step, zero_state(model, len(ids)), ids, greedy, length, END_ID)

    return lambda: write().numpy()


def torch_language_model(torch, model):
    """Return the same network in PyTorch, with the same weights."""
    nn = torch.nn
    table, *lstms, bias = (np.asarray(weight) for weight in model.weights)

    class LanguageModel(nn.Module):
        def __init__(self):
            super().__init__()
            size, width = table.shape
            self.embedding = nn.Embedding(size, width)
            self.lstm = nn.LSTM(width, width, len(lstms) // 3, batch_first=True)
            self.logits = nn.Linear(width, size)
            self.logits.weight = self.embedding.weight

        def write(self, ids, length):
            """Write one word after the other."""
            written, state, ids = [], None, ids[:, None]
            with torch.inference_mode():
                for _ in range(length):
                    hidden, state = self.lstm(self.embedding(ids), state)
                    ids = self.logits(hidden).argmax(dim=-1)
                    written.append(ids)
            return torch.cat(written, dim=1).numpy()

    network = LanguageModel().eval()
    # PyTorch has two biases where we have one; the second is set to zero.
    parts = [lstms[first : first + 3] for first in range(0, len(lstms), 3)]
    parts = [part for kernel, recurrent, bias in parts for part in (kernel.T, recurrent.T, bias, np.zeros_like(bias))]
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), (table, *parts, bias), strict=True):
            parameter.copy_(torch.tensor(value))
    return network
