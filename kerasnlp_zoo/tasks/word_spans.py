"""Spans of characters and spans of words.

Shapes: N texts, T tokens, W words.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tag_schemes import Span

LabelledSpan: TypeAlias = Span | tuple[int, int, str]  # start, end, label


def require_spans_of_each(texts: Sequence[str], spans: Sequence[Sequence[LabelledSpan]]) -> None:
    """Raise InputError unless there is a list of spans for each text."""
    if len(spans) != len(texts):
        raise InputError(f"Expected a list of spans for each text. Received: {len(spans)} for {len(texts)} texts")


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
