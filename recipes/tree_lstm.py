"""Train a Tree-LSTM on parsed sentences: does one follow from another, or what feeling does each phrase express?

    kerasnlp-zoo train tree_lstm --embeddings glove_6b_50d --embedding-dim 100
    kerasnlp-zoo train tree_lstm --embeddings glove_6b_50d --embedding-dim 100 --composition mean
    kerasnlp-zoo train tree_lstm --train-file trees/train.txt --validation-file trees/dev.txt --test-file trees/test.txt

The first two are a Tree-LSTM and a bag of embeddings on the same 100,000 pairs of SNLI, under the same head. The third
learns from a file of brackets with a label at every node, as the Stanford Sentiment Treebank is published.
"""

import dataclasses
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from kerasnlp_zoo import plots
from kerasnlp_zoo.datasets.report import tree_report
from kerasnlp_zoo.datasets.trees import TreeOptions, load_trees
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import set_word_vectors, tree_lstm, tree_lstm_pair
from kerasnlp_zoo.tasks import TreeClassification
from kerasnlp_zoo.text import TreePreprocessor
from kerasnlp_zoo.text.trees import read_tree
from kerasnlp_zoo.training import (
    LazyAdam,
    Run,
    WeightedMeanLoss,
    WordVectorConfig,
    classification_metrics,
    cross_entropy,
    finish_classification,
    is_repeated_run,
    run_repeatedly,
)

DRAWN_NODES = 25  # of the tree in the picture that a run with labelled nodes leaves


@dataclasses.dataclass
class Config(TreeOptions, WordVectorConfig):
    """Train a Tree-LSTM; without flags on the binary parses of SNLI's pairs."""

    dataset: str = "snli"
    """Name of a data set: snli, pairs of sentences with their parses."""
    train_file: Path | None = None
    """Your own trees: a file of brackets with labelled nodes, CoNLL-U, or a table of parses and labels."""
    composition: Literal["child_sum", "n_ary", "mean"] | None = None
    """Add up a node's children, give each place weights of its own, or average words, the baseline; by default n_ary
    for binary parses, else child_sum."""
    num_children: int = 2
    """Most children of a node for n_ary."""
    hidden_dim: int = 150
    """Units of a node."""
    intermediate_dim: int = 200
    """Units of the layer over a pair."""
    embedding_dim: int = 100
    """Width of a word vector; columns beyond those of --embeddings are random."""
    dropout: float = 0.2
    """Share of word vectors and of features dropped in training."""
    learning_rate: float = 1e-3
    """Step size of Adam."""
    epochs: int = 12
    """Most passes over the training data."""

    def preprocessor(self, data):
        """Return a TreePreprocessor whose vocabulary is counted on the training trees."""
        self.composition = self.composition or ("n_ary" if data.notation == "binary" else "child_sum")
        return TreePreprocessor.from_texts(
            data.train.texts,
            notation=data.notation,
            num_children=self.num_children if self.composition == "n_ary" else None,
            pairs=data.has_pairs,
            min_count=self.min_count,
            max_vocabulary_size=self.max_vocabulary_size,
        )

    def token_ids(self, preprocessor, texts):
        """Return the ids of the training words, as often as they were counted."""
        words, counts = zip(*preprocessor.counts.items(), strict=True)
        ids = np.repeat(preprocessor.table.lookup(tf.constant(words)), counts)
        return tf.RaggedTensor.from_row_lengths(ids, [len(ids)])


def main(config: Config, fold: int | None = None) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    if is_repeated_run(config) and fold is None:
        return run_repeatedly(main, "tree_lstm", config)
    run = Run("tree_lstm", config, fold)

    data = load_trees(config)
    preprocessor = config.preprocessor(data)
    print(tree_report(data, preprocessor))
    channels, vectors = config.load_embeddings(preprocessor, data.train.texts)

    with run.scope():
        arguments = {
            "vocabulary_size": preprocessor.vocabulary_size,
            "num_classes": len(data.labels),
            "embedding_dim": config.embedding_dim,
            "hidden_dim": config.hidden_dim,
            "composition": config.composition,
            "num_children": config.num_children,
            "channels": channels,
            "dropout": config.dropout,
        }
        if data.has_pairs:
            model = tree_lstm_pair(**arguments, intermediate_dim=config.intermediate_dim)
        else:
            model = tree_lstm(**arguments, labelled="nodes" if data.has_node_labels else "root")
        if vectors is not None:
            set_word_vectors(model, vectors)
        model.compile(
            optimizer=LazyAdam(config.learning_rate),
            loss=WeightedMeanLoss(cross_entropy),
            weighted_metrics=classification_metrics(),
            jit_compile=config.jit,
        )
    task = TreeClassification(model, preprocessor, data.labels)

    best = run.fit(task, data.train, data.validation)
    name = f"tree_lstm_{config.data_name()}_{preprocessor.language}"
    metrics = finish_classification(run, task, data, best, name)
    if data.has_node_labels:
        text = min(data.test.texts, key=lambda text: abs(text.count("(") - DRAWN_NODES))
        plots.tree_labels(read_tree(text, data.notation), task.predict([text])[0], task.labels, run.folder / "tree.png")
    return metrics


if __name__ == "__main__":
    main(read_flags(Config))
