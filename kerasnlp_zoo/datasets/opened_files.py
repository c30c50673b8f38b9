"""Open the user's files: compressed ones are decompressed, and files of other programs are named for what they are."""

import bz2
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import no_file
from kerasnlp_zoo.memory_limit import memory_limit, require_memory
from kerasnlp_zoo.types import FilePath

# What damaged archives raise, and zip archives compressed in an unknown way.
DAMAGED = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError)
START = 512  # bytes that identify a file
BUFFER = 2**18  # bytes that are decompressed at a time
ZIP = b"PK\x03\x04"
PARQUET = b"PAR1"
COMPRESSED: dict[bytes, Callable[..., Any]] = {  # pattern of the first bytes -> function that opens the file
    rb"\x1f\x8b": gzip.open,
    rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)": bz2.open,
    rb"\xfd7zXZ\x00": lzma.open,
}
COMPRESSED_SUFFIXES = (".gz", ".bz2", ".xz", ".zip")
MOST_COMPRESSED = 200  # bytes of text for each compressed byte; ordinary text has 2 to 20
AS_CSV = "Save the sheet as CSV in UTF-8 and give that file"
AS_TEXT = "Save it as plain text in UTF-8 and give that file"
UNPACK = "Unpack it and give the file inside"
NO_TEXT = "Give the text in a text file"
OTHER_FILES = {  # first bytes -> (what the file is, what to do)
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("an old Excel or Word file (.xls, .doc)", "Save it as CSV or text in UTF-8"),
    b"%PDF-": ("a PDF", "Copy its text into a text file"),
    b"{\\rtf": ("a rich text file (.rtf)", AS_TEXT),
    PARQUET: ("a parquet file", "Give it where a table is read, or write it as CSV"),
    b"ARROW1": ("an Arrow or Feather file", "Write it as parquet or CSV"),
    b"SQLite format 3\x00": ("an SQLite database", "Write the rows of a query as CSV"),
    b"\x89HDF\r\n\x1a\n": ("an HDF5 file", "Write its texts as CSV or JSON lines"),
    b"\x93NUMPY": ("a NumPy array", "Write its texts as CSV or JSON lines; word vectors with write_vectors"),
    b"\x80\x02": (
        "a pickle",
        "It was not opened, because a pickle can run any code. Write texts as CSV, and "
        "word vectors of gensim with KeyedVectors.load(...).save_word2vec_format('vectors.bin', binary=True)",
    ),
    b"\xba\x16\x4f\x2f": ("a model in fastText's own format", "Give the .vec file that fastText writes next to it"),
    b"\x89PNG\r\n": ("a PNG image", NO_TEXT),
    b"\xff\xd8\xff": ("a JPEG image", NO_TEXT),
    b"GIF87a": ("a GIF image", NO_TEXT),
    b"GIF89a": ("a GIF image", NO_TEXT),
    b"II*\x00": ("a TIFF image", NO_TEXT),
    b"MM\x00*": ("a TIFF image", NO_TEXT),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", UNPACK),
    b"Rar!\x1a\x07": ("a RAR archive", UNPACK),
    b"\x28\xb5\x2f\xfd": ("compressed by zstd", UNPACK),
    b"version https://git-lfs": ("a pointer of Git LFS, not the file itself", "Download the file with `git lfs pull`"),
}
OTHER_FILES |= {bytes([0x80, protocol]): OTHER_FILES[b"\x80\x02"] for protocol in (3, 4, 5)}
OFFICE = {  # a name inside a zip archive -> what the archive is
    "xl/workbook.xml": ("an Excel file (.xlsx)", AS_CSV),
    "xl/workbook.bin": ("an Excel file (.xlsb)", AS_CSV),
    "word/document.xml": ("a Word file (.docx)", AS_TEXT),
    "ppt/presentation.xml": ("a PowerPoint file (.pptx)", AS_TEXT),
    "mimetype": ("an OpenDocument file (.ods, .odt) or an e-book", "Save it as CSV or text in UTF-8"),
}


@contextmanager
def open_bytes(path: FilePath) -> Iterator[BinaryIO]:
    """Open a file for reading, as a context manager. The content decides how it is decompressed, not the name.

    Args:
        path: a file, or one compressed as .gz, .bz2, .xz, or as .zip of one file.

    Raises:
        InputError: if the file is missing or damaged, or is of another program, such as an Excel file; while it is
            read, if its content is much larger than the file and than the memory that a reader may use.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path} {no_file(path)}. Expected a file")
    with _undamaged(path), path.open("rb") as file, unpacked(file, path, path.stat().st_size) as content:
        yield content


@contextmanager
def unpacked(file: BinaryIO, path: FilePath, size: int) -> Iterator[BinaryIO]:
    """Yield the content of an open file as `open_bytes` does, as a context manager.

    Args:
        file: a binary file that can seek, at its start.
        path: its path, for messages.
        size: its size in bytes.

    Raises:
        InputError: as for `open_bytes`.
    """
    with _undamaged(path):
        start = file.read(START)
        file.seek(0)
        with _decompressed(path, file, start, size) as content:
            start = content.read(START)
            require_no_other_file(path, start)
            content.seek(0)
            yield content


@contextmanager
def _undamaged(path: FilePath) -> Iterator[None]:
    """Raise InputError instead of the errors that a damaged archive causes in the block."""
    try:
        yield
    except (*DAMAGED, UnicodeDecodeError) as error:  # of the name of a file in a zip archive
        raise InputError(f"{path} cannot be read to its end: {error}. Copy or download it again") from error


def is_compressed(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is an archive that `open_bytes` decompresses.

    Example:

    >>> is_compressed(gzip.compress(b"text")), is_compressed(b"text")
    (True, False)
    """
    return start.startswith(ZIP) or any(re.match(pattern, start) for pattern in COMPRESSED)


def _decompressed(path: FilePath, file: BinaryIO, start: bytes, size: int) -> Any:
    if start.startswith(ZIP):
        archive = zipfile.ZipFile(file)
        member = _only_member(path, archive)
        if member.flag_bits & 1:
            raise InputError(f"{path} is encrypted with a password. {UNPACK}")
        return _measured(path, archive.open(member), size)
    opener = next((opener for pattern, opener in COMPRESSED.items() if re.match(pattern, start)), None)
    return file if opener is None else _measured(path, opener(file, "rb"), size)


def _measured(path: FilePath, content: IO[bytes], size: int) -> BinaryIO:
    return io.BufferedReader(_Measured(path, content, size), BUFFER)


class _Measured(io.RawIOBase):
    """The content of a compressed file. It is measured while it is unpacked, because headers may lie."""

    def __init__(self, path: FilePath, content: IO[bytes], size: int) -> None:
        self.path, self.content = path, content
        self.largest = max(memory_limit(), MOST_COMPRESSED * size)

    def readinto(self, buffer: Any) -> int:
        """Read bytes into a buffer; return their number."""
        data = self.content.read(len(buffer))
        buffer[: len(data)] = data
        if self.content.tell() > self.largest:
            require_memory(self.content.tell(), f"{self.path}: its unpacked content")
        return len(data)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def close(self) -> None:
        """Close the content."""
        self.content.close()
        super().close()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position; return it."""
        return self.content.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self.content.tell()


def _only_member(path: FilePath, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Return the file in an archive.

    Raises:
        InputError: unless the archive contains one file. Files that macOS adds are not counted.
    """
    members = [m for m in archive.infolist() if not m.filename.endswith(("/", ".DS_Store"))]
    members = [m for m in members if "__MACOSX/" not in m.filename]
    names = [member.filename for member in members]
    for name, (what, advice) in OFFICE.items():
        if name in names:
            raise InputError(f"{path} is {what}. {advice}")
    if len(members) != 1:
        raise InputError(
            f"{path} is a zip archive of {len(members)} files: {', '.join(names)[:200] or 'none'}. Expected one file. "
            "Unpack it and give the files inside"
        )
    return members[0]


def require_no_other_file(path: FilePath, start: bytes) -> None:
    """Raise InputError if a file begins like a file of another program.

    Args:
        path: the file, for messages.
        start: its first 512 bytes.
    """
    if start[257:262] == b"ustar":
        raise InputError(f"{path} is a tar archive. {UNPACK}")
    for magic, (what, advice) in OTHER_FILES.items():
        if start.startswith(magic):
            raise InputError(f"{path} is {what}. {advice}")


def is_parquet(path: FilePath) -> bool:
    """Return whether a file is a parquet file, judged by its first bytes."""
    with Path(path).open("rb") as file:
        return file.read(len(PARQUET)) == PARQUET


def content_stem(path: FilePath) -> str:
    """Return the name of a file without its suffix; of a compressed file, without both suffixes.

    Example:

    >>> content_stem("reviews.2024.csv"), content_stem("reviews.tsv.gz")
    ('reviews.2024', 'reviews')
    """
    path = Path(path)
    return Path(path.stem).stem if path.suffix.lower() in COMPRESSED_SUFFIXES else path.stem


def content_suffix(path: FilePath) -> str:
    """Return the suffix of a file in lower case; of a compressed file, the suffix of the file inside.

    Example:

    >>> content_suffix("Reviews.CSV"), content_suffix("reviews.tsv.gz")
    ('.csv', '.tsv')
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".zip" and path.is_file() and zipfile.is_zipfile(path):
        with _undamaged(path), zipfile.ZipFile(path) as archive:
            return Path(_only_member(path, archive).filename).suffix.lower()
    return Path(path.stem).suffix.lower() if suffix in COMPRESSED_SUFFIXES else suffix
