"""Documents of any size as token ids on disk, in blocks that can be read in any order with little memory.

Shapes: N ids, M blocks.
"""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_folder, readable, recovered, write_json
from kerasnlp_zoo.text.corpus import DTYPE, FACTS, IDS, NO_WORDS, VOCABULARY, IdsOnDisk
from kerasnlp_zoo.text.sentences import split_sentences
from kerasnlp_zoo.types import FilePath
from kerasnlp_zoo.vocabulary import WordPieceVocabulary

if TYPE_CHECKING:
    from kerasnlp_zoo.text.preprocessors.wordpiece import WordPiecePreprocessor

BLOCK = 2**12  # ids
BLOCKS = "blocks.npy"
LEAST_BLOCKS = 4
HELD_OUT = 50  # one of 50 blocks is held out
LEAST_HELD_OUT, MOST_HELD_OUT = 2, 64  # minimum and maximum number of held-out blocks


@dataclasses.dataclass(frozen=True)
class Documents(IdsOnDisk):
    """Token ids on disk, with a 0 after every sentence and another 0 after every document.

    A block contains complete documents. A document that is longer than a block is split into several, at sentence
    ends.

    Attributes:
        folder: folder that contains the files.
        vocabulary: pieces of the ids.
        starts: int64 array [M + 1], the start of each block and the end of the last one.
        num_tokens: number of pieces, without sentence and document ends.
        num_documents: number of documents.
    """

    vocabulary: WordPieceVocabulary
    starts: np.ndarray
    num_tokens: int
    num_documents: int

    def __len__(self) -> int:
        """Return the number of ids, including sentence and document ends."""
        return int(self.starts[-1])

    def read_blocks(self, numbers: Iterable[int]) -> np.ndarray:
        """Return the ids of the given blocks, concatenated: int32 array [N]."""
        parts = [self.read(self.starts[n], self.starts[n + 1] - self.starts[n]) for n in numbers]
        return np.concatenate(parts)

    def held_out(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers of the training blocks and of the validation blocks, which are spread over the corpus.

        Raises:
            InputError: if there are too few blocks.
        """
        num_blocks = len(self.starts) - 1
        if num_blocks < LEAST_BLOCKS:
            raise InputError(
                f"The text is too short to pretrain on: {self.num_tokens:,} tokens. "
                f"Expected about {LEAST_BLOCKS * BLOCK:,} or more. Use more text"
            )
        count = min(max(num_blocks // HELD_OUT, LEAST_HELD_OUT), MOST_HELD_OUT)
        validation = ((np.arange(count) + 0.5) * num_blocks / count).astype("int64")
        return np.setdiff1d(np.arange(num_blocks), validation), validation

    @classmethod
    def load(cls, folder: FilePath) -> Self:
        """Load documents that `encode_documents` wrote.

        Raises:
            InputError: if the folder does not contain complete documents.
        """
        folder = recovered(folder)
        with readable(folder, "complete documents", "Encode them again"):
            facts = json.loads((folder / FACTS).read_text("utf-8"))
            starts = np.load(folder / BLOCKS, allow_pickle=False)
            documents = cls(folder, WordPieceVocabulary.load(folder / VOCABULARY), starts, **facts)
            is_rising = starts.ndim == 1 and starts.size and starts[0] == 0 and np.all(np.diff(starts) > 0)
            if starts.dtype.kind != "i" or not is_rising:
                raise ValueError(f"{BLOCKS} does not contain increasing numbers from 0 on")
            documents.check_size()
        return documents


def ids_of_sentences(preprocessor: "WordPiecePreprocessor", lines: Sequence[str]) -> np.ndarray:
    """Return the token ids of lines, with a 0 after every sentence, int32 [N]: a chunk for `encode_documents`.

    Args:
        preprocessor: splits sentences into tokens.
        lines: the text; a blank line becomes a single 0, which ends a document.
    """
    rows = preprocessor.token_ids([sentence for line in lines for sentence in split_sentences(line)])
    return np.insert(rows.values.numpy(), rows.row_limits().numpy(), 0)


def encode_documents(
    chunks: Iterable[np.ndarray], vocabulary: WordPieceVocabulary, folder: FilePath, block: int = BLOCK
) -> Documents:
    """Write a stream of token ids as documents, in one pass.

    Args:
        chunks: int32 arrays with a 0 after every sentence; an empty sentence (a second 0) ends a document.
        vocabulary: pieces of the ids.
        folder: folder to write; existing documents are replaced.
        block: maximum number of ids in a block.

    Raises:
        InputError: if there are no tokens.

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
            raise InputError(NO_WORDS)
        np.save(new / BLOCKS, np.append(starts, end))
        vocabulary.save(new / VOCABULARY)
        write_json(new / FACTS, {"num_tokens": num_tokens, "num_documents": num_documents})
    return Documents.load(folder)


def _documents(chunks: Iterable[np.ndarray], longest: int) -> Iterator[np.ndarray]:
    """Yield the ids of each document or part of one, at most `longest` ids, with a 0 after every sentence."""
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


def _divided(document: np.ndarray, longest: int) -> list[np.ndarray]:
    """Return the parts of a document: at most `longest` ids each, split at sentence ends where possible."""
    parts = []
    while len(document) > longest:
        ends = np.flatnonzero(document == 0)
        before = ends[ends < longest]
        cut = (before[-1] if len(before) else ends[0] if len(ends) else len(document) - 1) + 1
        parts.append(document[:cut])
        document = document[cut:]
    return [*parts, document] if len(document) else parts
