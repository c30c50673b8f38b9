"""Sparse counts of a corpus: how often two words occur near each other, and how often a word occurs in a document.

A pair of words becomes one integer, made of its cell and its distance. A chunk of some million integers is sorted,
which groups the pairs of a cell, and a segmented sum counts them. Only a chunk of pairs and the nonzero cells so far
are in memory: about 12 bytes per nonzero cell, and two to three times as much while chunks are added.

Shapes: V vocabulary, W window, N ids of a chunk, P pairs, M documents.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

import keras
import numpy as np
from scipy import sparse

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.text.corpus import SENTENCE_END, Corpus
from kerasnlp_zoo.vocabulary import UNKNOWN, Vocabulary

Weighting: TypeAlias = Literal["harmonic", "flat"]
WEIGHTINGS = ("harmonic", "flat")
Direction: TypeAlias = Literal["both", "left", "right"]
DIRECTIONS = ("both", "left", "right")
CHUNK = 2**22  # pairs counted at a time: about 150 MB
LONG_CORPUS = 2**23  # number of ids above which a progress bar is shown


def cooccurrence_counts(
    corpus: Corpus,
    window: int = 10,
    weighting: Weighting = "harmonic",
    direction: Direction = "both",
    chunk_size: int = CHUNK,
) -> sparse.csr_array:
    """Return how often each word occurs near each other word in the same sentence.

    Args:
        corpus: corpus to count; removed rare words do not count as distance.
        window: W, maximum distance of two words; 1 to 3 capture syntax, 4 to 10 topics.
        weighting: "harmonic": a pair at distance d counts 1 / d, as in GloVe; "flat": every pair counts 1.
        direction: "left" or "right": contexts on that side of the word; "both" adds the two, so the counts are
            symmetric.
        chunk_size: maximum number of pairs counted at a time.

    Returns:
        float64 [V, V]; rows are words, columns are contexts.

    Raises:
        InputError: if no two words are in the same sentence, or an argument is outside its range.

    Example:

    >>> import tempfile
    >>> from kerasnlp_zoo.text.corpus import encode_corpus
    >>> chunk = ["the", "cat", "saw", "the", "dog"], np.array([3, 2])
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     corpus = encode_corpus([chunk], f"{parent}/corpus", min_count=1)  # the, cat, dog, saw: ids 2 to 5
    ...     cooccurrence_counts(corpus, window=2).toarray()[2]
    array([0. , 0. , 0. , 1. , 1. , 0.5])

    Reference: Pennington et al. 2014, "GloVe: Global Vectors for Word Representation", sections 3 and 4.2.
    """
    require_positive(window=window, chunk_size=chunk_size)
    require_choice("weighting", weighting, WEIGHTINGS)
    require_choice("direction", direction, DIRECTIONS)
    size = -(-chunk_size // window)
    weights = 1 / np.arange(1, window + 1) if weighting == "harmonic" else np.ones(window)
    bar = keras.utils.Progbar(len(corpus), verbose=int(len(corpus) > LONG_CORPUS), unit_name="id")

    def chunks() -> Iterator[sparse.csr_array]:
        for start in range(0, len(corpus), size):
            token_ids = corpus.read(start, size + window)  # includes the contexts of the last centre
            yield _count(_pair_keys(token_ids, size, window, len(corpus.vocabulary), direction), weights, corpus)
            bar.add(min(size, len(corpus) - start))

    counts = _sum(chunks())
    if not counts.nnz:
        raise InputError(
            "No two words of the corpus are in the same sentence. Expected sentences of two words or more. Received: "
            f"{corpus.num_tokens:,} words in {corpus.num_sentences:,} sentences. Write one sentence per line"
        )
    if direction == "right":
        return counts
    return counts.T.tocsr() if direction == "left" else counts + counts.T.tocsr()


def _pair_keys(token_ids: np.ndarray, size: int, window: int, vocabulary_size: int, direction: Direction) -> np.ndarray:
    """Return (word V + context) 2^bits + distance - 1 for every pair whose first word is among the first `size` ids.

    With "both", the lower id counts as the word. The two orders of a pair then share one cell, which saves memory
    until the transposed counts are added.
    """
    bits = _distance_bits(window)
    wide = token_ids.astype("int64")
    sentence = np.cumsum(token_ids == SENTENCE_END)
    keys = []
    for distance in range(1, window + 1):
        first, second = wide[:-distance][:size], wide[distance:][:size]
        # A sentence end has the number of the next sentence, so both conditions are needed.
        inside = (sentence[:-distance][:size] == sentence[distance:][:size]) & (first != SENTENCE_END)
        first, second = first[inside], second[inside]
        if direction == "both":
            first, second = np.minimum(first, second), np.maximum(first, second)
        first *= vocabulary_size
        first += second
        first <<= bits
        first |= distance - 1
        keys.append(first)
    return np.concatenate(keys)


def _distance_bits(window: int) -> int:
    """Return the number of bits of distance - 1, for distances from 1 to W."""
    return (window - 1).bit_length()


def _count(keys: np.ndarray, weights: np.ndarray, corpus: Corpus) -> sparse.csr_array:
    """Return the sum of the weights in each cell: int64 array [P] -> array [V, V] with sorted indices."""
    size, bits = len(corpus.vocabulary), _distance_bits(len(weights))
    keys.sort()
    values = weights[keys & (2**bits - 1)]
    keys >>= bits
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    sums = np.add.reduceat(values, starts) if len(starts) else np.zeros(0)
    cells = keys[starts]
    rows = cells // size
    columns, ends = (cells - rows * size).astype("int32"), np.searchsorted(rows, np.arange(size + 1)).astype("int32")
    counts = sparse.csr_array((sums, columns, ends), shape=(size, size))
    counts.has_canonical_format = True  # lets scipy add by merging
    return counts


def _sum(arrays: Iterable[sparse.csr_array]) -> sparse.csr_array:
    """Return the sum of sparse arrays. Arrays of similar size are added: a cell is copied about log2(number) times."""
    waiting: list[sparse.csr_array] = []
    for array in arrays:
        while waiting and waiting[-1].nnz <= 2 * array.nnz:
            array = waiting.pop() + array
        waiting.append(array)
    while len(waiting) > 1:
        waiting.append(waiting.pop() + waiting.pop())
    return waiting[0]


def term_document_counts(
    documents: Corpus | Sequence[Sequence[str]], vocabulary: Vocabulary | None = None
) -> sparse.csr_array:
    """Return how often each word occurs in each document: float64 [V, M].

    Args:
        documents: a corpus, whose sentences are the documents; or the tokens of M documents.
        vocabulary: known words, for documents as tokens; other tokens count as `[UNK]`.

    Raises:
        InputError: if there are no documents, or the vocabulary is missing.

    Example:

    >>> from kerasnlp_zoo.text import Vocabulary
    >>> vocabulary = Vocabulary(["[PAD]", "[UNK]", "cat", "dog"])
    >>> term_document_counts([["a", "cat"], ["cat", "dog", "cat"]], vocabulary).toarray()
    array([[0., 0.],
           [1., 0.],
           [1., 2.],
           [0., 1.]])

    Reference: Salton et al. 1975, "A Vector Space Model for Automatic Indexing".
    """
    blocks: Iterable[np.ndarray]
    if isinstance(documents, Corpus):
        size, blocks = len(documents.vocabulary), documents.blocks()
    elif vocabulary is None:
        raise InputError(
            "Documents that are lists of tokens need a vocabulary. Received: vocabulary=None. "
            "Create one with Vocabulary.from_counts"
        )
    else:
        size, blocks = len(vocabulary), [_token_ids(documents, vocabulary)]
    words, places, num_documents = [], [], 0
    for token_ids in blocks:
        is_end = token_ids == SENTENCE_END
        place = num_documents + np.cumsum(is_end)
        words.append(token_ids[~is_end])
        places.append(place[~is_end])
        num_documents += int(is_end.sum())
    if not num_documents:
        raise InputError("There is no document. Expected a corpus, or at least one list of tokens. Received: none")
    cells = np.concatenate(words), np.concatenate(places)
    return sparse.coo_array((np.ones(len(cells[0])), cells), shape=(size, num_documents)).tocsr()


def _token_ids(documents: Sequence[Sequence[str]], vocabulary: Vocabulary) -> np.ndarray:
    """Return the ids of all documents in one array, with a 0 after each document."""
    ids = {token: place for place, token in enumerate(vocabulary.tokens) if place != SENTENCE_END}
    unknown = ids[UNKNOWN]
    ended = itertools.chain.from_iterable([*(ids.get(token, unknown) for token in d), SENTENCE_END] for d in documents)
    return np.fromiter(ended, "int64")
