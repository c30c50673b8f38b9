"""Train a recurrent language model on one long text, in segments; the state is passed from segment to segment.

    kerasnlp-zoo train rnn_language_model
    kerasnlp-zoo train rnn_language_model --dataset peoples_daily --unit characters --embedding-dim 128
    kerasnlp-zoo train rnn_language_model --dataset lm1b --max-vocabulary-size 100000 --cell gru
    kerasnlp-zoo train rnn_language_model --corpus my_novels/ --unit characters --num-layers 3

Published (Grave et al. 2017, WikiText-2): test perplexity 99.3 of one LSTM with 1,024 units.
"""

import dataclasses
from typing import Any

from kerasnlp_zoo.datasets.corpora import open_corpus
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.layers.cells_by_name import Cell
from kerasnlp_zoo.models import rnn_language_model
from kerasnlp_zoo.tasks import LanguageModeling
from kerasnlp_zoo.text import LanguageModelPreprocessor
from kerasnlp_zoo.text.language_model_batches import language_model_batches
from kerasnlp_zoo.training import (
    KeepBest,
    LanguageModelConfig,
    LanguageModelTrainer,
    LossName,
    Run,
    Throughput,
    compile_for_language_modeling,
    finish_language_modeling,
    initialize_output_bias,
    read_language_model_text,
)


@dataclasses.dataclass
class Config(LanguageModelConfig):
    """Train a recurrent language model, by default two LSTM layers on WikiText-2."""

    builders = ("rnn_language_model",)
    loss: LossName = "sampled_softmax"
    cell: Cell = "lstm"
    """Type of the recurrent cell."""
    teacher_forcing: bool = False
    """Only with --cell output_recurrent and --num-layers 1: in training, replace the output of the step before by the
    vector of the correct word."""
    num_layers: int = 2
    """Number of recurrent layers."""
    embedding_dim: int = 256
    """Width of a word vector, and number of units of the last layer."""
    hidden_dim: int = 256
    """Number of units of the other layers."""
    skip_connections: bool = False
    """Add the inputs of each recurrent layer after the first to its outputs."""
    layer_norm: bool = False
    """Normalize the inputs of each recurrent layer after the first."""
    num_input_layers: int = 0
    """Number of dense layers with tanh before the recurrent layers."""
    num_output_layers: int = 0
    """Number of dense layers with tanh after the recurrent layers."""
    tie_embeddings: bool = True
    """Use the same matrix for the input embeddings and for the output layer."""
    dropout: float = 0.3
    """Dropout rate before and after each layer; a feature is dropped at all steps of a segment."""
    recurrent_dropout: float = 0.0
    """Dropout rate of the state."""
    learning_rate: float = 2e-3
    """Maximum learning rate."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        if self.loss == "hierarchical_softmax" and self.tie_embeddings:
            raise InputError(
                "--loss hierarchical_softmax cannot be combined with --tie-embeddings, because the output layer has "
                "vectors of the inner nodes of a tree instead of the words. Add --no-tie-embeddings"
            )


def main(config: Config) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    run = Run("rnn_language_model", config)
    entry = run.load_entry(open_corpus(config).language)
    source, text = read_language_model_text(run, entry)
    assert source.segmenter is not None  # the segmenter is the unit of the tokens
    preprocessor = LanguageModelPreprocessor(text.vocabulary, source.segmenter, source.language)
    train, validation = (
        language_model_batches(ids, config.batch_size, config.segment_length) for ids in (text.train, text.validation)
    )
    has_tree = config.loss == "hierarchical_softmax"

    with run.scope():
        if entry:
            model = entry.model
        else:
            model = rnn_language_model(
                vocabulary_size=len(text.vocabulary),
                embedding_dim=config.embedding_dim,
                hidden_dim=config.hidden_dim,
                num_layers=config.num_layers,
                cell=config.cell,
                teacher_forcing=config.teacher_forcing,
                skip_connections=config.skip_connections,
                layer_norm=config.layer_norm,
                num_input_layers=config.num_input_layers,
                num_output_layers=config.num_output_layers,
                tie_embeddings=config.tie_embeddings,
                output="hierarchical_softmax" if has_tree else "softmax",
                dropout=config.dropout,
                recurrent_dropout=config.recurrent_dropout,
            )
        if not has_tree and not entry:
            initialize_output_bias(model, text.train)
        next_word_loss = config.next_word_loss(model, text.train)
        trainer = compile_for_language_modeling(
            LanguageModelTrainer(model, config.batch_size, next_word_loss),
            config.make_optimizer(run.epochs * len(train)),
            config.jit,
        )
    best = KeepBest(run.history, run.state / "best.safetensors", "val_perplexity", patience=run.epochs)
    speed = Throughput("tokens_per_second", len(text.train), len(train))
    run.train(
        trainer, train, [speed, run.history, best], uniform_loss=next_word_loss.uniform_loss, validation_data=validation
    )
    task = LanguageModeling(model, preprocessor)
    return finish_language_modeling(run, source, text, task, best.best_row())


if __name__ == "__main__":
    main(read_flags(Config))
