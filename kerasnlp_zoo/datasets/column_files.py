"""Read column files: a token and its tag on each line, and a blank line between texts; also CoNLL-U."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from kerasnlp_zoo.datasets.encodings import BYTE_ORDER_MARK
from kerasnlp_zoo.datasets.notes import Notes, readable_items
from kerasnlp_zoo.datasets.opened_files import content_suffix
from kerasnlp_zoo.datasets.options import TokenClassificationOptions
from kerasnlp_zoo.datasets.separated_values import read_delimiter
from kerasnlp_zoo.datasets.text_files import raw_lines
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tag_schemes import is_tag
from kerasnlp_zoo.text.trees import BLANKS

COMMENT = "#"
DOCUMENT_START = "-DOCSTART-"
CONLLU_WIDTH = 10
CONLLU_ID = re.compile(r"[1-9]\d*(?:-\d+)?|\d+\.\d+")
NO_WORD = re.compile(r"\d+-\d+|\d+\.\d+")  # ids of the ranges and of the empty nodes of CoNLL-U
CONLLU_COLUMNS = (2, 4)  # the word and its part of speech
NO_VALUE = "_"  # of CoNLL-U
NO_TAG = ""


class TaggedLines(NamedTuple):
    """The tokens of a text, and the tag, file and line of each token. The tag of a token without a label is ""."""

    tokens: list[str]
    tags: list[str]
    places: list[str]


class Line(NamedTuple):
    """The fields of a line, and its file and number."""

    fields: list[str]
    place: str


class Layout(NamedTuple):
    """How the lines of a file are split into fields.

    Attributes:
        delimiter: character between two fields; None for any number of spaces.
        width: number of fields of each line.
        is_conllu: whether the file is CoNLL-U.
    """

    delimiter: str | None
    width: int
    is_conllu: bool

    def fields(self, line: str) -> list[str]:
        """Return the fields of a line, without the empty one after a delimiter at its end."""
        line = line.rstrip("\r\n")
        fields = [field for field in line.split(" ") if field] if self.delimiter is None else line.split(self.delimiter)
        return fields[:-1] if len(fields) == self.width + 1 and not fields[-1].strip() else fields


def column_texts(path: Path, options: TokenClassificationOptions, notes: Notes) -> Iterator[TaggedLines]:
    """Yield the tokens and tags of every text of a column file.

    Args:
        path: the file. It is CoNLL-U if its name ends with .conllu, or its lines have ten fields that begin with the
            number of the word: then comments, ranges (1-2) and empty nodes (3.1) are skipped.
        options: flags of the data: columns, delimiter, encoding, skip_bad.
        notes: counts the texts that are skipped, and the comments.

    Raises:
        InputError: for a line with too few or too many fields, or without a token or a tag.
    """
    lines = list(raw_lines(path, options.encoding))
    layout = _layout(path, lines, options)
    default = TokenClassificationOptions.columns
    columns = CONLLU_COLUMNS if layout.is_conllu and options.columns == default else options.columns
    texts = list(_texts(path, lines, layout))
    if not layout.is_conllu:
        texts = _without_comments(texts, layout, columns, notes)
    attempts: Iterable[Callable[[], TaggedLines]]
    attempts = (partial(_tagged, text, layout, columns) for text in texts if text)
    yield from (text for text in readable_items(attempts, options.skip_bad, notes) if text.tokens)


def _layout(path: Path, lines: Iterable[str], options: TokenClassificationOptions) -> Layout:
    """Return the layout of a file, judged by its first line that is neither blank nor a comment."""
    first = next((line for line in lines if line.strip(BLANKS) and not line.startswith((COMMENT, DOCUMENT_START))), "")
    delimiter = "\t" if "\t" in first else None
    if options.delimiter is not None:
        delimiter = read_delimiter(options.delimiter)
    fields = Layout(delimiter, 0, False).fields(first)
    width = len(fields) - (len(fields) > 2 and not fields[-1].strip())
    has_ids = delimiter == "\t" and width == CONLLU_WIDTH and bool(CONLLU_ID.fullmatch(fields[0]))
    return Layout(delimiter, width, has_ids or content_suffix(path) == ".conllu")


def _texts(path: Path, lines: Iterable[str], layout: Layout) -> Iterator[list[Line]]:
    """Yield the lines of every text, without blank lines and headings of documents."""
    text: list[Line] = []
    for number, line in enumerate(lines, start=1):
        line = line.removeprefix(BYTE_ORDER_MARK)  # of a file that was appended to another one
        if not line.strip(BLANKS) or line.startswith(DOCUMENT_START):
            yield text
            text = []
        elif not (layout.is_conllu and line.startswith(COMMENT)):
            text.append(Line(layout.fields(line), f"{path}, line {number}"))
    yield text


def _without_comments(
    texts: Sequence[list[Line]], layout: Layout, columns: Sequence[int], notes: Notes
) -> list[list[Line]]:
    """Return the texts without comments.

    A line that begins with "#" is a token if it has as many fields as the other lines, and stands after a token, or has
    a tag that other lines have or that follows a scheme.
    """
    tags = {
        _field(line, columns[1])
        for text in texts
        for line in text
        if len(line.fields) == layout.width and not line.fields[0].startswith(COMMENT)
    }

    def kept(text: list[Line]) -> Iterator[Line]:
        follows_token = False
        for line in text:
            tag = _field(line, columns[1])
            is_token = len(line.fields) == layout.width and (follows_token or tag in tags or is_tag(tag))
            if is_token or not line.fields[0].startswith(COMMENT):
                follows_token = True
                yield line
            else:
                notes.add("lines that begin with # were read as comments", line.place)

    return [list(kept(text)) for text in texts]


def _field(line: Line, column: int) -> str:
    """Return the field of a column, counted from 1 or from the end; "" if the line has no such column."""
    index = column - 1 if column > 0 else column
    return line.fields[index].strip() if -len(line.fields) <= index < len(line.fields) else ""


def _tagged(text: Sequence[Line], layout: Layout, columns: Sequence[int]) -> TaggedLines:
    """Return the tokens and tags of a text."""
    tagged = TaggedLines([], [], [])
    for line in text:
        if layout.is_conllu and NO_WORD.fullmatch(line.fields[0]):
            continue
        token, tag = _token_and_tag(line, layout.width, columns)
        tagged.tokens.append(token)
        tagged.tags.append(NO_TAG if layout.is_conllu and tag == NO_VALUE else tag)
        tagged.places.append(line.place)
    return tagged


def _token_and_tag(line: Line, width: int, columns: Sequence[int]) -> tuple[str, str]:
    if len(line.fields) != width:
        raise InputError(
            f"{line.place}: {len(line.fields)} fields, but the line of the first token has {width}. Expected a token "
            "and its tag on each line, and a blank line between texts. If tabs or spaces do not separate the fields, "
            "set --delimiter. To skip texts that cannot be read, use --skip-bad"
        )
    for column in columns:
        if column == 0 or abs(column) > width:
            raise InputError(
                f"{line.place}: the line has {width} columns, and no column {column}. Set --columns to the columns of "
                "the token and of its tag, counted from 1, or from the end as -1, -2"
            )
    token, tag = (line.fields[column - 1 if column > 0 else column] for column in columns)
    if not token or not tag.strip():
        raise InputError(f"{line.place}: the token or its tag is missing. Expected both, such as: Ada B-PER")
    return token, tag.strip()
