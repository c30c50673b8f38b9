"""Entries that leave the words and vectors of another entry there, as LoRA entries leave the weights of their base.

The vocabulary of a model can end with words of an entry of word vectors, in addition to the words counted in the
training texts. Training changes the vectors of only a few of them, those that were too rare to be counted. The others
are not stored again: the config names the entry, and loading takes words and vectors from it. The file vocabulary.txt
has the counted words and then the borrowed ones whose vectors were changed; the file of the weights has their vectors
in the same order.

Shapes: K borrowed words, D width of a word vector.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import keras
import numpy as np

from kerasnlp_zoo import weights
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import sha256
from kerasnlp_zoo.models.embedding_inputs import STATIC, TRAINED
from kerasnlp_zoo.models.quantization import is_quantized
from kerasnlp_zoo.text import WordPreprocessor
from kerasnlp_zoo.types import Config
from kerasnlp_zoo.vocabulary import BorrowedWords, TokenList
from kerasnlp_zoo.zoo.folders import find, find_needed

FIELD = "borrowed_words"  # in config.json
FILES = ("model.safetensors", "vocabulary.txt")
TABLES = (f"{TRAINED}/embeddings", f"{STATIC}/embeddings")
Words = TypeVar("Words", bound=WordPreprocessor)


def own_parts(
    model: keras.Model, words: TokenList, dtype: weights.WeightDtype
) -> tuple[dict[str, np.ndarray], list[str]] | None:
    """Return what an entry stores itself: weights by variable path, and words in the order of the vectors.

    Args:
        model: the model.
        words: its vocabulary.
        dtype: dtype of the stored weights, to which runs round their model before they score it.

    Returns:
        None if no words are borrowed, or if the vectors are quantized.
    """
    borrowed = words.borrowed
    if borrowed is None or is_quantized(model):
        return None
    values = {weight.path: np.array(weight.value) for weight in model.weights}
    own = len(words) - borrowed.count
    tables = sorted(set(TABLES) & set(values))
    is_changed = np.zeros(borrowed.count, bool)
    for path in tables:
        expected = _vectors(find(borrowed.entry), words.tokens[own:], borrowed, values[path].shape[1], dtype)
        is_changed |= np.any(values[path][own:] != expected, axis=1)
    kept = [*range(own), *(own + np.flatnonzero(is_changed)).tolist()]
    return values | {path: values[path][kept] for path in tables}, [words.tokens[row] for row in kept]


def described(words: TokenList, borrowed: BorrowedWords, dtype: weights.WeightDtype) -> Config:
    """Return the field of config.json for a vocabulary."""
    folder = find(borrowed.entry)
    return {
        "name": borrowed.entry,
        "own": len(words) - borrowed.count,
        "limit": borrowed.limit,
        "count": borrowed.count,
        "scale": borrowed.scale,
        "dtype": dtype,
        "sha256": {name: sha256(folder / name) for name in FILES},
    }


def with_borrowed_words(folder: Path, config: Config, preprocessor: Words) -> Words:
    """Return the preprocessor of an entry, whose vocabulary also has the borrowed words.

    Args:
        folder: folder of the entry.
        config: its config.
        preprocessor: preprocessor with the words in the file of the entry.

    Raises:
        InputError: if the other entry is missing, or is not the one that the words come from.
    """
    if FIELD not in config:
        return preprocessor
    field = config[FIELD]
    source = _source(folder, config)
    borrowed = BorrowedWords(field["name"], field["limit"], field["count"], field["scale"])
    words = type(preprocessor.vocabulary)(preprocessor.vocabulary.tokens[: field["own"]])
    counted = type(preprocessor)(words, **{**preprocessor.get_config(), "segmenter": preprocessor.segmenter})
    wider = counted.extended(_words(source, borrowed.limit))
    if wider.num_added != borrowed.count:
        raise InputError(
            f"{folder.name} has {borrowed.count:,} words of the entry {borrowed.entry}, but this version of "
            f"kerasnlp-zoo reads {wider.num_added:,} of them. Install kerasnlp-zoo "
            f"{config.get('least_library_version', 'of another version')}, or train the entry again"
        )
    wider.vocabulary.borrowed = borrowed
    return wider


def with_borrowed_vectors(
    folder: Path, config: Config, stored: Mapping[str, np.ndarray], words: TokenList
) -> dict[str, Any]:
    """Return the weights of an entry, completed with the vectors of the borrowed words.

    Args:
        folder: folder of the entry.
        config: its config.
        stored: weights in the file of the entry.
        words: vocabulary of the model.

    Raises:
        InputError: if the weights do not have a vector for each word in the file of the entry.
    """
    completed = dict(stored)
    if FIELD in config and words.borrowed is not None:
        source, own = _source(folder, config), config[FIELD]["own"]
        stored_words = TokenList.load(folder / "vocabulary.txt").tokens
        rows = [words.ids[word] for word in stored_words if word in words.ids]
        for path in set(TABLES) & set(stored):
            if not len(stored[path]) == len(rows) == len(stored_words):
                raise InputError(
                    f"{folder} is damaged: it has {len(stored[path]):,} vectors for {len(stored_words):,} words, "
                    f"{len(rows):,} of which are in the vocabulary. Copy or train the entry again"
                )
            table = np.zeros((len(words), stored[path].shape[1]), "float32")
            table[own:] = _vectors(source, words.tokens[own:], words.borrowed, table.shape[1], config[FIELD]["dtype"])
            table[rows] = stored[path]
            completed[path] = table
    return completed


def completed_shapes(config: Config, own: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the weights of an entry with those of borrowed words.

    Raises:
        InputError: if the other entry is missing or has fewer words.
    """
    completed = dict(own)
    if FIELD in config:
        field = config[FIELD]
        source = find_needed(config, field["name"])
        available = weights.weight_shapes(source / "model.safetensors")[TABLES[0]][0]
        if field["count"] > available:
            raise InputError(
                f"The config says {field['count']:,} words of {field['name']}, which has {available:,}. Copy or train "
                "the entry again"
            )
        for path in set(TABLES) & set(own):
            completed[path] = (field["own"] + field["count"], *own[path][1:])
    return completed


def _source(folder: Path, config: Config) -> Path:
    """Return the folder of the entry that words are borrowed from; raise InputError if it has other files."""
    field = config[FIELD]
    source = find_needed(config, field["name"])
    for name, digest in field["sha256"].items():
        if (received := sha256(source / name)) != digest:
            raise InputError(
                f"{folder.name} has words of the entry {field['name']}, but {source / name} is not the file that they "
                f"come from. Expected sha256 {digest}. Received: {received}. Download or train that entry again"
            )
    return source


def _words(source: Path, limit: int) -> list[str]:
    """Return the first words of an entry of word vectors."""
    return TokenList.load(source / "vocabulary.txt").tokens[2 : limit + 2]


def _vectors(
    source: Path, words: list[str], borrowed: BorrowedWords, columns: int, dtype: weights.WeightDtype
) -> np.ndarray:
    """Return the scaled vectors of borrowed words, float32 [K, D]; the source has no numbers for further columns."""
    ids = TokenList.load(source / "vocabulary.txt").ids
    rows = weights.read_weights(source / "model.safetensors")[TABLES[0]][[ids[word] for word in words]]
    vectors = np.zeros((len(words), columns), "float32")
    vectors[:, : rows.shape[1]] = rows.astype("float32") * borrowed.scale
    return weights.rounded_arrays({TABLES[0]: vectors}, dtype)[TABLES[0]]
