"""Read and write word vectors in the file formats of word2vec, GloVe and fastText.

A text file has a line per word: the word, then its numbers. Files of word2vec and fastText (.vec) begin with a line
with the number of words and the number of numbers per word; files of GloVe do not. A binary file of word2vec (.bin)
begins with the same line. Then each word follows, with a space and its numbers as little-endian float32.

Shapes: V tokens, N words, D width of a vector.
"""

import bz2
import functools
import gzip
import logging
import lzma
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from kerasnlp_zoo.datasets.word_vector_blocks import vector_blocks
from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.evaluation.word_lookup import without_special_tokens
from kerasnlp_zoo.files import atomic_file
from kerasnlp_zoo.memory_limit import require_memory
from kerasnlp_zoo.types import FilePath

logger = logging.getLogger("kerasnlp_zoo")
Format: TypeAlias = Literal["word2vec", "word2vec_binary", "glove"]
FORMATS = ("word2vec", "word2vec_binary", "glove")
Vectors: TypeAlias = Sequence[Sequence[float]] | np.ndarray
ROWS = 1024  # words written at a time
PACKERS: dict[str, Callable[..., Any]] = {
    ".gz": functools.partial(gzip.open, compresslevel=4),  # level 9 takes 5 times as long and saves 5%
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
UNREADABLE = "\ufffd"  # replaces bytes that are not UTF-8
PROJECTOR_CONFIG = """embeddings {
  tensor_name: "word_vectors"
  tensor_path: "vectors.tsv"
  metadata_path: "metadata.tsv"
}
"""


def read_vectors(path: FilePath, max_words: int | None = None) -> tuple[list[str], np.ndarray]:
    """Read all word vectors of a file.

    A repeated word keeps its first vector. The number of repeated words is logged, and the number of words that are
    not UTF-8: word2vec writes some truncated words.

    Args:
        path: file of word2vec (text or binary), GloVe or fastText (.vec), recognized by its content; may be compressed.
        max_words: number of words to read from the beginning of the file, usually the most frequent ones; None for
            all.

    Returns:
        N different words, and their vectors, float32 array [N, D].

    Raises:
        InputError: if the file has another format or is damaged; the message names the line or the word.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.txt")
    ...     _ = path.write_text("tea 0.5 -1\\ncoffee 0.25 2\\n")
    ...     read_vectors(path)
    (['tea', 'coffee'], array([[ 0.5 , -1. ], [ 0.25, 2. ]], dtype=float32))
    """
    if max_words is not None:
        require_positive(max_words=max_words)
    first_vectors: dict[str, None] = {}
    content, repeated, dim = bytearray(), 0, 0
    for words, vectors in vector_blocks(path):
        new = []
        for row, word in enumerate(words):
            token = word.decode("utf-8", "replace")
            if token not in first_vectors:
                first_vectors[token] = None
                new.append(row)
        repeated += len(words) - len(new)
        content += vectors[new].tobytes()  # grows in place, without a second copy of the numbers
        dim = vectors.shape[1]
        require_memory(len(content), path)
        if max_words is not None and len(first_vectors) >= max_words:
            break
    tokens = list(first_vectors)[:max_words]
    if repeated:
        logger.warning("%s: %s words are repeated; their first vectors are used", path, f"{repeated:,}")
    if unreadable := sum(UNREADABLE in token for token in tokens):
        logger.warning("%s: %s words are not UTF-8; they contain %s", path, f"{unreadable:,}", UNREADABLE)
    return tokens, np.frombuffer(content, "float32").reshape(-1, dim)[: len(tokens)]


def write_vectors(path: FilePath, tokens: Sequence[str], vectors: Vectors, format: Format = "word2vec") -> None:
    """Write word vectors to a file that gensim and other tools can read. The file is written completely or not at all.

    A number in a text file has as many digits as the float32 needs to be read back exactly. `[PAD]` and `[UNK]` are not
    written.

    Args:
        path: file to write; compressed if its name ends with .gz, .bz2 or .xz.
        tokens: V tokens.
        vectors: float array [V, D].
        format: "word2vec" is text, "word2vec_binary" is smaller and faster, "glove" is text without a first line.

    Raises:
        InputError: if there is not one vector per token, if a vector contains NaN or infinity, or if a word is empty
            or contains a space or line break, which these formats do not support.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.txt")
    ...     write_vectors(path, ["[PAD]", "[UNK]", "tea"], [[0, 0], [0, 0], [0.1, 2]])
    ...     print(path.read_text())
    1 2
    tea 0.1 2.0
    """
    require_choice("format", format, FORMATS)
    words, vectors = without_special_tokens(tokens, vectors)
    _require_words(words, separators=r"[ \t\n\r\v\f]", what="a space or a line break")
    path = Path(path)
    with atomic_file(path) as temporary, PACKERS.get(path.suffix, open)(temporary, "wb") as file:
        if format != "glove":
            file.write(f"{len(words)} {vectors.shape[1]}\n".encode())
        for start in range(0, len(words), ROWS):
            rows = vectors[start : start + ROWS]
            if format == "word2vec_binary":
                pairs = zip(words[start : start + ROWS], rows.astype("<f4"), strict=True)
                file.write(b"".join(word.encode() + b" " + row.tobytes() for word, row in pairs))
            else:
                pairs = zip(words[start : start + ROWS], _as_text(rows), strict=True)
                file.write("".join(f"{word} {' '.join(row)}\n" for word, row in pairs).encode())


def write_projector(folder: FilePath, tokens: Sequence[str], vectors: Vectors, count: int = 10_000) -> None:
    """Write files for TensorBoard's projector: run tensorboard --logdir FOLDER and choose Projector.

    Args:
        folder: folder for vectors.tsv, metadata.tsv and projector_config.pbtxt; created if it does not exist.
        tokens: V tokens.
        vectors: float array [V, D].
        count: number of words to write, from the first, without `[PAD]` and `[UNK]`; a browser can show about 10,000.

    Raises:
        InputError: as `write_vectors`, but a word may contain a space. It may not contain a tab or line break.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_projector(folder, ["tea", "coffee"], [[0.5, -1], [0.25, 2]])
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['metadata.tsv', 'projector_config.pbtxt', 'vectors.tsv']
    """
    require_positive(count=count)
    words, vectors = without_special_tokens(tokens, vectors)
    words, vectors = words[:count], vectors[:count]
    _require_words(words, separators=r"[\t\n\r]", what="a tab or a line break")
    contents = {
        "vectors.tsv": "".join("\t".join(row) + "\n" for row in _as_text(vectors)),
        "metadata.tsv": "".join(word + "\n" for word in words),
        "projector_config.pbtxt": PROJECTOR_CONFIG,
    }
    for name, text in contents.items():
        with atomic_file(Path(folder, name)) as temporary:
            temporary.write_bytes(text.encode())


def _as_text(vectors: np.ndarray) -> list[list[str]]:
    """Return the shortest text of every float32 that is read back as the same number."""
    return vectors.astype("U16").tolist()  # the longest is like -1.17549435e-38


def _require_words(words: Sequence[str], separators: str, what: str) -> None:
    """Raise InputError if a word is empty or contains a separator, a regular expression; `what` is its name."""
    if not words:
        raise InputError("There are no words to write: every token is [PAD] or [UNK]. Expected at least one word")
    for word in words:
        if not word or re.search(separators, word):
            raise InputError(
                f"The word {word!r} cannot be written: it is empty or contains {what}, which separates words in the "
                "file. Join its parts with another character, such as '_'"
            )
