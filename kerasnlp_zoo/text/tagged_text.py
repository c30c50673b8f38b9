"""Texts with labelled spans."""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kerasnlp_zoo.tag_schemes import Span
from kerasnlp_zoo.types import Language

JOINERS = "'’.,-"  # between two letters or digits, they do not split a word of `TokenPreprocessor`
SHORT_FORM = re.compile(r"['’](?:s|ve|re|d|ll|m)\b", re.IGNORECASE)  # it is a word of its own: Ann's


class TaggedText(NamedTuple):
    """A text and its spans in characters, in order and without overlap."""

    text: str
    spans: tuple[Span, ...]


def join_tokens(tokens: Sequence[str], spans: Iterable[Span], language: Language) -> TaggedText:
    """Return the text of the tokens, with spans in characters.

    Args:
        tokens: tokens of the text.
        spans: spans in tokens.
        language: "en" joins tokens with spaces, "zh" without.

    Example:

    >>> join_tokens(["Ada", "Byron", "slept"], [Span(0, 2, "PER")], "en")
    TaggedText(text='Ada Byron slept', spans=(Span(start=0, end=9, label='PER'),))
    """
    separator = "" if language == "zh" else " "
    ends = list(itertools.accumulate(len(token) + len(separator) for token in tokens))
    starts = [0, *ends]
    places = [Span(starts[span.start], ends[span.end - 1] - len(separator), span.label) for span in spans]
    return TaggedText(separator.join(tokens), tuple(places))


def every_word_is_a_span(texts: Sequence[str], spans: Sequence[Iterable[tuple[int, int, str]]]) -> bool:
    """Return whether every word of all texts is a span, as with parts of speech and word segmentation.

    Args:
        texts: the texts.
        spans: the spans (start, end, label) of each text.

    Example:

    >>> every_word_is_a_span(["Ada slept"], [[(0, 3, "noun"), (4, 9, "verb")]])
    True
    """
    return all(
        sum(len(text[start:end].split()) == 1 and end - start for start, end, _ in given) == len("".join(text.split()))
        for text, given in zip(texts, spans, strict=True)
    )


def with_words_apart(text: str, spans: Iterable[tuple[int, int, str]]) -> TaggedText:
    """Return the text with spaces between its words, as input of a tagger of given words.

    Args:
        text: text whose words are known.
        spans: (start, end, label) of the words, in order; the text between two spans is also a word.

    Returns:
        the new text, with the spans moved accordingly.

    Example:

    >>> with_words_apart("他来了", [(0, 1, "r"), (1, 3, "v")])
    TaggedText(text='他 来了', spans=(Span(start=0, end=1, label='r'), Span(start=2, end=4, label='v')))
    """
    pieces: list[str] = []
    moved: list[tuple[int, str]] = []
    place = 0
    for start, end, label in spans:
        pieces += [text[place:start], text[start:end]]
        moved.append((len(pieces) - 1, label))
        place = end
    pieces.append(text[place:])
    words = [(piece.strip(), row) for row, piece in enumerate(pieces) if piece.strip()]
    place_of = {row: number for number, (_, row) in enumerate(words)}
    own = [Span(place_of[row], place_of[row] + 1, label) for row, label in moved]
    return join_tokens([word for word, _ in words], own, "en")


def cuts_of(texts: Sequence[str], spans: Sequence[Iterable[tuple[int, int, str]]]) -> str:
    """Return the punctuation at which words must be cut, so that the spans begin and end at words.

    Args:
        texts: the texts.
        spans: the spans (start, end, label) of each text.

    Returns:
        those of the characters ' ’ . , - that are between two letters, with a span on one side only.

    Example:

    >>> cuts_of(["Ulm,Germany", "a London-based firm", "Ann's"], [[(4, 11, "LOC")], [(2, 8, "LOC")], [(0, 3, "PER")]])
    ',-'
    """
    found: set[str] = set()
    for text, own in zip(texts, spans, strict=True):
        for start, end, _ in own:
            found.update(text[place] for place in (start - 1, end) if _joins(text, place))
    return "".join(sorted(found, key=JOINERS.index))


def _joins(text: str, place: int) -> bool:
    """Return whether a character is punctuation between two letters, and not the beginning of a short form."""
    if not 0 < place < len(text) - 1 or text[place] not in JOINERS or SHORT_FORM.match(text, place):
        return False
    before = place - 1
    while before > 0 and unicodedata.category(text[before]).startswith("M"):  # an accent of its own
        before -= 1
    return text[before].isalpha() and text[place + 1].isalpha()


def inside_words(
    spans: Iterable[tuple[int, int, str]], starts: Sequence[int], ends: Sequence[int]
) -> list[tuple[int, int, str]]:
    """Return the spans that begin or end inside a word.

    Args:
        spans: spans (start, end, label) in characters.
        starts: the first character of each word.
        ends: the character after the last one of each word.

    Example:

    >>> inside_words([(0, 6, "LOC"), (13, 17, "ORG")], starts=[0, 13], ends=[12, 17])
    [(0, 6, 'LOC')]
    """
    within = {place for start, end in zip(starts, ends, strict=True) for place in range(start + 1, end)}
    return [span for span in spans if within.intersection(span[:2])]
