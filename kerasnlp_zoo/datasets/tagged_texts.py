"""Texts with labelled spans: input of the taggers of characters, of words and of word pieces.

A span has a label, a start and an end (exclusive), counted in Unicode code points of the original text. If the data
consists of tokens, they are joined to a text: with spaces in English, without spaces in Chinese.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

import numpy as np

from kerasnlp_zoo.datasets.splits import Split, TextClassificationData
from kerasnlp_zoo.text.tagged_text import TaggedText, with_words_apart


class TaggedTexts(Split):
    """A sequence of TaggedText; `labels` has a tuple of Spans for each text.

    Example:

    >>> from kerasnlp_zoo.tag_schemes import Span
    >>> texts = TaggedTexts.of([TaggedText("Ada slept", (Span(0, 3, "PER"),)), TaggedText("It rains", ())])
    >>> [text[span.start : span.end] for text, spans in texts for span in spans]
    ['Ada']
    """

    texts: Sequence[str]

    @classmethod
    def of(cls, examples: Sequence[TaggedText]) -> Self:
        """Return the split with these examples."""
        spans = np.fromiter((tuple(example.spans) for example in examples), object, len(examples))
        return cls([example.text for example in examples], spans)

    def __getitem__(self, row: int) -> TaggedText:
        return TaggedText(self.texts[row], self.labels[row])

    def __iter__(self) -> Iterator[TaggedText]:
        return map(TaggedText, self.texts, self.labels)

    def span_labels(self) -> set[str]:
        """Return the labels of all spans."""
        return {span.label for spans in self.labels for span in spans}


@dataclasses.dataclass
class TokenClassificationData(TextClassificationData):
    """Texts with labelled spans, ready for training.

    Attributes:
        labels: labels of spans: types of entities, or tags of words.
        repaired: number of tags that violated their scheme, such as I- without B- before it. They were read as
            conlleval reads them.

    For the other attributes see `TextClassificationData`.
    """

    train: TaggedTexts
    validation: TaggedTexts
    test: TaggedTexts
    repaired: int = 0


def with_given_words(texts: TaggedTexts) -> TaggedTexts:
    """Return the texts with a space between two words, for taggers whose tokens are the words.

    Each span is a word, and so is the text between two spans. The spans are adapted to the new texts.

    Example:

    >>> from kerasnlp_zoo.tag_schemes import Span
    >>> with_given_words(TaggedTexts.of([TaggedText("他来了", (Span(0, 1, "r"), Span(1, 3, "v")))]))[0]
    TaggedText(text='他 来了', spans=(Span(start=0, end=1, label='r'), Span(start=2, end=4, label='v')))
    """
    return TaggedTexts.of([with_words_apart(text, spans) for text, spans in texts])
