"""word2vec compared with gensim: words per second, quality of the vectors, and memory.

    python -m recipes.benchmarks.word2vec --output word2vec.json

Both sides train alternately on two threads, with the same vocabulary, sentences and sizes, and are scored by the same
functions. The speed is the number of words of the text, before subsampling, divided by the time of the complete
training, including the data pipeline.
"""

import dataclasses
import functools
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tyro

from kerasnlp_zoo.datasets.corpora import CorpusOptions, open_corpus
from kerasnlp_zoo.datasets.word_evaluation import load_analogies, load_word_pairs
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.analogies import analogy_scores
from kerasnlp_zoo.evaluation.word_similarity import word_similarity_scores
from kerasnlp_zoo.files import cache_folder
from kerasnlp_zoo.models import glove
from kerasnlp_zoo.text import cooccurrence_counts
from kerasnlp_zoo.text.corpus import Corpus, encode_corpus
from kerasnlp_zoo.text.glove_cells import cell_batch_dataset, cell_dataset
from kerasnlp_zoo.text.word2vec_examples import Architecture, WindowSampling
from kerasnlp_zoo.training import (
    GloveLoss,
    GloveTrainer,
    HierarchicalSoftmaxTrainer,
    WeightedMeanLoss,
    Word2VecTrainer,
)
from recipes.benchmarks.comparison import Row, report, row, seconds

DIM, WINDOW, NEGATIVES, SUBSAMPLE, LEARNING_RATE, THREADS = 100, 5, 5, 1e-3, 0.2, 2
GLOVE_EPOCHS, GLOVE_WINDOW, PLAIN_BATCHES = 15, 10, 200
NAMES: dict[Architecture, str] = {"skip_gram": "skip-gram", "cbow": "CBOW"}


@dataclasses.dataclass
class Config:
    """Compare word2vec with gensim; it takes about half an hour on two cores of an idle machine."""

    output: Path | None = None
    """JSON file for the rows."""
    corpus: str = "mixed_en"
    """Name of an English corpus, or a text file or folder."""
    epochs: int = 3
    """Number of passes over the corpus, the same for both sides."""
    seeds: int = 3
    """Number of trainings of each library; the median speed and the mean score are reported."""
    smoke: bool = False
    """Try it on a little text; the results are meaningless."""


def main(config: Config) -> list[Row]:
    """Measure and print the table; return its rows."""
    gensim = require_gensim()
    path = Path(config.corpus)
    if path.exists():
        options = CorpusOptions(corpus=path, smoke=config.smoke)
    else:
        options = CorpusOptions(dataset=config.corpus, smoke=config.smoke)
    source = open_corpus(options)
    name = f"{Path(config.corpus).stem}{'_smoke' if config.smoke else ''}"
    folder = cache_folder() / "corpora" / f"benchmark_{name}"
    corpus = Corpus.load(folder) if folder.exists() else encode_corpus(source.chunks(), folder)
    print(f"{corpus.num_tokens:,} words, {len(corpus.vocabulary) - 2:,} different words")
    rows = [pipeline_alone(corpus)]
    for architecture in NAMES:
        rows += speed_and_scores(config, corpus, architecture, "negative_sampling")
    short = part_of(corpus, 200_000 if config.smoke else 2_000_000)
    for architecture in NAMES:
        rows += speed_and_scores(config, short, architecture, "hierarchical_softmax")
    rows += glove_beside_skip_gram(config, short)
    rows.append(peak_memory(corpus))
    report(rows, config.output, gensim=gensim.__version__)
    return rows


def require_gensim() -> Any:
    """Return gensim.

    Raises:
        InputError: if it is not installed.
    """
    try:
        import gensim
    except ImportError as error:
        raise InputError("This benchmark compares with gensim: pip install gensim") from error
    return gensim


def speed_and_scores(config: Config, corpus: Corpus, architecture: Architecture, loss: str) -> list[Row]:
    """Train both sides alternately, once per seed."""
    sentences = sentences_of(corpus)
    measured = []
    for seed in range(1, config.seeds + 1):
        ours = train_ours(corpus, architecture, loss, config.epochs, seed)
        measured.append((ours, train_gensim(corpus, sentences, architecture, loss, config.epochs, seed)))
        print(f"{NAMES[architecture]}, {loss}, seed {seed}: ours {ours}, gensim {measured[-1][1]}", flush=True)
    what = NAMES[architecture] + (", hierarchical softmax" if loss == "hierarchical_softmax" else "")
    speeds = [statistics.median(side["words/s"] for side in sides) for sides in zip(*measured, strict=True)]
    rows = [row(what, "words/s", *speeds, peer_name="gensim")]
    for score in measured[0][0].keys() - {"words/s"}:
        means = [statistics.mean(side[score] for side in sides) for sides in zip(*measured, strict=True)]
        rows.append(row(f"{what}, {score}", "%", *means, peer_name="gensim"))
    return sorted(rows, key=lambda entry: entry["what"])


def train_ours(corpus: Corpus, architecture: Architecture, loss: str, epochs: int, seed: int) -> dict[str, float]:
    """Return words/s and scores of our fast trainer."""
    size = len(corpus.vocabulary)
    if loss == "negative_sampling":
        trainer = Word2VecTrainer(size, DIM, architecture, NEGATIVES, seed=seed)
    else:
        trainer = HierarchicalSoftmaxTrainer(corpus.counts, DIM, architecture, seed=seed)
    dataset = trainer.dataset(corpus, WindowSampling(WINDOW, SUBSAMPLE, seed=seed))
    trainer.compile(keras.optimizers.schedules.PolynomialDecay(LEARNING_RATE, epochs * len(dataset), 0.0))
    spent = seconds(lambda: trainer.fit(dataset, epochs=epochs, shuffle=False, verbose=0))
    return {"words/s": epochs * corpus.num_tokens / spent, **scores(corpus, trainer.vectors[2:])}


def train_gensim(
    corpus: Corpus, sentences: list[list[str]], architecture: Architecture, loss: str, epochs: int, seed: int
) -> dict[str, float]:
    """Return words/s and scores of gensim with the sentences in memory, its fastest mode."""
    from gensim.models import Word2Vec

    is_hierarchical = loss == "hierarchical_softmax"
    model = Word2Vec(
        vector_size=DIM,
        window=WINDOW,
        sample=SUBSAMPLE,
        sg=int(architecture == "skip_gram"),
        hs=int(is_hierarchical),
        negative=0 if is_hierarchical else NEGATIVES,
        min_count=1,
        workers=THREADS,
        epochs=epochs,
        seed=seed,
    )
    model.build_vocab(sentences)
    spent = seconds(lambda: model.train(sentences, total_examples=len(sentences), epochs=epochs))
    return {"words/s": epochs * corpus.num_tokens / spent, **scores(corpus, model.wv[corpus.vocabulary.tokens[2:]])}


def scores(corpus: Corpus, vectors: np.ndarray) -> dict[str, float]:
    """Return the scores of vectors [V - 2, D] in percent."""
    tokens = corpus.vocabulary.tokens[2:]
    pairs = {title: load_word_pairs(name) for title, name in (("WordSim-353", "wordsim353"), ("SimLex", "simlex999"))}
    found = {title: word_similarity_scores(tokens, vectors, given)["spearman"] for title, given in pairs.items()}
    found["analogies"] = analogy_scores(tokens, vectors, load_analogies("questions_words"))["accuracy"]
    return {title: 100 * value for title, value in found.items()}


def glove_beside_skip_gram(config: Config, corpus: Corpus) -> list[Row]:
    """Compare GloVe's fast trainer with its plain model, and its vectors with the vectors of skip-gram."""
    epochs = 2 if config.smoke else GLOVE_EPOCHS
    counts = cooccurrence_counts(corpus, GLOVE_WINDOW)
    trainer = GloveTrainer(len(corpus.vocabulary), DIM)
    trainer.compile(LEARNING_RATE)
    dataset = cell_dataset(counts)
    spent = seconds(lambda: trainer.fit(dataset, epochs=epochs, shuffle=False, verbose=0))
    plain = glove(len(corpus.vocabulary), embedding_dim=DIM)
    plain.compile(keras.optimizers.Adagrad(0.05), WeightedMeanLoss(GloveLoss()))
    some = cell_batch_dataset(counts).take(PLAIN_BATCHES)
    plain.fit(some, shuffle=False, verbose=0)
    cells = sum(len(labels) for _, labels in some)
    per_second = epochs * counts.nnz / spent, cells / seconds(lambda: plain.fit(some, shuffle=False, verbose=0))
    rows = [row("GloVe", "cells/s", *per_second, peer_name="its plain Keras model")]
    skip_gram = train_ours(corpus, "skip_gram", "negative_sampling", epochs, seed=1)
    for title, value in scores(corpus, trainer.vectors[2:]).items():
        peer_name = "our skip-gram, same text and epochs"
        rows.append(row(f"GloVe, {title}", "%", value, skip_gram[title], peer_name=peer_name))
    return rows


def pipeline_alone(corpus: Corpus) -> Row:
    """Compare the speed of the data set alone with the speed of the fastest trainer."""
    trainer = Word2VecTrainer(len(corpus.vocabulary), DIM)
    dataset = trainer.dataset(corpus, WindowSampling(WINDOW, SUBSAMPLE))
    trainer.compile(LEARNING_RATE)
    trainer.fit(dataset.take(1), shuffle=False, verbose=0)  # compiles
    fit = functools.partial(trainer.fit, dataset, shuffle=False, verbose=0)
    rounds = [(seconds(lambda: [None for _ in dataset]), seconds(fit)) for _ in range(3)]
    delivered, taken = (corpus.num_tokens / statistics.median(side) for side in zip(*rounds, strict=True))
    return row("data pipeline alone", "words/s", delivered, taken, peer_name="our trainer")


def peak_memory(corpus: Corpus) -> Row:
    """Compare the peak memory of a process that trains skip-gram for one epoch from a text file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "corpus.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(" ".join(sentence) + "\n" for sentence in sentences_of(corpus))
        peaks = [peak_of(side, path) for side in ("ours", "gensim")]
    return row("peak memory, text file to skip-gram", "MB", *peaks, peer_name="gensim, sentences in memory")


def peak_of(side: str, path: Path) -> float:
    """Return the peak memory of one side's process in MB."""
    script = Path(__file__).with_name("word2vec_memory.py")
    finished = subprocess.run([sys.executable, script, side, path], capture_output=True, text=True, check=True)
    return float(finished.stdout.split()[-1])


def sentences_of(corpus: Corpus) -> list[list[str]]:
    """Return the sentences of a corpus as lists of words."""
    tokens = np.array(corpus.vocabulary.tokens, object)
    ids = np.concatenate(list(corpus.blocks()))
    ends = np.flatnonzero(ids == 0)
    starts = np.append(0, ends[:-1] + 1)
    return [tokens[ids[start:end]].tolist() for start, end in zip(starts, ends, strict=True)]


def part_of(corpus: Corpus, most_words: int) -> Corpus:
    """Return a corpus of the first sentences of a corpus."""
    if corpus.num_tokens <= most_words:
        return corpus
    folder = cache_folder() / "corpora" / f"{corpus.folder.name}_{most_words}"
    if folder.exists():
        return Corpus.load(folder)
    sentences = sentences_of(corpus)
    lengths = np.cumsum(list(map(len, sentences)))
    sentences = sentences[: np.searchsorted(lengths, most_words)]
    words = [word for sentence in sentences for word in sentence]
    return encode_corpus([(words, np.array(list(map(len, sentences))))], folder)


if __name__ == "__main__":
    main(tyro.cli(Config))
