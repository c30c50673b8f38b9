"""Train word vectors by GloVe: two vectors and two biases predict the logarithm of a co-occurrence count.

    kerasnlp-zoo train glove
    kerasnlp-zoo train glove --dataset mixed_en --window 10

On small texts, GloVe is worse than word2vec: on 2 million words of mixed_en, after 15 epochs, its WordSim-353 score is
24.6 instead of 45.9.
"""

import dataclasses
from typing import Any

from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.text import cooccurrence_counts
from kerasnlp_zoo.text.glove_cells import cell_dataset
from kerasnlp_zoo.training import (
    CorpusRunConfig,
    GloveTrainer,
    Run,
    Throughput,
    finish_word_vectors,
    read_corpus,
    score_callbacks,
)


@dataclasses.dataclass
class Config(CorpusRunConfig):
    """Train GloVe, by default on WikiText-2, two million words of Wikipedia."""

    epochs: int = 15
    """Number of passes over the nonzero counts."""
    window: int = 10
    """Number of context words on each side; a word at distance d counts 1/d."""
    x_max: float = 10.0
    """Counts of at least this number have weight 1; the paper uses 100 for a hundred times larger corpora."""
    learning_rate: float = 0.2
    """Learning rate of Adagrad."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        require_positive(window=self.window)


def main(config: Config) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    run = Run("glove", config)
    source, corpus = read_corpus(run)
    counts = cooccurrence_counts(corpus, config.window)
    print(f"{counts.nnz:,} pairs of words occur together", flush=True)

    with run.scope():
        trainer = GloveTrainer(len(corpus.vocabulary), config.embedding_dim, config.x_max, seed=config.seed)
        trainer.compile(config.learning_rate)
    dataset = cell_dataset(counts, config.seed, replicas=run.strategy.num_replicas_in_sync)

    speed = Throughput("cells_per_second", counts.nnz, len(dataset))
    run.train(trainer, dataset, [speed, *score_callbacks(source.language, corpus.vocabulary.tokens), run.history])
    return finish_word_vectors(run, source, corpus, trainer.vectors)


if __name__ == "__main__":
    main(read_flags(Config))
