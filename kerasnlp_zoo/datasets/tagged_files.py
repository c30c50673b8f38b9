"""Read the user's own texts with labelled spans: column files of any scheme, or JSON lines."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from kerasnlp_zoo.datasets.column_files import TaggedLines, column_texts
from kerasnlp_zoo.datasets.json_values import JSON_SUFFIXES, json_rows, shown
from kerasnlp_zoo.datasets.notes import SKIPPED, Notes, readable_items
from kerasnlp_zoo.datasets.opened_files import content_suffix
from kerasnlp_zoo.datasets.options import TokenClassificationOptions
from kerasnlp_zoo.datasets.rows import Row
from kerasnlp_zoo.datasets.tag_notations import (
    ReadScheme,
    notation_of,
    other_scheme,
    repairs,
    require_scheme,
    require_tags,
    scheme_of_texts,
)
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tag_schemes import OUTSIDE, Span, spans_of
from kerasnlp_zoo.text.marked_spans import read_spans, trimmed
from kerasnlp_zoo.text.tagged_text import TaggedText, join_tokens
from kerasnlp_zoo.text.trees import BLANKS
from kerasnlp_zoo.types import FilePath

TRIED = 10_000  # number of texts that are used to recognize the scheme and the language
SHOWN_TAGS = 12
MOST = 0.5  # a text is Chinese if a larger share of its tokens has Chinese characters
CHINESE = re.compile("[\u3400-\u9fff]")
SPAN_KEYS = ("label", "entities")  # of doccano's and Label Studio's exports, if the row has no key "spans"


class PlacedText(NamedTuple):
    """A text with its spans.

    Attributes:
        place: file and line, for messages.
    """

    example: TaggedText
    place: str


def read_tagged(
    path: FilePath, options: TokenClassificationOptions, notes: Notes | None = None
) -> tuple[list[PlacedText], int]:
    """Read all texts of a file with their spans.

    Args:
        path: a column file, with a token, its tag and perhaps other columns on each line, and a blank line between
            texts; CoNLL-U; or JSON lines: {"text": ..., "spans": [{"start", "end", "label"} or [start, end, label]]},
            or an export of doccano or Label Studio.
        options: flags of the data: columns or keys, scheme, encoding, language, skip_bad.
        notes: counts what was changed or skipped.

    Returns:
        The texts, and the number of repaired tags.

    Raises:
        InputError: if the file cannot be read; the message names file and line.
    """
    path, notes = Path(path), notes or Notes()
    if not path.is_file():
        raise InputError(
            f"{path} is not a file. Expected a column file, with a token and its tag per line, or JSON lines"
        )
    if content_suffix(path) in JSON_SUFFIXES:
        rows = (Row(place, values) for place, values in json_rows(path, options.encoding))
        attempts: Iterable[Callable[[], PlacedText]] = (partial(_json_text, row, options, notes) for row in rows)
        examples, repaired = list(readable_items(attempts, options.skip_bad, notes)), 0
    else:
        examples, repaired = spans_from_tags(path, list(column_texts(path, options, notes)), options, notes)
    if not examples:
        count, first = notes.found.get(SKIPPED, (0, ""))
        raise InputError(
            f"{path} contains no texts. Expected at least one" + (f"; {count} were skipped: {first}" if count else "")
        )
    return examples, repaired


def _json_text(row: Row, options: TokenClassificationOptions, notes: Notes) -> PlacedText:
    """Return the text of a row; spans are trimmed."""
    names = {options.text_column: "--text-column", _span_key(row, options): "--label-column"}
    for name, flag in names.items():
        if not row.has(name):
            raise InputError(
                f"{row.place}: there is no key {name!r}. The keys are: {', '.join(row.values)}. Name the right one "
                f"with {flag}"
            )
    text, marks = (row.value(name) for name in names)
    if not isinstance(text, str | None) or not isinstance(marks, list | None):
        raise InputError(
            f"{row.place}: expected a text and a list of spans. Received: {shown(text)} and {shown(marks)}"
        )
    spans = []
    for span in read_spans(marks or [], text or "", row.place):
        own = trimmed(span, text or "")
        if own.start == own.end:
            notes.add("spans of white space were dropped", row.place)
            continue
        if own != span:
            notes.add("spans were trimmed, because they began or ended with white space", row.place)
        spans.append(own)
    return PlacedText(TaggedText(text or "", tuple(spans)), row.place)


def _span_key(row: Row, options: TokenClassificationOptions) -> str:
    """Return the key of the spans: the flag's, or the one of an annotation tool."""
    name = options.label_column
    if name == TokenClassificationOptions.label_column and name not in row.values:
        return next((other for other in SPAN_KEYS if other in row.values), name)
    return name


def spans_from_tags(
    source: FilePath, texts: Sequence[TaggedLines], options: TokenClassificationOptions, notes: Notes
) -> tuple[list[PlacedText], int]:
    """Convert tags of tokens to spans of characters.

    Args:
        source: path or name of the data, for messages.
        texts: tokens and tags; a tag is "" if the token has no label.
        options: flags of the data: scheme, language and skip_bad.
        notes: counts what was changed or skipped.

    Returns:
        The texts with their spans, and the number of repaired tags.

    Raises:
        InputError: if a tag is not part of the scheme, or the text is Chinese and the language is not "zh".
    """
    texts = [text for text in (_without_blank_tokens(text, notes) for text in texts) if text.tokens]
    _check_language(source, texts, options)
    notation = notation_of(tag for text in texts for tag in text.tags if tag)
    if options.scheme == "tokens" or (options.scheme == "auto" and _are_words_tagged(source, texts, notation)):
        spans = [[Span(row, row + 1, tag) for row, tag in enumerate(text.tags) if tag] for text in texts]
        repaired = 0
    else:
        stated: ReadScheme | None = None if options.scheme == "auto" else options.scheme
        attempts = (partial(_with_usual_tags, text, notation, stated) for text in texts)
        texts = list(readable_items(attempts, options.skip_bad, notes))
        tags = [text.tags for text in texts]
        scheme = stated or scheme_of_texts(tags[:TRIED])
        spans = [spans_of(row) for row in tags]
        repaired = sum(_repaired(text, scheme, stated is None, notes) for text in texts)
    examples = [
        PlacedText(join_tokens(text.tokens, own, options.language or "en"), text.places[0])
        for text, own in zip(texts, spans, strict=True)
    ]
    return examples, repaired


def _without_blank_tokens(text: TaggedLines, notes: Notes) -> TaggedLines:
    """Return a text without tokens of white space, which a text made of the tokens cannot show."""
    kept = [row for row, token in enumerate(text.tokens) if token.strip(BLANKS)]
    if len(kept) == len(text.tokens):
        return text
    for row in sorted({*range(len(text.tokens))} - {*kept}):
        notes.add("tokens of white space were dropped", text.places[row])
    return TaggedLines(*([column[row] for row in kept] for column in text))


def _with_usual_tags(text: TaggedLines, notation: Mapping[str, str], scheme: ReadScheme | None) -> TaggedLines:
    """Return a text with its tags as `tag_schemes` writes them; `scheme` is the one that the flag states."""
    require_tags(text.tags, text.places, notation)
    tags = [notation[tag] if tag else OUTSIDE for tag in text.tags]
    if scheme is not None:
        require_scheme(tags, text.places, scheme)
    return text._replace(tags=tags)


def _repaired(text: TaggedLines, scheme: ReadScheme, is_recognized: bool, notes: Notes) -> int:
    """Return the number of tags that violate the scheme of the file; 0 for a text of another scheme."""
    count = repairs(text.tags, scheme)
    if count and is_recognized and (other := other_scheme(text.tags, scheme)):
        notes.add(f"texts have tags of {other.upper()} instead of {scheme.upper()}; both are read", text.places[0])
        return 0
    return count


def _are_words_tagged(source: FilePath, texts: Sequence[TaggedLines], notation: Mapping[str, str]) -> bool:
    """Return whether each tag labels one token, such as a part of speech, instead of following a scheme of spans."""
    tags = {tag for text in texts for tag in text.tags if tag}
    if tags <= {OUTSIDE} or any(notation.get(tag, OUTSIDE) != OUTSIDE for tag in tags):
        return False
    if OUTSIDE in tags:
        raise InputError(
            f"{source}: the tags {', '.join(sorted(tags)[:SHOWN_TAGS])} do not mark where a span begins. Expected "
            "prefixes such as B- and I- before the labels. If each token is a separate span, use --scheme tokens: then "
            "O is a label, too"
        )
    return True


def _check_language(source: FilePath, texts: Sequence[TaggedLines], options: TokenClassificationOptions) -> None:
    """Raise InputError if the text is Chinese and the language is not "zh"."""
    tokens = [token for text in texts[:TRIED] for token in text.tokens]
    if options.language != "zh" and sum(bool(CHINESE.search(token)) for token in tokens) > MOST * len(tokens):
        raise InputError(
            f"{source} is Chinese text. Received: --language {options.language or 'en'}, in which spaces separate "
            "tokens. Add --language zh"
        )
