"""Train word vectors by word2vec: skip-gram or CBOW, with one of four losses.

    kerasnlp-zoo train word2vec
    kerasnlp-zoo train word2vec --corpus my_texts/ --model cbow
    kerasnlp-zoo train word2vec --dataset news_zh --model cbow
    kerasnlp-zoo train word2vec --keep-output
    kerasnlp-zoo train word2vec --corpus my_texts/ --from-entry runs/word2vec_wikitext2/entry

Negative sampling and hierarchical softmax use fast trainers. The other losses use plain models, which take a hundred
times as long. On mixed_en, 15.5 million words, 10 epochs of skip-gram reach WordSim-353 65.2, SimLex-999 24.2 and
analogies 30.4 (entry skip_gram_mixed_en), in six minutes on two busy cores. Mikolov et al. 2013 report 53.3 on the
analogies for 783 million words and 300 columns.
"""

import dataclasses
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf
from keras.optimizers.schedules import PolynomialDecay

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import cbow, skip_gram
from kerasnlp_zoo.models.word2vec import word2vec_bias
from kerasnlp_zoo.text.corpus import Corpus
from kerasnlp_zoo.text.word2vec_examples import WindowSampling, word2vec_dataset
from kerasnlp_zoo.training import (
    CorpusRunConfig,
    HierarchicalSoftmaxTrainer,
    LazyAdam,
    Run,
    Throughput,
    WeightedMeanLoss,
    Word2VecTrainer,
    finish_word_vectors,
    identity_loss,
    read_corpus,
    score_callbacks,
)
from kerasnlp_zoo.training.continued_vectors import ContinuedVectors, both_tables

BUILDERS = {"skip_gram": skip_gram, "cbow": cbow}
FAST = ("negative_sampling", "hierarchical_softmax")
BATCH_SIZE = 512  # number of centre words in a batch of a plain model


@dataclasses.dataclass
class Config(CorpusRunConfig):
    """Train word2vec, by default skip-gram on WikiText-2, two million words of Wikipedia."""

    model: Literal["skip_gram", "cbow"] = "skip_gram"
    """skip_gram predicts the surrounding words from a word; cbow predicts a word from the surrounding words."""
    loss: Literal["negative_sampling", "nce", "hierarchical_softmax", "full_softmax"] = "negative_sampling"
    """Loss of a predicted word. negative_sampling and nce use sampled noise words, the others use all words."""
    pooling: Literal["mean", "sum"] = "mean"
    """Pooling of the context vectors in cbow."""
    window: int = 5
    """Maximum number of context words on each side."""
    window_kind: Literal["dynamic", "fixed"] = "dynamic"
    """dynamic draws the window of each word from 1 to --window, which gives near words more weight."""
    num_negatives: int = 5
    """Number of noise words (negatives) per predicted word."""
    subsample: float = 1e-3
    """Words with a relative frequency above this value are randomly dropped; 0 keeps all words."""
    learning_rate: float | None = None
    """Initial learning rate; it decreases linearly to 0. Default: 0.2 for fast trainers, 0.05 if they
    continue an entry, 0.002 for plain models."""
    keep_output: bool = False
    """Keep the output vectors in the entry. It then predicts the contexts of a word, and its training can continue."""
    from_entry: str | None = None
    """Continue the training of this entry, a name or folder, on another text. Its words keep their ids, and new words
    follow them."""
    plain: bool = False
    """Train the plain Keras model even if there is a fast trainer for the loss."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        require_positive(num_negatives=self.num_negatives)
        if self.model == "skip_gram" and self.pooling == "sum":
            raise InputError("skip_gram has one input vector and pools nothing. Use --model cbow with --pooling sum")
        if self.loss == "hierarchical_softmax" and (self.keep_output or self.from_entry):
            raise InputError(
                "The output vectors of hierarchical_softmax belong to nodes of a tree instead of words. Use another "
                "--loss with --keep-output and --from-entry"
            )


def main(config: Config) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    windows = WindowSampling(config.window, config.subsample, config.window_kind == "dynamic", config.seed)
    run = Run("word2vec", config)
    entry = ContinuedVectors.read(config.from_entry, config, config.embedding_dim) if config.from_entry else None
    source, corpus = read_corpus(run, entry.vocabulary if entry else None)

    build = plain_model if config.plain or config.loss not in FAST else fast_trainer
    with run.scope():
        model, dataset, steps = build(config, corpus, windows, run, entry)

    speed = Throughput("words_per_second", corpus.num_tokens, steps)
    run.train(model, dataset, [speed, *score_callbacks(source.language, corpus.vocabulary.tokens), run.history])
    vectors, output_vectors = (np.array(table)[:, : config.embedding_dim] for table in both_tables(model))
    output = (output_vectors, word2vec_bias(config.loss, corpus.counts)) if config.keep_output else None
    return finish_word_vectors(run, source, corpus, vectors, output=output)


def fast_trainer(
    config: Config, corpus: Corpus, windows: WindowSampling, run: Run[Config], entry: ContinuedVectors | None
) -> tuple[keras.Model, tf.data.Dataset, int]:
    """Return the compiled trainer, its data set and the number of steps of an epoch."""
    if config.loss == "negative_sampling":
        trainer = Word2VecTrainer(
            len(corpus.vocabulary),
            config.embedding_dim,
            config.model,
            config.num_negatives,
            config.pooling,
            config.seed,
        )
    else:
        trainer = HierarchicalSoftmaxTrainer(
            corpus.counts, config.embedding_dim, config.model, config.pooling, config.seed
        )
    dataset = trainer.dataset(corpus, windows, replicas=run.strategy.num_replicas_in_sync)
    if entry:
        entry.assign(both_tables(trainer))
        print(f"{entry.name} has the loss {entry.loss(trainer, dataset):.4f} on this text", flush=True)
    initial_rate = config.learning_rate or (0.05 if entry else 0.2)  # 0.2 would first undo a part of the training
    trainer.compile(PolynomialDecay(initial_rate, run.epochs * len(dataset), 0.0))
    return trainer, dataset, len(dataset)


def plain_model(
    config: Config, corpus: Corpus, windows: WindowSampling, run: Run[Config], entry: ContinuedVectors | None
) -> tuple[keras.Model, tf.data.Dataset, int]:
    """Return the compiled functional model, its data set and the approximate number of steps of an epoch."""
    model = BUILDERS[config.model](
        vocabulary_size=len(corpus.vocabulary),
        embedding_dim=config.embedding_dim,
        loss=config.loss,
        num_negatives=config.num_negatives,
        counts=corpus.counts.tolist(),
        **({"pooling": config.pooling} if config.model == "cbow" else {}),
    )
    if entry:
        entry.assign(both_tables(model))
    dataset = word2vec_dataset(corpus, windows, config.model, BATCH_SIZE)
    steps = int(windows.expected_words(corpus.counts) / BATCH_SIZE) + 1
    schedule = PolynomialDecay(config.learning_rate or 0.002, run.epochs * steps, 0.0)
    model.compile(LazyAdam(schedule), WeightedMeanLoss(identity_loss))
    return model, dataset, steps


if __name__ == "__main__":
    main(read_flags(Config))
