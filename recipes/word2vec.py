"""Train word vectors by word2vec: skip-gram or CBOW, by any of four losses.

    kerasnlp-zoo train word2vec
    kerasnlp-zoo train word2vec --corpus my_texts/ --model cbow
    kerasnlp-zoo train word2vec --dataset news_zh --model cbow

Negative sampling and hierarchical softmax train by the fast trainers, the other losses by the plain models, pair by
pair, which take a hundred times as long. On mixed_en, 15.5 million words, 10 epochs of skip-gram give WordSim-353 65.2,
SimLex-999 24.2 and analogies 30.4 (entry skip_gram_mixed_en), in six minutes on two busy cores. Mikolov et al. 2013
publish 53.3 on the analogies for 783 million words and 300 columns.
"""

import dataclasses
from typing import Any, Literal

from keras.optimizers.schedules import PolynomialDecay

from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import cbow, skip_gram
from kerasnlp_zoo.models.embedding_inputs import get_word_vectors
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

BUILDERS = {"skip_gram": skip_gram, "cbow": cbow}
FAST = ("negative_sampling", "hierarchical_softmax")
BATCH_SIZE = 512  # centres, of the plain models


@dataclasses.dataclass
class Config(CorpusRunConfig):
    """Train word2vec; without flags skip-gram on WikiText-2, two million words of Wikipedia."""

    model: Literal["skip_gram", "cbow"] = "skip_gram"
    """A word predicts those around it, or they predict it."""
    loss: Literal["negative_sampling", "nce", "hierarchical_softmax", "full_softmax"] = "negative_sampling"
    """How likely a word is made to be, among all others or among some noise."""
    window: int = 5
    """Words on each side at most."""
    num_negatives: int = 5
    """Words of noise for each predicted one."""
    subsample: float = 1e-3
    """Words more frequent than this share are dropped by chance; 0 keeps all."""
    learning_rate: float | None = None
    """First step size, which falls to zero in a straight line; 0.2 for fast trainers, 0.002 for plain models."""
    plain: bool = False
    """Train the plain model pair by pair where there is a fast trainer, too."""

    def check(self, replicas: int) -> None:
        """Raise InputError for flags that are invalid or exclude each other on this number of replicas."""
        super().check(replicas)
        require_positive(num_negatives=self.num_negatives)


def main(config: Config) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    windows = WindowSampling(config.window, config.subsample, seed=config.seed)
    run = Run("word2vec", config)
    source, corpus = read_corpus(run)

    build = plain_model if config.plain or config.loss not in FAST else fast_trainer
    with run.scope():
        model, dataset, steps = build(config, corpus, windows, run)

    speed = Throughput("words_per_second", corpus.num_tokens, steps)
    run.train(model, dataset, [speed, *score_callbacks(source.language, corpus.vocabulary.tokens), run.history])
    return finish_word_vectors(run, source, corpus, get_word_vectors(model))


def fast_trainer(config, corpus, windows, run):
    """Return the compiled trainer, its data set and the steps of an epoch."""
    if config.loss == "negative_sampling":
        trainer = Word2VecTrainer(
            len(corpus.vocabulary), config.embedding_dim, config.model, config.num_negatives, config.seed
        )
    else:
        trainer = HierarchicalSoftmaxTrainer(corpus.counts, config.embedding_dim, config.model, config.seed)
    dataset = trainer.dataset(corpus, windows, replicas=run.strategy.num_replicas_in_sync)
    trainer.compile(PolynomialDecay(config.learning_rate or 0.2, run.epochs * len(dataset), 0.0))
    return trainer, dataset, len(dataset)


def plain_model(config, corpus, windows, run):
    """Return the compiled functional model, its data set and about how many steps an epoch takes."""
    model = BUILDERS[config.model](
        vocabulary_size=len(corpus.vocabulary),
        embedding_dim=config.embedding_dim,
        loss=config.loss,
        num_negatives=config.num_negatives,
        counts=corpus.counts.tolist(),
    )
    dataset = word2vec_dataset(corpus, windows, config.model, BATCH_SIZE)
    steps = int(windows.expected_words(corpus.counts) / BATCH_SIZE) + 1
    schedule = PolynomialDecay(config.learning_rate or 0.002, run.epochs * steps, 0.0)
    model.compile(LazyAdam(schedule), WeightedMeanLoss(identity_loss))
    return model, dataset, steps


if __name__ == "__main__":
    main(read_flags(Config))
