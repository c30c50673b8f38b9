"""Documents as token ids on disk, in blocks that can be read in any order: any size, little memory.

Shapes: N ids, M blocks.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_folder, write_json
from kerasnlp_zoo.text.corpus import DTYPE, FACTS, IDS, VOCABULARY, IdsOnDisk
from kerasnlp_zoo.vocabulary import WordPieceVocabulary

BLOCK = 2**12  # ids
BLOCKS = "blocks.npy"
LEAST_BLOCKS = 4
HELD_OUT = 50  # one block of so many is held out, ...
LEAST_HELD_OUT, MOST_HELD_OUT = 2, 64  # ... but not less or more


@dataclasses.dataclass(frozen=True)
class Documents(IdsOnDisk):
    """Token ids on disk: a 0 after every sentence and one more after every document.

    A block holds whole documents. One that is longer than a block counts as several, which end where a
    sentence does.

    Attributes:
        folder: Path.
        vocabulary: `WordPieceVocabulary`.
        starts: int64 array [M + 1], where each block begins, and the last one ends.
        num_tokens: int, ids of pieces.
        num_documents: int.
    """

    vocabulary: WordPieceVocabulary
    starts: np.ndarray
    num_tokens: int
    num_documents: int

    def __len__(self):
        """Return the number of ids, ends of sentences and documents included."""
        return int(self.starts[-1])

    def read_blocks(self, numbers):
        """Return the ids of some blocks, one after the other: int32 array [N]."""
        parts = [self.read(self.starts[n], self.starts[n + 1] - self.starts[n]) for n in numbers]
        return np.concatenate(parts)

    def held_out(self):
        """Return the numbers of the blocks to train on and of those to validate on, which lie all over the corpus.

        Raises:
            InputError: if there are too few.
        """
        num_blocks = len(self.starts) - 1
        if num_blocks < LEAST_BLOCKS:
            raise InputError(
                f"The text is too short to pretrain on: {self.num_tokens:,} tokens. "
                f"Expected some {LEAST_BLOCKS * BLOCK:,} at least; use more text"
            )
        count = min(max(num_blocks // HELD_OUT, LEAST_HELD_OUT), MOST_HELD_OUT)
        validation = ((np.arange(count) + 0.5) * num_blocks / count).astype("int64")
        return np.setdiff1d(np.arange(num_blocks), validation), validation

    @classmethod
    def load(cls, folder):
        """Open what `encode_documents` wrote.

        Raises:
            InputError: if the folder does not hold whole documents.
        """
        folder = Path(folder)
        try:
            facts = json.loads((folder / FACTS).read_text("utf-8"))
            starts = np.load(folder / BLOCKS, allow_pickle=False)
            documents = cls(folder, WordPieceVocabulary.load(folder / VOCABULARY), starts, **facts)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(f"{folder} does not hold documents; encode them again. {error}") from error
        documents.check_size()
        return documents


def encode_documents(chunks, vocabulary, folder, block=BLOCK):
    """Write a stream of token ids as documents, in one pass.

    Args:
        chunks: iterable of int32 arrays, a 0 after every sentence; an empty sentence, the second 0 in a
            row, ends a document.
        vocabulary: `WordPieceVocabulary` of the ids.
        folder: where the documents go; those already there are replaced.
        block: int, ids of a block at most.

    Returns:
        Documents.

    Raises:
        InputError: if there is no token.

    Example:

    >>> import tempfile
    >>> vocabulary = WordPieceVocabulary("[PAD] [UNK] [CLS] [SEP] [MASK] a b c".split())
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     documents = encode_documents([np.array([5, 6, 0, 7, 0, 0]), np.array([7, 0])], vocabulary, parent + "/ids")
    ...     print(documents.num_documents, documents.read_blocks([0]))
    2 [5 6 0 7 0 0 7 0 0]
    """
    starts, end, num_tokens, num_documents = [0], 0, 0, 0
    with atomic_folder(folder) as new:
        with open(new / IDS, "wb") as file:
            for document in _documents(chunks, block):
                if end + len(document) > starts[-1] + block and end > starts[-1]:
                    starts.append(end)
                file.write(np.append(document, 0).astype(DTYPE).tobytes())
                end += len(document) + 1
                num_tokens += int(np.count_nonzero(document))
                num_documents += 1
        if not num_tokens:
            raise InputError("The corpus holds no words. Expected text, such as one sentence or paragraph a line")
        np.save(new / BLOCKS, np.append(starts, end))
        vocabulary.save(new / VOCABULARY)
        write_json(new / FACTS, {"num_tokens": num_tokens, "num_documents": num_documents})
    return Documents.load(folder)


def _documents(chunks, longest):
    """Yield the ids of each document, none longer than `longest`, a 0 after every sentence."""
    rest = np.empty(0, DTYPE)
    for chunk in chunks:
        ids = np.append(rest, chunk)
        is_end = (ids == 0) & (np.append(0, ids[:-1]) == 0)
        *whole, rest = np.split(ids, np.flatnonzero(is_end) + 1)
        for document in whole:
            yield from _divided(document[:-1], longest)
        *parts, rest = _divided(rest, longest) or [rest]
        yield from parts
    yield from _divided(rest, longest)


def _divided(document, longest):
    """Return a document as parts of at most `longest` ids that end where a sentence ends, if one does."""
    parts = []
    while len(document) > longest:
        ends = np.flatnonzero(document == 0)
        before = ends[ends < longest]
        cut = (before[-1] if len(before) else ends[0] if len(ends) else len(document) - 1) + 1
        parts.append(document[:cut])
        document = document[cut:]
    return [*parts, document] if len(document) else parts
