"""Labelled spans as people write them: tuples or dicts, checked against their text."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tag_schemes import Span

ADVICE = 'Expected {"start": 0, "end": 3, "label": "PER"} or [0, 3, "PER"], counted in characters, the end exclusive'
KEYS = (("start", "end", "label"), ("start_offset", "end_offset", "label"), ("start", "end", "labels"))


def read_spans(marks: Iterable[Any], text: str, place: str) -> tuple[Span, ...]:
    """Return the spans of a text in order.

    Args:
        marks: (start, end, label), or dicts with the keys start, end and label; also dicts of doccano (start_offset,
            end_offset and label) and of Label Studio (start, end and labels, a list of one).
        text: the text.
        place: the file and line, or the number of the text, for messages.

    Raises:
        InputError: if a mark has another form or is not within its text, or two spans overlap.

    Example:

    >>> read_spans([{"start": 4, "end": 9, "label": "VERB"}, [0, 3, "NOUN"]], "Ada slept", "text 0")
    (Span(start=0, end=3, label='NOUN'), Span(start=4, end=9, label='VERB'))
    """
    spans = sorted(_span(mark, text, place) for mark in marks)
    for before, span in zip(spans, spans[1:], strict=False):
        if span.start < before.end:
            raise InputError(
                f"{place}: two spans overlap, but each token has only one tag: {_quote(text, before)} and "
                f"{_quote(text, span)}. Keep one of them"
            )
    return tuple(spans)


def _span(mark: Any, text: str, place: str) -> Span:
    start, end, label = _parts(mark, place)
    if type(start) is not int or type(end) is not int or not isinstance(label, str) or not label.strip():
        raise InputError(f"{place}: {mark!r:.80} is not a span. {ADVICE}")
    if not 0 <= start < end <= len(text):
        raise InputError(f"{place}: the span {mark!r:.80} is not within its text of {len(text)} characters. {ADVICE}")
    return Span(start, end, label.strip())


def _parts(mark: Any, place: str) -> tuple[Any, Any, Any]:
    """Return the start, the end and the label of a mark."""
    if isinstance(mark, Mapping):
        names = next((names for names in KEYS if all(name in mark for name in names)), ())
        mark = [mark[name] for name in names]
    if not isinstance(mark, Sequence) or isinstance(mark, str) or len(mark) != 3:
        raise InputError(f"{place}: {mark!r:.80} is not a span. {ADVICE}")
    start, end, label = mark
    if isinstance(label, list) and len(label) == 1:  # Label Studio writes {"labels": ["PER"]}
        (label,) = label
    return start, end, label


def _quote(text: str, span: Span) -> str:
    return f"{span.label} {text[span.start : span.end]!r:.40} at {span.start} to {span.end}"


def trimmed(span: Span, text: str) -> Span:
    """Return a span without the white space at its edges; it is empty if it has nothing else.

    Example:

    >>> trimmed(Span(0, 5, "PER"), " Ada sat")
    Span(start=1, end=4, label='PER')
    """
    marked = text[span.start : span.end]
    start = span.start + len(marked) - len(marked.lstrip())
    return span._replace(start=start, end=max(start, span.start + len(marked.rstrip())))
