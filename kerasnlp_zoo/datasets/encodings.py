"""Bytes to text, piece by piece; if the encoding is wrong, the message says which one fits."""

import codecs
from collections.abc import Iterable, Iterator
from typing import Protocol

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.well_formed import well_formed

PIECE = 2**20  # bytes read at a time
BYTE_ORDER_MARK = "\ufeff"
MARKS_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
EXAMPLES = "utf-8-sig, gb18030, cp1252"
MOSTLY = 0.5
REPLACE = "kerasnlp_zoo.replace"  # name of an error handler
FREQUENT = range(0xB0, 0xD8)  # first bytes of the 3,755 most frequent Chinese characters in GB 2312
UTF16 = ("utf-16-le", "utf-16-be")


class Readable(Protocol):
    """A binary file that can seek."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most `size`; b"" at the end."""

    def seek(self, offset: int, /) -> int:
        """Go to a position; return it."""


def decoded(file: Readable, name: str, encoding: str) -> Iterator[str]:
    """Yield the text of a file in pieces. Lone surrogates become U+FFFD; the byte-order mark is dropped.

    Args:
        file: a binary file that can seek.
        name: name of the file, for messages.
        encoding: encoding of the file.

    Raises:
        InputError: if Python has no such encoding, or the file has another one; the message names the byte, its line,
            and an encoding that fits.
    """
    require_encoding(encoding)
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")  # lone surrogates of UTF-8 and UTF-16
    size, lines, is_start = 0, 0, True
    for data in _pieces(file):
        size += len(data)
        try:
            text = well_formed(decoder.decode(data, final=not data))
        except UnicodeDecodeError as error:
            offset = size - len(error.object) + error.start
            line = 1 + lines + error.object.count(b"\n", 0, error.start)
            raise InputError(
                f"{name}, line {line:,}: byte 0x{error.object[error.start]:02x} at offset {offset:,} cannot be read as "
                f"{encoding}. {_advice(file, encoding)}"
            ) from error
        except UnicodeError as error:  # of a codec such as undefined or punycode
            raise InputError(f"{encoding!r} is not an encoding of files. Expected one such as {EXAMPLES}") from error
        if "\0" in text:
            line = 1 + lines + text.count("\n", 0, text.index("\0"))
            raise InputError(
                f"{name} is not a text file: it contains zero bytes, the first in line {line:,}. "
                f"{_advice(file, encoding)}"
            )
        lines += text.count("\n")
        if is_start:
            text = text.removeprefix(BYTE_ORDER_MARK)
            is_start = not text
        yield text


def require_encoding(encoding: str) -> None:
    """Raise InputError unless Python can decode bytes in this encoding to text."""
    try:
        b"x".decode(encoding)
    except UnicodeDecodeError:  # the encoding needs two bytes
        return
    except (LookupError, ValueError) as error:  # hex is not a text encoding; undefined decodes nothing
        raise InputError(f"Unknown encoding {encoding!r}. Expected one such as {EXAMPLES}") from error


def _pieces(file: Readable) -> Iterator[bytes]:
    """Yield the pieces of a file, and b"" at its end."""
    while data := file.read(PIECE):
        yield data
    yield b""


def _advice(file: Readable, encoding: str) -> str:
    """Return advice on the encoding of a file that cannot be read in `encoding`."""
    fitting = next((other for other in _likely_encodings(file) if other.lower() != encoding.lower()), None)
    if fitting is None:
        return "The file is not text, or is damaged"
    return f"The file can be read as {fitting}: try --encoding {fitting}"


def _likely_encodings(file: Readable) -> Iterator[str]:
    """Yield the encodings in which a file is text, the likeliest first."""
    file.seek(0)
    start = file.read(PIECE)
    if start.startswith(MARKS_UTF16):
        if _can_decode(file, "utf-16"):
            yield "utf-16"
        return
    if 0 in start:  # UTF-16 without a mark: its line feeds and ASCII letters contain zero bytes
        likely = max(UTF16, key=lambda encoding: _share_of_frequent(start, encoding))
        if _share_of_frequent(start, likely) > MOSTLY and _can_decode(file, likely):
            yield likely
        return
    if _can_decode(file, "utf-8-sig"):
        yield "utf-8-sig"
    if _is_chinese(start) and _can_decode(file, "gb18030"):
        yield "gb18030"
    yield from (encoding for encoding in ("cp1252", "latin-1") if _can_decode(file, encoding))


def _can_decode(file: Readable, encoding: str) -> bool:
    """Return whether the encoding has all bytes of a file, without zero characters."""
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        return all("\0" not in decoder.decode(data, final=not data) for data in _pieces(file))
    except UnicodeDecodeError:
        return False


def _is_chinese(data: bytes) -> bool:
    """Return whether most characters beyond ASCII are frequent Chinese ones, if the bytes are read as gb18030.

    Western text can be read as gb18030, too: then two accented letters become one rare Chinese character.
    """
    others = [character for character in data.decode("gb18030", "ignore") if not character.isascii()]
    return bool(others) and sum(map(_is_frequent, others)) > MOSTLY * len(others)


def _share_of_frequent(data: bytes, encoding: str) -> float:
    """Return the share of printable ASCII characters and frequent Chinese ones in a text."""
    text = data.decode(encoding, "ignore")
    known = sum(_is_frequent(c) or (c.isascii() and (c.isprintable() or c.isspace())) for c in text)
    return known / max(len(text), 1)


def _is_frequent(character: str) -> bool:
    """Return whether a character is one of the frequent Chinese ones."""
    encoded = character.encode("gb2312", "ignore")
    return len(encoded) == 2 and encoded[0] in FREQUENT


def stream_lines(file: Iterable[bytes], encoding: str) -> Iterator[str]:
    """Yield each line of a stream, such as standard input, as soon as it is written, without its line end.

    A stream cannot be read twice, so bytes that the encoding does not have become U+FFFD.

    Args:
        file: binary lines, such as `sys.stdin.buffer`.
        encoding: encoding of the lines.

    Raises:
        InputError: if Python has no such encoding.

    Example:

    >>> list(stream_lines([b"caf\\xe9\\r\\n", b"th\\xe9"], "latin-1"))
    ['café', 'thé']
    """
    require_encoding(encoding)
    decoder = codecs.getincrementaldecoder(encoding)(REPLACE)
    rest = ""
    for data in file:
        *lines, rest = (rest + decoder.decode(data)).split("\n")
        yield from map(_cleaned, lines)
    if rest := rest + decoder.decode(b"", final=True):
        yield _cleaned(rest)


def _replaced(error: UnicodeError) -> tuple[str | bytes, int]:
    """Decode a lone surrogate as one character, and replace each other invalid byte by U+FFFD."""
    try:
        return codecs.lookup_error("surrogatepass")(error)
    except UnicodeError:
        return codecs.lookup_error("replace")(error)


codecs.register_error(REPLACE, _replaced)


def _cleaned(line: str) -> str:
    return well_formed(line.removeprefix(BYTE_ORDER_MARK).removesuffix("\r"))
