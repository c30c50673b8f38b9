"""Parse CSV and TSV strictly: every error names its line.

In CSV, quotation marks around a field make delimiters and line ends a part of it; a quotation mark inside is doubled
(RFC 4180). In TSV, where tabs separate the fields, a quotation mark is a character like any other.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.memory_limit import CHARACTER, require_memory

QUOTE = '"'
STRING = 8  # characters that take the memory of an empty string
SHOWN = 40  # characters in a message
DELIMITERS = (",", ";", "\t", "|")


class Record(NamedTuple):
    """The fields of a row, and the number of its first line. A blank line has no fields."""

    line: int
    fields: list[str]


def records(lines: Iterable[str], delimiter: str, name: str, first: int = 1) -> Iterator[Record]:
    r"""Yield the rows of a table, including its header.

    Args:
        lines: the lines of the file with their line ends.
        delimiter: the character between two fields.
        name: name of the file, for messages.
        first: number of the first line.

    Raises:
        InputError: if a quotation mark is not closed, or a field continues after its closing quotation mark.

    Example:

    >>> [fields for _, fields in records(['a,"b, ""c"" d"\n', "e,f"], ",", "a.csv")]
    [['a', 'b, "c" d'], ['e', 'f']]
    """
    numbered = enumerate(lines, first)
    for number, line in numbered:
        if delimiter != "\t" and QUOTE in line:
            yield Record(number, _quoted_fields(number, line, numbered, delimiter, name))
        else:
            line = without_end(line)
            yield Record(number, line.split(delimiter) if line else [])


def without_end(line: str) -> str:
    """Return a line without its line end."""
    return line[:-2] if line.endswith("\r\n") else line[:-1] if line.endswith(("\n", "\r")) else line


def _quoted_fields(
    number: int, line: str, following: Iterator[tuple[int, str]], delimiter: str, name: str
) -> list[str]:
    """Return the fields of a row, some of them in quotation marks. A field may continue in the following lines."""
    fields, place = [], 0
    while True:
        if line.startswith(QUOTE, place):
            opened = number
            parts: list[str] = []
            size = 0
            place += 1
            while True:
                end = line.find(QUOTE, place)
                if end < 0:
                    parts.append(line[place:])
                    size += len(line) + STRING
                    require_memory(CHARACTER * size, f"{name}: the field that begins in line {opened}")
                    number, line = next(following, (0, ""))
                    if not number:
                        raise InputError(
                            f"{name}, line {opened}: the quotation mark that begins the field "
                            f"{''.join(parts)[:SHOWN]!r} is not closed. Close it, or write it twice inside quotation "
                            "marks if it is a character"
                        )
                    place = 0
                    continue
                parts.append(line[place:end])
                place = end + 1
                if not line.startswith(QUOTE, place):
                    break
                parts.append(QUOTE)  # it is doubled
                place += 1
            rest = without_end(line[place : place + SHOWN])  # a line may have a million fields
            if rest and not rest.startswith(delimiter):
                raise InputError(
                    f"{name}, line {number}: {rest!r} follows the quotation mark that closes the field "
                    f"{''.join(parts)[:SHOWN]!r}, which begins in line {opened}. Expected {delimiter!r} or the end of "
                    "the line. A quotation mark inside a field in quotation marks must be doubled"
                )
            fields.append("".join(parts))
            if not rest:
                return fields
        else:
            end = line.find(delimiter, place)
            if end < 0:
                return [*fields, without_end(line[place:])]
            fields.append(line[place:end])
            place = end
        place += 1


def read_delimiter(delimiter: str) -> str:
    r"""Return the character that --delimiter names.

    Raises:
        InputError: unless it is one character that can separate fields.

    Example:

    >>> read_delimiter(";"), read_delimiter("\\t")
    (';', '\t')
    """
    character = "\t" if delimiter == "\\t" else delimiter
    if len(character) != 1 or character in '"\r\n':
        raise InputError(
            f"--delimiter must be one character, such as ';' or '\\t' for a tab. Received: --delimiter {delimiter!r}"
        )
    return character


def found_delimiter(header: str, default: str, wanted: Sequence[str]) -> str:
    """Return the delimiter with which the first line of a table has all wanted columns, otherwise the default.

    Example:

    >>> found_delimiter("text;label", ",", ["label"])
    ';'
    """
    for delimiter in (default, *DELIMITERS):
        try:
            ((_, names),) = records([header], delimiter, "")
        except (InputError, ValueError):  # a quoted name continues in the next line
            continue
        if {name.strip() for name in names}.issuperset(wanted):
            return delimiter
    return default
