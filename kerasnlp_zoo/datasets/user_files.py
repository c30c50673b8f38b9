"""Read the user's own labelled texts: a table, or a folder per class."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from kerasnlp_zoo.datasets.options import DataOptions
from kerasnlp_zoo.datasets.rows import read_rows
from kerasnlp_zoo.datasets.splits import Text
from kerasnlp_zoo.datasets.text_files import files_below, read_text
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import FilePath


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
        path: a table (CSV, TSV, JSON lines, a JSON array or parquet), or a folder with one sub-folder per class.
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
    examples = _read_folder(path, options) if path.is_dir() else _read_table(path, options)
    if not examples:
        raise InputError(f"{path} contains no examples. Expected at least one text with its label")
    return examples


def columns(options: DataOptions) -> dict[str, str]:
    """Return {column: flag} for the text, for the second text of pairs if there is one, and for the label."""
    flags = {
        options.text_column: "--text-column",
        options.text_pair_column: "--text-pair-column",
        options.label_column: "--label-column",
    }
    return {name: flag for name, flag in flags.items() if name is not None}


def _read_table(path: Path, options: DataOptions) -> list[Example]:
    rows = read_rows(path, options.encoding, options.delimiter, columns(options))
    texts = [name for name in (options.text_column, options.text_pair_column) if name is not None]
    return [_example(map(row.text, (*texts, options.label_column)), row.place) for row in rows]


def _example(values: Iterable[str], place: str) -> Example:
    """Return the example with these values: one text or two, and the label."""
    text, *second, label = values
    return Example((text, second[0]) if second else text, label, place)


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
        for file in files_below(folder)
    ]
