"""Pretrained word vectors for a vocabulary: published ones, an entry's, or any file of word2vec, GloVe or fastText.

Shapes: V vocabulary, D width of a word vector.
"""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets.published_vectors import PRETRAINED, unpacked
from kerasnlp_zoo.datasets.word_vector_blocks import vector_blocks
from kerasnlp_zoo.errors import InputError, did_you_mean
from kerasnlp_zoo.tasks import SentenceSimilarity, WordEmbedding
from kerasnlp_zoo.types import FilePath
from kerasnlp_zoo.vocabulary import UNKNOWN, TokenList
from kerasnlp_zoo.zoo.addresses import is_address

KIMS_DEVIATION = 0.25 / 3**0.5  # of U(-0.25, 0.25), from which Kim's code draws random vectors
GLOVES_DEVIATION = 0.69  # of the 50,000 first vectors of glove_6b_50d


@dataclasses.dataclass(frozen=True)
class WordVectors:
    """Vectors for a vocabulary.

    Attributes:
        name: name or path of the source.
        values: the vectors, float32 [V, D].
        columns: number of the D columns that come from the source; the others are random.
        scale: factor that the numbers of the source were multiplied with.
        found: whether the source has a vector for the word, bool [V].
        duplicates: number of repeated words in the source; the first vector of a word is used.
    """

    name: str
    values: np.ndarray
    columns: int
    scale: float
    found: np.ndarray
    duplicates: int

    def coverage(self, token_ids: np.ndarray) -> str:
        """Return a line with the share of the vocabulary, and of a text, that has pretrained vectors.

        Args:
            token_ids: all tokens of the training texts, int [N].
        """
        again = f"; repeated words: {self.duplicates:,}, their first vector was used" if self.duplicates else ""
        random_columns = self.values.shape[1] - self.columns
        wider = f" and {random_columns} random ones" if random_columns else ""
        words = self.found[2:]  # without [PAD] and [UNK]
        return (
            f"{self.name}: {self.columns} columns{wider}, vectors for {words.sum():,} of {len(words):,} words "
            f"({words.mean():.1%}) and {np.mean(self.found[token_ids]):.1%} of the training tokens, "
            f"scaled by {self.scale:.2f}; the other vectors are random{again}"
        )


def read_word_vectors(
    source: FilePath,
    vocabulary: TokenList,
    embedding_dim: int | None = None,
    seed: int = 0,
    deviation: float = KIMS_DEVIATION,
) -> WordVectors:
    """Read the vectors of a vocabulary's words as initial weights of an embedding.

    One factor scales all numbers of the source to one standard deviation. The random vectors of the other words have
    the same deviation, as in Kim 2014, section 3.1. If `embedding_dim` is larger than the source's number of columns,
    the remaining columns are random. If the source has a word only in another case, the first such line is used.

    Args:
        source: name of published vectors, such as "glove_6b_50d"; name or folder of an entry of word vectors; name or
            folder of a sentence encoder, such as "bert_minilm_en", which encodes each word separately; or path of a
            file of word2vec (text or binary), GloVe or fastText (.vec), also .gz and .bz2.
        vocabulary: the words.
        embedding_dim: number of columns of the result; None for the number of the source.
        seed: random seed of the random numbers.
        deviation: standard deviation of the numbers of the result. The larger it is, the less does training change the
            vectors in relation to their length.

    Raises:
        InputError: if the file is not a file of word vectors (the message names the line), if it has no word of the
            vocabulary, or if it has more than `embedding_dim` columns.
    """
    if _is_entry(source):
        found, duplicates, columns = _rows_of_entry(source, vocabulary)
    else:
        found, duplicates, columns = _rows_of_file(_path(source), vocabulary)
    if not found:
        raise InputError(
            f"{source} has none of the {len(vocabulary) - 2:,} words of the vocabulary, such as "
            f"{', '.join(vocabulary.tokens[2:7])}. Expected vectors in the language of the texts"
        )
    embedding_dim = embedding_dim or columns
    if columns > embedding_dim:
        raise InputError(
            f"{source} has vectors of {columns} columns. Received: --embedding-dim {embedding_dim}. "
            f"Use --embedding-dim {columns} or more"
        )
    is_found = np.zeros(len(vocabulary), bool)
    is_found[list(found)] = True
    known = np.stack(list(found.values()))
    scale = deviation / (known.std() or deviation)
    limit = deviation * 3**0.5  # the variance of U(-a, a) is a^2 / 3
    values = np.random.default_rng(seed).uniform(-limit, limit, (len(vocabulary), embedding_dim))
    values[list(found), :columns] = known * scale
    values[0] = 0  # [PAD]
    return WordVectors(str(source), values.astype("float32"), columns, float(scale), is_found, duplicates)


def first_words(source: FilePath, limit: int) -> list[str]:
    """Return the first words of a source of word vectors, usually the most frequent ones.

    Args:
        source: as for `read_word_vectors`; an encoder has no words of its own.
        limit: maximum number of words.

    Raises:
        InputError: if the file is not a file of word vectors.
    """
    if _is_entry(source):
        task = _loaded(source)
        return task.tokens[2 : limit + 2] if isinstance(task, WordEmbedding) else []
    words: list[str] = []
    for found, _ in vector_blocks(_path(source)):
        words += [word.decode(errors="replace") for word in found]
        if len(words) >= limit:
            break
    return words[:limit]


def _is_entry(source: FilePath) -> bool:
    """Return whether the source is the name, folder or address of an entry."""
    return is_address(source) or Path(source).is_dir() or str(source) in (*zoo.list_entries(), *zoo.DOWNLOADS)


def _rows_of_entry(source: FilePath, vocabulary: TokenList) -> tuple[dict[int, np.ndarray], int, int]:
    """Return ({token id: vector}, number of duplicates, D) for the words of the vocabulary that an entry has."""
    task = _loaded(source)
    known, vectors = KNOWN_VECTORS[task.name](task, vocabulary)
    return dict(zip(known.tolist(), vectors, strict=True)), 0, vectors.shape[1]


def _loaded(source: FilePath) -> Any:
    """Return the task of an entry that has word vectors; download the entry first if necessary."""
    if source in zoo.DOWNLOADS:
        zoo.download(source)
    task_name = zoo.read_config(source)["task"]
    if task_name not in KNOWN_VECTORS:
        raise InputError(
            f"{source} is an entry of {task_name}. Expected one of {' or '.join(KNOWN_VECTORS)}; "
            "kerasnlp-zoo list shows all entries"
        )
    return zoo.load(source)


def _looked_up(task: WordEmbedding, vocabulary: TokenList) -> tuple[np.ndarray, np.ndarray]:
    """Return the token ids of the words that an entry of word vectors has, int [N], and their vectors [N, D]."""
    ids = task.ids(vocabulary.tokens)
    known = np.flatnonzero(ids > 1)
    return known, task.vectors[ids[known]]


def _encoded(task: SentenceSimilarity, vocabulary: TokenList) -> tuple[np.ndarray, np.ndarray]:
    """Return the token ids of the words whose pieces an encoder knows, int [N], and its vector of each word [N, D].

    Reference: Tulkens and van Dongen 2024, "Model2Vec: Fast State-of-the-Art Static Embeddings".
    """
    words = np.array(vocabulary.tokens[2:], object)
    pieces = task.preprocessor(words)["token_ids"].numpy()
    is_known = ~np.any(pieces == task.preprocessor.vocabulary.ids[UNKNOWN], axis=-1)
    return np.flatnonzero(is_known) + 2, task.vectors(words[is_known].tolist())


# By task of the entry.
KNOWN_VECTORS: dict[str, Callable[[Any, TokenList], tuple[np.ndarray, np.ndarray]]] = {
    "word_embedding": _looked_up,
    "sentence_similarity": _encoded,
}


def _path(source: FilePath) -> Path:
    """Return the path of a text file; unpack published vectors once."""
    if source not in PRETRAINED:
        if not Path(source).is_file():
            raise InputError(
                f"There are no word vectors {source!r}.{did_you_mean(source, list(PRETRAINED))} Expected "
                f"{', '.join(PRETRAINED)}, an entry of word vectors, or a file of word2vec, GloVe or fastText"
            )
        return Path(source)
    return unpacked(source)


def _rows_of_file(path: Path, vocabulary: TokenList) -> tuple[dict[int, np.ndarray], int, int]:
    """Return ({token id: vector}, number of duplicates, D) for the words of the vocabulary that a file has."""
    wanted = {token.encode(): token_id for token_id, token in enumerate(vocabulary.tokens) if token_id > 1}
    found: dict[int, np.ndarray] = {}
    folded: dict[int, np.ndarray] = {}
    duplicates, dim = 0, 0
    for words, vectors in vector_blocks(path, lambda word: _token_id(word, wanted) is not None):
        dim = vectors.shape[1]
        for word, vector in zip(words, vectors, strict=True):
            token_id = _token_id(word, wanted)
            if token_id is None:  # the line of a longer word with a space, whose first part is in the vocabulary
                continue
            if word not in wanted:
                folded.setdefault(token_id, vector)
            elif token_id in found:
                duplicates += 1
            else:
                found[token_id] = vector
    return {**folded, **found}, duplicates, dim


def _token_id(word: bytes, wanted: Mapping[bytes, int]) -> int | None:
    """Return the id of a word as written or in lower case; None if the vocabulary has neither."""
    return wanted.get(word if word in wanted or not word.isascii() else word.lower())
