"""Read the user's own texts with marked spans: column files of any scheme, or JSON lines."""

import re
from pathlib import Path
from typing import NamedTuple

from kerasnlp_zoo.datasets.user_files import JSON_SUFFIXES, json_lines, read_text, require_one_character
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tag_schemes import LETTERS, OUTSIDE, Span, is_tag, num_repaired, parse_tag, scheme_of, spans_of
from kerasnlp_zoo.text.tagged_text import TaggedText, join_tokens

DOCUMENT_START = "-DOCSTART-"
TRIED = 10_000  # texts that tell scheme and language
SHOWN_TAGS = 12
MOST = 0.5  # of the tokens being Chinese tells that no spaces stand between them
CHINESE = re.compile("[\u3400-\u9fff]")
ADVICE = 'Expected {"start": 0, "end": 3, "label": "PER"} or [0, 3, "PER"], counted in characters, the end not included'


class PlacedText(NamedTuple):
    """A text with its spans and where it stands."""

    example: TaggedText
    place: str


class TaggedLines(NamedTuple):
    """The tokens of a text with their tags, and the places of their lines."""

    tokens: list
    tags: list
    places: list


def read_tagged(path, options):
    """Read all texts of a file with their spans.

    Args:
        path: Path of a column file: a token, its tag and perhaps other columns a line, a blank line between
            texts; or of JSON lines: {"text": ..., "spans": [{"start", "end", "label"} or [start, end, label]]}.
        options: `TokenClassificationOptions`.

    Returns:
        (list of PlacedText, number of repaired tags).

    Raises:
        InputError: for what cannot be read, naming file and line.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path} is no file. Expected a column file, a token and its tag a line, or JSON lines")
    if path.suffix.lower() in JSON_SUFFIXES:
        examples, repaired = [_json_text(place, row, options) for place, row in json_lines(path, options.encoding)], 0
    else:
        examples, repaired = spans_from_tags(path, list(_column_texts(path, options)), options)
    if not examples:
        raise InputError(f"{path} holds no texts. Expected at least one")
    return examples, repaired


def _json_text(place, row, options):
    for name, flag in ((options.text_column, "--text-column"), (options.label_column, "--label-column")):
        if name not in row:
            raise InputError(
                f"{place}: there is no key {name!r}. Its keys are: {', '.join(row)}. Name the right one with {flag}"
            )
    text, marked = row[options.text_column], row[options.label_column]
    if not isinstance(text, str) or not isinstance(marked, list):
        raise InputError(f"{place}: expected a text and a list of spans. Received: {text!r:.60} and {marked!r:.60}")
    spans = sorted(_span(place, text, mark) for mark in marked)
    for before, span in zip(spans, spans[1:], strict=False):
        if span.start < before.end:
            raise InputError(
                f"{place}: spans overlap, which one tag for each token cannot say: {_quote(text, before)} and "
                f"{_quote(text, span)}. Keep one of them"
            )
    return PlacedText(TaggedText(text, tuple(spans)), place)


def _span(place, text, mark):
    """Check one span of a JSON line."""
    try:
        start, end, label = (mark[key] for key in Span._fields) if isinstance(mark, dict) else mark
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{place}: no span: {mark!r:.80}. {ADVICE}") from None
    if type(start) is not int or type(end) is not int or not isinstance(label, str) or not label.strip():
        raise InputError(f"{place}: no span: {mark!r:.80}. {ADVICE}")
    if not 0 <= start < end <= len(text):
        raise InputError(
            f"{place}: the span {mark!r:.80} does not lie within its text of {len(text)} characters. {ADVICE}"
        )
    return Span(start, end, label.strip())


def _quote(text, span):
    return f"{span.label} {text[span.start : span.end]!r:.40} at {span.start} to {span.end}"


def spans_from_tags(source, texts, options):
    """Turn tags of tokens into spans of characters.

    Args:
        source: path or name of the data, for messages.
        texts: list of TaggedLines.
        options: `TokenClassificationOptions`: scheme and language.

    Returns:
        (list of PlacedText, number of repaired tags).

    Raises:
        InputError: for a tag that is none of the scheme, naming its place, or Chinese taken for English.
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
        PlacedText(join_tokens(text.tokens, own, options.language), text.places[0])
        for text, own in zip(texts, spans, strict=True)
    ]
    return examples, repaired


def _column_texts(path, options):
    """Yield the TaggedLines of every text of a column file."""
    if options.delimiter is not None:
        require_one_character(options.delimiter)
    lines = [line.rstrip("\r") for line in read_text(path, options.encoding).split("\n")]
    rows = [_fields(line, options.delimiter) for line in lines]
    # A comment begins with "#" too, but has another number of fields than a token that does.
    width = next((len(row) for row in rows if row and not row[0].startswith(("#", DOCUMENT_START))), None)
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


def _fields(line, delimiter):
    """Cut a line at its delimiter; by default at tabs, or at spaces where there is no tab. A blank line has none."""
    if not line.strip(" \t"):
        return []
    if delimiter is None and "\t" not in line:
        return [field for field in line.split(" ") if field]
    return line.split(delimiter or "\t")


def _token_and_tag(place, row, width, columns):
    if len(row) != width:
        raise InputError(
            f"{place}: {len(row)} fields, but the first token's line has {width}. Expected a token and its tag a line, "
            "and a blank line between texts; say with --delimiter what stands between them, if not tabs or spaces"
        )
    for column in columns:
        if column == 0 or abs(column) > width:
            raise InputError(
                f"{place}: there is no column {column} among {width}. Say with --columns where the token and its tag "
                "stand, counted from 1, or from the end by -1, -2"
            )
    token, tag = (row[column - 1 if column > 0 else column] for column in columns)
    if not token or not tag.strip():
        raise InputError(f"{place}: a token or its tag is missing. Expected both, such as: Ada B-PER")
    return token, tag.strip()


def _are_words_tagged(source, texts):
    """Tell tags of words, which are spans of their own, from those of a scheme."""
    tags = {tag for text in texts for tag in text.tags}
    if any(map(is_tag, tags - {OUTSIDE})) or tags <= {OUTSIDE}:
        return False
    if OUTSIDE in tags:
        raise InputError(
            f"{source}: the tags {', '.join(sorted(tags)[:SHOWN_TAGS])} do not say where a span begins. Expected B- "
            "and I- or the like before their labels; or, with --scheme tokens, every token is a span of its own"
        )
    return True


def _check_tags(texts):
    for text in texts:
        for tag, place in zip(text.tags, text.places, strict=True):
            if not is_tag(tag):
                raise InputError(
                    f"{place}: {tag!r} is no tag. Expected O, or one of B I M E L S U, '-' and a label, such as "
                    "B-PER. Say with --columns where the tags stand, or with --scheme tokens that every token is a "
                    "span of its own, as parts of speech are"
                )


def _check_scheme(texts, scheme):
    """Refuse a tag whose letter the scheme does not have, such as M in iob2."""
    letters = {OUTSIDE, *LETTERS.get(scheme, "BI")}
    for text in texts:
        for tag, place in zip(text.tags, text.places, strict=True):
            if parse_tag(tag)[0] not in letters:
                raise InputError(
                    f"{place}: the scheme {scheme} has no tag {tag!r}, but {', '.join(sorted(letters))}, alone or with "
                    "a label. Say with --scheme which the tags follow, or leave it out to have it found"
                )


def _check_language(source, texts, options):
    tokens = [token for text in texts[:TRIED] for token in text.tokens]
    if options.language != "zh" and sum(bool(CHINESE.search(token)) for token in tokens) > MOST * len(tokens):
        raise InputError(f"{source} is Chinese, whose tokens no spaces separate: add --language zh")
