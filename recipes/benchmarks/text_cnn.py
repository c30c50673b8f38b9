"""TextCNN compared with the same network in PyTorch: training, the complete pipeline, and inference.

    python -m recipes.benchmarks.text_cnn --output text_cnn.json

Both sides train on the same padded batches. PyTorch's network is a little faster because it has no mask for windows of
padding. With zero biases, both have the same logits, which are compared before the measurements.
"""

import dataclasses
import functools
import re
import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, cast

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
from recipes.benchmarks.comparison import Row, in_turn, report, require_torch, row, seconds

WIDTHS, FILTERS = (3, 4, 5), 100
BATCH_SIZE, TIME, VOCABULARY_SIZE, EMBEDDING_DIM = 50, 56, 18_000, 300  # movie_reviews as Kim 2014 pads it
TOLERANCE = 1e-4
WORDS = re.compile(r"n't|'(?:s|ve|re|d|ll)|[(),!?'`]|[^\W_]+?(?=n't)|[^\W_]+")  # approximates our tokens, for PyTorch


@dataclasses.dataclass
class Config:
    """Compare TextCNN with PyTorch; it takes about five minutes on two cores of an idle machine."""

    output: Path | None = None
    """JSON file for the rows."""
    rounds: int = 7
    """Number of measurements of each library; the median is reported."""
    steps: int = 40
    """Training steps in a measurement."""
    sentences: int = 200
    """Single sentences in a measurement."""
    smoke: bool = False
    """Try it on a few examples; the results are meaningless."""


def main(config: Config) -> list[Row]:
    """Measure and print the table; return its rows."""
    torch = require_torch()
    keras.utils.set_random_seed(1)
    torch.manual_seed(1)
    rows = [*training(config, torch), *pipeline_and_answers(config, torch)]
    report(rows, config.output, torch=torch.__version__)
    return rows


def training(config: Config, torch: Any) -> list[Row]:
    """Compare training steps on the same padded batches."""
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

        def ours(model: keras.Model = model, batches: tf.data.Dataset = batches) -> float:
            return seconds(lambda: model.fit(batches, shuffle=False, verbose=0))

        def peer(
            network: Any = network, optimizers: list[Any] = optimizers, batches: list[Any] = torch_batches
        ) -> float:
            return seconds(lambda: torch_fit(torch, network, optimizers, batches))

        per_second = [config.steps * BATCH_SIZE / s for s in in_turn(ours, peer, rounds=config.rounds)]
        what = f"training [{BATCH_SIZE}, {TIME}], {ours_name}{' and XLA' if jit else ''}"
        rows.append(row(what, "sentences/s", *per_second, peer_name=f"PyTorch, {peer_name}"))
    return rows


def pipeline_and_answers(config: Config, torch: Any) -> list[Row]:
    """Compare an epoch of movie_reviews, and inference from strings to labels."""
    data = load_text_classification(DataOptions(dataset="movie_reviews", smoke=config.smoke))
    train_texts, test_texts = (cast("list[str]", split.texts) for split in (data.train, data.test))  # no pairs
    preprocessor = WordPreprocessor.from_texts(train_texts)
    model = text_cnn(
        preprocessor.vocabulary_size, 2, embedding_dim=EMBEDDING_DIM, filter_widths=WIDTHS, num_filters=FILTERS
    )
    model.compile(LazyAdam(1e-3), WeightedMeanLoss(cross_entropy))
    task = TextClassification(model, preprocessor, data.labels)
    batches = task.dataset(train_texts, list(data.train.labels), BATCH_SIZE, training=True)
    network = torch_text_cnn(torch, preprocessor.vocabulary_size)
    loader = torch_loader(torch, preprocessor(train_texts)["token_ids"].numpy(), data.train.labels)
    optimizers = torch_optimizers(torch, network, "Adam")

    def train_ours() -> float:
        return seconds(lambda: model.fit(batches, shuffle=False, verbose=0))

    def train_peer() -> float:
        return seconds(lambda: torch_fit(torch, network, optimizers, loader))

    epochs = in_turn(train_ours, train_peer, rounds=max(2, config.rounds // 2))
    rates = (len(data.train) / s for s in epochs)
    rows = [row("an epoch of movie_reviews", "sentences/s", *rates, peer_name="PyTorch, Adam")]

    answer_peer = torch_answers(torch, network, preprocessor)
    texts = test_texts[: config.sentences]

    def one_by_one(answer: Callable[[list[str]], object]) -> tuple[float, float]:
        spent = sorted(1000 * seconds(functools.partial(answer, [text])) for text in texts)
        return statistics.median(spent), spent[int(0.99 * (len(spent) - 1))]

    ours, peer = in_turn(lambda: one_by_one(task.predict), lambda: one_by_one(answer_peer), rounds=config.rounds)
    rows += [
        row(f"one sentence, {name}", "ms", *pair, peer_name="PyTorch")
        for name, *pair in zip(("p50", "p99"), ours, peer, strict=True)
    ]
    batch = test_texts[:256]
    spent = in_turn(
        lambda: seconds(lambda: task.predict(batch)), lambda: seconds(lambda: answer_peer(batch)), rounds=config.rounds
    )
    rates = (len(batch) / s for s in spent)
    return [*rows, row("a batch of 256 sentences", "sentences/s", *rates, peer_name="PyTorch")]


def torch_text_cnn(torch: Any, vocabulary_size: int, sparse: bool = False) -> Any:
    """Return Kim's network in PyTorch, from token ids [B, T] to logits [B, 2]."""
    nn: Any = torch.nn
    Module: Any = nn.Module

    class TextCNN(Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(vocabulary_size, EMBEDDING_DIM, padding_idx=0, sparse=sparse)
            self.convolutions = nn.ModuleList(nn.Conv1d(EMBEDDING_DIM, FILTERS, w, padding=w - 1) for w in WIDTHS)
            self.dropout = nn.Dropout(0.5)
            self.logits = nn.Linear(len(WIDTHS) * FILTERS, 2)

        def forward(self, token_ids: Any) -> Any:
            vectors = self.embedding(token_ids).transpose(1, 2)  # [B, D, T]
            pooled = [nn.functional.relu(convolution(vectors)).amax(dim=2) for convolution in self.convolutions]
            return self.logits(self.dropout(torch.cat(pooled, dim=1)))

    return TextCNN()


def require_same_function(torch: Any, model: keras.Model, network: Any, ids: np.ndarray) -> None:
    """Copy our weights to the other side, with zeros as biases of the convolutions, and compare the logits."""
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
        raise RuntimeError(f"The two networks do not compute the same: their logits differ by {difference}")


def torch_optimizers(torch: Any, network: Any, name: str) -> list[Any]:
    """Return the optimizers that together update every weight."""
    if name == "Adam":
        return [torch.optim.Adam(network.parameters(), 1e-3)]
    others = [parameter for path, parameter in network.named_parameters() if not path.startswith("embedding")]
    return [torch.optim.SparseAdam(network.embedding.parameters(), 1e-3), torch.optim.Adam(others, 1e-3)]


def torch_fit(torch: Any, network: Any, optimizers: Sequence[Any], batches: Iterable[Any]) -> None:
    """Train for one pass over the batches."""
    network.train()
    for token_ids, labels in batches:
        loss = torch.nn.functional.cross_entropy(network(token_ids), labels)
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()


def torch_loader(torch: Any, ids: np.ndarray, labels: np.ndarray) -> Any:
    """Return a DataLoader of shuffled batches; all sentences are padded to the longest one."""
    dataset = torch.utils.data.TensorDataset(torch.tensor(ids).long(), torch.tensor(labels))
    return torch.utils.data.DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True)


def torch_answers(
    torch: Any, network: Any, preprocessor: WordPreprocessor
) -> Callable[[list[str]], list[tuple[int, list[float]]]]:
    """Return a function from texts to labels and probabilities, which splits the texts into words in Python."""
    id_of = {token: token_id for token_id, token in enumerate(preprocessor.vocabulary.tokens)}

    def answer(texts: list[str]) -> list[tuple[int, list[float]]]:
        rows = [[id_of.get(word, 1) for word in WORDS.findall(text.lower())] or [1] for text in texts]
        ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
        for number, row_ids in enumerate(rows):
            ids[number, : len(row_ids)] = torch.tensor(row_ids)
        with torch.inference_mode():
            probabilities = torch.softmax(network.eval()(ids), dim=1)
        return [(int(row_.argmax()), row_.tolist()) for row_ in probabilities]

    return answer


if __name__ == "__main__":
    main(tyro.cli(Config))
