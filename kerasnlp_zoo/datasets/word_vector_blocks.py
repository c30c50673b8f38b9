"""Parse files of word vectors, one piece at a time.

Shapes: n words of a piece, D width of a vector.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np

from kerasnlp_zoo.datasets.opened_files import open_bytes
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.memory_limit import require_memory
from kerasnlp_zoo.types import FilePath

Block: TypeAlias = tuple[list[bytes], np.ndarray]  # n words, float32 array [n, D]
Row: TypeAlias = tuple[int, bytes, list[bytes]]  # number of the line, the line, [word, numbers]
IsWanted: TypeAlias = Callable[[bytes], bool]

PIECE = 2**22  # bytes read at a time
LONGEST_WORD = 2**16  # bytes
LONGEST_LINE = 2**23  # bytes: enough for 100,000 numbers
HEADER = re.compile(rb"(?:\xef\xbb\xbf)?(\d{1,12})[ \t]+(\d{1,12})[ \t]*\r?(?:\n|\Z)")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # bytes that text does not contain
DAMAGED = "The file is damaged, or is not a file of word vectors"


def vector_blocks(path: FilePath, is_wanted: IsWanted = lambda word: True) -> Iterator[Block]:
    """Yield the words of a file and their vectors, including repeated words.

    The memory use depends on the size of a piece, not on the number of words that the first line announces.

    Args:
        path: file of word2vec (text or binary), GloVe or fastText (.vec), recognized by its content; may be compressed.
        is_wanted: function that returns whether a word is wanted; other words are skipped. If a word contains a
            space, the function gets the part before the space.

    Yields:
        n words as bytes, and their vectors, float32 array [n, D]; n may be 0.

    Raises:
        InputError: if the file has another format or is damaged; the message names the line or the word.
    """
    path = Path(path)
    with open_bytes(path) as file:
        start = file.read(PIECE)
        if not start.strip():
            raise InputError(
                f"{path} is empty. Expected a word and its numbers on each line, or word2vec's binary file"
            )
        header = HEADER.match(start)
        if header is None:
            file.seek(len(BYTE_ORDER_MARK) if start.startswith(BYTE_ORDER_MARK) else 0)
            yield from _text_blocks(path, file, None, None, is_wanted)
            return
        announced, dim = map(int, header.groups())
        if 0 in (announced, dim):
            raise InputError(
                f"{path} contains no word vectors: its first line announces {announced} words of {dim} numbers "
                "each. Expected at least one word and one number"
            )
        file.seek(header.end())
        blocks = _binary_blocks if _is_binary(start[header.end() :], dim) else _text_blocks
        yield from blocks(path, file, announced, dim, is_wanted)


def _is_binary(body: bytes, dim: int) -> bool:
    """Return whether the numbers are binary, judged by the bytes after the first word."""
    found = _count_numbers(body.partition(b"\n")[0].split())
    if found == dim:
        return False
    numbers = body.partition(b" ")[2][: 4 * dim]
    try:
        numbers.decode()
    except UnicodeDecodeError as error:
        if error.end < len(numbers):  # otherwise the slice ends in the middle of a character
            return True
    # Few numbers can be the codes of letters by chance. In a damaged text, a part of the line are numbers.
    return CONTROLS.search(numbers) is not None or (not found and len(numbers) == 4 * dim)


def _text_blocks(
    path: Path, file: BinaryIO, announced: int | None, dim: int | None, is_wanted: IsWanted
) -> Iterator[Block]:
    """Yield the blocks of a text file."""
    number, count = (0 if announced is None else 1), 0  # lines, including the header; words
    expected = "the lines before have" if announced is None else "the first line announces"
    while lines := _read_lines(file):
        rows = [
            (place, line, line.split(None, 1)) for place, line in enumerate(lines, number + 1) if not line.isspace()
        ]
        longest = max(range(len(lines)), key=lambda index: len(lines[index]))
        if len(lines[longest]) > LONGEST_LINE:
            raise InputError(
                f"{path}, line {number + longest + 1}: the line is longer than {LONGEST_LINE:,} bytes. {DAMAGED}"
            )
        number, count = number + len(lines), count + len(rows)
        if dim is None and rows:
            dim = _count_numbers(rows[0][1].split())
        rows = [row for row in rows if is_wanted(row[2][0])]
        words, vectors = _parse(rows, dim, f"{path}, line", expected, announced is not None)
        yield words, _require_finite(words, vectors, f"{path}, line", [place for place, *_ in rows])
    if announced is not None and count != announced:
        raise InputError(_wrong_count(path, announced, f"{count:,}", is_short=count < announced))


def _read_lines(file: BinaryIO) -> list[bytes]:
    """Return the next lines, together about PIECE bytes. A line longer than LONGEST_LINE is truncated."""
    lines, size = [], 0
    while size < PIECE and (line := file.readline(LONGEST_LINE + 1)):
        lines.append(line)
        size += len(line)
    return lines


def _parse(rows: Sequence[Row], dim: int | None, where: str, expected: str, is_announced: bool) -> Block:
    """Return the words and vectors of rows; `where` and `expected` are for messages."""
    if rows and all(len(parts) == 2 for *_, parts in rows):
        try:
            numbers = (parts[1].rstrip().decode("latin-1") for *_, parts in rows)
            vectors = np.loadtxt(numbers, "float32", comments=None, ndmin=2)
            if vectors.shape == (len(rows), dim):
                return [parts[0] for *_, parts in rows], vectors
        except ValueError:
            pass  # a word contains a space, or a line is invalid: parse each line
    pairs = [_parse_line(line, dim, f"{where} {place}", expected, is_announced) for place, line, _ in rows]
    vectors = np.array([numbers for _, numbers in pairs], "float32")
    return [word for word, _ in pairs], vectors.reshape(len(pairs), dim or 0)


def _parse_line(
    line: bytes, dim: int | None, place: str, expected: str, is_announced: bool
) -> tuple[bytes, list[float]]:
    """Return the word, which may contain spaces, and its numbers, the last D fields.

    If the first line announces D, a word may end with numbers (Route 66), or be empty or a space.
    """
    if is_announced and dim:
        parts = line.rsplit(None, dim)
        is_empty = len(parts) == dim and line[:1].isspace()
        if _count_numbers([b"", *parts[-dim:]]) == dim and (is_empty or len(parts) > dim):
            return b"" if is_empty else parts[0].strip(), [float(number) for number in parts[-dim:]]
    fields = line.split()
    found = _count_numbers(fields)
    odd = _shown(fields[len(fields) - found - 1])  # the last field that is not a number
    if not dim:
        raise InputError(f"{place}: expected a word and its numbers. Received: {odd}. {DAMAGED}")
    if found < dim < len(fields):
        raise InputError(
            f"{place}: expected {dim} numbers after the word {_shown(fields[0])}. Received: {odd}. {DAMAGED}"
        )
    if found != dim:
        raise InputError(f"{place}: the word {_shown(fields[0])} has {found} numbers, {expected} {dim}. {DAMAGED}")
    word, *numbers = line.rsplit(None, dim)
    return word.strip(), [float(number) for number in numbers]


def _count_numbers(fields: Sequence[bytes]) -> int:
    """Return how many fields at the end are numbers; the first field is always the word.

    Example:

    >>> _count_numbers([b"3", b"x", b"1", b"-2e-3"])
    2
    """
    for count, field in enumerate(reversed(fields[1:])):
        try:
            float(field)
        except ValueError:
            return count
    return len(fields[1:])


def _binary_blocks(path: Path, file: BinaryIO, announced: int, dim: int, is_wanted: IsWanted) -> Iterator[Block]:
    """Yield the blocks of a binary file."""
    data, count = bytearray(), 0
    while count < announced:
        piece = file.read(PIECE)
        data += piece
        words: list[bytes] = []
        rows: list[bytearray] = []
        places: list[int] = []
        start = 0
        while count < announced:
            space = data.find(b" ", start, start + LONGEST_WORD)
            end = space + 1 + 4 * dim
            if space < 0 or end > len(data):
                break
            count += 1
            word = bytes(data[start:space]).lstrip(b"\n")  # word2vec writes a line break after each vector
            if b"\n" in word:
                raise InputError(f"{path}, word {count}: {_shown(word)} is not a word. {DAMAGED}")
            if is_wanted(word):
                words.append(word)
                rows.append(data[space + 1 : end])
                places.append(count)
            start = end
        if space < 0 and len(data) - start > LONGEST_WORD:
            raise InputError(f"{path}, word {count + 1}: there is no space after the word. {DAMAGED}")
        del data[:start]
        require_memory(len(data), path)  # of one word: its number of numbers may be a lie
        vectors = np.frombuffer(b"".join(rows), "<f4").reshape(len(words), dim)
        yield words, _require_finite(words, vectors, f"{path}, word", places)
        if not piece and count < announced:
            raise InputError(_wrong_count(path, announced, f"{count:,}", is_short=True))
    if data.strip() or file.read(PIECE).strip():
        raise InputError(_wrong_count(path, announced, "more", is_short=False))


def _require_finite(words: Sequence[bytes], vectors: np.ndarray, where: str, places: Sequence[int]) -> np.ndarray:
    """Return the vectors. Raise InputError if one is not finite."""
    broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(broken):
        raise InputError(
            f"{where} {places[broken[0]]}: the vector of {_shown(words[broken[0]])} contains NaN or infinity. "
            "Train or export it again"
        )
    return vectors


def _wrong_count(path: Path, announced: int, count: str, is_short: bool) -> str:
    cause = "is incomplete" if is_short else "is damaged"
    return (
        f"{path} {cause}: its first line announces {announced:,} words, but it has {count}. Copy or download it again"
    )


def _shown(word: bytes) -> str:
    """Return a word for a message, shortened: a damaged file may have a very long word."""
    return repr(word[:40].decode("utf-8", "replace"))
