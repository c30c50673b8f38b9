"""A corpus of any size as word ids on disk, read with little memory.

Shapes: V vocabulary, N ids in a block.
"""

import collections
import dataclasses
import itertools
import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.files import atomic_folder, readable, recovered, write_json
from kerasnlp_zoo.text.types import TokenizedText
from kerasnlp_zoo.types import FilePath
from kerasnlp_zoo.vocabulary import Vocabulary

logger = logging.getLogger("kerasnlp_zoo")
SENTENCE_END = 0
MOST_WORDS = 2**21  # maximum number of different words counted at a time: about 300 MB
BLOCK = 2**20
DTYPE = np.dtype("<i4")
NO_WORDS = "The corpus has no words. Expected text, such as one sentence or paragraph per line"
IDS, COUNTS, VOCABULARY, FACTS = "token_ids.int32", "counts.npy", "vocabulary.txt", "corpus.json"


@dataclasses.dataclass(frozen=True)
class IdsOnDisk:
    """A file of token ids.

    Attributes:
        folder: folder that contains the file.
    """

    folder: Path

    def __len__(self) -> int:
        """Return the number of ids."""
        raise NotImplementedError

    def read(self, start: int, size: int) -> np.ndarray:
        """Return at most `size` ids from the position `start` on: int32 array [N].

        The file is not memory-mapped: the pages of a map would count as memory of this process.
        """
        return np.fromfile(self.folder / IDS, DTYPE, max(0, size), offset=start * DTYPE.itemsize)

    def check_size(self) -> None:
        """Raise InputError unless the size of the file agrees with the number of ids."""
        size = (self.folder / IDS).stat().st_size
        if size != len(self) * DTYPE.itemsize:
            raise InputError(
                f"{self.folder / IDS} is incomplete. Expected {len(self):,} ids. Received: {size // DTYPE.itemsize:,}"
            )

    def check_ids(self, vocabulary_size: int) -> None:
        """Raise InputError unless all ids are ids of the vocabulary; it reads the file once."""
        for start in range(0, len(self), BLOCK):
            ids = self.read(start, BLOCK)
            if ids.min() < 0 or ids.max() >= vocabulary_size:
                raise InputError(
                    f"{self.folder / IDS} is damaged. Expected ids from 0 to {vocabulary_size - 1}. Received: "
                    f"{ids.min()} to {ids.max()}. Encode the text again"
                )


@dataclasses.dataclass(frozen=True)
class Corpus(IdsOnDisk):
    """Word ids on disk, with a 0 after every sentence and without rare words.

    Attributes:
        folder: folder that contains the files.
        vocabulary: the words, which have ids from 2 on, the most frequent first.
        counts: int64 array [V], how often each word occurs; 0 for `[PAD]` and `[UNK]`.
        num_tokens: number of words.
        num_sentences: number of sentences with at least one of these words.
    """

    vocabulary: Vocabulary
    counts: np.ndarray
    num_tokens: int
    num_sentences: int

    def __len__(self) -> int:
        """Return the number of ids, including sentence ends."""
        return self.num_tokens + self.num_sentences

    def blocks(self, size: int = BLOCK) -> Iterator[np.ndarray]:
        """Yield the corpus as int32 arrays of at most `size` ids."""
        for start in range(0, len(self), size):
            yield self.read(start, size)

    @classmethod
    def load(cls, folder: FilePath) -> Self:
        """Load a corpus that `encode_corpus` wrote.

        Raises:
            InputError: if the folder does not contain a complete corpus.
        """
        folder = recovered(folder)
        with readable(folder, "a complete corpus", "Encode it again"):
            facts = json.loads((folder / FACTS).read_text("utf-8"))
            counts = np.load(folder / COUNTS, allow_pickle=False)
            corpus = cls(folder, Vocabulary.load(folder / VOCABULARY), counts, **facts)
            corpus.check_size()
            if counts.shape != (len(corpus.vocabulary),) or counts.dtype.kind != "i":
                raise ValueError(f"{COUNTS} has no count for each of {len(corpus.vocabulary):,} words")
        return corpus


def encode_corpus(
    chunks: TokenizedText,
    folder: FilePath,
    min_count: int = 5,
    max_vocabulary_size: int | None = None,
    known: Vocabulary | None = None,
) -> Corpus:
    """Count the words of a corpus and write it as ids, in one pass over the text.

    Every word gets a provisional id when it is first seen. A second pass removes rare words and empty sentences, and
    numbers the remaining words by frequency. It reads the ids, because tokenization of the text is slow. If a text has
    more than about two million different words, the least frequent ones are forgotten during the first pass, as in
    word2vec's ReduceVocab. This bounds the memory.

    Args:
        chunks: (tokens, lengths): N tokens as str or bytes, and the number of tokens in each sentence, with sum N.
        folder: folder to write; an existing corpus is replaced.
        min_count: rarer words are removed.
        max_vocabulary_size: maximum size of the vocabulary, including `[PAD]` and `[UNK]`; None keeps all words.
        known: a vocabulary whose tokens keep their ids, also rare words and words that do not occur. The other words
            follow them.

    Raises:
        InputError: if there are no words, or no word occurs `min_count` times.

    Example:

    >>> import tempfile
    >>> chunk = ["the", "cat", "saw", "the", "dog"], np.array([3, 2])
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     corpus = encode_corpus([chunk], Path(parent, "corpus"), min_count=1)
    ...     print(corpus.vocabulary.tokens[2:], corpus.read(0, 100))
    ['the', 'cat', 'dog', 'saw'] [2 3 5 0 2 4 0]
    """
    require_positive(min_count=min_count)
    with atomic_folder(folder) as new:
        words, counts = write_provisional(chunks, new / "provisional")
        _write_final(words, counts, new / "provisional", new, min_count, max_vocabulary_size, known)
        (new / "provisional").unlink()
    return Corpus.load(folder)


def recode_corpus(
    corpus: Corpus,
    folder: FilePath,
    min_count: int = 5,
    max_vocabulary_size: int | None = None,
    known: Vocabulary | None = None,
) -> Corpus:
    """Write the corpus that `encode_corpus` writes from the text of `corpus`, from its ids.

    Args:
        corpus: a corpus that contains all words which occur `min_count` times.
        folder, min_count, max_vocabulary_size, known: as for `encode_corpus`.

    Raises:
        InputError: if no word occurs `min_count` times.

    Example:

    >>> import tempfile
    >>> chunk = ["the", "cat", "saw", "the", "dog"], np.array([3, 2])
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     corpus = encode_corpus([chunk], Path(parent, "all"), min_count=1)
    ...     print(recode_corpus(corpus, Path(parent, "frequent"), min_count=2).read(0, 100))
    [2 0 2 0]
    """
    require_positive(min_count=min_count)
    words = {token: place for place, token in enumerate(corpus.vocabulary.tokens) if place > 1}
    with atomic_folder(folder) as new:
        _write_final(words, corpus.counts, corpus.folder / IDS, new, min_count, max_vocabulary_size, known)
    return Corpus.load(folder)


def _write_final(
    words: Mapping[Any, int],
    counts: np.ndarray,
    provisional: Path,
    new: Path,
    min_count: int,
    max_vocabulary_size: int | None,
    known: Vocabulary | None,
) -> None:
    """Write the files of a corpus from provisional ids, {word: id} and the counts by id."""
    known = known or Vocabulary.from_counts({})
    places = _frequent(words, counts, min_count, known)  # {word: provisional id}
    new_counts = {word: int(counts[place]) for word, place in places.items() if word not in known.ids}
    tokens = [*known.tokens, *Vocabulary.from_counts(new_counts).tokens[2:]]
    vocabulary = Vocabulary(tokens[: max(len(known), max_vocabulary_size or len(tokens))])
    num_tokens, num_sentences = renumber(provisional, new / IDS, new_ids(places, vocabulary, len(counts)))
    kept = [places.get(token, 0) for token in vocabulary.tokens[2:]]  # 0 for words that do not occur
    write_facts(new, vocabulary, np.append([0, 0], counts[kept]), num_tokens, num_sentences)


def new_ids(places: Mapping[str, int], vocabulary: Vocabulary, size: int) -> np.ndarray:
    """Return the id in a vocabulary of every provisional id: int32 array [`size`], 0 for removed words.

    Args:
        places: {word: provisional id}, ids from 1 on.
        vocabulary: the words to keep.
        size: number of provisional ids, with 0.
    """
    result = np.zeros(size, DTYPE)
    kept = [places.get(token, 0) for token in vocabulary.tokens[2:]]
    result[kept] = np.arange(2, len(vocabulary))
    result[0] = SENTENCE_END
    return result


def write_facts(folder: Path, vocabulary: Vocabulary, counts: np.ndarray, num_tokens: int, num_sentences: int) -> None:
    """Write the files of a corpus besides its ids; the arguments are the attributes of `Corpus`."""
    np.save(folder / COUNTS, counts)
    vocabulary.save(folder / VOCABULARY)
    write_json(folder / FACTS, {"num_tokens": num_tokens, "num_sentences": num_sentences})


def write_provisional(chunks: TokenizedText, path: FilePath) -> tuple[Mapping[str | bytes, int], np.ndarray]:
    """Write provisional ids, numbered from 1 on in the order of the text, with a 0 after every sentence.

    Args:
        chunks: as for `encode_corpus`.
        path: file to write.

    Returns:
        ({word: provisional id}, counts by id, int64).
    """
    words: dict[str | bytes, int] = collections.defaultdict(itertools.count(1).__next__)
    counts = np.zeros(2**16, "int64")
    floor = 0
    with open(path, "wb") as file:
        for tokens, lengths in chunks:
            ids = np.fromiter(map(words.__getitem__, tokens), DTYPE, len(tokens))
            if len(ids):
                most = int(ids.max()) + 1
                if most > len(counts):
                    counts = np.append(counts, np.zeros(max(most, 2 * len(counts)) - len(counts), "int64"))
                counts[:most] += np.bincount(ids, minlength=most)
            file.write(np.insert(ids, np.cumsum(lengths), SENTENCE_END).tobytes())
            while len(words) > MOST_WORDS:
                floor += 1  # each increase removes more words than the previous one
                logger.warning(
                    "The text has more than %s different words: words that occurred at most %d times so far are "
                    "forgotten",
                    f"{MOST_WORDS:,}",
                    floor,
                )
                for word in [word for word, place in words.items() if counts[place] <= floor]:
                    del words[word]
    return words, counts


def _frequent(words: Mapping[Any, int], counts: np.ndarray, min_count: int, known: Vocabulary) -> dict[str, int]:
    """Return {word as str: provisional id} of the words that occur at least `min_count` times or are known."""
    if not words:
        raise InputError(NO_WORDS)
    texts = ((as_text(word), place) for word, place in words.items())
    frequent = {word: place for word, place in texts if counts[place] >= min_count or word in known.ids}
    if not frequent:
        most = max(words, key=lambda word: counts[words[word]])
        raise no_frequent_word(as_text(most), int(counts[words[most]]), len(words), min_count)
    return frequent


def no_frequent_word(most: str, count: int, num_words: int, min_count: int) -> InputError:
    """Return the error for a text in which no word occurs `min_count` times.

    Args:
        most: its most frequent word.
        count: how often this word occurs.
        num_words: number of different words.
        min_count: the minimum.
    """
    return InputError(
        f"No word occurs min_count={min_count} times: the most frequent of {num_words:,} words, {most!r}, occurs "
        f"{count} times. Use a smaller --min-count, or more text"
    )


def as_text(word: str | bytes) -> str:
    """Return a word of a `TokenizedText` as a string."""
    return word.decode() if isinstance(word, bytes) else word


def renumber(source: FilePath, target: FilePath, new_ids: np.ndarray) -> tuple[int, int]:
    """Write the final ids, without removed words and empty sentences.

    Args:
        source: file of provisional ids.
        target: file to write.
        new_ids: the id of every provisional id; 0 for removed words and for 0.

    Returns:
        The number of words and of sentences that are not empty.
    """
    num_tokens = num_sentences = 0
    last = SENTENCE_END
    with open(source, "rb") as read, open(target, "wb") as write:
        while len(old := np.fromfile(read, DTYPE, BLOCK)):
            ids = new_ids[old][(old == SENTENCE_END) | (new_ids[old] > 0)]
            after_end = np.append(last, ids[:-1]) == SENTENCE_END
            ids = ids[~(after_end & (ids == SENTENCE_END))]  # removes empty sentences
            last = ids[-1] if len(ids) else last
            words = int(np.count_nonzero(ids))
            num_tokens, num_sentences = num_tokens + words, num_sentences + len(ids) - words
            write.write(ids.tobytes())
    return num_tokens, num_sentences
