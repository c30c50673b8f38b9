"""Read the user's own sentences and translations: one file with two columns, or two files of lines."""

from pathlib import Path
from typing import TypeAlias

from kerasnlp_zoo.datasets.json_values import JSON_SUFFIXES, as_text
from kerasnlp_zoo.datasets.opened_files import content_suffix, is_parquet
from kerasnlp_zoo.datasets.options import TranslationOptions
from kerasnlp_zoo.datasets.rows import Row, read_rows
from kerasnlp_zoo.datasets.separated_values import DELIMITERS, read_delimiter, records
from kerasnlp_zoo.datasets.text_files import raw_lines
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import no_file

NAMED_COLUMNS = ("text", "text_pair")  # default columns of formats whose columns have names

Pair: TypeAlias = tuple[str, str]  # a source and one translation


def read_translations(path: Path, target_path: Path | None, options: TranslationOptions) -> list[Pair]:
    """Read pairs of sentences.

    Args:
        path: a table with both languages, where a JSON list has several translations; with `target_path`, a file of
            source sentences.
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
            raise InputError(f"{file} {no_file(file)}. Expected a file of sentences")
    if target_path is not None:
        return _two_files(path, target_path, options.encoding)
    names = _names(options)
    if names is None and (content_suffix(path) in JSON_SUFFIXES or is_parquet(path)):
        names = NAMED_COLUMNS
    return _first_two_columns(path, options) if names is None else _named_columns(path, names, options)


def _two_files(path: Path, target_path: Path, encoding: str) -> list[Pair]:
    sources, targets = (_lines(file, encoding) for file in (path, target_path))
    if len(sources) != len(targets):
        raise InputError(
            f"Line n of {target_path} must translate line n of {path}. Received: {len(sources):,} and {len(targets):,} "
            "lines. Look for a line that was split, or is missing at the end"
        )
    return list(zip(sources, targets, strict=True))


def _lines(path: Path, encoding: str) -> list[str]:
    """Return the lines of a file, without blank lines at the end."""
    lines = [line.strip() for line in raw_lines(path, encoding)]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _named_columns(path: Path, names: tuple[str, str], options: TranslationOptions) -> list[Pair]:
    wanted = dict(zip(names, ("--text-column", "--text-pair-column"), strict=True))
    source, target = names
    rows = read_rows(path, options.encoding, options.delimiter, wanted)
    return [(row.text(source), translation) for row in rows for translation in _translations(row, target)]


def _translations(row: Row, name: str) -> list[str]:
    """Return the translations of a row: one, or the strings of a JSON list."""
    value = row.value(name)
    if not isinstance(value, list):
        return [row.text(name)]
    return [as_text(entry, f"{row.place}, {name!r}").strip() for entry in value]


def _first_two_columns(path: Path, options: TranslationOptions) -> list[Pair]:
    """Read a table without a header."""
    delimiter = _delimiter(path, options)
    pairs = []
    for line, fields in records(raw_lines(path, options.encoding), delimiter, str(path)):
        if not "".join(fields).strip():  # a blank line
            continue
        if len(fields) < 2:
            raise InputError(
                f"{path}, line {line}: expected a sentence and its translation, separated by {delimiter!r}. "
                f"Received: {fields[0][:60]!r}. Set --delimiter, or give the translations in a second file "
                "with --target-file"
            )
        pairs.append((fields[0].strip(), fields[1].strip()))
    return pairs


def _delimiter(path: Path, options: TranslationOptions) -> str:
    """Return the delimiter of the flag; otherwise a tab, or in .csv a comma, or another one that the first line has."""
    if options.delimiter is not None:
        return read_delimiter(options.delimiter)
    default = "," if content_suffix(path) == ".csv" else "\t"
    first = next((line for line in raw_lines(path, options.encoding) if line.strip()), "")
    return next((delimiter for delimiter in (default, *DELIMITERS[1:]) if delimiter in first), default)


def _names(options: TranslationOptions) -> tuple[str, str] | None:
    """Return the columns that the flags name; None without --text-pair-column, because one name is not enough."""
    return None if options.text_pair_column is None else (options.text_column, options.text_pair_column)
