"""Everything that reads files of strangers: a small valid file for each reader, and what is read from it."""

import bz2
import contextlib
import dataclasses
import gzip
import json
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from safetensors.numpy import save_file

from kerasnlp_zoo import zoo
from kerasnlp_zoo.convert import read_huggingface, read_pytorch, read_tf1_checkpoint
from kerasnlp_zoo.datasets.rows import read_rows
from kerasnlp_zoo.datasets.word_vector_files import read_vectors, write_vectors
from kerasnlp_zoo.tasks.golden_texts import golden_texts
from kerasnlp_zoo.weights import read_weights
from kerasnlp_zoo.zoo.entries import GOLDEN_TOLERANCE
from kerasnlp_zoo.zoo.pins import require_pinned
from tests import mutations
from tests.convert import golden, test_pytorch_file, test_tf1_checkpoint
from tests.entry_files import edit_config, small_classifier

ARRAYS = {"a/kernel": np.arange(12, dtype="float32").reshape(3, 4), "a/bias": np.ones(4, "float16")}


def fingerprint(value):
    """Return what makes two results the same, NaN included."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, dict):
        return {name: fingerprint(value[name]) for name in sorted(value)}
    return [fingerprint(item) for item in value] if isinstance(value, list | tuple) else repr(value)


def is_equal(one, other):
    return fingerprint(one) == fingerprint(other)


def is_close(one, other):
    """Return whether two answers are equal up to the tolerance of `check`."""
    return zoo.difference(one, other) <= GOLDEN_TOLERANCE


@dataclasses.dataclass(frozen=True)
class Reader:
    """A reader of files.

    Attributes:
        write: writes a valid file or folder to a path with the name of the reader.
        read: returns what is read.
        change: changes a file or folder in place, at random.
        is_raw: whether other content can be valid: the format has no checksums.
        check: raises InputError if a folder that can be read has other content than it was saved with.
        is_same: whether two results are the same.
    """

    write: Callable[[Path], object]
    read: Callable[[Path], Any]
    change: Callable[[Path, np.random.Generator], None] = mutations.change
    is_raw: bool = False
    check: Callable[[Path], object] | None = None
    is_same: Callable[[Any, Any], bool] = is_equal


def write_entry(path):
    keras.utils.set_random_seed(0)
    zoo.save(small_classifier(), path)


def answers(path):
    """Return the answers to the texts that `check` compares: of other words, no entry has a proof."""
    task = zoo.load(path)
    return task.predict(golden_texts(task))


def change_and_sign(path, random):
    """Change an entry, and compute its digests again, as an attacker does."""
    mutations.change(path, random)
    with contextlib.suppress(OSError, ValueError, TypeError, RecursionError):  # some changes have no digest
        edit_config(path)


def write_pytorch(path):
    data = {"one": test_pytorch_file.tensor(), "two": test_pytorch_file.tensor((12,), (1,))}
    test_pytorch_file.write(path, test_pytorch_file.state_dict(**data), byteorder="little")


def write_huggingface(path):
    golden.write_folder(path, golden.tensors(), architecture="BertForPreTraining", id2label={"0": "a", "1": "b"})
    (path / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True, "model_max_length": 9}))


def write_google(path):
    path.mkdir()
    test_tf1_checkpoint.write_folder(path, test_tf1_checkpoint.google_tensors())


def converted(read):
    """Return a function that reads a BERT. If its sizes differ from the valid one, it is built, too."""

    def facts(path):
        found = read(path)
        if (found.builder, {**found.arguments, "activation": ""}) != ("bert_pretrainer", SIZES):
            found.model()
        return {name: value for name, value in vars(found).items() if name != "source"}

    return facts


SIZES = {**golden.ARGUMENTS, "dropout": 0.1, "activation": ""}


def write_table(path):
    content = "text,label\n" + "".join(f"a film {number},good\n" for number in range(40))
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("films.csv", content)
    else:
        opener = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}[path.suffix]
        with opener(path, "wb") as file:
            file.write(content.encode())


def rows(path):
    return [dict(row.values) for row in read_rows(path, "utf-8-sig", None, {"text": "--text-column"})]


def write_words(format):
    return lambda path: write_vectors(path, [f"word{n}" for n in range(20)], np.arange(60).reshape(20, 3) / 7, format)


ARCHIVE = Reader(write_table, rows)
READERS = {
    "entry": Reader(write_entry, answers, check=zoo.check, is_same=is_close),
    "signed_entry": Reader(write_entry, answers, change_and_sign, check=zoo.check, is_same=is_close),
    "pytorch_model.bin": Reader(write_pytorch, read_pytorch),
    "pickle.bin": Reader(write_pytorch, read_pytorch, mutations.change_member, is_raw=True),
    "model.safetensors": Reader(lambda path: save_file(ARRAYS, path), read_weights, is_raw=True),
    "huggingface": Reader(write_huggingface, converted(read_huggingface), is_raw=True),
    "google": Reader(write_google, converted(lambda path: read_tf1_checkpoint(path, True)), is_raw=True),
    "vectors.vec": Reader(write_words("word2vec"), read_vectors, is_raw=True),
    "vectors.w2v": Reader(write_words("word2vec_binary"), read_vectors, is_raw=True),
    "vectors.txt": Reader(write_words("glove"), read_vectors, is_raw=True),
    "zoo.lock.json": Reader(
        lambda path: zoo.pin("text_cnn_trec_en", lock=path), lambda path: require_pinned("text_cnn_trec_en", path)
    ),
    "films.csv.gz": ARCHIVE,
    "films.csv.bz2": ARCHIVE,
    "films.csv.xz": ARCHIVE,
    "films.csv.zip": ARCHIVE,
}
