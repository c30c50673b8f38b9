"""TextCNN beside the same network in PyTorch: training, the whole pipeline, and answering.

    python -m recipes.benchmarks.text_cnn --output text_cnn.json

Training takes the same padded batches on both sides. PyTorch's network does without our mask of windows
that hold padding alone, which is to its advantage; with biases of zero both give the same logits, and
that is checked before anything is timed.
"""

import dataclasses
import re
import statistics
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import tyro

from kerasnlp_zoo.datasets import DataOptions, load_text_classification
from kerasnlp_zoo.models import text_cnn
from kerasnlp_zoo.tasks import TextClassification
from kerasnlp_zoo.text import WordPreprocessor
from kerasnlp_zoo.text.batches import without_autotuning
from kerasnlp_zoo.training import LazyAdam, WeightedMeanLoss, cross_entropy
from recipes.benchmarks.comparison import in_turn, report, require_torch, row, seconds

WIDTHS, FILTERS = (3, 4, 5), 100
BATCH_SIZE, TIME, VOCABULARY_SIZE, EMBEDDING_DIM = 50, 56, 18_000, 300  # movie_reviews as Kim 2014 pads it
TOLERANCE = 1e-4
WORDS = re.compile(r"n't|'(?:s|ve|re|d|ll)|[(),!?'`]|[^\W_]+?(?=n't)|[^\W_]+")  # nearly our tokens, for the peer


@dataclasses.dataclass
class Config:
    """Measure TextCNN beside PyTorch; on two cores about five minutes, best on a quiet machine."""

    output: Path | None = None
    """JSON file for the rows."""
    rounds: int = 7
    """Measurements of each side, in turn; the median counts."""
    steps: int = 40
    """Training steps in a measurement."""
    sentences: int = 200
    """Sentences answered one by one in a measurement."""
    smoke: bool = False
    """Try it on a few examples; the figures mean nothing."""


def main(config):
    """Measure and print the table; return its rows."""
    torch = require_torch()
    keras.utils.set_random_seed(1)
    torch.manual_seed(1)
    rows = [*training(config, torch), *pipeline_and_answers(config, torch)]
    report(rows, config.output, torch=torch.__version__)
    return rows


def training(config, torch):
    """Compare training steps on batches padded alike."""
    random = np.random.default_rng(1)
    lengths = random.integers(5, TIME + 1, (config.steps, BATCH_SIZE))
    ids = np.minimum(random.zipf(1.2, (config.steps, BATCH_SIZE, TIME)), VOCABULARY_SIZE - 1).astype("int32")
    ids *= np.arange(TIME) < lengths[:, :, None]
    labels = random.integers(0, 2, (config.steps, BATCH_SIZE))
    ours_of = {"Adam": keras.optimizers.Adam, "LazyAdam": LazyAdam}
    rows = []
    for ours_name, peer_name, jit in (
        ("LazyAdam", "Adam", False),
        ("LazyAdam", "Adam", True),
        ("Adam", "Adam", False),
        ("LazyAdam", "SparseAdam", False),
    ):
        model = text_cnn(VOCABULARY_SIZE, 2, embedding_dim=EMBEDDING_DIM, filter_widths=WIDTHS, num_filters=FILTERS)
        network = torch_text_cnn(torch, VOCABULARY_SIZE, sparse=peer_name == "SparseAdam")
        require_same_function(torch, model, network, ids[0])
        model.compile(ours_of[ours_name](1e-3), WeightedMeanLoss(cross_entropy), jit_compile=jit)
        batches = tf.data.Dataset.from_tensor_slices((ids, labels)).prefetch(2).with_options(without_autotuning())
        optimizers = torch_optimizers(torch, network, peer_name)
        torch_batches = [(torch.tensor(x).long(), torch.tensor(y)) for x, y in zip(ids, labels, strict=True)]

        def ours(model=model, batches=batches):
            return seconds(lambda: model.fit(batches, shuffle=False, verbose=0))

        def peer(network=network, optimizers=optimizers, torch_batches=torch_batches):
            return seconds(lambda: torch_fit(torch, network, optimizers, torch_batches))

        per_second = [config.steps * BATCH_SIZE / s for s in in_turn(ours, peer, rounds=config.rounds)]
        what = f"training [{BATCH_SIZE}, {TIME}], {ours_name}{' and XLA' if jit else ''}"
        rows.append(row(what, "sentences/s", *per_second, f"PyTorch, {peer_name}"))
    return rows


def pipeline_and_answers(config, torch):
    """Compare an epoch of movie_reviews, from token ids to weights, and answers from strings to labels."""
    data = load_text_classification(DataOptions(dataset="movie_reviews", smoke=config.smoke))
    preprocessor = WordPreprocessor.from_texts(data.train.texts)
    model = text_cnn(
        preprocessor.vocabulary_size, 2, embedding_dim=EMBEDDING_DIM, filter_widths=WIDTHS, num_filters=FILTERS
    )
    model.compile(LazyAdam(1e-3), WeightedMeanLoss(cross_entropy))
    task = TextClassification(model, preprocessor, data.labels)
    batches = task.dataset(data.train.texts, data.train.labels, BATCH_SIZE, training=True)
    network = torch_text_cnn(torch, preprocessor.vocabulary_size)
    loader = torch_loader(torch, preprocessor(data.train.texts)["token_ids"].numpy(), data.train.labels)
    optimizers = torch_optimizers(torch, network, "Adam")

    def train_ours():
        return seconds(lambda: model.fit(batches, shuffle=False, verbose=0))

    def train_peer():
        return seconds(lambda: torch_fit(torch, network, optimizers, loader))

    epochs = in_turn(train_ours, train_peer, rounds=max(2, config.rounds // 2))
    rows = [row("an epoch of movie_reviews", "sentences/s", *(len(data.train) / s for s in epochs), "PyTorch, Adam")]

    answer_peer = torch_answers(torch, network, preprocessor)
    texts = data.test.texts[: config.sentences]

    def one_by_one(answer):
        spent = sorted(1000 * seconds(lambda text=text: answer([text])) for text in texts)
        return statistics.median(spent), spent[int(0.99 * (len(spent) - 1))]

    ours, peer = in_turn(lambda: one_by_one(task.predict), lambda: one_by_one(answer_peer), rounds=config.rounds)
    rows += [
        row(f"one sentence, {name}", "ms", *pair, "PyTorch")
        for name, *pair in zip(("p50", "p99"), ours, peer, strict=True)
    ]
    batch = data.test.texts[:256]
    spent = in_turn(
        lambda: seconds(lambda: task.predict(batch)), lambda: seconds(lambda: answer_peer(batch)), rounds=config.rounds
    )
    return [*rows, row("a batch of 256 sentences", "sentences/s", *(len(batch) / s for s in spent), "PyTorch")]


def torch_text_cnn(torch, vocabulary_size, sparse=False):
    """Return Kim's network in PyTorch, token ids [B, T] -> logits [B, 2]."""
    nn = torch.nn

    class TextCNN(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(vocabulary_size, EMBEDDING_DIM, padding_idx=0, sparse=sparse)
            self.convolutions = nn.ModuleList(nn.Conv1d(EMBEDDING_DIM, FILTERS, w, padding=w - 1) for w in WIDTHS)
            self.dropout = nn.Dropout(0.5)
            self.logits = nn.Linear(len(WIDTHS) * FILTERS, 2)

        def forward(self, token_ids):
            vectors = self.embedding(token_ids).transpose(1, 2)  # [B, D, T]
            pooled = [nn.functional.relu(convolution(vectors)).amax(dim=2) for convolution in self.convolutions]
            return self.logits(self.dropout(torch.cat(pooled, dim=1)))

    return TextCNN()


def require_same_function(torch, model, network, ids):
    """Copy the weights over, biases of the convolutions zero, and compare the logits."""
    weights = {weight.path: np.array(weight) for weight in model.weights}
    with torch.no_grad():
        network.embedding.weight[1:] = torch.tensor(weights["token_embedding/embeddings"][1:])
        for width, convolution in zip(WIDTHS, network.convolutions, strict=True):
            convolution.weight[:] = torch.tensor(weights[f"convolution_{width}/kernel"].transpose(2, 1, 0))
            convolution.bias[:] = 0
        network.logits.weight[:] = torch.tensor(weights["logits/kernel"].T)
        network.logits.bias[:] = torch.tensor(weights["logits/bias"])
        peer = network.eval()(torch.tensor(ids).long()).numpy()
    network.train()
    difference = float(np.abs(peer - np.array(model(ids))).max())
    if difference > TOLERANCE:
        raise RuntimeError(f"The two networks are not the same function: their logits differ by {difference}")


def torch_optimizers(torch, network, name):
    """Return the optimisers that together update every weight."""
    if name == "Adam":
        return [torch.optim.Adam(network.parameters(), 1e-3)]
    others = [parameter for path, parameter in network.named_parameters() if not path.startswith("embedding")]
    return [torch.optim.SparseAdam(network.embedding.parameters(), 1e-3), torch.optim.Adam(others, 1e-3)]


def torch_fit(torch, network, optimizers, batches):
    """Train for one pass over the batches."""
    network.train()
    for token_ids, labels in batches:
        loss = torch.nn.functional.cross_entropy(network(token_ids), labels)
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()


def torch_loader(torch, ids, labels):
    """Return shuffled batches, all padded to the longest sentence, as the usual DataLoader gives them."""
    dataset = torch.utils.data.TensorDataset(torch.tensor(ids).long(), torch.tensor(labels))
    return torch.utils.data.DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True)


def torch_answers(torch, network, preprocessor):
    """Return a function from texts to labels and probabilities: words split in Python, then the network."""
    place_of = {token: place for place, token in enumerate(preprocessor.vocabulary.tokens)}

    def answer(texts):
        rows = [[place_of.get(word, 1) for word in WORDS.findall(text.lower())] or [1] for text in texts]
        ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
        for place, row_ids in enumerate(rows):
            ids[place, : len(row_ids)] = torch.tensor(row_ids)
        with torch.inference_mode():
            probabilities = torch.softmax(network.eval()(ids), dim=1)
        return [(int(row_.argmax()), row_.tolist()) for row_ in probabilities]

    return answer


if __name__ == "__main__":
    main(tyro.cli(Config))
