"""Read the user's own texts with labelled spans: column files of any scheme, or JSON lines."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kerasnlp_zoo.datasets.json_values import JSON_SUFFIXES, json_rows
from kerasnlp_zoo.datasets.opened_files import content_suffix
from kerasnlp_zoo.datasets.options import TokenClassificationOptions
from kerasnlp_zoo.datasets.separated_values import read_delimiter
from kerasnlp_zoo.datasets.text_files import raw_lines
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tag_schemes import (
    LETTERS,
    OUTSIDE,
    Scheme,
    Span,
    is_tag,
    num_repaired,
    parse_tag,
    scheme_of,
    spans_of,
)
from kerasnlp_zoo.text.tagged_text import TaggedText, join_tokens
from kerasnlp_zoo.types import FilePath

DOCUMENT_START = "-DOCSTART-"
TRIED = 10_000  # number of texts that are used to recognize the scheme and the language
SHOWN_TAGS = 12
MOST = 0.5  # a text is Chinese if a larger share of its tokens has Chinese characters
CHINESE = re.compile("[\u3400-\u9fff]")
ADVICE = 'Expected {"start": 0, "end": 3, "label": "PER"} or [0, 3, "PER"], counted in characters, the end exclusive'


class PlacedText(NamedTuple):
    """A text with its spans.

    Attributes:
        place: file and line, for messages.
    """

    example: TaggedText
    place: str


class TaggedLines(NamedTuple):
    """The tokens of a text, and the tag, file and line of each token."""

    tokens: list[str]
    tags: list[str]
    places: list[str]


def read_tagged(path: FilePath, options: TokenClassificationOptions) -> tuple[list[PlacedText], int]:
    """Read all texts of a file with their spans.

    Args:
        path: a column file, with a token, its tag and perhaps other columns on each line, and a blank line between
            texts; or JSON lines: {"text": ..., "spans": [{"start", "end", "label"} or [start, end, label]]}.
        options: flags of the data: columns or keys, scheme, encoding, language.

    Returns:
        The texts, and the number of repaired tags.

    Raises:
        InputError: if the file cannot be read; the message names file and line.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"{path} is not a file. Expected a column file, with a token and its tag per line, or JSON lines"
        )
    if content_suffix(path) in JSON_SUFFIXES:
        examples, repaired = [_json_text(place, row, options) for place, row in json_rows(path, options.encoding)], 0
    else:
        examples, repaired = spans_from_tags(path, list(_column_texts(path, options)), options)
    if not examples:
        raise InputError(f"{path} contains no texts. Expected at least one")
    return examples, repaired


def _json_text(place: str, row: dict[str, Any], options: TokenClassificationOptions) -> PlacedText:
    for name, flag in ((options.text_column, "--text-column"), (options.label_column, "--label-column")):
        if name not in row:
            raise InputError(
                f"{place}: there is no key {name!r}. The keys are: {', '.join(row)}. Name the right one with {flag}"
            )
    text, marked = row[options.text_column], row[options.label_column]
    if not isinstance(text, str) or not isinstance(marked, list):
        raise InputError(f"{place}: expected a text and a list of spans. Received: {text!r:.60} and {marked!r:.60}")
    spans = sorted(_span(place, text, mark) for mark in marked)
    for before, span in zip(spans, spans[1:], strict=False):
        if span.start < before.end:
            raise InputError(
                f"{place}: two spans overlap, but each token has only one tag: {_quote(text, before)} and "
                f"{_quote(text, span)}. Keep one of them"
            )
    return PlacedText(TaggedText(text, tuple(spans)), place)


def _span(place: str, text: str, mark: Any) -> Span:
    """Validate and return one span of a JSON line."""
    try:
        start, end, label = (mark[key] for key in Span._fields) if isinstance(mark, dict) else mark
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{place}: {mark!r:.80} is not a span. {ADVICE}") from None
    if type(start) is not int or type(end) is not int or not isinstance(label, str) or not label.strip():
        raise InputError(f"{place}: {mark!r:.80} is not a span. {ADVICE}")
    if not 0 <= start < end <= len(text):
        raise InputError(f"{place}: the span {mark!r:.80} is not within its text of {len(text)} characters. {ADVICE}")
    return Span(start, end, label.strip())


def _quote(text: str, span: Span) -> str:
    return f"{span.label} {text[span.start : span.end]!r:.40} at {span.start} to {span.end}"


def spans_from_tags(
    source: FilePath, texts: Sequence[TaggedLines], options: TokenClassificationOptions
) -> tuple[list[PlacedText], int]:
    """Convert tags of tokens to spans of characters.

    Args:
        source: path or name of the data, for messages.
        texts: tokens and tags.
        options: flags of the data: scheme and language.

    Returns:
        The texts with their spans, and the number of repaired tags.

    Raises:
        InputError: if a tag is not part of the scheme, or the text is Chinese and the language is not "zh".
    """
    _check_language(source, texts, options)
    if options.scheme == "tokens" or (options.scheme == "auto" and _are_words_tagged(source, texts)):
        spans = [[Span(row, row + 1, tag) for row, tag in enumerate(text.tags) if tag != OUTSIDE] for text in texts]
        repaired = 0
    else:
        _check_tags(texts)
        tags = [text.tags for text in texts]
        scheme = scheme_of(tags[:TRIED]) if options.scheme == "auto" else options.scheme
        _check_scheme(texts, scheme)
        spans = [spans_of(row) for row in tags]
        repaired = sum(num_repaired(row, scheme) for row in tags)
    examples = [
        PlacedText(join_tokens(text.tokens, own, options.language or "en"), text.places[0])
        for text, own in zip(texts, spans, strict=True)
    ]
    return examples, repaired


def _column_texts(path: Path, options: TokenClassificationOptions) -> Iterator[TaggedLines]:
    """Yield the tokens and tags of every text of a column file."""
    delimiter = None if options.delimiter is None else read_delimiter(options.delimiter)
    lines = [line.rstrip("\r\n") for line in raw_lines(path, options.encoding)]
    rows = [_fields(line, delimiter) for line in lines]
    # A line that begins with "#" is a comment, unless it has as many fields as the other lines: then "#" is a token.
    width = next((len(row) for row in rows if row and not row[0].startswith(("#", DOCUMENT_START))), 0)
    text = TaggedLines([], [], [])
    for number, row in enumerate([*rows, []], start=1):
        if not row or row[0] == DOCUMENT_START:
            if text.tokens:
                yield text
            text = TaggedLines([], [], [])
        elif text.tokens or not row[0].startswith("#") or len(row) == width:
            place = f"{path}, line {number}"
            token, tag = _token_and_tag(place, row, width, options.columns)
            text.tokens.append(token)
            text.tags.append(tag)
            text.places.append(place)


def _fields(line: str, delimiter: str | None) -> list[str]:
    """Split a line at the delimiter; by default at tabs, or at spaces if it has no tab. A blank line has no fields."""
    if not line.strip(" \t"):
        return []
    if delimiter is None and "\t" not in line:
        return [field for field in line.split(" ") if field]
    return line.split(delimiter or "\t")


def _token_and_tag(place: str, row: Sequence[str], width: int, columns: Sequence[int]) -> tuple[str, str]:
    if len(row) != width:
        raise InputError(
            f"{place}: {len(row)} fields, but the line of the first token has {width}. Expected a token and its tag on "
            "each line, and a blank line between texts. If tabs or spaces do not separate the fields, set --delimiter"
        )
    for column in columns:
        if column == 0 or abs(column) > width:
            raise InputError(
                f"{place}: the line has {width} columns, and no column {column}. Set --columns to the columns of the "
                "token and of its tag, counted from 1, or from the end as -1, -2"
            )
    token, tag = (row[column - 1 if column > 0 else column] for column in columns)
    if not token or not tag.strip():
        raise InputError(f"{place}: the token or its tag is missing. Expected both, such as: Ada B-PER")
    return token, tag.strip()


def _are_words_tagged(source: FilePath, texts: Sequence[TaggedLines]) -> bool:
    """Return whether each tag labels one token, such as a part of speech, instead of following a scheme of spans."""
    tags = {tag for text in texts for tag in text.tags}
    if any(map(is_tag, tags - {OUTSIDE})) or tags <= {OUTSIDE}:
        return False
    if OUTSIDE in tags:
        raise InputError(
            f"{source}: the tags {', '.join(sorted(tags)[:SHOWN_TAGS])} do not mark where a span begins. Expected "
            "prefixes such as B- and I- before the labels. If each token is a separate span, use --scheme tokens"
        )
    return True


def _check_tags(texts: Sequence[TaggedLines]) -> None:
    """Raise InputError unless every tag is O, or a prefix and a label."""
    for text in texts:
        for tag, place in zip(text.tags, text.places, strict=True):
            try:
                parse_tag(tag)
            except InputError as error:
                raise InputError(
                    f"{place}: {error}. Set --columns if the tags are in another column. If each token is a separate "
                    "span, as in part-of-speech tagging, use --scheme tokens"
                ) from error


def _check_scheme(texts: Sequence[TaggedLines], scheme: Scheme) -> None:
    """Raise InputError if the scheme lacks the letter of a tag, such as M in iob2."""
    letters = {OUTSIDE, *LETTERS.get(scheme, "BI")}
    for text in texts:
        for tag, place in zip(text.tags, text.places, strict=True):
            if parse_tag(tag)[0] not in letters:
                raise InputError(
                    f"{place}: the scheme {scheme} has no tag {tag!r}. Expected one of {', '.join(sorted(letters))}, "
                    "alone or with a label. Choose another --scheme, or leave it out: then it is recognized"
                )


def _check_language(source: FilePath, texts: Sequence[TaggedLines], options: TokenClassificationOptions) -> None:
    """Raise InputError if the text is Chinese and the language is not "zh"."""
    tokens = [token for text in texts[:TRIED] for token in text.tokens]
    if options.language != "zh" and sum(bool(CHINESE.search(token)) for token in tokens) > MOST * len(tokens):
        raise InputError(
            f"{source} is Chinese text. Received: --language {options.language or 'en'}, in which spaces separate "
            "tokens. Add --language zh"
        )
