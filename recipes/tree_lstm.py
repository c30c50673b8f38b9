"""Train a Tree-LSTM on parsed sentences, to classify pairs (entailment) or phrases (sentiment).

    kerasnlp-zoo train tree_lstm --embeddings glove_6b_50d
    kerasnlp-zoo train tree_lstm --embeddings glove_6b_50d --composition mean
    kerasnlp-zoo train tree_lstm --train-file trees/train.txt --validation-file trees/dev.txt --test-file trees/test.txt

The first two train a Tree-LSTM and a bag of embeddings on the same 100,000 pairs of SNLI, with the same head. The third
reads files of bracketed trees with a label at every node, the format of the Stanford Sentiment Treebank.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import tensorflow as tf

from kerasnlp_zoo import plots
from kerasnlp_zoo.datasets.report import tree_report
from kerasnlp_zoo.datasets.trees import TreeData, TreeOptions, load_trees
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import set_word_vectors, tree_lstm, tree_lstm_pair
from kerasnlp_zoo.tasks import TreeClassification
from kerasnlp_zoo.text import TreePreprocessor
from kerasnlp_zoo.text.preprocessors.preprocessor import Preprocessor
from kerasnlp_zoo.text.preprocessors.trees import word_counts
from kerasnlp_zoo.text.trees import read_tree
from kerasnlp_zoo.training import (
    Run,
    WeightedMeanLoss,
    WordVectorConfig,
    classification_metrics,
    finish_classification,
    is_repeated_run,
    run_repeatedly,
)
from kerasnlp_zoo.vocabulary import UNKNOWN_ID

DRAWN_NODES = 25  # approximate number of nodes of the tree in the plot, for a run with labelled nodes


@dataclasses.dataclass
class Config(TreeOptions, WordVectorConfig):
    """Train a Tree-LSTM, by default on the binary parses of SNLI's pairs."""

    builders = ("tree_lstm", "tree_lstm_pair")
    dataset: str = "snli"
    """Name of a data set: snli, pairs of sentences with their parses."""
    train_file: Path | None = None
    """Your own trees instead: bracketed trees with labelled nodes, CoNLL-U, or a table of parses and labels."""
    composition: Literal["child_sum", "n_ary", "mean"] | None = None
    """child_sum adds the states of the children; n_ary has separate weights for each child; mean averages the word
    vectors, as a baseline. Default: n_ary for binary parses, otherwise child_sum."""
    num_children: int = 2
    """Maximum number of children of a node, for n_ary."""
    hidden_dim: int = 150
    """Number of units of the state of a node."""
    intermediate_dim: int = 200
    """Number of units of the layer that combines a pair."""
    usual_embedding_dim: ClassVar[int] = 100
    dropout: float = 0.2
    """Dropout rate of the word vectors and of the features of a tree or pair."""
    learning_rate: float = 1e-3
    """Maximum learning rate."""
    epochs: int = 12
    """Maximum number of passes over the training data."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        if self.label_separator is not None or self.label_columns or self.score:
            raise InputError("A tree has one label. Omit --label-separator, --label-columns and --score")

    def token_ids(self, preprocessor: Preprocessor, texts: Sequence[Any]) -> tf.RaggedTensor:
        """Return the token ids of the training texts, ragged int [1, (number of words)]."""
        assert isinstance(preprocessor, TreePreprocessor)
        return _ids(preprocessor, preprocessor.counts)

    def unknown_share(self, preprocessor: Preprocessor, texts: Sequence[Any]) -> float:
        """Return the share of the words of trees that are not in the vocabulary."""
        assert isinstance(preprocessor, TreePreprocessor)
        ids = _ids(preprocessor, word_counts(texts, preprocessor.notation))
        return float(np.mean(ids.flat_values == UNKNOWN_ID))


def _ids(preprocessor: TreePreprocessor, counts: Mapping[str, int]) -> tf.RaggedTensor:
    """Return the ids of all occurrences of words, ragged int [1, (number of words)]."""
    ids = np.repeat(preprocessor.table.lookup(tf.constant(list(counts))), list(counts.values()))
    return tf.RaggedTensor.from_row_lengths(ids, [len(ids)])


def main(config: Config, fold: int | None = None) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    if is_repeated_run(config) and fold is None:
        return run_repeatedly(main, "tree_lstm", config)
    run = Run("tree_lstm", config, fold)

    data = run.same_data(config.with_few_examples(load_trees(config)))
    entry = run.load_entry(data.language, data.labels, data.has_pairs)
    texts: Any = data.train.texts  # all are strings, or all are pairs
    if entry:
        require_fit(entry, data)
        preprocessor = entry.preprocessor
        preprocessor.counts = word_counts(texts, data.notation)
    else:
        config.composition = config.composition or ("n_ary" if data.notation == "binary" else "child_sum")
        preprocessor = TreePreprocessor.from_texts(
            texts,
            notation=data.notation,
            num_children=config.num_children if config.composition == "n_ary" else None,
            pairs=data.has_pairs,
            min_count=config.min_count,
            max_vocabulary_size=config.max_vocabulary_size,
        )
        preprocessor = config.with_words_of_vectors(preprocessor, data.validation.texts)
    print(tree_report(data, preprocessor))
    channels, vectors = config.load_embeddings(preprocessor, texts)

    with run.scope():
        arguments: dict[str, Any] = {
            "vocabulary_size": preprocessor.vocabulary_size,
            "num_classes": len(data.labels),
            "embedding_dim": config.width(vectors),
            "hidden_dim": config.hidden_dim,
            "composition": config.composition,
            "num_children": config.num_children,
            "channels": channels,
            "dropout": config.dropout,
        }
        if entry:
            model = entry.model
        elif data.has_pairs:
            model = tree_lstm_pair(**arguments, intermediate_dim=config.intermediate_dim)
        else:
            model = tree_lstm(**arguments, labelled="nodes" if data.has_node_labels else "root")
        if vectors is not None:
            set_word_vectors(model, vectors)
        model.compile(
            optimizer=config.make_optimizer(run.total_steps(len(data.train))),
            loss=WeightedMeanLoss(config.smoothed_cross_entropy()),
            weighted_metrics=classification_metrics(),
            jit_compile=config.jit,
        )
    task = TreeClassification(model, preprocessor, data.labels)

    best = run.fit(task, data.train, data.validation, class_weights=config.read_class_weights())
    name = f"tree_lstm_{config.data_name()}_{preprocessor.language}"
    metrics = finish_classification(run, task, data, best, name)
    if data.has_node_labels and not config.is_trial:
        test_texts = [text for text in data.test.texts if isinstance(text, str)]  # only pairs are not str
        text = min(test_texts, key=lambda text: abs(text.count("(") - DRAWN_NODES))
        plots.tree_labels(read_tree(text, data.notation), task.predict([text])[0], task.labels, run.folder / "tree.png")
    return metrics


def require_fit(entry: TreeClassification, data: TreeData) -> None:
    """Raise InputError unless the entry of --from-entry reads the trees of the data."""
    read = {"notation": entry.preprocessor.notation, **entry.model.builder_config["arguments"]}
    labelled = read.get("labelled", "root")
    given = "nodes" if data.has_node_labels else "root"
    if (read["notation"], labelled) != (data.notation, given):
        raise InputError(
            f"The entry reads trees in the notation {read['notation']} with labels of: {labelled}. Received: "
            f"{data.notation} with labels of: {given}. Use trees like the entry's, or train without --from-entry"
        )


if __name__ == "__main__":
    main(read_flags(Config))
