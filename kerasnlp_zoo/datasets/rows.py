"""The rows of a table: CSV, TSV, JSON lines, JSON arrays and parquet. Every reader of tables uses this one."""

import collections
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from kerasnlp_zoo.datasets.json_values import JSON_SUFFIXES, as_text, json_rows
from kerasnlp_zoo.datasets.opened_files import DAMAGED, content_suffix, is_parquet
from kerasnlp_zoo.datasets.separated_values import found_delimiter, read_delimiter, records, without_end
from kerasnlp_zoo.datasets.text_files import raw_lines
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import FilePath
from kerasnlp_zoo.well_formed import well_formed

TAB_SUFFIXES = (".tsv", ".tab")
TABLE_SUFFIXES = (".csv", *TAB_SUFFIXES, *JSON_SUFFIXES, ".parquet")
BATCH = 1024  # rows of a parquet file that are read at a time: a dictionary can make a small file large
MOST_SHOWN = 500  # characters of the names of columns, in a message
SEPARATOR_LINE = re.compile("sep=(.)")  # the first line of some tables that Excel writes


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        place: file and line, for messages.
        values: the values by column: strings of CSV and TSV, JSON values of the other formats, where None is missing.
    """

    place: str
    values: Mapping[str, Any]

    def value(self, name: str) -> Any:
        """Return the value of a column; "data.text" is the key text inside the object data.

        Raises:
            KeyError: if the row has no such column.
        """
        if name in self.values:
            return self.values[name]
        value: Any = self.values
        for key in name.split("."):
            if not isinstance(value, Mapping):
                raise KeyError(name)
            value = value[key]
        return value

    def has(self, name: str) -> bool:
        """Return whether the row has a column."""
        try:
            self.value(name)
        except KeyError:
            return False
        return True

    def text(self, name: str) -> str:
        """Return the value of a column as a string without spaces at its edges; "" if it is missing.

        Raises:
            InputError: for a list or an object.
        """
        return as_text(self.value(name), f"{self.place}, {name!r}").strip()


def read_rows(path: FilePath, encoding: str, delimiter: str | None, wanted: Mapping[str, str]) -> Iterator[Row]:
    """Yield the rows of a table, one by one.

    Args:
        path: CSV, TSV, JSON lines, a JSON array of objects, or parquet; also compressed. The first line of CSV and TSV
            has the names of the columns.
        encoding: encoding of the file.
        delimiter: the character between two fields of CSV or TSV. None: a tab in .tsv files, a comma in others, or
            another character with which the first line has the wanted columns.
        wanted: {column: the flag that names it}. Every row must have these columns.

    Raises:
        InputError: for a missing file or column, or an invalid row; the message names file and line.
    """
    suffix = content_suffix(path)
    if delimiter is not None:
        delimiter = read_delimiter(delimiter)
    if suffix in JSON_SUFFIXES:
        yield from _checked(itertools.starmap(Row, json_rows(path, encoding)), wanted, "key")
    elif Path(path).is_file() and is_parquet(path):
        yield from _checked(_parquet_rows(path), wanted, "column")
    else:
        yield from rows_of_lines(raw_lines(path, encoding), str(path), suffix, delimiter, wanted)


def rows_of_lines(
    lines: Iterable[str], name: str, suffix: str, delimiter: str | None, wanted: Mapping[str, str]
) -> Iterator[Row]:
    """Yield the rows of CSV or TSV from its lines, with their line ends. For the other arguments see `read_rows`."""
    lines, given, first = iter(lines), delimiter, 1
    header = next(lines, "")
    if separator := SEPARATOR_LINE.fullmatch(without_end(header)):
        given, header, first = given or separator[1], next(lines, ""), 2
    default = "\t" if suffix in TAB_SUFFIXES else ","
    delimiter = given or found_delimiter(header, default, list(wanted))
    table = records(itertools.chain([header] if header else [], lines), delimiter, name, first)
    _, fields = next(table, (first, []))
    names = [field.strip() or str(number) for number, field in enumerate(fields, start=1)]
    _check_header(names, f"{name}, line {first}", wanted)
    for line, fields in table:
        if not fields or (len(names) > 1 and not "".join(fields).strip() and len(fields) == 1):
            continue  # a blank line
        if len(fields) != len(names):
            raise InputError(
                f"{name}, line {line}: {len(fields)} fields, but the header has {len(names)}. Expected "
                f"{delimiter!r} between two fields. "
                + ("A field cannot contain a tab" if delimiter == "\t" else _QUOTING.format(delimiter))
            )
        yield Row(f"{name}, line {line}", dict(zip(names, fields, strict=True)))


_QUOTING = 'Put fields that contain {!r} or line ends in "double quotes", or set --delimiter'


def _check_header(names: list[str], place: str, wanted: Mapping[str, str]) -> None:
    """Raise InputError if a name occurs twice, or a wanted column is missing."""
    twice = sorted(name for name, count in collections.Counter(names).items() if count > 1)
    if twice:
        raise InputError(f"{place}: the column {twice[0]!r} occurs twice. Give each column a name of its own")
    for name, flag in wanted.items():
        if name not in names:
            raise InputError(
                f"{place}: there is no column {name!r}. The columns are: "
                f"{_listed(names) or 'none: the file is empty'}. Name the right one with {flag}, or the character "
                "between two fields with --delimiter"
            )


def _listed(names: Iterable[str]) -> str:
    """Return the first names of columns in one line: a damaged file may have a million."""
    return ", ".join(names)[:MOST_SHOWN]


def _checked(rows: Iterable[Row], wanted: Mapping[str, str], what: str) -> Iterator[Row]:
    """Yield rows of JSON or parquet. Raise InputError if one lacks a wanted column."""
    for row in rows:
        for name, flag in wanted.items():
            if not row.has(name):
                raise InputError(
                    f"{row.place}: there is no {what} {name!r}. The {what}s are: {_listed(row.values)}. Name the "
                    f"right one with {flag}; a.b is the key b inside the object a"
                )
        yield row


def _parquet_rows(path: FilePath) -> Iterator[Row]:
    """Yield the rows of a parquet file."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise InputError(f"{path} is a parquet file. To read it: pip install pyarrow. Or write it as CSV") from error
    try:
        with parquet.ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches(BATCH):
                for values in batch.to_pylist():
                    number += 1
                    yield Row(f"{path}, row {number}", well_formed(values))
    except (pyarrow.ArrowException, *DAMAGED) as error:
        raise InputError(f"{path} cannot be read as parquet: {error}. Write it again") from error
