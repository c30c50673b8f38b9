"""Train Bengio's neural language model: the words before, through one hidden layer, tell the next.

    kerasnlp-zoo train nnlm
    kerasnlp-zoo train nnlm --context-size 2 --direct-connections
    kerasnlp-zoo train nnlm --dataset peoples_daily --unit characters --epochs 10

Its perplexity compares with that of the recipe ngram on the same text: every token of the test text is told once,
from the same vocabulary.
"""

import dataclasses
import math
from typing import Any

import keras

from kerasnlp_zoo.datasets.language_modeling import LanguageModelingOptions, load_language_modeling
from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import nnlm
from kerasnlp_zoo.text.context_windows import context_windows
from kerasnlp_zoo.training import (
    KeepBest,
    LazyAdam,
    Run,
    WeightedMeanLoss,
    cross_entropy,
    describe_text,
    draw_training,
)
from kerasnlp_zoo.training.run import ModelRunOptions


@dataclasses.dataclass
class Config(ModelRunOptions, LanguageModelingOptions):
    """Train; without flags on WikiText-2, two million words of Wikipedia."""

    epochs: int = 6
    """Most passes over the training text."""
    batch_size: int = 512
    """Words that are told at a time, summed over all replicas."""
    patience: int = 1
    """Epochs without a better validation score before training stops."""
    context_size: int = 4
    """Words before that are looked at."""
    embedding_dim: int = 100
    """Width of a word vector."""
    hidden_dim: int = 100
    """Units of the hidden layer."""
    direct_connections: bool = False
    """Let the word vectors reach the answer past the hidden layer, too."""
    dropout: float = 0.2
    """Share of the word vectors and of the hidden layer dropped in training."""
    learning_rate: float = 1e-3
    """Step size of Adam."""

    def check(self, replicas: int) -> None:
        """Raise InputError for flags that are invalid or exclude each other on this number of replicas."""
        super().check(replicas)
        require_positive(patience=self.patience, context_size=self.context_size, embedding_dim=self.embedding_dim)


def main(config: Config) -> dict[str, Any]:
    """Train, score and save; return the content of metrics.json."""
    run = Run("nnlm", config)
    source, text = load_language_modeling(config)
    print(describe_text(source, text), flush=True)

    def windows(ids):
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


def finish(run, source, text, model, best, test):
    """Score the test text once and leave everything in the run's folder; return the content of metrics.json."""
    test_score = math.exp(model.evaluate(test, verbose=0, return_dict=True)["cross_entropy"])
    model.save(run.folder / "model.keras")
    text.vocabulary.save(run.folder / "vocabulary.txt")
    print(f"\nTest perplexity {test_score:,.1f} on {len(text.test):,} tokens. Everything is in {run.folder}")
    metrics = run.describe(
        {
            "task": "language_modeling",
            "metric": "perplexity",
            "validation_score": math.exp(best["val_cross_entropy"]),
            "test_score": test_score,
            "published_score": None,
            "best_epoch": best["epoch"] + 1,
            "unit": source.segmenter,
            "vocabulary_size": len(text.vocabulary),
            "test_tokens": len(text.test),
        }
    )
    draw_training(run.folder, run.history.rows(), metrics)
    run.finish(metrics)
    return metrics


if __name__ == "__main__":
    main(read_flags(Config))
