"""word2vec beside gensim: words a second, what the vectors are worth, and memory.

    python -m recipes.benchmarks.word2vec --output word2vec.json

Both sides train on the same ids, vocabulary and sentences with the same sizes, on two threads and in turn, so
that a machine that slows down slows both; both are scored by the same functions. Speed is words of the text,
before frequent ones are left out, over the time of the whole training, data pipeline included.
"""

import dataclasses
import functools
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

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
from kerasnlp_zoo.text.word2vec_examples import WindowSampling
from kerasnlp_zoo.training import (
    GloveLoss,
    GloveTrainer,
    HierarchicalSoftmaxTrainer,
    WeightedMeanLoss,
    Word2VecTrainer,
)
from recipes.benchmarks.comparison import report, row, seconds

DIM, WINDOW, NEGATIVES, SUBSAMPLE, LEARNING_RATE, THREADS = 100, 5, 5, 1e-3, 0.2, 2
GLOVE_EPOCHS, GLOVE_WINDOW, PLAIN_BATCHES = 15, 10, 200
NAMES = {"skip_gram": "skip-gram", "cbow": "CBOW"}


@dataclasses.dataclass
class Config:
    """Measure word2vec beside gensim; on two cores about half an hour, best on a quiet machine."""

    output: Path | None = None
    """JSON file for the rows."""
    corpus: str = "mixed_en"
    """Name of an English corpus, or a text file or folder."""
    epochs: int = 3
    """Passes over the corpus, the same for both sides."""
    seeds: int = 3
    """Trainings of each side, in turn; the median speed and the mean score count."""
    smoke: bool = False
    """Try it on a little text; the figures mean nothing."""


def main(config):
    """Measure and print the table; return its rows."""
    gensim = require_gensim()
    named = Path(config.corpus).exists()
    options = CorpusOptions(**{"corpus" if named else "dataset": config.corpus}, smoke=config.smoke)
    text = open_corpus(options)
    name = f"{Path(config.corpus).stem}{'_smoke' if config.smoke else ''}"
    folder = cache_folder() / "corpora" / f"benchmark_{name}"
    corpus = Corpus.load(folder) if folder.exists() else encode_corpus(text.chunks(), folder)
    print(f"{corpus.num_tokens:,} words, {len(corpus.vocabulary) - 2:,} different ones")
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


def require_gensim():
    """Return gensim.

    Raises:
        InputError: if it is not installed.
    """
    try:
        import gensim
    except ImportError as error:
        raise InputError("This benchmark measures beside gensim: pip install gensim") from error
    return gensim


def speed_and_scores(config, corpus, architecture, loss):
    """Train both sides in turn, once a seed."""
    sentences = sentences_of(corpus)
    measured = []
    for seed in range(1, config.seeds + 1):
        ours = train_ours(corpus, architecture, loss, config.epochs, seed)
        measured.append((ours, train_gensim(corpus, sentences, architecture, loss, config.epochs, seed)))
        print(f"{NAMES[architecture]}, {loss}, seed {seed}: ours {ours}, gensim {measured[-1][1]}", flush=True)
    what = NAMES[architecture] + (", hierarchical softmax" if loss == "hierarchical_softmax" else "")
    speeds = [statistics.median(side["words/s"] for side in sides) for sides in zip(*measured, strict=True)]
    rows = [row(what, "words/s", *speeds, "gensim")]
    for score in measured[0][0].keys() - {"words/s"}:
        means = [statistics.mean(side[score] for side in sides) for sides in zip(*measured, strict=True)]
        rows.append(row(f"{what}, {score}", "%", *means, "gensim"))
    return sorted(rows, key=lambda entry: entry["what"])


def train_ours(corpus, architecture, loss, epochs, seed):
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


def train_gensim(corpus, sentences, architecture, loss, epochs, seed):
    """Return words/s and scores of gensim, whose sentences lie in memory, its quickest way."""
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


def scores(corpus, vectors):
    """Return what vectors [V - 2, D] are worth, in percent."""
    tokens = corpus.vocabulary.tokens[2:]
    pairs = {title: load_word_pairs(name) for title, name in (("WordSim-353", "wordsim353"), ("SimLex", "simlex999"))}
    found = {title: word_similarity_scores(tokens, vectors, given)["spearman"] for title, given in pairs.items()}
    found["analogies"] = analogy_scores(tokens, vectors, load_analogies("questions_words"))["accuracy"]
    return {title: 100 * value for title, value in found.items()}


def glove_beside_skip_gram(config, corpus):
    """Measure GloVe's fast trainer beside its plain model, and its vectors beside those of skip-gram."""
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
    rows = [row("GloVe", "cells/s", *per_second, "its plain Keras model")]
    skip_gram = train_ours(corpus, "skip_gram", "negative_sampling", epochs, seed=1)
    for title, value in scores(corpus, trainer.vectors[2:]).items():
        rows.append(row(f"GloVe, {title}", "%", value, skip_gram[title], "our skip-gram, same text and epochs"))
    return rows


def pipeline_alone(corpus):
    """Measure how many words the data set delivers to nobody, beside what the quickest trainer takes."""
    trainer = Word2VecTrainer(len(corpus.vocabulary), DIM)
    dataset = trainer.dataset(corpus, WindowSampling(WINDOW, SUBSAMPLE))
    trainer.compile(LEARNING_RATE)
    trainer.fit(dataset.take(1), shuffle=False, verbose=0)  # compiles
    fit = functools.partial(trainer.fit, dataset, shuffle=False, verbose=0)
    rounds = [(seconds(lambda: [None for _ in dataset]), seconds(fit)) for _ in range(3)]
    delivered, taken = (corpus.num_tokens / statistics.median(side) for side in zip(*rounds, strict=True))
    return row("data pipeline alone", "words/s", delivered, taken, "our trainer")


def peak_memory(corpus):
    """Compare the memory that a process needs at most to train skip-gram for one epoch from a text file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "corpus.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(" ".join(sentence) + "\n" for sentence in sentences_of(corpus))
        peaks = [peak_of(side, path) for side in ("ours", "gensim")]
    return row("peak memory, text file to skip-gram", "MB", *peaks, "gensim, sentences in memory")


def peak_of(side, path):
    """Return the MB that a process of one side needs at most."""
    script = Path(__file__).with_name("word2vec_memory.py")
    finished = subprocess.run([sys.executable, script, side, path], capture_output=True, text=True, check=True)
    return float(finished.stdout.split()[-1])


def sentences_of(corpus):
    """Return the sentences of a corpus as lists of words."""
    tokens = np.array(corpus.vocabulary.tokens, object)
    ids = np.concatenate(list(corpus.blocks()))
    ends = np.flatnonzero(ids == 0)
    starts = np.append(0, ends[:-1] + 1)
    return [tokens[ids[start:end]].tolist() for start, end in zip(starts, ends, strict=True)]


def part_of(corpus, most_words):
    """Return the first sentences of a corpus as a corpus of their own."""
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
