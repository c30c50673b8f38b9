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
