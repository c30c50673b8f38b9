"""Train a Transformer language model on one long text, in segments; keys and values are kept for the next segment.

    kerasnlp-zoo train transformer_language_model
    kerasnlp-zoo train transformer_language_model --dataset peoples_daily --unit characters --hidden-dim 128
    kerasnlp-zoo train transformer_language_model --corpus my_novels/ --unit characters --attention-window 256

Published (Grave et al. 2017, WikiText-2): test perplexity 99.3 of one LSTM with 1,024 units.
"""

import dataclasses
from typing import Any

from kerasnlp_zoo.datasets.corpora import open_corpus
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import transformer_language_model
from kerasnlp_zoo.models.transformer_language_model import LanguageModelPositions
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
    """Train a Transformer language model, by default four blocks of 256 units on WikiText-2."""

    builders = ("transformer_language_model",)
    loss: LossName = "sampled_softmax"
    segment_length: int = 64
    """Number of tokens of each stream in a batch. Keys and values are kept for the next batch, but the gradient is
    truncated."""
    hidden_dim: int = 256
    """Width of a word vector and of the blocks."""
    num_layers: int = 4
    """Number of blocks."""
    num_heads: int = 4
    """Number of attention heads of each block; must divide hidden_dim."""
    intermediate_dim: int = 1024
    """Width between the two dense layers of a block."""
    attention_window: int = 128
    """Number of tokens that a token attends to, itself included. The keys and values of earlier segments are kept."""
    positions: LanguageModelPositions = "linear_bias"
    """Positional encoding: attention scores decrease with distance (linear_bias), or sines and cosines are added to
    the word vectors (sinusoidal)."""
    norm_first: bool = True
    """Normalize the inputs of each sub-layer instead of its outputs."""
    dropout: float = 0.3
    """Dropout rate of the word vectors, the attention weights and the outputs of each sub-layer."""
    learning_rate: float = 1e-3
    """Maximum learning rate."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        if self.loss == "hierarchical_softmax":
            raise InputError(
                "--loss hierarchical_softmax has vectors of the inner nodes of a tree, but the output layer of this "
                "model has those of the words. Use another --loss, or train rnn_language_model"
            )


def main(config: Config) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    run = Run("transformer_language_model", config)
    entry = run.load_entry(open_corpus(config).language)
    source, text = read_language_model_text(run, entry)
    assert source.segmenter is not None  # the segmenter is the unit of the tokens
    preprocessor = LanguageModelPreprocessor(text.vocabulary, source.segmenter, source.language)
    train, validation = (
        language_model_batches(ids, config.batch_size, config.segment_length) for ids in (text.train, text.validation)
    )

    with run.scope():
        if entry:
            model = entry.model
        else:
            model = transformer_language_model(
                vocabulary_size=len(text.vocabulary),
                hidden_dim=config.hidden_dim,
                num_layers=config.num_layers,
                num_heads=config.num_heads,
                intermediate_dim=config.intermediate_dim,
                attention_window=config.attention_window,
                positions=config.positions,
                norm_first=config.norm_first,
                dropout=config.dropout,
            )
        if not entry:
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
