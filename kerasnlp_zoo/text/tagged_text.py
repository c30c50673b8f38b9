"""A text with marked spans, made from tokens and cut into them again."""

import itertools
from typing import NamedTuple

from kerasnlp_zoo.tag_schemes import Span


class TaggedText(NamedTuple):
    """A text and its Spans, in their order, none overlapping another."""

    text: str
    spans: tuple


def join_tokens(tokens, spans, language):
    """Make a text of tokens, and count spans in its characters.

    Args:
        tokens: list of str.
        spans: list of Span, counted in tokens.
        language: "zh" joins tokens by nothing, "en" by spaces.

    Returns:
        TaggedText.

    Example:

    >>> join_tokens(["Ada", "Byron", "slept"], [Span(0, 2, "PER")], "en")
    TaggedText(text='Ada Byron slept', spans=(Span(start=0, end=9, label='PER'),))
    """
    separator = "" if language == "zh" else " "
    ends = list(itertools.accumulate(len(token) + len(separator) for token in tokens))
    starts = [0, *ends]
    places = [Span(starts[span.start], ends[span.end - 1] - len(separator), span.label) for span in spans]
    return TaggedText(separator.join(tokens), tuple(places))


def with_words_apart(text, spans):
    """Put spaces between words that are known from their spans, so that they can be given to a tagger.

    Args:
        text: str.
        spans: (start, end, label) in their order; what lies between two of them is a word, too.

    Returns:
        TaggedText, the same spans of the new text.

    Example:

    >>> with_words_apart("他来了", [(0, 1, "r"), (1, 3, "v")])
    TaggedText(text='他 来了', spans=(Span(start=0, end=1, label='r'), Span(start=2, end=4, label='v')))
    """
    pieces, moved, place = [], [], 0
    for start, end, label in spans:
        pieces += [text[place:start], text[start:end]]
        moved.append((len(pieces) - 1, label))
        place = end
    pieces.append(text[place:])
    words = [(piece.strip(), row) for row, piece in enumerate(pieces) if piece.strip()]
    place_of = {row: number for number, (_, row) in enumerate(words)}
    own = [Span(place_of[row], place_of[row] + 1, label) for row, label in moved]
    return join_tokens([word for word, _ in words], own, "en")
