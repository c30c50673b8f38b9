"""`kerasnlp-zoo predict`: the answers of an entry to texts, lines and the rows of tables."""

import itertools
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasnlp_zoo.commands.arguments import Entry, Json, Texts, Windows, load_task
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import no_file
from kerasnlp_zoo.printable import printable

if TYPE_CHECKING:
    from kerasnlp_zoo.datasets.rows import Row
    from kerasnlp_zoo.tasks import Task

NUMBERS = "feature_classification"  # its lines are rows of a table without header


def predict(
    entry: Entry,
    texts: Texts = (),
    file: Path | None = None,
    text_column: str | None = None,
    text_pair_column: str | None = None,
    output: Path | None = None,
    encoding: str = "utf-8-sig",
    delimiter: str | None = None,
    json_: Json = False,
    windows: Windows = False,
) -> None:
    """Print the answers of an entry to texts: the arguments, the lines of a file or of standard input, or a table.

    An entry for pairs of texts, such as a question and a passage, takes two arguments for each pair, lines with a tab
    between the two texts, or two columns of a table. An entry for rows of numbers takes a table with its columns, or
    lines such as 6.5,1 without a header.

    Args:
        texts: The texts.
        file: Read the texts from this file, one per line, or from a table: CSV, TSV, JSON lines or parquet.
        text_column: The column or JSON key with the texts, if the file is a table.
        text_pair_column: The column or JSON key with the second texts of pairs.
        output: Write the rows with their answers, as further columns, into this .csv, .tsv or .jsonl file.
        encoding: Encoding of the file, or of standard input.
        delimiter: Character between two fields of CSV. Default: a comma, or found in the first line.
        json_: Print one JSON object per line.
    """
    _check_flags(texts, file, text_column, text_pair_column, output, delimiter, json_)
    task = load_task(entry, windows)
    names = [name for name in (text_column, text_pair_column) if name is not None]
    if names and task.name == NUMBERS:
        raise InputError(f"{entry} reads numbers and finds its columns by their names. Leave out --text-column")
    if names and len(names) != len(task.preprocessor.inputs):
        expected = "--text-column and --text-pair-column" if len(names) == 1 else "--text-column alone"
        raise InputError(f"{entry} takes {len(task.preprocessor.inputs)} text(s) in each row. Expected {expected}")
    is_table = bool(names)
    if file is not None and not names and _is_table(file, encoding, delimiter, task):
        is_table, names = True, list(task.preprocessor.vocabulary.tokens)
    names = names or list(task.preprocessor.inputs)

    def rows() -> Iterator["Row"]:
        if file is None or not is_table:
            return _rows_of_lines(task, texts, file, encoding)
        from kerasnlp_zoo.datasets.rows import read_rows

        flags: Iterable[str] = ("--text-column", "--text-pair-column")
        if task.name == NUMBERS:
            flags = [f"the entry's names in the header ({', '.join(names)})"] * len(names)
        return read_rows(file, encoding, delimiter, dict(zip(names, flags, strict=False)))

    is_typed = file is None and not texts and sys.stdin.isatty()
    ask = _numbers if is_table and task.name == NUMBERS else _texts
    answered = _answered(task, rows(), names, ask, is_typed)
    if file is not None and sys.stderr.isatty() and (output is not None or not sys.stdout.isatty()):
        from tqdm import tqdm  # imported late: only this branch draws

        answered = iter(tqdm(answered, total=sum(1 for _ in rows()), unit=" rows"))
    if output is None:
        for row, answer in answered:
            _print(task, row, names, answer, json_, flush=is_typed)
        return
    from kerasnlp_zoo.commands.answer_tables import write_answers

    number = write_answers(output, ((row, task.complete(answer)) for row, answer in answered), delimiter)
    print(f"{output}: {number:,} rows with their answers", file=sys.stderr)


def _check_flags(
    texts: tuple[str, ...],
    file: Path | None,
    text_column: str | None,
    text_pair_column: str | None,
    output: Path | None,
    delimiter: str | None,
    json_: bool,
) -> None:
    """Raise InputError for flags that contradict each other."""
    if texts and file:
        raise InputError("Give texts as arguments or in --file, not both")
    if text_pair_column is not None and text_column is None:
        raise InputError("--text-pair-column names the second texts. Name the first ones with --text-column")
    if file is None and (text_column is not None or delimiter is not None):
        raise InputError("--text-column and --delimiter are about a table. Name the table with --file")
    if output is not None:
        from kerasnlp_zoo.commands.answer_tables import require_table

        require_table(output)
        if json_:
            raise InputError("The suffix of --output is its format. Leave out --json, or use --output NAME.jsonl")


def _is_table(file: Path, encoding: str, delimiter: str | None, task: "Task") -> bool:
    """Return whether an entry for numbers reads a table with a header, not lines of numbers.

    Raises:
        InputError: if the file is a table and the entry reads texts: its header is not a text.
    """
    from kerasnlp_zoo.datasets.opened_files import content_suffix
    from kerasnlp_zoo.datasets.rows import TABLE_SUFFIXES, read_rows
    from kerasnlp_zoo.text.preprocessors.features import finite_number

    if not file.is_file() or content_suffix(file) not in TABLE_SUFFIXES:
        return False
    if task.name == NUMBERS:
        first_line = next(_lines(file, encoding), "")
        return any(finite_number(field) is None for field in first_line.split(","))
    first = next(read_rows(file, encoding, delimiter, {}), None)
    columns = f" Its columns are: {', '.join(first.values)}." if first is not None else ""
    raise InputError(
        f"{file} is a table.{columns} Name the column with the texts: --text-column. Or, if each line is a text, "
        f"read the lines from standard input: < {file}"
    )


def _rows_of_lines(task: "Task", texts: tuple[str, ...], file: Path | None, encoding: str) -> Iterator["Row"]:
    """Yield rows with the inputs of the task from arguments or lines."""
    from kerasnlp_zoo.datasets.rows import Row
    from kerasnlp_zoo.tasks.iterables import pair_of_line

    inputs = task.preprocessor.inputs
    lines: Iterable[str] = texts if texts else _lines(file, encoding)
    if len(inputs) == 1:
        rows: Iterable[tuple[str, ...]] = zip(lines, strict=True)
    else:
        rows = _pairs(texts) if texts else map(pair_of_line, lines)
    for number, values in enumerate(rows, start=1):
        yield Row(f"line {number}", dict(zip(inputs, values, strict=True)))


def _answered(
    task: "Task",
    rows: Iterator["Row"],
    names: list[str],
    ask: Callable[["Row", list[str]], Any],
    is_typed: bool,
) -> Iterator[tuple["Row", Any]]:
    """Yield the rows with their answers; what is typed into a terminal is answered line by line."""
    from kerasnlp_zoo.tasks.many_texts import CHUNK

    asked, answered = itertools.tee(rows)
    texts = (ask(row, names) for row in asked)
    return zip(answered, task.stream(texts, chunk_size=1 if is_typed else CHUNK), strict=True)


def _texts(row: "Row", names: list[str]) -> Any:
    """Return the text of a row, or its pair of texts, unchanged, because answers contain positions in it."""
    from kerasnlp_zoo.datasets.json_values import as_text

    texts = tuple(as_text(row.value(name), f"{row.place}, {name!r}") for name in names)
    return texts if len(texts) > 1 else texts[0]


def _numbers(row: "Row", names: list[str]) -> list[float]:
    """Return the numbers of a row."""
    from kerasnlp_zoo.text.preprocessors.features import required_number

    return [required_number(row.value(name), f"{row.place}, column {name!r}") for name in names]


def _print(task: "Task", row: "Row", names: list[str], answer: Any, as_json: bool, flush: bool) -> None:
    if as_json:
        print(json.dumps(answer, ensure_ascii=False), flush=flush)
    else:
        texts = _texts(row, names)
        written = texts if isinstance(texts, str) else "\t".join(texts)
        # The labels are of the entry, which may come from a stranger; the text is the user's own.
        print(f"{printable(task.readable(answer))}\t{' '.join(written.splitlines())}", flush=flush)


def _pairs(texts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Return the arguments as pairs: the first two, the next two, and so on."""
    if len(texts) % 2:
        raise InputError(f"This entry takes pairs of texts. Expected two arguments for each. Received: {len(texts)}")
    return zip(texts[::2], texts[1::2], strict=True)


def _lines(file: Path | None, encoding: str) -> Iterator[str]:
    """Yield the lines of a file, or each line of standard input as soon as it is written."""
    from kerasnlp_zoo.datasets.encodings import stream_lines
    from kerasnlp_zoo.datasets.text_files import raw_lines

    if file is None:
        yield from stream_lines(sys.stdin.buffer, encoding)
    elif file.is_file():
        yield from (line.rstrip("\r\n") for line in raw_lines(file, encoding))
    else:
        raise InputError(
            f"{file} {no_file(file)}. Expected a text file with one text per line. Texts of another program are read "
            "from standard input: PROGRAM | kerasnlp-zoo predict ENTRY"
        )
