"""Spans as one tag a token, and back: IOB1, IOB2 (BIO), BMES, BIOES, BILOU.

A tag is a letter, "-" and the label of its span: B-PER, I-PER. O stands outside all spans. Read as conlleval
reads them, the schemes need no telling apart: a span begins at B or S, and wherever a tag does not continue the
one before; it ends after E or S. L and U are BILOU's E and S.

Shapes: T tokens of a text.

Reference: Tjong Kim Sang and Veenstra 1999, "Representing Text Chunks".
"""

import functools
import re
from typing import NamedTuple

from kerasnlp_zoo.errors import InputError, require_choice

# The letters of a span's first, middle and last token, and of one that is alone.
LETTERS = {"iob2": "BIIB", "bmes": "BMES", "bioes": "BIES", "bilou": "BILU"}
SCHEMES = ("iob1", *LETTERS)
OUTSIDE = "O"
UNNAMED = "span"  # the label of tags that are a letter alone, as of word segmentation
TAG = re.compile(r"([BIMELSU])(?:[-_](.+))?")


class Span(NamedTuple):
    """Tokens, or characters, `start` up to but not including `end`."""

    start: int
    end: int
    label: str


@functools.cache
def parse_tag(tag):
    """Return the letter and the label of a tag.

    Args:
        tag: str, such as "B-PER", "B_PER", "B" or "O".

    Returns:
        (str, str or None).

    Raises:
        InputError: if it is no tag of any scheme.

    Example:

    >>> parse_tag("B-PER"), parse_tag("S"), parse_tag("O")
    (('B', 'PER'), ('S', 'span'), ('O', None))
    """
    if tag == OUTSIDE:
        return OUTSIDE, None
    match = TAG.fullmatch(tag)
    if not match:
        raise InputError(f"{tag!r} is no tag. Expected O, or one of B I M E L S U, '-' and a label, such as B-PER")
    return match[1], match[2] or UNNAMED


def is_tag(tag):
    """Tell whether `parse_tag` can read a tag.

    Example:

    >>> is_tag("E-LOC"), is_tag("NN")
    (True, False)
    """
    return tag == OUTSIDE or TAG.fullmatch(tag) is not None


def spans_of(tags):
    """Read the spans of a text from its tags, whatever their scheme; no tag is lost, as in conlleval.

    Args:
        tags: list of T str.

    Returns:
        list of Span, in their order, counted in tokens.

    Raises:
        InputError: for a tag of no scheme.

    Example:

    >>> spans_of(["B-PER", "I-PER", "O", "I-LOC", "I-ORG"])
    [Span(start=0, end=2, label='PER'), Span(start=3, end=4, label='LOC'), Span(start=4, end=5, label='ORG')]

    Reference: conlleval, the script of CoNLL-2000; for E and S as in BIOES.
    """
    spans, before, label_before = [], OUTSIDE, None
    for place, tag in enumerate(tags):
        letter, label = parse_tag(tag)
        continues = letter in "IMEL" and before in "BIM" and label == label_before
        if continues:
            spans[-1] = spans[-1]._replace(end=place + 1)
        elif letter != OUTSIDE:
            spans.append(Span(place, place + 1, label))
        before, label_before = letter, label
    return spans


def tags_of(spans, length, scheme="iob2"):
    """Write spans as one tag a token.

    Args:
        spans: Spans in their order, counted in tokens, which do not overlap.
        length: int, T.
        scheme: "iob1", "iob2", "bmes", "bioes" or "bilou".

    Returns:
        list of T str.

    Raises:
        InputError: for another scheme.

    Example:

    >>> spans = [Span(0, 3, "PER"), Span(3, 4, "PER")]
    >>> tags_of(spans, length=5), tags_of(spans, length=5, scheme="iob1")
    (['B-PER', 'I-PER', 'I-PER', 'B-PER', 'O'], ['I-PER', 'I-PER', 'I-PER', 'B-PER', 'O'])
    >>> tags_of(spans, length=5, scheme="bmes")
    ['B-PER', 'M-PER', 'E-PER', 'S-PER', 'O']
    """
    require_choice("scheme", scheme, SCHEMES)
    tags, end_before, label_before = [OUTSIDE] * length, None, None
    for start, end, label in spans:
        if scheme == "iob1":  # B only where I would continue the span before
            is_adjacent = start == end_before and label == label_before
            first, middle, last, alone = "BIIB" if is_adjacent else "IIII"
        else:
            first, middle, last, alone = LETTERS[scheme]
        size = end - start
        letters = alone if size == 1 else first + middle * (size - 2) + last
        tags[start:end] = [f"{letter}-{label}" for letter in letters]
        end_before, label_before = end, label
    return tags


def num_repaired(tags, scheme):
    """Count the tags that the scheme would write in another way: an I without its B, an M that no E follows.

    Args:
        tags: list of T str.
        scheme: "iob1", "iob2", "bmes", "bioes" or "bilou".

    Returns:
        int.

    Raises:
        InputError: for a tag of no scheme, or another scheme.

    Example:

    >>> num_repaired(["O", "I-PER", "I-PER"], "iob2"), num_repaired(["O", "I-PER", "I-PER"], "iob1")
    (1, 0)
    """
    written = tags_of(spans_of(tags), len(tags), scheme)
    return sum(parse_tag(tag)[0] != other[0] for tag, other in zip(tags, written, strict=True))


def scheme_of(sequences):
    """Find the scheme that has the fewest tags to repair; of equals IOB2, BMES, BIOES, BILOU, IOB1.

    Args:
        sequences: list of lists of str, the tags of many texts.

    Returns:
        str.

    Raises:
        InputError: for a tag of no scheme.

    Example:

    >>> scheme_of([["O", "I-PER", "I-PER"], ["I-LOC", "B-LOC"]])
    'iob1'
    """
    return min((*LETTERS, "iob1"), key=lambda scheme: sum(num_repaired(tags, scheme) for tags in sequences))


def scheme_of_tags(tags):
    """Find the scheme that has exactly such letters.

    Args:
        tags: list of str, all tags of a model.

    Returns:
        str: "iob2", "bmes", "bioes" or "bilou"; "tokens" if these are no tags of a scheme but, say, parts of speech.

    Raises:
        InputError: if they have letters of different schemes.

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
        f"No scheme has all of the letters {', '.join(sorted(letters))}. Expected those of one: "
        f"{', '.join(f'{scheme} {own}' for scheme, own in LETTERS.items())}. Received the tags {', '.join(tags)}"
    )


def allowed_transitions(tags):
    """Say which tag may follow which, and which may begin and end a text, so that no span is broken.

    A span goes on only from its own tags. In schemes that mark its end (all but IOB2) it must go on until then.

    Args:
        tags: list of C str, such as `tasks.token_classification.tags_for` gives.

    Returns:
        list of C + 1 lists of C + 1 bool: row before, column after; the last row stands for the beginning of a text,
        the last column for its end. None if these are no tags of a scheme but, say, parts of speech: all is legal.

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

    def may_follow(before, after):
        goes_on = after[0] in "IMEL" and before[0] in "BIM" and before[1] == after[1]
        begins = after[0] not in "IMEL" and not (marks_ends and before[0] in "BIM")
        return goes_on or begins

    return [[may_follow(before, after) for after in parsed] for before in parsed]
