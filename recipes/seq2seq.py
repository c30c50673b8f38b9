"""Train a recurrent translator, with attention or without.

    kerasnlp-zoo train seq2seq
    kerasnlp-zoo train seq2seq --dataset reversal --epochs 20
    kerasnlp-zoo train seq2seq --source es --target en --score-mode general
    kerasnlp-zoo train seq2seq --attention none
    kerasnlp-zoo train seq2seq --train-file dialogue.tsv --source zh --target zh

A file has a text and what is to be written for it in two columns: translations, answers, headlines.
"""

import dataclasses
from typing import Any, Literal

from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import seq2seq
from kerasnlp_zoo.training import Run, TranslationConfig, read_translations, train_translator


@dataclasses.dataclass
class Config(TranslationConfig):
    """Train a recurrent translator; without flags English to Spanish, on Tatoeba."""

    epochs: int = 8
    """Most passes over the training data."""
    batch_size: int = 1024
    """Places for tokens in a batch, on either side, summed over all replicas; few, for many steps."""
    learning_rate: float = 2e-3
    """The highest step size of Adam."""
    embedding_dim: int = 256
    """Width of a vector of a piece."""
    hidden_dim: int = 512
    """Units of the decoder, and of each direction of the encoder."""
    num_layers: int = 1
    """Recurrent layers of the encoder, and of the decoder."""
    cell: Literal["gru", "lstm", "rnn"] = "gru"
    """What carries the state from piece to piece."""
    bidirectional: bool = True
    """Whether the encoder also reads from the end."""
    merge: Literal["concat", "sum"] = "concat"
    """How the outputs of its two directions are joined."""
    attention: Literal["soft", "hard", "none"] = "soft"
    """What a step sees of the source: a mean over its pieces, one of them, or nothing but the state."""
    score_mode: Literal["additive", "general", "dot", "scaled_dot"] = "additive"
    """How a piece of the source suits the decoder's state; the dots need --merge sum or --no-bidirectional."""
    placement: Literal["luong", "bahdanau"] = "luong"
    """Attention after the decoder's recurrent layers, quick to train, or before them."""
    dropout: float = 0.2
    """Share of features dropped in training."""


def main(config: Config) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    run = Run("seq2seq", config)
    data, preprocessor = read_translations(run)

    with run.scope():
        model = seq2seq(
            vocabulary_size=preprocessor.vocabulary_size,
            embedding_dim=config.embedding_dim,
            hidden_dim=config.hidden_dim,
            num_layers=config.num_layers,
            cell=config.cell,
            bidirectional=config.bidirectional,
            merge=config.merge,
            attention=None if config.attention == "none" else config.attention,
            score_mode=config.score_mode,
            placement=config.placement,
            dropout=config.dropout,
        )
    return train_translator(run, model, data, preprocessor)


if __name__ == "__main__":
    main(read_flags(Config))
