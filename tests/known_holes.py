"""Files that once took all memory or all time, or ended the process. Each is refused, or read in bounded memory.

    python -m tests.known_holes NAME ...

prints the seconds, the megabytes and the message of each, measured in this process.
"""

import json
import os
import struct
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from kerasnlp_zoo import zoo
from kerasnlp_zoo.convert import read_huggingface, read_pytorch
from kerasnlp_zoo.datasets.rows import read_rows
from kerasnlp_zoo.datasets.text_files import read_text
from kerasnlp_zoo.datasets.word_vector_files import read_vectors
from kerasnlp_zoo.files import read_json
from kerasnlp_zoo.weights import read_weights
from tests.convert import golden
from tests.convert.test_pytorch_file import nested, state_dict, storage, tensor, write
from tests.entry_files import edit_config
from tests.readers import write_entry


def pickled(data, **more):
    return lambda path: write(path, data, **more)


def marked(offset, value):
    """Write a zip file whose directory says that the numbers are encrypted, or compressed in an unknown way."""

    def write_marked(path):
        data = bytearray(write(path, state_dict(weight=tensor())).read_bytes())
        data[data.index(b"archive/data/0", data.index(b"PK\x01\x02")) - 46 + offset] = value
        path.write_bytes(data)

    return write_marked


def deflated(path):
    data = state_dict(weight=tensor((2**28,), (1,), stored=storage(size=2**28)))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("archive/data.pkl", data)
        with file.open("archive/data/0", "w", force_zip64=True) as member:
            for _ in range(64):  # 1 GB
                member.write(bytes(2**24))


def thousands_of_views(path):
    values = {f"w{number}": tensor((10_000,), (1,), stored=storage(size=10_000)) for number in range(8000)}
    write(path, state_dict(**values), {"0": np.zeros(10_000, "float32")})


def scaled(path):
    save_file({"a": np.ones((1, 100_000), "int8"), "a:scale": np.ones((100_000, 1), "float32")}, path)


def entry_with(**arguments):
    def write_changed(path):
        write_entry(path)
        config = json.loads((path / "config.json").read_text())
        edit_config(path, builder_arguments={**config["builder_arguments"], **arguments})

    return write_changed


def bert_with(**sizes):
    return lambda path: golden.write_folder(path, golden.tensors(), **sizes)


def sparse(path):
    with path.open("wb") as file:
        file.write(b"tea 1 2\n")
        file.truncate(2**32)


def content(data):
    return lambda path: path.write_bytes(data)


def read_encoding(path):
    return read_text(path, "undefined")


def read_settings(path):
    return read_json(path, "settings", "Write them again")


def read_table(path):
    return sum(1 for _ in read_rows(path, "utf-8-sig", None, {"text": "--text-column"}))


def read_model(path):
    return read_huggingface(path).model()


# Name of the file -> (function that writes it, function that reads it, beginning of what the error says)
HOLES = {
    "memo.bin": (pickled(b"\x80\x02Nr" + struct.pack("<I", 2**28) + b"."), read_pytorch, "is not a state dict"),
    "name.bin": (pickled(b"\x80\x02}" + nested(40) + tensor() + b"s."), read_pytorch, "nested tuples"),
    "deep.bin": (pickled(b"\x80\x02)" + b"\x85" * 10**6 + b"."), read_pytorch, "nested tuples"),
    "wide.bin": (
        pickled(b"\x80\x02(" + b"N" * 200_000 + b"tq\0" + b"h\0\x85q\1" * 300_000 + b"."),
        read_pytorch,
        "impossible tensor, with a tuple of",
    ),
    "dicts.bin": (pickled(b"\x80\x02" + b"}" * 5_000_000 + b"."), read_pytorch, "Expected at most 4,194,304"),
    "deflated.bin": (deflated, read_pytorch, "has no uncompressed file"),
    "views.bin": (thousands_of_views, read_pytorch, "its tensors need 80,000,000 numbers"),
    "encrypted.bin": (marked(8, 1), read_pytorch, "damaged, encrypted"),
    "compression.bin": (marked(10, 99), read_pytorch, "has no uncompressed file"),
    "axes.bin": (pickled(state_dict(weight=tensor((1,) * 70, (1,) * 70))), read_pytorch, "impossible tensor"),
    "scale.safetensors": (scaled, read_weights, "must have a scale for each row"),
    "vocabulary_size": (entry_with(vocabulary_size=10**9), zoo.load, "must be at most 16,777,216"),
    "embedding_dim": (entry_with(embedding_dim=2**24), zoo.load, "more than the file of weights contains"),
    "filter_widths": (entry_with(filter_widths=[*range(1, 10**5)]), zoo.load, "more than the file of weights contains"),
    "layers": (bert_with(num_hidden_layers=10**7), read_model, "has only 46 tensors"),
    "positions": (bert_with(max_position_embeddings=2**24), read_model, "more than the file of weights contains"),
    "line.txt": (sparse, read_vectors, "the line is longer than 8,388,608 bytes"),
    "header.bin": (content(b"999999999999 3\ntea 1 2 3\n"), read_vectors, "announces 999,999,999,999 words"),
    "deep.json": (content(b"[" * 10_000 + b"]" * 10_000), read_settings, "does not contain settings"),
    "digits.json": (content(b"9" * 5000), read_settings, "does not contain settings"),
    "encoding.txt": (content(b"text"), read_encoding, "Unknown encoding 'undefined'"),
    "columns.csv": (content(b"," * 10**6), read_table, "there is no column 'text'"),
    "quotes.csv": (content(b'"",' * 200_000), read_table, "there is no column 'text'"),
}


def main():
    """Print what the files in the arguments do."""
    for name in sys.argv[1:]:
        from tests.bounded_process import forget_peak, peak

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, name)
            HOLES[name][0](path)
            size = path.stat().st_size if path.is_file() else 0
            forget_peak()
            before, started, message = peak(), time.monotonic(), "read"
            try:
                HOLES[name][1](path)
            except (Exception, RecursionError) as error:  # noqa: BLE001
                message = f"{type(error).__name__}: {error}".replace(str(path), name).replace(folder + os.sep, "")
            seconds = time.monotonic() - started
            print(f"{name}\t{size:,}\t{seconds:.2f} s\t{peak() - before:.0f} MB\t{message[:160]!r}", flush=True)


if __name__ == "__main__":
    main()
