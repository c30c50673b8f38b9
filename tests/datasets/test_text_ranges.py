"""Ranges of a file have together the lines that one reader finds, whatever the file contains."""

import gzip
import random

import pytest

from kerasnlp_zoo.datasets import encodings
from kerasnlp_zoo.datasets.text_files import raw_lines, read_lines
from kerasnlp_zoo.datasets.text_ranges import TextRange, range_blocks, range_lines, range_starts
from kerasnlp_zoo.errors import InputError

PIECE = 16  # bytes


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    monkeypatch.setattr(encodings, "PIECE", PIECE)


def ranges_of(path, encoding, pieces):
    size = path.stat().st_size
    with path.open("rb") as file:
        starts = range_starts(file, size, encoding, pieces)
    ends = [*starts[1:], None]
    return [TextRange(n, str(path), size, *edges) for n, edges in enumerate(zip(starts, ends, strict=True))]


def read(function, path, encoding="utf-8-sig", pieces=1):
    """Return what a reader of ranges yields for all ranges of a file, and the number of ranges."""
    found = []
    parts = ranges_of(path, encoding, pieces)
    for part in parts:
        with path.open("rb") as file:
            found.extend(function(file, part, encoding))
    return found, len(parts)


def flat(blocks):
    return [line for block in blocks for line in block]


def random_text(seed):
    """Return lines of random lengths, some longer than several pieces, with and without spaces, also empty."""
    chosen = random.Random(seed)
    characters = "ab é电影\r😀"
    lines = []
    for _ in range(chosen.randrange(1, 40)):
        length = chosen.choice([0, 1, 5, 14, 15, 16, 17, 60, 100])
        lines.append("".join(chosen.choice(characters) for _ in range(length)))
    return chosen.choice(["\n", "\r\n"]).join(lines) + chosen.choice(["", "\n"])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_the_ranges_have_the_lines_of_the_file(tmp_path, encoding, pieces):
    path = tmp_path / "a.txt"
    most = 0
    for seed in range(150):
        path.write_bytes(random_text(seed).encode(encoding))
        lines, number = read(range_lines, path, encoding, pieces)
        assert lines == list(raw_lines(path, encoding)), seed
        blocks, _ = read(range_blocks, path, encoding, pieces)
        assert flat(blocks) == flat(read_lines(path, encoding)), seed
        most = max(most, number)
    assert most > 10


def test_a_mark_at_the_beginning_of_a_later_line_is_kept(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufefffirst line\nsecond\n\ufeffthird line\n".encode())
    lines, number = read(range_lines, path)
    assert number > 1
    assert lines == ["first line\n", "second\n", "\ufeffthird line\n"] == list(raw_lines(path))


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (gzip.compress(random.Random(1).randbytes(40).hex().encode() + b"\nend"), "utf-8-sig"),
        ("a line\nand another line, in two bytes each\n".encode("utf-16"), "utf-16"),
        (b"an old\rMacintosh ends lines\rby carriage returns", "utf-8"),
    ],
    ids=["compressed", "utf-16", "carriage returns"],
)
def test_a_file_that_must_be_read_from_its_beginning_has_one_range(tmp_path, content, encoding):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    lines, number = read(range_lines, path, encoding)
    assert (lines, number) == (list(raw_lines(path, encoding)), 1)
    assert len(lines) > 1


@pytest.mark.parametrize("bad", [b"caf\xe9", b"a\0b"], ids=["encoding", "zero byte"])
def test_an_error_in_a_range_names_the_line_of_the_file(tmp_path, bad):
    path = tmp_path / "a.txt"
    path.write_bytes(b"a line of text\n" * 9 + bad + b"\n" + b"a line of text\n" * 9)
    with pytest.raises(InputError) as expected:
        list(raw_lines(path))
    with pytest.raises(InputError) as received:
        read(range_lines, path)
    assert "line 10" in str(expected.value)
    assert str(received.value) == str(expected.value)


def test_an_unknown_encoding_is_refused(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"text")
    with pytest.raises(InputError, match="Unknown encoding 'utf-9'"):
        read(range_lines, tmp_path / "a.txt", "utf-9")
