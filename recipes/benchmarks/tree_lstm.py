"""Tree-LSTM on scheduled batches compared with recursion over the nodes, in TensorFlow and in PyTorch.

    python -m recipes.benchmarks.tree_lstm --output tree_lstm.json

All three sides have the same weights. Before the measurements, their states are compared. Each measurement is a
training step without the update: it computes the root states of binary trees and the gradients of all weights.
"""

import dataclasses
from pathlib import Path
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf
import tyro

from kerasnlp_zoo.layers import NaryTreeLSTM
from kerasnlp_zoo.text import TreePreprocessor, Vocabulary
from recipes.benchmarks.comparison import Row, in_turn, report, require_torch, row, seconds

BATCH_SIZE, NUM_WORDS, WIDTH, UNITS = 100, 14, 100, 150  # SNLI's premises have 14 words on average
TOLERANCE = 1e-5
VOCABULARY = Vocabulary(["[PAD]", "[UNK]", *map(str, range(2, 1000))])
Tree: TypeAlias = int | tuple["Tree", "Tree"]  # the id of a word, or two trees


@dataclasses.dataclass
class Config:
    """Compare batches of trees with recursion; it takes about two minutes on two cores of an idle machine."""

    output: Path | None = None
    """JSON file for the rows."""
    rounds: int = 7
    """Number of measurements of each library; the median is reported."""
    recursive_trees: int = 10
    """Number of trees in a measurement of a recursion."""
    smoke: bool = False
    """Try it on a few trees; the results are meaningless."""


def main(config: Config) -> list[Row]:
    """Measure and print the table; return its rows."""
    torch = require_torch()
    rows = tree_rows(config.rounds, 1 if config.smoke else config.recursive_trees, torch)
    report(rows, config.output, torch=torch.__version__)
    return rows


def tree_rows(rounds: int, recursive_trees: int, torch: Any) -> list[Row]:
    """Compare a training step on a batch of trees with a recursion over the same trees.

    Args:
        rounds: number of measurements of each side.
        recursive_trees: number of trees in a measurement of a recursion.
        torch: the module.
    """
    keras.utils.set_random_seed(1)
    random = np.random.default_rng(1)
    trees = [random_binary_tree(random, NUM_WORDS) for _ in range(BATCH_SIZE)]
    preprocessor = TreePreprocessor(VOCABULARY, num_children=2)
    features = preprocessor([brackets(tree) for tree in trees])
    vectors = tf.constant(random.normal(size=(len(VOCABULARY), WIDTH)).astype("float32"))
    layer = NaryTreeLSTM(UNITS, num_roots=1)
    inputs = tf.gather(vectors, features["token_ids"])
    parents, mask = features["parents"], features["token_ids"] > 0
    layer(inputs, parents, mask=mask)
    network = TorchTreeLSTM(torch, layer)
    words = torch.tensor(vectors.numpy())
    ours = layer(inputs, parents, mask=mask)[0, 0].numpy()
    for name, theirs in (
        ("TensorFlow", recursive_state(layer, vectors, trees[0])[0].numpy()),
        ("PyTorch", network.state(words, trees[0])[0].detach().numpy()),
    ):
        if np.abs(ours - theirs).max() > TOLERANCE:
            raise RuntimeError(f"The recursion in {name} returns another state than the batch")

    @tf.function
    def gradients() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            score = tf.reduce_sum(layer(inputs, parents, mask=mask) ** 2)
        return tape.gradient(score, layer.trainable_weights)

    def step_of_batch() -> float:
        return BATCH_SIZE / seconds(lambda: [gradient.numpy() for gradient in gradients()])

    def step_of_recursion() -> float:
        def step():
            with tf.GradientTape() as tape:
                states = [recursive_state(layer, vectors, tree)[0] for tree in trees[:recursive_trees]]
                score = tf.add_n([tf.reduce_sum(state**2) for state in states])
            return tape.gradient(score, layer.trainable_weights)

        return recursive_trees / seconds(step)

    def step_of_torch() -> float:
        def step():
            network.zero_grad()
            sum((network.state(words, tree)[0] ** 2).sum() for tree in trees[:recursive_trees]).backward()

        return recursive_trees / seconds(step)

    batched, recursive, torch_recursive = in_turn(step_of_batch, step_of_recursion, step_of_torch, rounds=rounds)
    what = f"Tree-LSTM({UNITS}), {NUM_WORDS} words, gradients"
    return [
        row(what, "trees/s", batched, recursive, peer_name="recursion in TensorFlow"),
        row(what, "trees/s", batched, torch_recursive, peer_name="recursion in PyTorch"),
    ]


def random_binary_tree(random: np.random.Generator, num_words: int) -> Tree:
    """Return a random tree; it is split at a random word, because shapes of sentences also differ."""
    if num_words == 1:
        return int(random.integers(2, len(VOCABULARY)))
    cut = int(random.integers(1, num_words))
    return random_binary_tree(random, cut), random_binary_tree(random, num_words - cut)


def brackets(tree: Tree) -> str:
    """Return a tree as brackets, the format that the preprocessor reads."""
    return f"({tree})" if isinstance(tree, int) else f"({brackets(tree[0])} {brackets(tree[1])})"


def recursive_state(layer: NaryTreeLSTM, vectors: tf.Tensor, tree: Tree) -> tuple[tf.Tensor, tf.Tensor]:
    """Return h and c [H] of a tree with the weights of a NaryTreeLSTM, by equations 9 to 14 of Tai et al. 2015."""
    kernel, recurrent, bias = (weight.value for weight in layer.trainable_weights)
    split = 3 * UNITS
    if isinstance(tree, int):
        gates = tf.linalg.matvec(kernel, vectors[tree], transpose_a=True) + bias
        cell = tf.sigmoid(gates[:UNITS]) * tf.tanh(gates[2 * UNITS : split])
    else:
        (h1, c1), (h2, c2) = (recursive_state(layer, vectors, part) for part in tree)
        gates = tf.linalg.matvec(recurrent, tf.concat([h1, h2], 0), transpose_a=True)
        gates += tf.concat([bias, bias[split:]], 0)
        cell = tf.sigmoid(gates[:UNITS]) * tf.tanh(gates[2 * UNITS : split])
        forget = tf.sigmoid(gates[split:])
        cell += forget[:UNITS] * c1 + forget[UNITS:] * c2
    return tf.sigmoid(gates[UNITS : 2 * UNITS]) * tf.tanh(cell), cell


class TorchTreeLSTM:
    """The same recursion in PyTorch, with copies of a layer's weights."""

    def __init__(self, torch: Any, layer: NaryTreeLSTM) -> None:
        self.torch = torch
        self.weights = [
            torch.nn.Parameter(torch.tensor(weight.numpy())) for weight in layer.trainable_weights
        ]  # W, U, b

    def zero_grad(self) -> None:
        """Delete the gradients."""
        for weight in self.weights:
            weight.grad = None

    def state(self, words: Any, tree: Tree) -> tuple[Any, Any]:
        """Return h and c [H] of a tree."""
        torch, (kernel, recurrent, bias) = self.torch, self.weights
        split = 3 * UNITS
        if isinstance(tree, int):
            gates = words[tree] @ kernel + bias
            cell = torch.sigmoid(gates[:UNITS]) * torch.tanh(gates[2 * UNITS : split])
        else:
            (h1, c1), (h2, c2) = (self.state(words, part) for part in tree)
            gates = torch.cat([h1, h2]) @ recurrent + torch.cat([bias, bias[split:]])
            forget = torch.sigmoid(gates[split:])
            cell = torch.sigmoid(gates[:UNITS]) * torch.tanh(gates[2 * UNITS : split])
            cell = cell + forget[:UNITS] * c1 + forget[UNITS:] * c2
        return torch.sigmoid(gates[UNITS : 2 * UNITS]) * torch.tanh(cell), cell


if __name__ == "__main__":
    main(tyro.cli(Config))
