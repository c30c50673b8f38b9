"""The tags of a tagger, from the labels of its spans."""

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from kerasnlp_zoo.tag_schemes import OUTSIDE, Scheme, Span, tags_of

TOKENS: Final = "tokens"  # the scheme of parts of speech: each word is a span, and its tag is the label
NO_LABEL = "_"  # the tag of words without a label, if O is a label
TagScheme: TypeAlias = Scheme | Literal["tokens"]


def tags_for(labels: Sequence[str], scheme: TagScheme = "iob2") -> list[str]:
    """Return the tags of a scheme for span labels, in a fixed order; the tag of words outside of spans, O, is first.

    Args:
        labels: labels of spans, such as ["PER", "LOC"].
        scheme: one of `tag_schemes.SCHEMES`; or "tokens", where each word has a label, such as a part of speech.

    Example:

    >>> tags_for(["LOC", "PER"])
    ['O', 'B-LOC', 'I-LOC', 'B-PER', 'I-PER']
    >>> tags_for(["N", "O"], "tokens")
    ['_', 'N', 'O']
    """
    if scheme == TOKENS:
        return [NO_LABEL if OUTSIDE in labels else OUTSIDE, *labels]
    tags = [OUTSIDE]
    for label in labels:
        written = [tags_of([Span(0, size, label)], size, scheme) for size in (3, 1)]
        tags += dict.fromkeys(tag for sequence in written for tag in sequence)
    return tags
