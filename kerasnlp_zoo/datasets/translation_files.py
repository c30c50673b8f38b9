"""Read the user's own sentences and translations: one file with two columns, or two files of lines."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from kerasnlp_zoo.datasets.options import TranslationOptions
from kerasnlp_zoo.datasets.user_files import JSON_SUFFIXES, json_lines, read_text, require_one_character
from kerasnlp_zoo.errors import InputError

NAMED_COLUMNS = ("text", "text_pair")  # default keys of JSON lines

Pair: TypeAlias = tuple[str, str]  # a source and one translation


def read_translations(path: Path, target_path: Path | None, options: TranslationOptions) -> list[Pair]:
    """Read pairs of sentences.

    Args:
        path: a CSV, TSV or JSON-lines file with both languages; with `target_path`, a file of source sentences.
        target_path: a file whose line n translates line n of `path`; None if `path` has both languages.
        options: flags of the data: columns, delimiter, encoding.

    Returns:
        (source, translation) of each row; the sentences are stripped and may be empty.

    Raises:
        InputError: for a missing file, a missing column, two files of different lengths, or a byte that the encoding
            does not have; the message names file and line.
    """
    for file in (path, target_path):
        if file is not None and not Path(file).is_file():
            raise InputError(f"{file} does not exist. Expected a file of sentences")
    if target_path is not None:
        return _two_files(path, target_path, options.encoding)
    if path.suffix.lower() in JSON_SUFFIXES:
        return _json_pairs(path, options)
    return _table(path, options)


def _two_files(path: Path, target_path: Path, encoding: str) -> list[Pair]:
    sources, targets = (_lines(file, encoding) for file in (path, target_path))
    if len(sources) != len(targets):
        raise InputError(
            f"Line n of {target_path} must translate line n of {path}. Received: {len(sources):,} and {len(targets):,} "
            "lines. Look for a line that was split, or is missing at the end"
        )
    return list(zip(sources, targets, strict=True))


def _lines(path: Path, encoding: str) -> list[str]:
    lines = [line.strip() for line in read_text(path, encoding).split("\n")]
    return lines[:-1] if lines and not lines[-1] else lines


def _json_pairs(path: Path, options: TranslationOptions) -> list[Pair]:
    source, target = _names(options) or NAMED_COLUMNS
    pairs = []
    for place, row in json_lines(path, options.encoding):
        missing = [name for name in (source, target) if name not in row]
        if missing:
            raise InputError(
                f"{place}: there is no key {missing[0]!r}. The keys are: {', '.join(row)}. Name the right ones with "
                "--text-column and --text-pair-column"
            )
        pairs.append((str(row[source] or "").strip(), str(row[target] or "").strip()))
    return pairs


def _table(path: Path, options: TranslationOptions) -> list[Pair]:
    """Read the named columns of a table with a header; without names, the first two columns of one without."""
    delimiter = options.delimiter or ("," if path.suffix.lower() == ".csv" else "\t")
    require_one_character(delimiter)
    lines = io.StringIO(read_text(path, options.encoding), newline="")
    # In TSV, a quotation mark is part of the text.
    rows = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if delimiter == "," else csv.QUOTE_NONE)
    source, target = 0, 1
    if names := _names(options):
        header = [name.strip() for name in next(rows, [])]
        source, target = (_column(path, header, name) for name in names)
    pairs = []
    for row in rows:
        if not row:  # a blank line
            continue
        if len(row) <= max(source, target):
            raise InputError(
                f"{path}, line {rows.line_num}: expected a sentence and its translation, separated by {delimiter!r}. "
                f"Received: {delimiter.join(row)[:60]!r}. Set --delimiter, or give the translations in a second file "
                "with --target-file"
            )
        pairs.append((row[source].strip(), row[target].strip()))
    return pairs


def _column(path: Path, header: Sequence[str], name: str) -> int:
    """Return the index of a column."""
    if name not in header:
        raise InputError(
            f"{path}, line 1: there is no column {name!r}. The columns are: {', '.join(header) or 'none'}. Name the "
            "right ones with --text-column and --text-pair-column"
        )
    return header.index(name)


def _names(options: TranslationOptions) -> tuple[str, str] | None:
    """Return the columns that the flags name; None without --text-pair-column, because one name is not enough."""
    return None if options.text_pair_column is None else (options.text_column, options.text_pair_column)
