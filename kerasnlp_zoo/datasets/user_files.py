"""Read the user's own labelled texts: CSV, TSV, JSON lines, or a folder per class."""

import csv
import dataclasses
import io
import json
from pathlib import Path

from kerasnlp_zoo.errors import InputError

LIKELY_ENCODINGS = ("utf-8-sig", "gb18030", "utf-16", "latin-1")  # latin-1 decodes anything: last
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")

csv.field_size_limit(2**31 - 1)  # a document may stand in one field


@dataclasses.dataclass(frozen=True)
class Example:
    """One labelled text, or pair of texts, and where it stands."""

    text: str | tuple[str, str]
    label: str
    place: str


def read_examples(path, options):
    """Read all labelled texts of a file or folder.

    Args:
        path: `Path` of a CSV, TSV or JSON-lines file, or of a folder with one sub-folder per class.
        options: `DataOptions`: columns, delimiter, encoding.

    Returns:
        list of Example; text and label are stripped and may be empty.

    Raises:
        InputError: for a missing file, a column that is not there, a line that cannot be read or a
            byte that is not of the encoding; the message names file, line, column and byte.
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
        raise InputError(f"{path} holds no examples. Expected at least one text with its label")
    return examples


def columns(options):
    """Return the names of the columns of the text, of the second text of pairs, and of the label, with their flags."""
    names = {
        "--text-column": options.text_column,
        "--text-pair-column": options.text_pair_column,
        "--label-column": options.label_column,
    }
    return {flag: name for flag, name in names.items() if name is not None}


def _example(values, place):
    """Make an example of the stripped values of its columns."""
    *texts, label = (value.strip() for value in values)
    return Example(texts[0] if len(texts) == 1 else tuple(texts), label, place)


def read_text(path, encoding):
    """Decode a whole file.

    Raises:
        InputError: naming the offending byte, its line, and an encoding that does decode the file.
    """
    data = Path(path).read_bytes()
    try:
        return data.decode(encoding)
    except LookupError as error:
        raise InputError(f"Unknown encoding {encoding!r}. Expected utf-8-sig, gb18030, latin-1 or the like") from error
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        fitting = next((e for e in LIKELY_ENCODINGS if e != encoding and _decodes(data, e)), None)
        raise InputError(
            f"{path}, line {line}: byte 0x{data[error.start]:02x} at offset {error.start} is not {encoding}. "
            + (f"The file can be read as {fitting}: try --encoding {fitting}" if fitting else "The file looks broken")
        ) from error


def _decodes(data, encoding):
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _read_table(path, options):
    delimiter = options.delimiter or ("\t" if path.suffix.lower() == ".tsv" else ",")
    require_one_character(delimiter)
    rows = csv.reader(io.StringIO(read_text(path, options.encoding), newline=""), delimiter=delimiter)
    header = [name.strip() for name in next(rows, [])]
    places = [_column(path, header, name, flag) for flag, name in columns(options).items()]
    examples = []
    for row in rows:
        if not row:  # a blank line
            continue
        if len(row) != len(header):
            raise InputError(
                f"{path}, line {rows.line_num}: {len(row)} fields, but the header has {len(header)}. "
                f'Put fields that contain {delimiter!r} or line breaks in "double quotes", or set --delimiter'
            )
        examples.append(_example([row[place] for place in places], f"{path}, line {rows.line_num}"))
    return examples


def require_one_character(delimiter):
    """Raise InputError unless the delimiter is one character."""
    if len(delimiter) != 1:
        raise InputError(f"A delimiter is one character. Received: --delimiter {delimiter!r}")


def _column(path, header, name, flag):
    if name not in header:
        columns = ", ".join(header) or "none: the file is empty"
        raise InputError(
            f"{path}, line 1: there is no column {name!r}. Its columns are: {columns}. Name the right one with {flag}"
        )
    return header.index(name)


def json_lines(path, encoding):
    """Yield (place, dict) for every line of a JSON-lines file that is not blank.

    Raises:
        InputError: for a line that is no JSON object.
    """
    for number, line in enumerate(read_text(path, encoding).split("\n"), start=1):
        place = f"{path}, line {number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{place}: expected one JSON object a line. {error}") from error
        if not isinstance(row, dict):
            raise InputError(f"{place}: expected a JSON object such as {{...}}. Received: {line[:60]}")
        yield place, row


def _read_json_lines(path, options):
    examples = []
    for place, row in json_lines(path, options.encoding):
        values = []
        for flag, name in columns(options).items():
            if name not in row:
                raise InputError(
                    f"{place}: there is no key {name!r}. Its keys are: {', '.join(row)}. Name the right one with {flag}"
                )
            values.append("" if row[name] is None else str(row[name]))
        examples.append(_example(values, place))
    return examples


def _read_folder(path, options):
    if options.text_pair_column is not None:
        raise InputError(f"{path} is a folder per class: its texts are single. Give pairs as CSV, TSV or JSON lines")
    folders = sorted(folder for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    if not folders:
        raise InputError(f"{path} has no sub-folders. Expected one folder per class, each with .txt files")
    return [
        Example(read_text(file, options.encoding).strip(), folder.name, str(file))
        for folder in folders
        for file in sorted(folder.glob("*.txt"))
    ]
