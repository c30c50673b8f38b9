"""Texts with marked spans, as the taggers of characters, words and word pieces all read them.

A span has a label and the places of its characters in the text as it is: Unicode code points, the end not
included. Data that comes as tokens is joined: by spaces in English, by nothing in Chinese.
"""

import dataclasses
import itertools
from typing import NamedTuple

import numpy as np

from kerasnlp_zoo.datasets.splits import Split, TextClassificationData
from kerasnlp_zoo.text.tag_schemes import Span


class TaggedText(NamedTuple):
    """A text and its Spans, in their order, none overlapping another."""

    text: str
    spans: tuple


class TaggedTexts(Split):
    """Texts, the labels of each being its tuple of Spans; a sequence of TaggedText.

    Example:

    >>> texts = TaggedTexts.of([TaggedText("Ada slept", (Span(0, 3, "PER"),)), TaggedText("It rains", ())])
    >>> [text[span.start : span.end] for text, spans in texts for span in spans]
    ['Ada']
    """

    @classmethod
    def of(cls, examples):
        """Make a split of a list of TaggedText."""
        spans = np.fromiter((tuple(example.spans) for example in examples), object, len(examples))
        return cls([example.text for example in examples], spans)

    def __getitem__(self, row):
        if not 0 <= row < len(self):
            raise IndexError(row)  # which ends a loop over all
        return TaggedText(self.texts[row], self.labels[row])

    def span_labels(self):
        """Return the set of labels of all spans."""
        return {span.label for spans in self.labels for span in spans}


@dataclasses.dataclass
class TokenClassificationData(TextClassificationData):
    """Texts with marked spans, ready for training.

    Attributes:
        labels: list of str, what spans are labelled with: types of entities, or tags of words.
        train, validation, test: `TaggedTexts`.
        repaired: int, tags that were no good ones of their scheme, such as an I- without its B-; they were
            read as conlleval reads them.

    The others are those of `TextClassificationData`.
    """

    repaired: int = 0


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


def every_word_is_a_span(texts):
    """Tell whether spans cover all words of all texts, as parts of speech and word segmentation do.

    Args:
        texts: `TaggedTexts`.

    Returns:
        bool.

    Example:

    >>> every_word_is_a_span(TaggedTexts.of([TaggedText("Ada slept", (Span(0, 3, "noun"), Span(4, 9, "verb")))]))
    True
    """
    return all(
        sum(len(text[start:end].split()) == 1 and end - start for start, end, _ in spans) == len("".join(text.split()))
        for text, spans in texts
    )


def with_given_words(texts):
    """Put spaces between words that are known from their spans, so that they can be given to a tagger.

    Args:
        texts: `TaggedTexts`; what lies between two spans is a word, too.

    Returns:
        TaggedTexts, the same spans of the new texts.

    Example:

    >>> with_given_words(TaggedTexts.of([TaggedText("他来了", (Span(0, 1, "r"), Span(1, 3, "v")))]))[0]
    TaggedText(text='他 来了', spans=(Span(start=0, end=1, label='r'), Span(start=2, end=4, label='v')))
    """
    return TaggedTexts.of([_with_given_words(text, spans) for text, spans in texts])


def _with_given_words(text, spans):
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
