"""Train Bengio's neural language model: one hidden layer predicts the next word from the previous words.

    kerasnlp-zoo train nnlm
    kerasnlp-zoo train nnlm --context-size 2 --direct-connections
    kerasnlp-zoo train nnlm --dataset peoples_daily --unit characters --epochs 10

Its perplexity can be compared with the perplexity of the recipe ngram on the same text: both predict every token of the
test text once, with the same vocabulary.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.datasets.corpora import TextSource
from kerasnlp_zoo.datasets.language_modeling import LanguageModelingOptions, load_language_modeling
from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import nnlm
from kerasnlp_zoo.text.context_windows import context_windows
from kerasnlp_zoo.text.language_model_text import LanguageModelText
from kerasnlp_zoo.training import (
    KeepBest,
    LazyAdam,
    ModelRunOptions,
    Run,
    WeightedMeanLoss,
    cross_entropy,
    describe_text,
    draw_training,
)


@dataclasses.dataclass
class Config(ModelRunOptions, LanguageModelingOptions):
    """Train Bengio's model, by default on WikiText-2, two million words of Wikipedia."""

    epochs: int = 6
    """Maximum number of passes over the training text."""
    batch_size: int = 512
    """Number of predicted words in a batch, for all replicas together."""
    patience: int = 1
    """Stop training after this many epochs without a better validation score."""
    context_size: int = 4
    """Number of previous words that the model reads."""
    embedding_dim: int = 100
    """Width of a word vector."""
    hidden_dim: int = 100
    """Number of units of the hidden layer."""
    direct_connections: bool = False
    """Also connect the word vectors directly to the output layer."""
    dropout: float = 0.2
    """Dropout rate of the word vectors and of the hidden layer."""
    learning_rate: float = 1e-3
    """Learning rate of Adam."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        require_positive(patience=self.patience, context_size=self.context_size, embedding_dim=self.embedding_dim)


def main(config: Config) -> dict[str, Any]:
    """Train, evaluate and save; return the content of metrics.json."""
    run = Run("nnlm", config)
    source, text = load_language_modeling(config)
    print(describe_text(source, text), flush=True)

    def windows(ids: np.ndarray) -> tf.data.Dataset:
        return context_windows(ids, config.context_size, config.batch_size, config.seed)

    with run.scope():
        model = nnlm(
            vocabulary_size=len(text.vocabulary),
            embedding_dim=config.embedding_dim,
            hidden_dim=config.hidden_dim,
            context_size=config.context_size,
            direct_connections=config.direct_connections,
            dropout=config.dropout,
        )
        model.compile(
            LazyAdam(config.learning_rate),
            WeightedMeanLoss(cross_entropy),
            weighted_metrics=[keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="cross_entropy")],
            jit_compile=config.jit or "auto",
        )
    best = KeepBest(run.history, run.state / "best.safetensors", patience=config.patience)
    run.train(
        model,
        windows(text.train),
        [run.history, best],
        finished=best.out_of_patience,
        validation_data=windows(text.validation),
    )
    return finish(run, source, text, model, best.best_row(), windows(text.test))


def finish(
    run: Run[Config],
    source: TextSource,
    text: LanguageModelText,
    model: keras.Model,
    best: Mapping[str, Any],
    test: tf.data.Dataset,
) -> dict[str, Any]:
    """Score the test text once and write everything into the output folder; return the content of metrics.json."""
    test_score = math.exp(model.evaluate(test, verbose=0, return_dict=True)["cross_entropy"])
    model.save(run.folder / "model.keras")
    text.vocabulary.save(run.folder / "vocabulary.txt")
    print(f"\nTest perplexity {test_score:,.1f} on {len(text.test):,} tokens")
    run.note_smoke()
    print(f"Everything is in {run.folder}: metrics.json, curves.png, model.keras, vocabulary.txt and tensorboard/")
    metrics = run.describe(
        {
            "task": "language_modeling",
            "language": source.language,
            "metric": "perplexity",
            "validation_score": math.exp(best["val_cross_entropy"]),
            "test_score": test_score,
            "published_score": None,
            "published_by": None,
            "best_epoch": best["epoch"] + 1,
            "unit": source.segmenter,
            "vocabulary_size": len(text.vocabulary),
            "test_tokens": len(text.test),
            "pictures": ["curves"],
        }
    )
    draw_training(run.folder, run.history.rows(), metrics)
    run.finish(metrics)
    return metrics


if __name__ == "__main__":
    main(read_flags(Config))
