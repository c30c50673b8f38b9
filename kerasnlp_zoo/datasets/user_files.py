"""Read the user's own labelled texts: CSV, TSV, JSON lines, or a folder per class."""

import csv
import dataclasses
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from kerasnlp_zoo.datasets.options import DataOptions
from kerasnlp_zoo.datasets.splits import Text
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import FilePath

LIKELY_ENCODINGS = ("utf-8-sig", "gb18030", "utf-16", "latin-1")  # latin-1 decodes any file: it must be last
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")

csv.field_size_limit(2**31 - 1)  # one field may contain a complete document


@dataclasses.dataclass(frozen=True)
class Example:
    """A labelled text, or pair of texts.

    Attributes:
        place: file and line, for messages.
    """

    text: Text
    label: str
    place: str


def read_examples(path: FilePath, options: DataOptions) -> list[Example]:
    """Read all labelled texts of a file or folder.

    Args:
        path: a CSV, TSV or JSON-lines file, or a folder with one sub-folder per class.
        options: flags of the data: columns, delimiter, encoding.

    Returns:
        The examples; texts and labels are stripped and may be empty.

    Raises:
        InputError: for a missing file, a missing column, an invalid line, or a byte that the encoding does not
            have; the message names file, line, column and byte.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path} does not exist. Expected a CSV, TSV or JSON-lines file, or a folder per class")
    if path.is_dir():
        examples = _read_folder(path, options)
    elif path.suffix.lower() in JSON_SUFFIXES:
        examples = _read_json_lines(path, options)
    else:
        examples = _read_table(path, options)
    if not examples:
        raise InputError(f"{path} contains no examples. Expected at least one text with its label")
    return examples


def columns(options: DataOptions) -> dict[str, str]:
    """Return {flag: column} for the text, for the second text of pairs if there is one, and for the label."""
    names = {
        "--text-column": options.text_column,
        "--text-pair-column": options.text_pair_column,
        "--label-column": options.label_column,
    }
    return {flag: name for flag, name in names.items() if name is not None}


def _example(values: Iterable[str], place: str) -> Example:
    """Return the example with these values: one text or two, and the label."""
    text, *second, label = (value.strip() for value in values)
    return Example((text, second[0]) if second else text, label, place)


def read_text(path: FilePath, encoding: str) -> str:
    """Return the decoded content of a file.

    Raises:
        InputError: if the encoding is wrong; the message names the byte, its line, and a possible encoding.
    """
    data = Path(path).read_bytes()
    try:
        return data.decode(encoding)
    except LookupError as error:
        raise InputError(f"Unknown encoding {encoding!r}. Expected one such as utf-8-sig, gb18030, latin-1") from error
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        fitting = next((e for e in LIKELY_ENCODINGS if e != encoding and _decodes(data, e)), None)
        raise InputError(
            f"{path}, line {line}: byte 0x{data[error.start]:02x} at offset {error.start} is not valid {encoding}. "
            + (f"The file can be read as {fitting}: try --encoding {fitting}" if fitting else "The file may be damaged")
        ) from error


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _read_table(path: Path, options: DataOptions) -> list[Example]:
    header, rows = read_table(path, options)
    indices = [column_index(path, header, name, flag) for flag, name in columns(options).items()]
    return [_example([row[index] for index in indices], place) for place, row in rows]


def read_table(path: Path, options: DataOptions) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Read a CSV or TSV file.

    Args:
        path: the file; its first line has the names of the columns.
        options: flags of the data: delimiter, encoding.

    Returns:
        (names of the columns, rows), each row with its file and line and its fields.

    Raises:
        InputError: for a row with another number of fields than the header; the message names file and line.
    """
    delimiter = options.delimiter or ("\t" if path.suffix.lower() == ".tsv" else ",")
    require_one_character(delimiter)
    rows = csv.reader(io.StringIO(read_text(path, options.encoding), newline=""), delimiter=delimiter)
    header = [name.strip() for name in next(rows, [])]
    found = []
    for row in rows:
        if not row:  # a blank line
            continue
        if len(row) != len(header):
            raise InputError(
                f"{path}, line {rows.line_num}: {len(row)} fields, but the header has {len(header)}. "
                f'Put fields that contain {delimiter!r} or line breaks in "double quotes", or set --delimiter'
            )
        found.append((f"{path}, line {rows.line_num}", row))
    return header, found


def require_one_character(delimiter: str) -> None:
    """Raise InputError unless the delimiter is one character."""
    if len(delimiter) != 1:
        raise InputError(f"--delimiter must be one character. Received: --delimiter {delimiter!r}")


def column_index(path: Path, header: list[str], name: str, flag: str) -> int:
    """Return the index of a column.

    Raises:
        InputError: if the table has no such column; `flag` is the flag that names it.
    """
    if name not in header:
        columns = ", ".join(header) or "none: the file is empty"
        raise InputError(
            f"{path}, line 1: there is no column {name!r}. The columns are: {columns}. Name the right one with {flag}"
        )
    return header.index(name)


def json_lines(path: FilePath, encoding: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (file and line, object) for every line of a JSON-lines file that is not blank.

    Raises:
        InputError: if a line is not a JSON object.
    """
    for number, line in enumerate(read_text(path, encoding).split("\n"), start=1):
        place = f"{path}, line {number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{place}: expected one JSON object per line. {error}") from error
        if not isinstance(row, dict):
            raise InputError(f"{place}: expected a JSON object such as {{...}}. Received: {line[:60]}")
        yield place, row


def _read_json_lines(path: Path, options: DataOptions) -> list[Example]:
    examples = []
    for place, row in json_lines(path, options.encoding):
        values = []
        for flag, name in columns(options).items():
            if name not in row:
                raise InputError(
                    f"{place}: there is no key {name!r}. The keys are: {', '.join(row)}. Name the right one with {flag}"
                )
            values.append("" if row[name] is None else str(row[name]))
        examples.append(_example(values, place))
    return examples


def _read_folder(path: Path, options: DataOptions) -> list[Example]:
    if options.text_pair_column is not None:
        raise InputError(
            f"A folder per class cannot contain pairs of texts. Received: {path} with --text-pair-column "
            f"{options.text_pair_column}. Give pairs as CSV, TSV or JSON lines"
        )
    folders = sorted(folder for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    if not folders:
        raise InputError(f"{path} has no sub-folders. Expected one sub-folder per class, each with .txt files")
    return [
        Example(read_text(file, options.encoding).strip(), folder.name, str(file))
        for folder in folders
        for file in sorted(folder.glob("*.txt"))
    ]
