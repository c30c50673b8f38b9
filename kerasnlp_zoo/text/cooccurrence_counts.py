"""How often words stand near each other, and how often in which document: sparse counts of a corpus.

A pair of words becomes one integer, its cell and its distance; sorting the integers of some million pairs
brings those of a cell together, and a segmented sum counts them. Only a chunk of pairs and the nonzero cells
so far are ever in memory: some 12 bytes a nonzero cell, two to three times over while they are added up.

Shapes: V vocabulary, W window, N ids of a chunk, P pairs, M documents.
"""

import itertools

import keras
import numpy as np
from scipy import sparse

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.text.corpus import SENTENCE_END, Corpus
from kerasnlp_zoo.vocabulary import UNKNOWN

WEIGHTINGS = ("harmonic", "flat")
DIRECTIONS = ("both", "left", "right")
PAIRS = 2**22  # counted at a time: some 150 MB
LONG_CORPUS = 2**23  # ids from which on a progress bar is shown


def cooccurrence_counts(corpus, window=10, weighting="harmonic", direction="both", pairs=PAIRS):
    """Count how often each word stands near each other one, never over the end of a sentence.

    Args:
        corpus: `Corpus`; the rare words it leaves out take no place.
        window: int, W, the widest distance that counts. 1 to 3 capture syntax, 4 to 10 topics.
        weighting: "harmonic", a pair at distance d counts 1 / d, as in GloVe; or "flat", it counts 1.
        direction: where the context stands: "left" or "right" of the word; "both" adds the two up, which
            makes the counts symmetric.
        pairs: int, most pairs counted at a time.

    Returns:
        `scipy.sparse.csr_array` float64 [V, V]: words are rows, contexts are columns.

    Raises:
        InputError: if no two words stand in a sentence, or an argument is outside its range.

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
    require_positive(window=window, pairs=pairs)
    require_choice("weighting", weighting, WEIGHTINGS)
    require_choice("direction", direction, DIRECTIONS)
    size = -(-pairs // window)
    weights = 1 / np.arange(1, window + 1) if weighting == "harmonic" else np.ones(window)
    bar = keras.utils.Progbar(len(corpus), verbose=int(len(corpus) > LONG_CORPUS), unit_name="id")

    def chunks():
        for start in range(0, len(corpus), size):
            token_ids = corpus.read(start, size + window)  # the last centre's contexts, too
            yield _count(_pair_keys(token_ids, size, window, len(corpus.vocabulary), direction), weights, corpus)
            bar.add(min(size, len(corpus) - start))

    counts = _sum(chunks())
    if not counts.nnz:
        raise InputError(
            f"No two words of the corpus stand in one sentence: it has {corpus.num_tokens:,} words in "
            f"{corpus.num_sentences:,} sentences. Expected sentences of two words or more; is there one word a line?"
        )
    if direction == "right":
        return counts
    return counts.T.tocsr() if direction == "left" else counts + counts.T.tocsr()


def _pair_keys(token_ids, size, window, vocabulary_size, direction):
    """Return (word V + context) 2^bits + distance - 1 for every pair whose first word is among the first `size` ids.

    For "both" the lower id counts as the word, so that a pair has one cell whichever comes first: fewer
    cells to keep until the transposed counts are added.
    """
    bits = _distance_bits(window)
    wide = token_ids.astype("int64")
    sentence = np.cumsum(token_ids == SENTENCE_END)
    keys = []
    for distance in range(1, window + 1):
        first, second = wide[:-distance][:size], wide[distance:][:size]
        # An end has the number of the sentence after it, so both tests are needed.
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


def _distance_bits(window):
    """Return how many bits hold a distance of 1 to W, less 1."""
    return (window - 1).bit_length()


def _count(keys, weights, corpus):
    """Add up the weights of equal cells: int64 array [P] -> CSR array [V, V], its indices in order."""
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


def _sum(arrays):
    """Add sparse arrays, equally large ones to each other: every cell is copied some log2 of their number times."""
    waiting = []
    for array in arrays:
        while waiting and waiting[-1].nnz <= 2 * array.nnz:
            array = waiting.pop() + array
        waiting.append(array)
    while len(waiting) > 1:
        waiting.append(waiting.pop() + waiting.pop())
    return waiting[0]


def term_document_counts(documents, vocabulary=None):
    """Count how often each word stands in each document.

    Args:
        documents: `Corpus`, whose sentences are the documents; or a list of M lists of str, the tokens of
            each document.
        vocabulary: `Vocabulary`, for lists: other tokens count as `[UNK]`.

    Returns:
        `scipy.sparse.csr_array` float64 [V, M].

    Raises:
        InputError: if there is no document, or lists come without a vocabulary.

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
    if isinstance(documents, Corpus):
        size, blocks = len(documents.vocabulary), documents.blocks()
    elif vocabulary is None:
        raise InputError("Documents that are lists of tokens need a vocabulary, such as Vocabulary.from_counts gives")
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
        raise InputError("There is no document to count words in. Expected a list of lists of tokens, or a corpus")
    cells = np.concatenate(words), np.concatenate(places)
    return sparse.coo_array((np.ones(len(cells[0])), cells), shape=(size, num_documents)).tocsr()


def _token_ids(documents, vocabulary):
    """Return the ids of lists of tokens, a 0 after each."""
    ids = {token: place for place, token in enumerate(vocabulary.tokens) if place != SENTENCE_END}
    unknown = ids[UNKNOWN]
    ended = itertools.chain.from_iterable([*(ids.get(token, unknown) for token in d), SENTENCE_END] for d in documents)
    return np.fromiter(ended, "int64")
