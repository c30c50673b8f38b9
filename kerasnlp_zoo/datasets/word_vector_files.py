"""The files in which word2vec, GloVe and fastText keep word vectors, read and written.

A text file has a line per word: the word, then its numbers. word2vec and fastText (.vec) begin with a line
that announces how many words there are and how many numbers each has; GloVe does not. word2vec's binary
file (.bin) begins so too; then each word is followed by a space and its numbers as little-endian float32.

Shapes: V tokens, N words, D width of a vector.
"""

import functools
import gzip
import logging
import re
from pathlib import Path

import numpy as np

from kerasnlp_zoo.datasets.text_files import OPENERS
from kerasnlp_zoo.datasets.word_vector_blocks import vector_blocks
from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.evaluation.word_lookup import without_special_tokens
from kerasnlp_zoo.files import atomic_file

logger = logging.getLogger("kerasnlp_zoo")
FORMATS = ("word2vec", "word2vec_binary", "glove")
ROWS = 1024  # written at a time
PACKERS = {**OPENERS, ".gz": functools.partial(gzip.open, compresslevel=4)}  # 9 takes 5 times as long for 5% less
UNREADABLE = "\ufffd"  # stands for bytes that are not UTF-8
PROJECTOR_CONFIG = """embeddings {
  tensor_name: "word_vectors"
  tensor_path: "vectors.tsv"
  metadata_path: "metadata.tsv"
}
"""


def read_vectors(path, max_words=None):
    """Read all word vectors of a file.

    A word that stands there again keeps its first vector; how many do is logged, and so is how many words
    are not UTF-8, as word2vec leaves some that it cuts. Memory is bounded by what the file holds.

    Args:
        path: file of word2vec (text or binary), GloVe or fastText (.vec), recognised by its content;
            .gz and .bz2 too.
        max_words: int, only the first so many words, mostly the most frequent; None for all.

    Returns:
        (list of N str, all different; float32 array [N, D]).

    Raises:
        InputError: if the file is not such a file or is damaged, naming the line or the word.

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
    tokens, content, again = {}, bytearray(), 0
    for words, vectors in vector_blocks(path):
        new = []
        for row, word in enumerate(words):
            token = word.decode("utf-8", "replace")
            if token not in tokens:
                tokens[token] = None
                new.append(row)
        again += len(words) - len(new)
        content += vectors[new].tobytes()  # grows in place: the numbers are not held twice
        dim = vectors.shape[1]
        if max_words is not None and len(tokens) >= max_words:
            break
    tokens = list(tokens)[:max_words]
    if again:
        logger.warning("%s: %s words stand there again; their first vectors are taken", path, f"{again:,}")
    if unreadable := sum(UNREADABLE in token for token in tokens):
        logger.warning("%s: %s words are not UTF-8; they hold %s", path, f"{unreadable:,}", UNREADABLE)
    return tokens, np.frombuffer(content, "float32").reshape(-1, dim)[: len(tokens)]


def write_vectors(path, tokens, vectors, format="word2vec"):
    """Write word vectors, whole or not at all; gensim and other tools read them.

    The numbers of a text file are the shortest that give the same float32 again. `[PAD]` and `[UNK]` are
    no words and left out.

    Args:
        path: file to write; one whose name ends with .gz or .bz2 is packed.
        tokens: list of V str.
        vectors: float array [V, D].
        format: "word2vec", text; "word2vec_binary", smaller and faster; or "glove", text without a first line.

    Raises:
        InputError: if there is not one vector per token, a vector holds NaN or infinity, or a word is empty
            or holds a space or line break, which none of these formats can say.

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


def write_projector(folder, tokens, vectors, count=10_000):
    """Write the files of TensorBoard's projector: tensorboard --logdir FOLDER, then Projector.

    Args:
        folder: where vectors.tsv, metadata.tsv and projector_config.pbtxt go; made if need be.
        tokens: list of V str.
        vectors: float array [V, D].
        count: int, the first so many words, `[PAD]` and `[UNK]` left out; a browser can show some 10,000.

    Raises:
        InputError: as `write_vectors`; here a word may hold a space, not a tab or line break.

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


def _as_text(vectors):
    """Return the shortest text of every float32 that reads as the same number again: lists of str."""
    return vectors.astype("U16").tolist()  # the longest is like -1.17549435e-38


def _require_words(words, separators, what):
    if not words:
        raise InputError("There are no words to write: every token is [PAD] or [UNK]")
    for word in words:
        if not word or re.search(separators, word):
            raise InputError(
                f"The word {word!r} cannot be written: it is empty or holds {what}, which separates words in the "
                "file. Join its parts by another character, such as '_'"
            )
