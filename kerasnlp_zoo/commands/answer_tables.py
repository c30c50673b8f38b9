"""Write a table of rows with their answers, one by one: CSV, TSV or JSON lines."""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from kerasnlp_zoo.datasets.json_values import as_text
from kerasnlp_zoo.datasets.rows import Row
from kerasnlp_zoo.datasets.separated_values import read_delimiter
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_file
from kerasnlp_zoo.tasks.answer_columns import answer_columns

TABLES = {".csv": ",", ".tsv": "\t"}  # suffix -> delimiter
JSON_LINES = (".jsonl", ".ndjson")


def require_table(path: Path) -> None:
    """Raise InputError unless the suffix of the path names a format that `write_answers` writes."""
    if path.suffix.lower() not in (*TABLES, *JSON_LINES):
        raise InputError(f"--output is a table: .csv, .tsv or .jsonl. Received: {path}")


def write_answers(path: Path, answered: Iterable[tuple[Row, Mapping[str, Any]]], delimiter: str | None = None) -> int:
    """Write rows with the keys of their answers as further columns; the file appears when it is complete.

    In CSV and TSV, lists and objects, such as spans, are JSON in a cell. A key that the first row has as a column gets
    the prefix "predicted_".

    Args:
        path: file to write; its suffix is the format.
        answered: rows with their answers. All answers have the same keys.
        delimiter: character between two fields of CSV; None for a comma.

    Returns:
        The number of rows.

    Raises:
        InputError: if there is no row, a row has a column that the first row lacks, or a field of TSV contains a tab or
            a line break.
    """
    suffix, delimiter = path.suffix.lower(), None if delimiter is None else read_delimiter(delimiter)
    number = 0
    columns: list[str] = []
    names: dict[str, str] = {}
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        for row, answer in answered:
            number += 1
            if number == 1:
                columns, names = list(row.values), answer_columns(answer, row.values)
                if suffix in TABLES:
                    _write_fields(file, [*columns, *names.values()], suffix, delimiter, row.place)
            answers = {names[key]: value for key, value in answer.items()}
            other = answers.keys() & row.values.keys() if suffix in JSON_LINES else row.values.keys() - set(columns)
            if other:
                raise InputError(
                    f"{row.place}: the first row has no column {min(other)!r}. Expected the columns of the first row: "
                    f"{', '.join(columns)}"
                )
            values = {**row.values, **answers}
            if suffix in JSON_LINES:
                file.write(json.dumps(values, ensure_ascii=False) + "\n")
            else:
                fields = [_cell(values.get(name)) for name in (*columns, *names.values())]
                _write_fields(file, fields, suffix, delimiter, row.place)
        if not number:
            raise InputError(f"There is no text to answer, so {path} was not written. Expected at least one row")
    return number


def _cell(value: Any) -> str:
    """Return the spelling of a value in a field of CSV or TSV."""
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return as_text(value, "")


def _write_fields(file: TextIO, fields: list[str], suffix: str, delimiter: str | None, place: str) -> None:
    delimiter = TABLES[suffix] if suffix == ".tsv" else delimiter or TABLES[suffix]
    if delimiter != "\t":
        csv.writer(file, delimiter=delimiter, lineterminator="\n").writerow(fields)
        return
    for field in fields:
        if any(character in field for character in "\t\r\n"):
            raise InputError(
                f"{place}: a field of TSV cannot contain a tab or a line break. Received: {field!r:.60}. Write the "
                "answers as --output NAME.csv or NAME.jsonl"
            )
    file.write("\t".join(fields) + "\n")
