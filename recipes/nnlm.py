"""Train Bengio's neural language model: one hidden layer predicts the next word from the previous words.

    kerasnlp-zoo train nnlm
    kerasnlp-zoo train nnlm --context-size 2 --direct-connections
    kerasnlp-zoo train nnlm --embeddings glove_6b_50d
    kerasnlp-zoo train nnlm --dataset peoples_daily --unit characters --epochs 10

Its perplexity can be compared with the perplexity of the recipe ngram on the same text: both predict every token of the
test text once, with the same vocabulary.
"""

import dataclasses
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.datasets.corpora import open_corpus
from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import nnlm, set_word_vectors
from kerasnlp_zoo.tasks import LanguageModeling
from kerasnlp_zoo.text import LanguageModelPreprocessor
from kerasnlp_zoo.text.context_windows import context_windows
from kerasnlp_zoo.training import (
    SAMPLED,
    KeepBest,
    NextWordOptions,
    Perplexity,
    Run,
    TextRunOptions,
    Throughput,
    WeightedMeanLoss,
    finish_language_modeling,
    identity_loss,
    initialize_output_bias,
    next_word_trainer,
    read_language_model_text,
)
from kerasnlp_zoo.training.starting_vectors import read_word_vectors


@dataclasses.dataclass
class Config(NextWordOptions, TextRunOptions):
    """Train Bengio's model, by default on WikiText-2, two million words of Wikipedia."""

    builders = ("nnlm",)
    epochs: int = 6
    """Maximum number of passes over the training text."""
    batch_size: int = 512
    """Number of predicted words in a batch, for all replicas together."""
    patience: int = 1
    """Stop training after this many epochs without a better validation score."""
    context_size: int = 4
    """Number of previous words that the model reads."""
    embeddings: str | None = None
    """Pretrained word vectors to start from: glove_6b_50d, an entry of word vectors, or a file of word2vec, GloVe or
    fastText (also .gz). Words without a vector get a random one."""
    embedding_dim: int | None = None
    """Width of a word vector; columns that --embeddings lacks are random. Default: the width of --embeddings, or 100
    without them."""
    hidden_dim: int = 100
    """Number of units of the hidden layer."""
    activation: Literal["tanh", "relu"] = "tanh"
    """Activation of the hidden layer."""
    direct_connections: bool = False
    """Also connect the word vectors directly to the output layer."""
    dropout: float = 0.2
    """Dropout rate of the word vectors and of the hidden layer."""
    learning_rate: float = 1e-3
    """Maximum learning rate."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        require_positive(patience=self.patience, context_size=self.context_size)
        if self.embedding_dim is not None:
            require_positive(embedding_dim=self.embedding_dim)


def main(config: Config) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    run = Run("nnlm", config)
    entry = run.load_entry(open_corpus(config).language)
    source, text = read_language_model_text(run, entry)
    assert source.segmenter is not None  # the segmenter is the unit of the tokens
    preprocessor = LanguageModelPreprocessor(text.vocabulary, source.segmenter, source.language)

    context_size = entry.model.builder_config["arguments"]["context_size"] if entry else config.context_size

    def windows(ids: np.ndarray) -> tf.data.Dataset:
        return context_windows(ids, context_size, config.batch_size, config.seed)

    train, validation = windows(text.train), windows(text.validation)
    vectors = None
    if config.embeddings is not None:
        vectors = read_word_vectors(config.embeddings, text.vocabulary, config.embedding_dim, config.seed)
        print("  vectors       " + vectors.coverage(text.train))
    with run.scope():
        if entry:
            model = entry.model
        else:
            model = nnlm(
                vocabulary_size=len(text.vocabulary),
                embedding_dim=(config.embedding_dim or 100) if vectors is None else vectors.values.shape[1],
                hidden_dim=config.hidden_dim,
                context_size=config.context_size,
                activation=config.activation,
                direct_connections=config.direct_connections,
                output="hierarchical_softmax" if config.loss == "hierarchical_softmax" else "softmax",
                dropout=config.dropout,
            )
            if vectors is not None:
                set_word_vectors(model, vectors.values)
        # Words that never occur are never sampled: nothing else lowers their scores.
        if config.loss in SAMPLED and not entry:
            initialize_output_bias(model, text.train)
        next_word_loss = config.next_word_loss(model, text.train)
        trainer = next_word_trainer(model, next_word_loss)
        trainer.compile(
            config.make_optimizer(run.epochs * len(train)),
            WeightedMeanLoss(identity_loss),
            weighted_metrics=[Perplexity()],
            jit_compile=config.jit or "auto",
        )
    best = KeepBest(run.history, run.state / "best.safetensors", "val_perplexity", patience=config.patience)
    speed = Throughput("tokens_per_second", len(text.train), len(train))
    run.train(
        trainer,
        train,
        [speed, run.history, best],
        finished=best.out_of_patience,
        uniform_loss=next_word_loss.uniform_loss,
        validation_data=validation,
    )
    return finish_language_modeling(run, source, text, LanguageModeling(model, preprocessor), best.best_row())


if __name__ == "__main__":
    main(read_flags(Config))
