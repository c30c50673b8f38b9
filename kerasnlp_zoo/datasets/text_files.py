"""Plain text files of any size, read a piece at a time."""

import bz2
import gzip
import zlib
from pathlib import Path

from kerasnlp_zoo.errors import InputError

PIECE = 2**20  # characters read at a time
OPENERS = {".gz": gzip.open, ".bz2": bz2.open}


def text_files(path):
    """Return the files of a corpus: the file itself, or all .txt, .txt.gz and .txt.bz2 in a folder and below.

    Args:
        path: file or folder.

    Returns:
        list of Path, sorted.

    Raises:
        InputError: if there is no such file, or none in the folder.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    files = sorted(f for ending in ("", ".gz", ".bz2") for f in path.rglob(f"*.txt{ending}") if f.is_file())
    if not files:
        what = "holds no .txt, .txt.gz or .txt.bz2 file" if path.is_dir() else "does not exist"
        raise InputError(f"{path} {what}. Expected a text file, or a folder of text files")
    return files


def read_lines(path, encoding="utf-8-sig"):
    """Yield lists of lines that together are the file; a line longer than a piece is cut at a space.

    Memory is bounded by the piece, whatever the file and its longest line.

    Args:
        path: Path of a text file, .gz and .bz2 too.
        encoding: its encoding.

    Yields:
        list of str.

    Raises:
        InputError: for a byte that is not of the encoding, a file that is no text, or a damaged archive.
    """
    rest = ""
    try:
        with OPENERS.get(path.suffix, open)(path, "rt", encoding=encoding) as file:
            while piece := file.read(PIECE):
                if "\0" in piece:
                    raise InputError(f"{path} is no text file: it holds zero bytes. Expected text in {encoding}")
                whole, rest = _cut(rest + piece)
                yield whole.split("\n")
    except LookupError as error:
        raise InputError(f"Unknown encoding {encoding!r}. Expected utf-8-sig, gb18030, latin-1 or the like") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} cannot be read as {encoding}: byte 0x{error.object[error.start]:02x}, {error.reason}. Expected "
            "text; say which --encoding it has: older Chinese files are often gb18030, Western ones latin-1"
        ) from error
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(f"{path} cannot be read to its end: {error}. Copy or download it again") from error
    yield rest.split("\n")


def _cut(text):
    """Return what can be handed on and what must wait for its end: the last line, or the last word of a long one."""
    place = text.rfind("\n")
    if place < 0 and len(text) > PIECE:
        place = text.rfind(" ")
        place = len(text) - 1 if place < 0 else place
    return text[: place + 1], text[place + 1 :]
