"""Compute word vectors from counts of words near words, or of words in documents, with or without truncated SVD.

    kerasnlp-zoo train cooccurrence
    kerasnlp-zoo train cooccurrence --dataset newsgroups --matrix term_document --weighting tf_idf
    kerasnlp-zoo train cooccurrence --corpus my_sentences.txt --min-count 1 --window 2 --weighting counts --no-svd

On mixed_en, 15.5 million words: WordSim-353 58.2, SimLex-999 24.0, analogies 25.9 (entry cooccurrence_mixed_en), in
three minutes on two cores.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import tyro
from scipy import sparse

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import positive_pointwise_mutual_information, truncated_svd
from kerasnlp_zoo.text import cooccurrence_counts, term_document_counts, tf_idf
from kerasnlp_zoo.text.corpus import Corpus
from kerasnlp_zoo.training import CorpusRunConfig, Run, StrategyName, finish_word_vectors, read_corpus

WEIGHTINGS = {"term_term": ("counts", "distance", "ppmi"), "term_document": ("counts", "ppmi", "tf_idf")}
REASONS = {
    "distance": "A document has no distances between words",
    "tf_idf": "tf_idf depends on the number of documents that contain a word",
}
LARGEST_TABLE = 2**22  # number of values in an entry without SVD: 16 MB
LARGEST_PRINTED = 16  # rows and columns of a table that is printed


@dataclasses.dataclass
class Config(CorpusRunConfig):
    """Compute word vectors, by default of WikiText-2, two million words of Wikipedia."""

    epochs: tyro.conf.Suppress[int] = 1  # nothing is trained
    strategy: tyro.conf.Suppress[StrategyName] = "none"
    save_steps: tyro.conf.Suppress[int | None] = None
    matrix: Literal["term_term", "term_document"] = "term_term"
    """term_term counts words near words; term_document counts words in sentences and paragraphs; words of the same
    topic then have similar vectors."""
    window: int = 5
    """Number of context words on each side, for term_term. Small windows (1 to 3) capture syntax, larger ones (4 to 10)
    capture topics."""
    weighting: Literal["counts", "distance", "ppmi", "tf_idf"] = "ppmi"
    """Values of the matrix. counts: number of co-occurrences. distance: a word at distance d counts 1/d. ppmi: positive
    pointwise mutual information, of distance for term_term and of counts for term_document. tf_idf: counts x inverse
    document frequency, for term_document."""
    svd: bool = True
    """Reduce the rows to --embedding-dim columns by truncated SVD. --no-svd keeps the rows, for a small vocabulary or
    few documents, and prints a small matrix."""
    smoothing: float = 0.75
    """Exponent of the context counts in PPMI; below 1 it reduces the weight of rare contexts."""
    shift: float = 1.0
    """The logarithm of this number is subtracted from PPMI. It corresponds to the number of negatives in word2vec."""
    svd_exponent: float = 0.0
    """Exponent of the singular values: 1 approximates the matrix best, 0 and 0.5 produce better vectors."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        require_positive(window=self.window)
        possible = WEIGHTINGS[self.matrix]
        if self.weighting not in possible:
            raise InputError(
                f"{REASONS[self.weighting]}. Expected for --matrix {self.matrix}: --weighting {', '.join(possible)}. "
                f"Received: --weighting {self.weighting}. Use one of these, or the other --matrix"
            )


def main(config: Config) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    run = Run("cooccurrence", config)
    source, corpus = read_corpus(run)

    matrix = weighted_matrix(config, corpus)
    print(f"{matrix.nnz:,} of {matrix.shape[0]:,} x {matrix.shape[1]:,} values are nonzero", flush=True)
    if config.svd:
        vectors = truncated_svd(matrix, config.embedding_dim, config.svd_exponent, config.seed)
        return finish_word_vectors(run, source, corpus, vectors)
    words = corpus.vocabulary.tokens
    contexts = words[2:] if config.matrix == "term_term" else [str(n + 1) for n in range(matrix.shape[1])]
    rows = dense_rows(matrix[:, -len(contexts) :])
    if max(len(words) - 2, len(contexts)) <= LARGEST_PRINTED:
        print(table(words[2:], contexts, rows[2:]))
    return finish_word_vectors(run, source, corpus, rows, "float32")


def weighted_matrix(config: Config, corpus: Corpus) -> sparse.csr_array:
    """Return the matrix that the flags select: a row for each word, a column for each context word or document."""
    if config.matrix == "term_document":
        counts = term_document_counts(corpus)
    else:
        counts = cooccurrence_counts(corpus, config.window, "flat" if config.weighting == "counts" else "harmonic")
    if config.weighting == "ppmi":
        return positive_pointwise_mutual_information(counts, config.smoothing, config.shift)
    return tf_idf(counts) if config.weighting == "tf_idf" else counts


def dense_rows(matrix: sparse.csr_array) -> np.ndarray:
    """Return a sparse matrix as an array, unless it is too large for an entry."""
    if matrix.shape[0] * matrix.shape[1] > LARGEST_TABLE:
        raise InputError(
            "Without SVD, a vector has a value for every context word or document. Expected at most "
            f"{LARGEST_TABLE:,} values. Received: {matrix.shape[0]:,} words x {matrix.shape[1]:,}. Leave out --no-svd, "
            "lower --max-vocabulary-size, or use a shorter text"
        )
    return matrix.toarray()


def table(words: Sequence[str], contexts: Sequence[str], rows: np.ndarray) -> str:
    """Return a small matrix as lines of text, a line for each word.

    Example:

    >>> print(table(["tea", "cup"], ["1", "2"], np.array([[1.0, 0.0], [0.5, 2.0]])))
           1    2
    tea    1    0
    cup  0.5    2
    """
    cells = [
        ["", *contexts],
        *([word, *(f"{value:.3g}" for value in row)] for word, row in zip(words, rows, strict=True)),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join([name.ljust(widths[0]), *map(str.rjust, row, widths[1:])]).rstrip() for name, *row in cells
    )


if __name__ == "__main__":
    main(read_flags(Config))
