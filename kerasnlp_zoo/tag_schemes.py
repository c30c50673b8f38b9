"""Conversion between spans and tags, one tag per token: IOB1, IOB2 (BIO), BMES, BIOES, BILOU.

A tag is a letter, "-" and the label of its span: B-PER, I-PER. The tag O is outside all spans. Tags of all schemes are
read with the rules of conlleval: a span begins at B or S, and at every tag that does not continue the span before.
A span ends after E or S. L and U of BILOU are the same as E and S.

Shapes: T tokens of a text.

Reference: Tjong Kim Sang and Veenstra 1999, "Representing Text Chunks".
"""

import functools
import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from kerasnlp_zoo.errors import InputError, require_choice

Scheme: TypeAlias = Literal["iob1", "iob2", "bmes", "bioes", "bilou"]
# The letters of the first, a middle and the last token of a span, and of a span of one token.
LETTERS: dict[Scheme, str] = {"iob2": "BIIB", "bmes": "BMES", "bioes": "BIES", "bilou": "BILU"}
SCHEMES: tuple[Scheme, ...] = ("iob1", *LETTERS)
OUTSIDE = "O"
UNNAMED = "span"  # the label of spans whose tags have no label, as in word segmentation
TAG = re.compile(r"([BIMELSU])(?:[-_](.+))?")


class Span(NamedTuple):
    """The tokens, or characters, from `start` to `end`, without `end` itself, and their label."""

    start: int
    end: int
    label: str


@functools.cache
def parse_tag(tag: str) -> tuple[str, str | None]:
    """Return the letter and the label of a tag.

    Args:
        tag: a tag such as "B-PER", "B_PER", "B" or "O".

    Returns:
        (letter, label); the label of "O" is None.

    Raises:
        InputError: if `tag` is not a tag of any scheme.

    Example:

    >>> parse_tag("B-PER"), parse_tag("S"), parse_tag("O")
    (('B', 'PER'), ('S', 'span'), ('O', None))
    """
    if tag == OUTSIDE:
        return OUTSIDE, None
    match = TAG.fullmatch(tag)
    if not match:
        raise InputError(f"{tag!r} is not a tag. Expected O, or one of B I M E L S U, '-' and a label, such as B-PER")
    return match[1], match[2] or UNNAMED


def is_tag(tag: str) -> bool:
    """Return whether `parse_tag` can read a tag.

    Example:

    >>> is_tag("E-LOC"), is_tag("NN")
    (True, False)
    """
    return tag == OUTSIDE or TAG.fullmatch(tag) is not None


def spans_of(tags: Iterable[str]) -> list[Span]:
    """Return the spans of a text from its tags of any scheme; every tag except O is part of a span.

    Args:
        tags: the T tags of a text.

    Returns:
        The spans in order of the text; `start` and `end` are indices of tokens.

    Raises:
        InputError: if a tag is not a tag of any scheme.

    Example:

    >>> spans_of(["B-PER", "I-PER", "O", "I-LOC", "I-ORG"])
    [Span(start=0, end=2, label='PER'), Span(start=3, end=4, label='LOC'), Span(start=4, end=5, label='ORG')]

    Reference: conlleval, the script of CoNLL-2000; BIOES for E and S.
    """
    spans: list[Span] = []
    before, label_before = OUTSIDE, None
    for position, tag in enumerate(tags):
        letter, label = parse_tag(tag)
        continues = letter in "IMEL" and before in "BIM" and label == label_before
        if continues:
            spans[-1] = spans[-1]._replace(end=position + 1)
        elif label is not None:  # every tag except O has a label
            spans.append(Span(position, position + 1, label))
        before, label_before = letter, label
    return spans


def tags_of(spans: Iterable[tuple[int, int, str]], length: int, scheme: Scheme = "iob2") -> list[str]:
    """Return the tags of a text from its spans, one tag per token.

    Args:
        spans: the spans of a text in order, without overlap; `start` and `end` are indices of tokens.
        length: number of tokens, T.
        scheme: the scheme of the tags.

    Returns:
        T tags.

    Raises:
        InputError: if `scheme` is unknown.

    Example:

    >>> spans = [Span(0, 3, "PER"), Span(3, 4, "PER")]
    >>> tags_of(spans, length=5), tags_of(spans, length=5, scheme="iob1")
    (['B-PER', 'I-PER', 'I-PER', 'B-PER', 'O'], ['I-PER', 'I-PER', 'I-PER', 'B-PER', 'O'])
    >>> tags_of(spans, length=5, scheme="bmes")
    ['B-PER', 'M-PER', 'E-PER', 'S-PER', 'O']
    """
    require_choice("scheme", scheme, SCHEMES)
    tags = [OUTSIDE] * length
    end_before, label_before = None, None
    for start, end, label in spans:
        if scheme == "iob1":  # B only where I would continue the span before
            is_adjacent = start == end_before and label == label_before
            first, middle, last, alone = tuple("BIIB" if is_adjacent else "IIII")
        else:
            first, middle, last, alone = tuple(LETTERS[scheme])
        size = end - start
        letters = alone if size == 1 else first + middle * (size - 2) + last
        tags[start:end] = [f"{letter}-{label}" for letter in letters]
        end_before, label_before = end, label
    return tags


def num_repaired(tags: Sequence[str], scheme: Scheme) -> int:
    """Return the number of tags that are invalid in the scheme, such as an I without a B or an M without an E.

    Args:
        tags: the T tags of a text.
        scheme: the scheme that the tags should have.

    Raises:
        InputError: if a tag is not a tag of any scheme, or `scheme` is unknown.

    Example:

    >>> num_repaired(["O", "I-PER", "I-PER"], "iob2"), num_repaired(["O", "I-PER", "I-PER"], "iob1")
    (1, 0)
    """
    written = tags_of(spans_of(tags), len(tags), scheme)
    return sum(parse_tag(tag)[0] != other[0] for tag, other in zip(tags, written, strict=True))


def scheme_of(sequences: Sequence[Sequence[str]]) -> Scheme:
    """Return the scheme with the fewest tags to repair; ties go to the first of IOB2, BMES, BIOES, BILOU, IOB1.

    Args:
        sequences: the tags of each text.

    Raises:
        InputError: if a tag is not a tag of any scheme.

    Example:

    >>> scheme_of([["O", "I-PER", "I-PER"], ["I-LOC", "B-LOC"]])
    'iob1'
    """
    schemes: tuple[Scheme, ...] = (*LETTERS, "iob1")
    return min(schemes, key=lambda scheme: sum(num_repaired(tags, scheme) for tags in sequences))


def scheme_of_tags(tags: Sequence[str]) -> Scheme | Literal["tokens"]:
    """Return the first scheme that has all letters of the tags.

    Args:
        tags: all tags of a model.

    Returns:
        "iob2", "bmes", "bioes" or "bilou"; "tokens" if the tags have no scheme, such as parts of speech.

    Raises:
        InputError: if the tags have letters of different schemes.

    Example:

    >>> scheme_of_tags(["O", "B-PER", "I-PER"]), scheme_of_tags(["noun", "verb", "O"])
    ('iob2', 'tokens')
    """
    if not all(map(is_tag, tags)):
        return "tokens"
    letters = {parse_tag(tag)[0] for tag in tags} - {OUTSIDE}
    for scheme, own in LETTERS.items():
        if letters <= set(own):
            return scheme
    raise InputError(
        f"No scheme has all of the letters {', '.join(sorted(letters))}. Expected the letters of one scheme: "
        f"{', '.join(f'{scheme} {own}' for scheme, own in LETTERS.items())}. Received the tags {', '.join(tags)}"
    )


def allowed_transitions(tags: Sequence[str]) -> list[list[bool]] | None:
    """Return which tag may follow which tag, and which tags may begin and end a text, if all spans are complete.

    A span continues only with tags of the same label. In schemes that mark the end of a span (all except IOB2), a
    span must continue until its end.

    Args:
        tags: C tags, such as the result of `tasks.span_tags.tags_for`.

    Returns:
        C + 1 rows of C + 1 bool: [i][j] is True if tag j may follow tag i. The last row is for the beginning of a
        text, the last column for its end. None if the tags have no scheme, such as parts of speech: then every tag
        may follow every tag.

    Example:

    >>> allowed_transitions(["O", "B", "I"])
    [[True, True, False, True], [True, True, True, True], [True, True, True, True], [True, True, False, True]]
    >>> allowed_transitions(["noun", "verb"]) is None
    True
    """
    if not all(map(is_tag, tags)):
        return None
    parsed = [*map(parse_tag, tags), parse_tag(OUTSIDE)]
    marks_ends = any(letter in "MELSU" for letter, _ in parsed)

    def may_follow(before: tuple[str, str | None], after: tuple[str, str | None]) -> bool:
        continues = after[0] in "IMEL" and before[0] in "BIM" and before[1] == after[1]
        begins = after[0] not in "IMEL" and not (marks_ends and before[0] in "BIM")
        return continues or begins

    return [[may_follow(before, after) for after in parsed] for before in parsed]
