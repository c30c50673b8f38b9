"""Train a recurrent translator with or without attention, with a recurrent or convolutional encoder.

    kerasnlp-zoo train seq2seq
    kerasnlp-zoo train seq2seq --dataset reversal --epochs 20
    kerasnlp-zoo train seq2seq --source es --target en --score-mode general
    kerasnlp-zoo train seq2seq --dataset software --source en --target zh --epochs 20 --dropout 0.3
    kerasnlp-zoo train seq2seq --attention none
    kerasnlp-zoo train seq2seq --encoder cnn --num-layers 4 --source-vector mean
    kerasnlp-zoo train seq2seq --train-file dialogue.tsv --source zh --target zh

A file has two columns, a source text and a target text: a translation, an answer or a headline.
"""

import dataclasses
from typing import Any, Literal

from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.layers.cells_by_name import Cell
from kerasnlp_zoo.models import seq2seq
from kerasnlp_zoo.training import Run, TranslationConfig, read_translations, train_translator


@dataclasses.dataclass
class Config(TranslationConfig):
    """Train a recurrent translator, by default from English to Spanish on Tatoeba."""

    builders = ("seq2seq",)
    epochs: int = 8
    """Maximum number of passes over the training data."""
    batch_size: int = 1024
    """Number of source tokens, and of target tokens, in a batch, including padding, for all replicas together."""
    learning_rate: float = 2e-3
    """Maximum learning rate of Adam."""
    embedding_dim: int = 256
    """Width of the vector of a word piece."""
    hidden_dim: int = 512
    """Number of units of the decoder, and of each direction of the encoder, or its number of filters."""
    num_layers: int = 1
    """Number of layers of the encoder, and of the decoder."""
    encoder: Literal["rnn", "cnn"] = "rnn"
    """Type of the encoder: recurrent or convolutional."""
    cell: Cell = "gru"
    """Type of the recurrent cell."""
    bidirectional: bool = True
    """Use a recurrent encoder that reads the source in both directions."""
    merge: Literal["concat", "sum"] = "concat"
    """Combination of the outputs of the two directions: concatenation or sum."""
    skip_connections: bool = False
    """Add the inputs of each recurrent layer after the first to its outputs."""
    layer_norm: bool = False
    """Normalize the inputs of each recurrent layer after the first."""
    filter_width: int = 3
    """Number of tokens in a window of a convolutional encoder."""
    source_vector: Literal["last", "mean", "attention"] = "last"
    """Vector from which the decoder starts: the last states of a recurrent encoder, or the mean of the encoder's
    outputs, or their sum with learned weights."""
    feed_source_vector: bool = False
    """Use that vector as the decoder's first input, in place of the embedding of [START]."""
    attention: Literal["soft", "hard", "none"] = "soft"
    """Attention to the source: soft is a weighted mean of all positions, hard selects one position."""
    score_mode: Literal["additive", "general", "dot", "scaled_dot"] = "additive"
    """Score of a source position for the decoder's state; dot and scaled_dot need --merge sum, --no-bidirectional or
    --encoder cnn."""
    placement: Literal["luong", "bahdanau"] = "luong"
    """Attention after the decoder's recurrent layers (luong, faster to train) or before them (bahdanau)."""
    dropout: float = 0.2
    """Dropout rate."""


def main(config: Config) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    run = Run("seq2seq", config)
    data, preprocessor, entry = read_translations(run)

    with run.scope():
        if entry:
            model = entry.model
        else:
            model = seq2seq(
                vocabulary_size=preprocessor.vocabulary_size,
                embedding_dim=config.embedding_dim,
                hidden_dim=config.hidden_dim,
                num_layers=config.num_layers,
                encoder=config.encoder,
                cell=config.cell,
                bidirectional=config.bidirectional,
                merge=config.merge,
                skip_connections=config.skip_connections,
                layer_norm=config.layer_norm,
                filter_width=config.filter_width,
                source_vector=config.source_vector,
                feed_source_vector=config.feed_source_vector,
                attention=None if config.attention == "none" else config.attention,
                score_mode=config.score_mode,
                placement=config.placement,
                dropout=config.dropout,
            )
    return train_translator(run, model, data, preprocessor)


if __name__ == "__main__":
    main(read_flags(Config))
