"""Read text files of any size. Every reader of the user's files begins here.

A line ends with a line feed, perhaps after a carriage return. In a file without line feeds, as old Macintosh programs
write it, carriage returns end the lines.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from kerasnlp_zoo.datasets import encodings
from kerasnlp_zoo.datasets.opened_files import COMPRESSED_SUFFIXES, open_bytes
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import no_file
from kerasnlp_zoo.memory_limit import CHARACTER, require_memory
from kerasnlp_zoo.types import FilePath

ENDINGS = tuple(f".txt{ending}" for ending in ("", *COMPRESSED_SUFFIXES))


def text_files(path: FilePath) -> list[Path]:
    """Return the files of a corpus: the file itself, or all text files below a folder, sorted, also compressed ones.

    Raises:
        InputError: if the path does not exist, or the folder has no .txt file.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    files = files_below(path)
    if not files:
        what = "contains no .txt file, compressed or not" if path.is_dir() else no_file(path)
        raise InputError(f"{path} {what}. Expected a text file, or a folder of text files")
    return files


def files_below(folder: Path) -> list[Path]:
    """Return the .txt files in a folder and in its sub-folders, sorted; also .TXT, and compressed ones."""
    found = (path for path in folder.rglob("*") if path.name.lower().endswith(ENDINGS) and path.is_file())
    return sorted(path for path in found if not path.name.startswith("."))


def text_pieces(path: FilePath, encoding: str = "utf-8-sig") -> Iterator[str]:
    """Yield the text of a file in pieces of about a million characters.

    Args:
        path: a text file, which may be compressed as .gz, .bz2, .xz, or as .zip of one file.
        encoding: encoding of the text.

    Raises:
        InputError: if the file is missing, damaged or not text, or has another encoding.
    """
    with open_bytes(path) as file:
        yield from encodings.decoded(file, str(path), encoding)


def read_text(path: FilePath, encoding: str = "utf-8-sig") -> str:
    """Return the text of a file. The errors are those of `text_pieces`, and for a text that needs too much memory."""
    pieces, size = [], 0
    for piece in text_pieces(path, encoding):
        size += len(piece)
        require_memory(CHARACTER * size, path)
        pieces.append(piece)
    return "".join(pieces)


def raw_lines(path: FilePath, encoding: str = "utf-8-sig") -> Iterator[str]:
    """Yield the lines of a file with their line ends. The errors are those of `read_text`.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.txt")
    ...     _ = path.write_bytes(b"one\\rline\\r\\nanother")
    ...     list(raw_lines(path))
    ['one\\rline\\r\\n', 'another']
    """
    yield from lines_of(text_pieces(path, encoding), path)


def lines_of(pieces: Iterable[str], path: FilePath) -> Iterator[str]:
    """Yield the lines of a text that comes in pieces, with their line ends.

    Args:
        pieces: the text.
        path: the file that contains it, for messages.

    Raises:
        InputError: for a line that needs too much memory.
    """
    rest: list[str] = []  # the beginning of a line
    size, end = 0, ""  # number of characters of `rest`; what ends a line
    for text in pieces:
        end = end or _line_end(text)
        *lines, last = text.split(end) if end else [text]
        if lines:
            yield "".join([*rest, lines[0], end])
            yield from (line + end for line in lines[1:])
            rest, size = [], 0
        rest.append(last)
        size += len(last)
        require_memory(CHARACTER * size, f"{path}: a line")
    if line := "".join(rest):
        yield line


def _line_end(text: str) -> str:
    """Return what ends the lines of a file that begins with this text; "" for an empty text."""
    if not text:
        return ""
    return "\r" if "\r" in text[:-1] and "\n" not in text else "\n"


def read_lines(path: FilePath, encoding: str = "utf-8-sig") -> Iterator[list[str]]:
    """Yield the lines of a file in blocks. A line longer than a piece is split at a space.

    The memory use does not depend on the size of the file or of its longest line. The arguments and errors are those of
    `text_pieces`.
    """
    yield from blocks_of(text_pieces(path, encoding))


def blocks_of(pieces: Iterable[str]) -> Iterator[list[str]]:
    """Yield the lines of a text that comes in pieces, in blocks. A line longer than a piece is split at a space."""
    rest = end = ""
    for piece in pieces:
        end = end or _line_end(piece)
        complete, rest = _split(rest + piece, end)
        if complete:
            yield [line.removesuffix("\r") for line in complete.removesuffix(end).split(end)]
    if rest:
        yield [rest.removesuffix("\r")]


def _split(text: str, end: str) -> tuple[str, str]:
    """Return the complete lines and the rest. A rest longer than a piece is split after its last space."""
    place = text.rfind(end) if end else -1
    if place < 0 and len(text) > encodings.PIECE:
        place = text.rfind(" ")
        place = len(text) - 1 if place < 0 else place
    return text[: place + 1], text[place + 1 :]
