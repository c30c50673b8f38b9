"""Read the user's own sentences and their translations: one file of two columns, or two files of lines."""

import csv
import io
from pathlib import Path

from kerasnlp_zoo.datasets.user_files import JSON_SUFFIXES, json_lines, read_text, require_one_character
from kerasnlp_zoo.errors import InputError

NAMED_COLUMNS = ("text", "text_pair")  # keys of JSON lines, unless the flags name others


def read_translations(path, target_path, options):
    """Read pairs of sentences.

    Args:
        path: Path of a CSV, TSV or JSON-lines file with both sides; or, with `target_path`, of lines of the source.
        target_path: Path of a file with a line for every line of the source; None for one file.
        options: `TranslationOptions`: columns, delimiter, encoding.

    Returns:
        list of (str, str), stripped; either may be empty.

    Raises:
        InputError: for a missing file, a column that is not there, files of different lengths, or a byte that is not
            of the encoding; the message names file and line.
    """
    for file in (path, target_path):
        if file is not None and not Path(file).is_file():
            raise InputError(f"{file} does not exist. Expected a file of sentences")
    if target_path is not None:
        return _two_files(path, target_path, options.encoding)
    if path.suffix.lower() in JSON_SUFFIXES:
        return _json_pairs(path, options)
    return _table(path, options)


def _two_files(path, target_path, encoding):
    sources, targets = (_lines(file, encoding) for file in (path, target_path))
    if len(sources) != len(targets):
        raise InputError(
            f"Line n of {target_path} translates line n of {path}. Received: {len(sources):,} and {len(targets):,} "
            "lines. Look for a line that was split, or lost at the end"
        )
    return list(zip(sources, targets, strict=True))


def _lines(path, encoding):
    lines = [line.strip() for line in read_text(path, encoding).split("\n")]
    return lines[:-1] if lines and not lines[-1] else lines


def _json_pairs(path, options):
    names = [_name(options, place) or NAMED_COLUMNS[place] for place in (0, 1)]
    pairs = []
    for place, row in json_lines(path, options.encoding):
        missing = [name for name in names if name not in row]
        if missing:
            raise InputError(
                f"{place}: there is no key {missing[0]!r}. Its keys are: {', '.join(row)}. Name the right ones with "
                "--text-column and --text-pair-column"
            )
        pairs.append(tuple(str(row[name] or "").strip() for name in names))
    return pairs


def _table(path, options):
    """Read a table: with a header where columns are named, else its first two columns."""
    delimiter = options.delimiter or ("," if path.suffix.lower() == ".csv" else "\t")
    require_one_character(delimiter)
    # In TSV a quotation mark is a quotation mark.
    quoting = csv.QUOTE_MINIMAL if delimiter == "," else csv.QUOTE_NONE
    text = read_text(path, options.encoding)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)
    places = (0, 1)
    if options.text_pair_column is not None:
        header = [name.strip() for name in next(rows, [])]
        places = tuple(_place(path, header, _name(options, place)) for place in (0, 1))
    pairs = []
    for row in rows:
        if not row:  # a blank line
            continue
        if len(row) <= max(places):
            raise InputError(
                f"{path}, line {rows.line_num}: expected a sentence and its translation, separated by {delimiter!r}. "
                f"Received: {delimiter.join(row)[:60]!r}. Set --delimiter, or give the translations as a file of their "
                "own with --target-file"
            )
        pairs.append(tuple(row[place].strip() for place in places))
    return pairs


def _place(path, header, name):
    if name not in header:
        raise InputError(
            f"{path}, line 1: there is no column {name!r}. Its columns are: {', '.join(header) or 'none'}. Name the "
            "right ones with --text-column and --text-pair-column"
        )
    return header.index(name)


def _name(options, place):
    """Return the name the flags give a column; None where they name none, since one alone says nothing."""
    return (options.text_column, options.text_pair_column)[place] if options.text_pair_column is not None else None
