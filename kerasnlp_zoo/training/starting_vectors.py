"""Pretrained word vectors for a vocabulary: published ones, an entry's, or any file of word2vec, GloVe or fastText.

Shapes: V vocabulary, D width of a word vector.
"""

import dataclasses
from pathlib import Path

import numpy as np

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets.published_vectors import PRETRAINED, unpacked
from kerasnlp_zoo.datasets.word_vector_blocks import vector_blocks
from kerasnlp_zoo.errors import InputError, did_you_mean
from kerasnlp_zoo.vocabulary import UNKNOWN

RANDOM_LIMIT = 0.25  # Kim's code draws random vectors from U(-0.25, 0.25)


@dataclasses.dataclass(frozen=True)
class WordVectors:
    """Vectors for a vocabulary.

    Attributes:
        name: str, name or path they came from.
        values: float32 array [V, D].
        columns: int, how many of the D columns come from the file.
        scale: float, what the numbers of the file were multiplied with.
        found: bool array [V].
        duplicates: int, words of the vocabulary that stood in the file again; their first vector was taken.
    """

    name: str
    values: np.ndarray
    columns: int
    scale: float
    found: np.ndarray
    duplicates: int

    def coverage(self, token_ids):
        """Describe in a line how much of the vocabulary, and of a text, has pretrained vectors.

        Args:
            token_ids: ragged int tensor [N, (length)], the training texts.

        Returns:
            str.
        """
        again = f"; {self.duplicates:,} words stand there twice, the first was taken" if self.duplicates else ""
        random_columns = self.values.shape[1] - self.columns
        wider = f" and {random_columns} random ones" if random_columns else ""
        words = self.found[2:]  # without [PAD] and [UNK]
        return (
            f"{self.name}: {self.columns} columns{wider}, vectors for {words.sum():,} of {len(words):,} words "
            f"({words.mean():.1%}) and {np.mean(self.found[token_ids.flat_values]):.1%} of the training tokens, "
            f"scaled by {self.scale:.2f}; the others are random{again}"
        )


def read_word_vectors(source, vocabulary, embedding_dim=None, seed=0):
    """Read the vectors of a vocabulary's words, ready to start training from.

    They are scaled by one factor so that pretrained and random numbers have the same variance, that of
    U(-0.25, 0.25): Kim 2014, section 3.1, matches them too. Words that are not found are random, and so
    are the columns that `embedding_dim` asks for beyond those of the file: a model may want more room
    than 50 columns give. A word that the file has only in another case takes the vector of the first such line.

    Args:
        source: name of published vectors, such as "glove_6b_50d"; name or folder of an entry of word vectors, or
            of an encoder of sentences, such as "bert_minilm_en", which is given each word alone;
            or path of a file of word2vec (text or binary), GloVe or fastText (.vec); .gz and .bz2 too.
        vocabulary: `Vocabulary`.
        embedding_dim: int, columns wanted; None for those of the file.
        seed: int, decides the random numbers.

    Returns:
        WordVectors.

    Raises:
        InputError: if the file cannot be read as word vectors, naming the line; if it has no word of the
            vocabulary; or if it has more columns than are wanted.
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
            f"Give {columns} or more"
        )
    is_found = np.zeros(len(vocabulary), bool)
    is_found[list(found)] = True
    known = np.stack(list(found.values()))
    scale = RANDOM_LIMIT / np.sqrt(3 * known.var() or RANDOM_LIMIT**2)  # U(-a, a) has the variance a^2 / 3
    values = np.random.default_rng(seed).uniform(-RANDOM_LIMIT, RANDOM_LIMIT, (len(vocabulary), embedding_dim))
    values[list(found), :columns] = known * scale
    values[0] = 0  # [PAD]
    return WordVectors(str(source), values.astype("float32"), columns, float(scale), is_found, duplicates)


def _is_entry(source):
    """Tell the name or folder of an entry from published vectors and text files."""
    return Path(source).is_dir() or str(source) in (*zoo.list_entries(), *zoo.DOWNLOADS)


def _rows_of_entry(source, vocabulary):
    """Return ({place: vector}, number of duplicates, D) for the words of the vocabulary that an entry has."""
    if source in zoo.DOWNLOADS:
        zoo.download(source)
    task_name = zoo.read_config(source)["task"]
    if task_name not in KNOWN_VECTORS:
        raise InputError(
            f"{source} is an entry of {task_name}. Expected one of {' or '.join(KNOWN_VECTORS)}: kerasnlp-zoo list"
        )
    known, vectors = KNOWN_VECTORS[task_name](zoo.load(source), vocabulary)
    return dict(zip(known.tolist(), vectors, strict=True)), 0, vectors.shape[1]


def _looked_up(task, vocabulary):
    """Return the places of the words that an entry of word vectors has, int [N], and their vectors [N, D]."""
    ids = task.ids(vocabulary.tokens)
    known = np.flatnonzero(ids > 1)
    return known, task.vectors[ids[known]]


def _encoded(task, vocabulary):
    """Return the places of the words that an encoder can spell, int [N], and what it makes of each alone [N, D].

    Reference: Tulkens and van Dongen 2024, "Model2Vec: Fast State-of-the-Art Static Embeddings".
    """
    words = np.array(vocabulary.tokens[2:], object)
    pieces = task.preprocessor(words)["token_ids"].numpy()
    is_known = ~np.any(pieces == task.preprocessor.vocabulary.ids[UNKNOWN], axis=-1)
    return np.flatnonzero(is_known) + 2, task.vectors(words[is_known].tolist())


KNOWN_VECTORS = {"word_embedding": _looked_up, "sentence_similarity": _encoded}  # task of an entry: what it gives


def _path(source):
    """Return the path of a text file; unpack published vectors once."""
    if source not in PRETRAINED:
        if not Path(source).is_file():
            raise InputError(
                f"There are no word vectors {source!r}.{did_you_mean(source, list(PRETRAINED))} Expected "
                f"{', '.join(PRETRAINED)}, an entry of word vectors, or a file of word2vec, GloVe or fastText"
            )
        return Path(source)
    return unpacked(source)


def _rows_of_file(path, vocabulary):
    """Return ({place: vector}, number of duplicates, D) for the words of the vocabulary that a file has."""
    wanted = {token.encode(): place for place, token in enumerate(vocabulary.tokens) if place > 1}
    found, folded, duplicates, dim = {}, {}, 0, None
    for words, vectors in vector_blocks(path, lambda word: _place(word, wanted) is not None):
        dim = vectors.shape[1]
        for word, vector in zip(words, vectors, strict=True):
            place = _place(word, wanted)
            if word in wanted and place in found:
                duplicates += 1
            elif word in wanted:
                found[place] = vector
            elif place is not None:  # else only the beginning of a word with a space is wanted
                folded.setdefault(place, vector)
    return {**folded, **found}, duplicates, dim


def _place(word, wanted):
    """Return where a word stands in the vocabulary, as it is or lower-cased; None if nowhere."""
    return wanted.get(word if word in wanted or not word.isascii() else word.lower())
