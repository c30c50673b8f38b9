"""Texts with marked spans, as the taggers of characters, words and word pieces all read them.

A span has a label and the places of its characters in the text as it is: Unicode code points, the end not
included. Data that comes as tokens is joined: by spaces in English, by nothing in Chinese.
"""

import dataclasses

import numpy as np

from kerasnlp_zoo.datasets.splits import Split, TextClassificationData
from kerasnlp_zoo.text.tagged_text import TaggedText, with_words_apart


class TaggedTexts(Split):
    """Texts, the labels of each being its tuple of Spans; a sequence of TaggedText.

    Example:

    >>> from kerasnlp_zoo.tag_schemes import Span
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


def every_word_is_a_span(texts):
    """Tell whether spans cover all words of all texts, as parts of speech and word segmentation do.

    Args:
        texts: `TaggedTexts`.

    Returns:
        bool.

    Example:

    >>> from kerasnlp_zoo.tag_schemes import Span
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

    >>> from kerasnlp_zoo.tag_schemes import Span
    >>> with_given_words(TaggedTexts.of([TaggedText("他来了", (Span(0, 1, "r"), Span(1, 3, "v")))]))[0]
    TaggedText(text='他 来了', spans=(Span(start=0, end=1, label='r'), Span(start=2, end=4, label='v')))
    """
    return TaggedTexts.of([with_words_apart(text, spans) for text, spans in texts])
