"""Ranges of text files: many workers read a large file together, and find the lines that one reader finds.

A range has the lines that begin in it, except a line at its first byte, which belongs to the range before it. All
pieces end where the pieces of the complete file end, because `blocks_of` splits a long line at the end of a piece.
"""

import codecs
import dataclasses
import itertools
from collections.abc import Iterator
from typing import BinaryIO

from kerasnlp_zoo.datasets import encodings
from kerasnlp_zoo.datasets.opened_files import START, is_compressed, unpacked
from kerasnlp_zoo.datasets.text_files import blocks_of, lines_of
from kerasnlp_zoo.errors import InputError

RANGE = 64  # pieces in a range: 64 MB
LINE_FEED = b"\n"
# Encodings in which the byte of a line feed is never a part of another character; names of `codecs.lookup`.
SPLITTABLE = ("ascii", "big5", "cp1252", "gb18030", "gb2312", "gbk", "iso8859-1", "utf-8", "utf-8-sig")


@dataclasses.dataclass(frozen=True)
class TextRange:
    """A part of a text file.

    Attributes:
        number: position among all ranges of a corpus.
        path: path of the file.
        size: size of the file in bytes.
        start: first byte, a multiple of `encodings.PIECE`.
        end: the byte after the last one, or None for the end of the file.
    """

    number: int
    path: str
    size: int
    start: int = 0
    end: int | None = None


def range_starts(file: BinaryIO, size: int, encoding: str, pieces: int = RANGE) -> list[int]:
    """Return the starts of the ranges of a file; a file that must be read from its beginning has one range.

    These are compressed files, files without line feeds, and files in an encoding with other line feeds.

    Args:
        file: the file.
        size: its size in bytes.
        encoding: its encoding.
        pieces: number of pieces in a range.

    Raises:
        InputError: if Python has no such encoding.
    """
    encodings.require_encoding(encoding)
    length = pieces * encodings.PIECE
    if size <= length or codecs.lookup(encoding).name not in SPLITTABLE:
        return [0]
    first = file.read(encodings.PIECE)
    if is_compressed(first[:START]) or LINE_FEED not in first:
        return [0]
    return list(range(0, size, length))


def range_blocks(file: BinaryIO, part: TextRange, encoding: str) -> Iterator[list[str]]:
    """Yield the lines of a range in blocks, as `read_lines` does for a file.

    Args:
        file: the file that the range is a part of.
        part: the range.
        encoding: encoding of the file.

    Raises:
        InputError: as for `text_pieces`.
    """
    blocks = blocks_of(_text(file, part, encoding))
    if part.start:  # the text begins with the line feed before its first line
        yield next(blocks, [])[1:]
    yield from blocks


def range_lines(file: BinaryIO, part: TextRange, encoding: str) -> Iterator[str]:
    """Yield the lines of a range with their line ends, as `raw_lines` does for a file.

    The arguments and errors are those of `range_blocks`. A line that needs too much memory is an error, too.
    """
    return itertools.islice(lines_of(_text(file, part, encoding), part.path), int(part.start > 0), None)


def _text(file: BinaryIO, part: TextRange, encoding: str) -> Iterator[str]:
    """Yield the text of a range in pieces. It begins with a line feed, except that of the first range of a file."""
    if part.start == 0 and part.end is None:
        with unpacked(file, part.path, part.size) as content:
            yield from encodings.decoded(content, part.path, encoding)
        return
    try:
        yield from encodings.decoded(_Range(file, part.start, part.end), part.path, encoding)
    except InputError:
        file.seek(0)
        for _ in encodings.decoded(file, part.path, encoding):  # raises the error with the line of the file
            pass
        raise


class _Range:
    """The bytes of a range as a file that can only be read, a piece at a time."""

    def __init__(self, file: BinaryIO, start: int, end: int | None) -> None:
        self._pieces = _range_pieces(file, start, end)

    def read(self, size: int) -> bytes:
        """Return the next piece, at most `size` bytes; b"" at the end."""
        return next(self._pieces, b"")

    def seek(self, offset: int) -> int:
        """Do nothing. Advice on the encoding is given for the complete file, not for a range."""
        return offset


def _range_pieces(file: BinaryIO, start: int, end: int | None) -> Iterator[bytes]:
    """Yield the bytes from the first line feed at or after `start`, to and with the first one at or after `end`."""
    file.seek(start)
    is_inside, position = start == 0, start
    while data := file.read(encodings.PIECE):
        is_after, position = end is not None and position >= end, position + len(data)
        place = data.find(LINE_FEED)
        if is_after and (place >= 0 or not is_inside):
            if is_inside:
                yield data[: place + 1]
            return
        if is_inside:
            yield data
        elif place >= 0:
            is_inside = True
            yield data[place:]
