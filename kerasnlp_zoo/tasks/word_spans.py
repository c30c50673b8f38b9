"""Spans of characters and spans of words.

Shapes: N texts, T tokens, W words.
"""

from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tag_schemes import Span
from kerasnlp_zoo.text.marked_spans import read_spans, trimmed

LabelledSpan: TypeAlias = Span | tuple[int, int, str]  # start, end, label


def checked_spans(
    texts: Sequence[str], spans: Sequence[Sequence[Any]], labels: Collection[str] | None = None
) -> list[tuple[Span, ...]]:
    """Return the spans of each text in order, without white space at their edges.

    Args:
        texts: strings.
        spans: for each text (start, end, label), or dicts with these keys.
        labels: labels that the spans may have; None for any.

    Raises:
        InputError: for another number of lists than of texts, a span of another form or not within its text, spans that
            overlap, or an unknown label.

    Example:

    >>> checked_spans(["Ada slept"], [[{"start": 0, "end": 4, "label": "PER"}]])
    [(Span(start=0, end=3, label='PER'),)]
    """
    if len(spans) != len(texts):
        raise InputError(f"Expected a list of spans for each text. Received: {len(spans)} for {len(texts)} texts")
    found = []
    for number, (text, marks) in enumerate(zip(texts, spans, strict=True)):
        own = [trimmed(span, text) for span in read_spans(marks, text, f"text {number}")]
        unknown = [] if labels is None else [span.label for span in own if span.label not in labels]
        if unknown:
            raise InputError(
                f"A span of text {number} has the label {unknown[0]!r}, which is unknown. Expected one of the labels "
                f"of the model: {', '.join(labels or ())}"
            )
        found.append(tuple(span for span in own if span.start < span.end))
    return found


def require_characters(texts: Sequence[Sequence[str]]) -> None:
    """Raise InputError if a given token has no characters, because no tag can be found for it."""
    for number, tokens in enumerate(texts):
        for place, token in enumerate(tokens):
            if not token.strip("\u200b\ufeff").strip():
                raise InputError(f"Token {place} of text {number} is only white space: {token!r}. Leave it out")


def spans_in_words(spans: Sequence[LabelledSpan], starts: np.ndarray) -> list[Span]:
    """Convert spans of characters to spans of words: the words that begin in them.

    Args:
        spans: spans (start, end, label) in characters.
        starts: int array [W], the first character of each word, increasing.

    Returns:
        Spans of words; a span in which no word begins is omitted.

    Example:

    >>> spans_in_words([(0, 8, "PER")], np.array([0, 5, 9]))
    [Span(start=0, end=2, label='PER')]
    """
    found = []
    for start, end, label in spans:
        first, last = np.searchsorted(starts, [start, end])
        if first < last:
            found.append(Span(int(first), int(last), label))
    return found


def word_ends(ends: tf.Tensor, is_word_start: tf.Tensor) -> tf.Tensor:
    """Return the end of the last piece of every word, at the position of its first piece: int [N, T]."""
    # All pieces of a word have the number of the word. Positions before the first word and after the last have the end
    # -1.
    width = tf.shape(ends)[1]
    number = tf.cumsum(is_word_start, axis=1) + tf.range(tf.shape(ends)[0])[:, None] * (width + 1)  # [N, T]
    count = tf.shape(ends)[0] * (width + 1)
    last = tf.math.unsorted_segment_max(tf.reshape(ends, [-1]), tf.reshape(number, [-1]), count)
    return tf.gather(last, number)
