"""A corpus as word ids on disk: any size, little memory.

Shapes: V vocabulary, N ids in a block.
"""

import collections
import dataclasses
import itertools
import json
import logging
from pathlib import Path

import numpy as np

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.files import atomic_folder, write_json
from kerasnlp_zoo.vocabulary import Vocabulary

logger = logging.getLogger("kerasnlp_zoo")
SENTENCE_END = 0
MOST_WORDS = 2**21  # different words counted at a time: some 300 MB
BLOCK = 2**20
DTYPE = np.dtype("<i4")
IDS, COUNTS, VOCABULARY, FACTS = "token_ids.int32", "counts.npy", "vocabulary.txt", "corpus.json"


@dataclasses.dataclass(frozen=True)
class IdsOnDisk:
    """A file of token ids.

    Attributes:
        folder: Path.
    """

    folder: Path

    def read(self, start, size):
        """Return ids from one place on, at most `size` of them: int32 array [N].

        Read, not mapped: the pages of a map would count as this process' memory.
        """
        return np.fromfile(self.folder / IDS, DTYPE, max(0, size), offset=start * DTYPE.itemsize)

    def check_size(self):
        """Raise InputError unless the file holds as many ids as it should."""
        if (self.folder / IDS).stat().st_size != len(self) * DTYPE.itemsize:
            raise InputError(f"{self.folder / IDS} is cut short: expected {len(self):,} ids. Encode the corpus again")


@dataclasses.dataclass(frozen=True)
class Corpus(IdsOnDisk):
    """Word ids on disk, a 0 after every sentence; rare words are left out.

    Attributes:
        folder: Path.
        vocabulary: `Vocabulary`; words have the ids from 2 on, the most frequent first.
        counts: int64 array [V], how often each word occurs; 0 for `[PAD]` and `[UNK]`.
        num_tokens: int, words in it.
        num_sentences: int, sentences that hold at least one of these words.
    """

    vocabulary: Vocabulary
    counts: np.ndarray
    num_tokens: int
    num_sentences: int

    def __len__(self):
        """Return the number of ids, sentence ends included."""
        return self.num_tokens + self.num_sentences

    def blocks(self, size=BLOCK):
        """Yield int32 arrays of at most `size` ids that together are the corpus."""
        for start in range(0, len(self), size):
            yield self.read(start, size)

    @classmethod
    def load(cls, folder):
        """Open what `encode_corpus` wrote.

        Raises:
            InputError: if the folder does not hold a whole corpus.
        """
        folder = Path(folder)
        try:
            facts = json.loads((folder / FACTS).read_text("utf-8"))
            counts = np.load(folder / COUNTS, allow_pickle=False)
            corpus = cls(folder, Vocabulary.load(folder / VOCABULARY), counts, **facts)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(f"{folder} does not hold a corpus; encode it again. {error}") from error
        corpus.check_size()
        return corpus


def encode_corpus(chunks, folder, min_count=5, max_vocabulary_size=None):
    """Count the words of a corpus and write it as ids, in one pass over the text.

    Every word gets a provisional id when it is first seen. Once all are counted, a pass over the ids
    (not the text, whose tokenisation is the slow part) leaves out the rare words and sentences without
    any other, and numbers the rest by frequency. If a text has more than some two million different
    words, those seen least often are forgotten on the way, as in word2vec's ReduceVocab: memory is
    bounded whatever the text.

    Args:
        chunks: iterable of (tokens, lengths): list or array of N bytes or str, and int array, the number
            of tokens in each sentence, with the sum N.
        folder: where the corpus goes; one already there is replaced.
        min_count: int, rarer words are left out.
        max_vocabulary_size: int, most entries of the vocabulary, `[PAD]` and `[UNK]` included; None keeps all.

    Returns:
        Corpus.

    Raises:
        InputError: if there is no word, or none occurs `min_count` times.

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
        words, id_counts = _write_provisional(chunks, new / "provisional")
        places = _frequent(words, id_counts, min_count)  # {word: provisional id}
        vocabulary = Vocabulary.from_counts({w: int(id_counts[p]) for w, p in places.items()}, 1, max_vocabulary_size)
        kept = [places[token] for token in vocabulary.tokens[2:]]
        new_ids = np.zeros(len(id_counts), DTYPE)  # provisional id -> id; 0 where it is left out
        new_ids[kept] = np.arange(2, len(vocabulary))
        num_tokens, num_sentences = _renumber(new / "provisional", new / IDS, new_ids)
        (new / "provisional").unlink()
        np.save(new / COUNTS, np.append([0, 0], id_counts[kept]))
        vocabulary.save(new / VOCABULARY)
        write_json(new / FACTS, {"num_tokens": num_tokens, "num_sentences": num_sentences})
    return Corpus.load(folder)


def _write_provisional(chunks, path):
    """Write provisional ids, 0 after every sentence; return ({word: id}, counts by id)."""
    words = collections.defaultdict(itertools.count(1).__next__)
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
                floor += 1  # as it grows, it frees room for longer
                logger.warning(
                    "More than %s different words: those seen %d times so far are forgotten", f"{MOST_WORDS:,}", floor
                )
                for word in [word for word, place in words.items() if counts[place] <= floor]:
                    del words[word]
    return words, counts


def _frequent(words, counts, min_count):
    """Return {word as str: provisional id} of the words that occur `min_count` times."""
    if not words:
        raise InputError("The corpus holds no words. Expected text, such as one sentence or paragraph a line")
    frequent = {word: place for word, place in words.items() if counts[place] >= min_count}
    if not frequent:
        most = max(words, key=lambda word: counts[words[word]])
        named = most.decode() if isinstance(most, bytes) else most
        raise InputError(
            f"No word occurs min_count={min_count} times: the most frequent of {len(words):,}, {named!r}, "
            f"occurs {counts[words[most]]} times. Use a smaller --min-count, or more text"
        )
    return {word.decode() if isinstance(word, bytes) else word: place for word, place in frequent.items()}


def _renumber(source, target, new_ids):
    """Write the final ids; return the numbers of words and of sentences that are not empty."""
    num_tokens = num_sentences = 0
    last = SENTENCE_END
    with open(source, "rb") as read, open(target, "wb") as write:
        while len(old := np.fromfile(read, DTYPE, BLOCK)):
            ids = new_ids[old][(old == SENTENCE_END) | (new_ids[old] > 0)]
            after_end = np.append(last, ids[:-1]) == SENTENCE_END
            ids = ids[~(after_end & (ids == SENTENCE_END))]  # no empty sentence
            last = ids[-1] if len(ids) else last
            words = int(np.count_nonzero(ids))
            num_tokens, num_sentences = num_tokens + words, num_sentences + len(ids) - words
            write.write(ids.tobytes())
    return num_tokens, num_sentences
