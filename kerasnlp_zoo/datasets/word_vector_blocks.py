"""Taking files of word vectors apart, a piece at a time.

Shapes: n words of a piece, D width of a vector.
"""

import re
import zlib
from pathlib import Path

import numpy as np

from kerasnlp_zoo.datasets.text_files import OPENERS
from kerasnlp_zoo.errors import InputError

PIECE = 2**22  # bytes worked on at a time
LONGEST_WORD = 2**16  # bytes
HEADER = re.compile(rb"(?:\xef\xbb\xbf)?(\d{1,12})[ \t]+(\d{1,12})[ \t]*\r?(?:\n|\Z)")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # text has none of them
OTHER_FILES = {  # how they begin
    b"\x80": "is a pickle, such as gensim's .model and .kv: opening one can run anything, so it is not opened. In "
    "gensim, KeyedVectors.load(...).save_word2vec_format('vectors.bin', binary=True) writes a file to give instead",
    b"\xba\x16\x4f\x2f": "is a model in fastText's own format. Give the .vec file that fastText writes beside it",
    b"\x93NUMPY": "is a NumPy array: numbers without their words. Write both with write_vectors(path, tokens, vectors)",
    b"PK\x03\x04": "is a zip archive. Unpack it and give the file inside",
    b"\x1f\x8b": "is packed by gzip. Give it a name that ends with .gz",
}
DAMAGED = "The file is damaged, or is not one of word vectors"


def vector_blocks(path, is_wanted=lambda word: True):
    """Yield the words of a file and their vectors, every word as often as it stands there.

    Memory is bounded by a piece, whatever the first line announces.

    Args:
        path: file of word2vec (text or binary), GloVe or fastText (.vec), recognised by its content;
            .gz and .bz2 too.
        is_wanted: function from a word, as bytes, to bool; the numbers of other words are not looked at. Where
            a word holds a space, it is asked about what stands before the space.

    Yields:
        (list of n bytes, float32 array [n, D]); n may be 0.

    Raises:
        InputError: if the file is not such a file or is damaged, naming the line or the word.
    """
    path = Path(path)
    try:
        with OPENERS.get(path.suffix, open)(path, "rb") as file:
            start = file.read(PIECE)
            _refuse_other_files(path, start)
            header = HEADER.match(start)
            if header is None:
                file.seek(len(BYTE_ORDER_MARK) if start.startswith(BYTE_ORDER_MARK) else 0)
                yield from _text_blocks(path, file, None, None, is_wanted)
                return
            announced, dim = map(int, header.groups())
            if 0 in (announced, dim):
                raise InputError(f"{path} holds no word vectors: it announces {announced} words of {dim} numbers each")
            file.seek(header.end())
            blocks = _binary_blocks if _is_binary(start[header.end() :], dim) else _text_blocks
            yield from blocks(path, file, announced, dim, is_wanted)
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(f"{path} cannot be read to its end: {error}. Copy or download it again") from error


def _refuse_other_files(path, start):
    if not start.strip():
        raise InputError(f"{path} is empty. Expected a word and its numbers on each line, or word2vec's binary file")
    for magic, what in OTHER_FILES.items():
        if start.startswith(magic):
            raise InputError(f"{path} {what}")


def _is_binary(body, dim):
    """Tell numbers in binary from text, by what follows the first word."""
    line = body.partition(b"\n")[0].split()
    if _count_numbers(line) == dim:
        return False
    numbers = body.partition(b" ")[2][: 4 * dim]
    try:
        numbers.decode()
    except UnicodeDecodeError as error:
        if error.end < len(numbers):  # not only cut in the middle of a character
            return True
    return CONTROLS.search(numbers) is not None


def _text_blocks(path, file, announced, dim, is_wanted):
    number, count = (0 if announced is None else 1), 0  # of lines, the header one of them; of words
    expected = "the lines before have" if announced is None else "the first line announces"
    while lines := file.readlines(PIECE):
        rows = [
            (place, line, line.split(None, 1)) for place, line in enumerate(lines, number + 1) if not line.isspace()
        ]
        number, count = number + len(lines), count + len(rows)
        if dim is None and rows:
            dim = _count_numbers(rows[0][1].split())
        rows = [row for row in rows if is_wanted(row[2][0])]
        words, vectors = _parse(rows, dim, f"{path}, line", expected)
        yield words, _require_finite(words, vectors, f"{path}, line", [place for place, *_ in rows])
    if announced is not None and count != announced:
        raise InputError(_wrong_count(path, announced, f"{count:,}", is_short=count < announced))


def _parse(rows, dim, where, expected):
    """Turn rows of (place, line, [word, numbers]) into (list of n bytes, float32 array [n, D])."""
    if rows and all(len(parts) == 2 for *_, parts in rows):
        try:
            numbers = (parts[1].rstrip().decode("latin-1") for *_, parts in rows)
            vectors = np.loadtxt(numbers, "float32", comments=None, ndmin=2)
            if vectors.shape == (len(rows), dim):
                return [parts[0] for *_, parts in rows], vectors
        except ValueError:
            pass  # a word with a space in it, or a broken line: look at each
    pairs = [_parse_line(line, dim, f"{where} {place}", expected) for place, line, _ in rows]
    vectors = np.array([numbers for _, numbers in pairs], "float32")
    return [word for word, _ in pairs], vectors.reshape(len(pairs), dim or 0)


def _parse_line(line, dim, place, expected):
    """Return the word, which may hold spaces, and its numbers, the last D fields."""
    fields = line.split()
    found = _count_numbers(fields)
    odd = _shown(fields[len(fields) - found - 1])  # the last that is no number
    if not dim:
        raise InputError(f"{place}: expected a word and its numbers, found {odd}. {DAMAGED}")
    if found < dim < len(fields):
        raise InputError(f"{place}: expected {dim} numbers after the word {_shown(fields[0])}, found {odd}. {DAMAGED}")
    if found != dim:
        raise InputError(f"{place}: the word {_shown(fields[0])} has {found} numbers, {expected} {dim}. {DAMAGED}")
    word, *numbers = line.rsplit(None, dim)
    return word.strip(), [float(number) for number in numbers]


def _count_numbers(fields):
    """Return how many of the last fields are numbers; the first is the word.

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


def _binary_blocks(path, file, announced, dim, is_wanted):
    data, count = bytearray(), 0
    while count < announced:
        piece = file.read(PIECE)
        data += piece
        words, rows, places, start = [], [], [], 0
        while count < announced:
            space = data.find(b" ", start, start + LONGEST_WORD)
            end = space + 1 + 4 * dim
            if space < 0 or end > len(data):
                break
            count += 1
            word = bytes(data[start:space]).lstrip(b"\n")  # word2vec itself ends each vector with a line break
            if not word or b"\n" in word:
                raise InputError(f"{path}, word {count}: {_shown(word)} cannot be a word. {DAMAGED}")
            if is_wanted(word):
                words.append(word)
                rows.append(data[space + 1 : end])
                places.append(count)
            start = end
        if space < 0 and len(data) - start > LONGEST_WORD:
            raise InputError(f"{path}, word {count + 1}: no space ends it. {DAMAGED}")
        del data[:start]
        vectors = np.frombuffer(b"".join(rows), "<f4").reshape(len(words), dim)
        yield words, _require_finite(words, vectors, f"{path}, word", places)
        if not piece and count < announced:
            raise InputError(_wrong_count(path, announced, f"{count:,}", is_short=True))
    if data.strip() or file.read(PIECE).strip():
        raise InputError(_wrong_count(path, announced, "more", is_short=False))


def _require_finite(words, vectors, where, places):
    broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(broken):
        raise InputError(
            f"{where} {places[broken[0]]}: the vector of {_shown(words[broken[0]])} holds NaN or infinity. "
            "Train or export it again"
        )
    return vectors


def _wrong_count(path, announced, count, is_short):
    cause = "is cut short" if is_short else "is damaged"
    return f"{path} {cause}: its first line announces {announced:,} words, it has {count}. Copy or download it again"


def _shown(word):
    """Return a word of a message, shortened: what is no word may be long."""
    return repr(word[:40].decode("utf-8", "replace"))
