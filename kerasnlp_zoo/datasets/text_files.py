"""Read plain text files of any size, one piece at a time."""

import bz2
import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import FilePath

PIECE = 2**20  # characters read at a time
OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open}


def text_files(path: FilePath) -> list[Path]:
    """Return the files of a corpus: the file itself, or all .txt, .txt.gz and .txt.bz2 files below a folder, sorted.

    Raises:
        InputError: if the path does not exist, or the folder has no such file.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    files = sorted(f for ending in ("", ".gz", ".bz2") for f in path.rglob(f"*.txt{ending}") if f.is_file())
    if not files:
        what = "contains no .txt, .txt.gz or .txt.bz2 file" if path.is_dir() else "does not exist"
        raise InputError(f"{path} {what}. Expected a text file, or a folder of text files")
    return files


def read_lines(path: FilePath, encoding: str = "utf-8-sig") -> Iterator[list[str]]:
    """Yield the lines of a file in blocks. A line longer than PIECE is split at a space.

    The memory use does not depend on the size of the file or of its longest line.

    Args:
        path: a text file, or one compressed as .gz or .bz2.
        encoding: encoding of the file.

    Raises:
        InputError: if the encoding is wrong, or the file is not text or is damaged.
    """
    path, rest = Path(path), ""
    try:
        with OPENERS.get(path.suffix, open)(path, "rt", encoding=encoding) as file:
            while piece := file.read(PIECE):
                if "\0" in piece:
                    raise InputError(f"{path} is not a text file: it contains zero bytes. Expected text in {encoding}")
                complete, rest = _split(rest + piece)
                yield complete.split("\n")
    except LookupError as error:
        raise InputError(f"Unknown encoding {encoding!r}. Expected one such as utf-8-sig, gb18030, latin-1") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} cannot be read as {encoding}: byte 0x{error.object[error.start]:02x}, {error.reason}. Set "
            "--encoding to the encoding of the file: often gb18030 for older Chinese files, latin-1 for Western ones"
        ) from error
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(f"{path} cannot be read to its end: {error}. Copy or download it again") from error
    yield rest.split("\n")


def _split(text: str) -> tuple[str, str]:
    """Return the complete lines and the rest. A rest longer than PIECE is split after its last space."""
    end = text.rfind("\n")
    if end < 0 and len(text) > PIECE:
        end = text.rfind(" ")
        end = len(text) - 1 if end < 0 else end
    return text[: end + 1], text[end + 1 :]
