"""Objects of JSON files: JSON lines, arrays of objects, and the exports of doccano and Label Studio.

Values keep JSON's spelling: 1, 1.0 and true are these strings when they are read as a text or a label. null and NaN are
missing values.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from kerasnlp_zoo.datasets.text_files import raw_lines, read_text
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import FilePath
from kerasnlp_zoo.well_formed import well_formed

JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
NOT_BLANK = re.compile(r"[^\s,]")
SHOWN = 60  # characters of a wrong value in messages


class SpelledNumber(float):
    """A number of a JSON file that is not an integer, with its spelling."""

    spelling: str

    def __new__(cls, spelling: str) -> "SpelledNumber":
        """Return the number."""
        number = super().__new__(cls, spelling)
        number.spelling = spelling
        return number


def as_text(value: Any, place: str) -> str:
    """Return a value as a string, with JSON's spelling; "" for a missing value.

    Args:
        value: a value of a JSON object or of a table.
        place: file, line and column, for messages.

    Raises:
        InputError: for a list, an object or bytes.

    Example:

    >>> as_text(True, "a.jsonl, line 1"), as_text(3, "a.jsonl, line 1"), as_text(None, "a.jsonl, line 1")
    ('true', '3', '')
    """
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, SpelledNumber):
        return value.spelling
    if isinstance(value, (list, tuple, dict, bytes)):
        kind = {dict: "an object", bytes: "bytes"}.get(type(value), "a list")
        raise InputError(f"{place}: expected a string or a number. Received {kind}: {shown(value)}")
    return str(value)


def shown(value: Any) -> str:
    """Return a value as JSON for a message, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


def json_rows(path: FilePath, encoding: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (file and line, object) for every object of a file.

    Args:
        path: JSON lines, which are read one by one, or one JSON array of objects.
        encoding: encoding of the file.

    Raises:
        InputError: if the file cannot be read, or contains anything but objects; the message names file and line.
    """
    lines = (line for line in raw_lines(path, encoding) if line.strip())
    start = next(lines, "").lstrip()
    if start.startswith("["):
        yield from _array_rows(read_text(path, encoding), path)
        return
    for number, line in enumerate(raw_lines(path, encoding), start=1):
        if line.strip():
            yield f"{path}, line {number}", parsed_object(line, f"{path}, line {number}")


def parsed_object(line: str, place: str) -> dict[str, Any]:
    """Return the object of a JSON line.

    Args:
        line: JSON.
        place: file and line, for messages.

    Raises:
        InputError: unless the line is a JSON object.
    """
    try:
        value = DECODER.decode(line.strip())
    except (ValueError, RecursionError) as error:
        _refuse(line, place, error)
    return _object(value, place)


def _array_rows(text: str, path: FilePath) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (file and line, object) for every object of a JSON array."""
    line, before, place = 1, 0, text.index("[") + 1
    while True:
        found = NOT_BLANK.search(text, place)
        place = found.start() if found else len(text)
        line, before = line + text.count("\n", before, place), place
        where = f"{path}, line {line}"
        if text.startswith("]", place):
            if rest := text[place + 1 :].strip():
                raise InputError(f"{where}: expected the end of the file after the array. Received: {rest[:SHOWN]}")
            return
        try:
            value, place = DECODER.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            _refuse(text[place:], where, error)
        yield where, _object(value, where)


def _refuse(text: str, place: str, error: Exception) -> NoReturn:
    reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    raise InputError(
        f"{place}: expected one JSON object per line, or one array of objects. {reason}. Received: "
        f"{text.strip()[:SHOWN]}"
    ) from error


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{place}: expected a JSON object such as {{...}}. Received: {shown(value)}")
    return label_studio_row(well_formed(value), place)


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object. A key that occurs twice would hide a value."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"The key {key!r} occurs twice")
        found[key] = value
    return found


def _constant(name: str) -> SpelledNumber | None:
    return None if name == "NaN" else SpelledNumber(name)


DECODER = json.JSONDecoder(parse_float=SpelledNumber, parse_constant=_constant, object_pairs_hook=_unique)


def label_studio_row(row: dict[str, Any], place: str) -> dict[str, Any]:
    """Return a task of Label Studio's JSON export as a row: its data, and its annotations by the name of their control.

    Spans are {"start", "end", "label"}; choices are a string, or a list of several. The first annotation that was not
    cancelled counts. Other objects are returned unchanged.

    Args:
        row: the object.
        place: file and line, for messages.

    Raises:
        InputError: if the annotations are damaged.

    Example:

    >>> task = {"id": 7, "data": {"text": "Ada slept"}, "annotations": [{"result": [{"from_name": "label",
    ...     "value": {"start": 0, "end": 3, "labels": ["PER"]}}]}]}
    >>> label_studio_row(task, "export.json, line 1")
    {'text': 'Ada slept', 'label': [{'start': 0, 'end': 3, 'label': 'PER'}]}
    """
    data, annotations = row.get("data"), row.get("annotations", row.get("completions"))
    if not isinstance(data, dict) or not isinstance(annotations, list):
        return row
    found: dict[str, Any] = {}
    try:
        results: list[Any] = next((a.get("result", []) for a in annotations if not a.get("was_cancelled")), [])
        for result in results:
            name, value = result.get("from_name"), result.get("value", {})
            if "choices" in value:
                found[name] = value["choices"][0] if len(value["choices"]) == 1 else value["choices"]
            elif "labels" in value:
                spans = [{"start": value["start"], "end": value["end"], "label": label} for label in value["labels"]]
                found[name] = found.get(name, []) + spans
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        raise InputError(
            f"{place}: the annotations are not those of Label Studio's JSON export: {type(error).__name__} {error}. "
            f"Received: {shown(annotations)}. Export the project again as JSON"
        ) from error
    return {**data, **found}
