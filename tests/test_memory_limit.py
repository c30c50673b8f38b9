"""Every reader refuses a file that needs more memory than the limit."""

import bz2
import csv
import gzip
import lzma
import sys
import zipfile

import numpy as np
import pytest

from kerasnlp_zoo import cli
from kerasnlp_zoo.datasets.rows import read_rows
from kerasnlp_zoo.datasets.text_files import raw_lines, read_text
from kerasnlp_zoo.datasets.word_vector_files import read_vectors
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.memory_limit import VARIABLE, machine_memory, memory_limit
from kerasnlp_zoo.weights import read_weights, save_weights

SIZE = 4_000_000  # bytes of the content of each file


@pytest.fixture(autouse=True)
def limit(monkeypatch):
    """Readers may use 2 MB."""
    monkeypatch.setenv(VARIABLE, "2MB")


def rows(path):
    return list(read_rows(path, "utf-8-sig", None, {}))


def pack(path, content):
    """Write a file. Its suffix selects the compression."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(path.stem, content)
    else:
        with {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}.get(path.suffix, open)(path, "wb") as file:
            file.write(content)
    return path


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz", ".zip"])
@pytest.mark.parametrize(
    ("name", "content", "read"),
    [
        ("one_line.txt", b"a" * SIZE, lambda path: list(raw_lines(path))),
        ("text.txt", b"a text\n" * (SIZE // 7), read_text),
        ("row.jsonl", b'{"text": "' + b"a" * SIZE + b'"}', rows),
        ("field.csv", b'text\n"' + b"a\n" * (SIZE // 2) + b'"', rows),
        ("vectors.txt", b"tea 0.5 1.5\n" + b"".join(b"w%d 1 2\n" % n for n in range(SIZE // 12)), read_vectors),
    ],
)
def test_a_reader_does_not_use_more_than_the_limit(tmp_path, name, content, read, suffix):
    path = pack(tmp_path / f"{name}{suffix}", content)
    with pytest.raises(InputError, match=r"needs at least \d+ MB of memory. Allowed: 2 MB.*--max-memory"):
        read(path)


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zip"])
def test_rows_of_a_bomb_are_refused_and_ordinary_compression_is_not(tmp_path, suffix):
    bomb = pack(tmp_path / f"a.csv{suffix}", b"text,label\n" * (SIZE // 11 * 2))
    with pytest.raises(InputError, match="its unpacked content needs at least"):
        for _ in read_rows(bomb, "utf-8-sig", None, {}):
            pass
    numbers = np.random.default_rng(0).integers(0, 10**6, SIZE // 7)
    ordinary = pack(tmp_path / f"b.csv{suffix}", b"number\n" + b"".join(b"%d\n" % number for number in numbers))
    assert sum(1 for _ in read_rows(ordinary, "utf-8-sig", None, {})) == len(numbers)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"9 900000000000\n" + b"w \x00\x01" * SIZE, "vectors.bin needs at least .* MB of memory"),
        (b"900000000000 2\n" + b"w \0\0\0\0\0\0\0\0\n" * 9, "announces 900,000,000,000 words, but it has 9"),
        (b"tea 1 2\n" + b"1 " * 5_000_000, "line 2: the line is longer than 8,388,608 bytes"),
    ],
    ids=["numbers", "words", "line"],
)
def test_headers_and_lines_of_vectors_are_bounded(tmp_path, content, message):
    (tmp_path / "vectors.bin").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_vectors(tmp_path / "vectors.bin")


def test_weights_larger_than_the_limit_are_refused(tmp_path):
    import keras

    model = keras.Sequential([keras.Input((1000,)), keras.layers.Dense(1000)])
    save_weights(model, tmp_path / "model.safetensors")
    with pytest.raises(InputError, match=r"^\S*model.safetensors needs at least 4 MB of memory.*--max-memory"):
        read_weights(tmp_path / "model.safetensors")


def test_the_flag_sets_the_limit_of_every_subcommand(tmp_path, monkeypatch):
    with (tmp_path / "a.csv").open("w") as file:
        csv.writer(file).writerows([("text", "label"), ("x" * 2_500_000, "a")])
    command = ["kerasnlp-zoo", "train", "linear", "--train-file", str(tmp_path / "a.csv"), "--smoke"]
    monkeypatch.setattr(sys, "argv", [*command, "--max-memory", "1MB", "--output-dir", str(tmp_path / "run")])
    with pytest.raises(SystemExit, match=r"a.csv: a line needs at least.*--max-memory"):
        cli.main()
    monkeypatch.setattr(sys, "argv", ["kerasnlp-zoo", "list", "--max-memory=much"])
    with pytest.raises(SystemExit, match="--max-memory is a size such as 4GB or 500MB.*Received: 'much'"):
        cli.main()


def test_the_default_is_half_of_the_memory(monkeypatch):
    monkeypatch.delenv(VARIABLE)
    assert memory_limit() == machine_memory() // 2 > 10**8
