"""The tags of the user's files: any notation is read as a letter, "-" and a label, and the scheme is recognized.

Beside the schemes of `tag_schemes`, IOE1 and IOE2 are read: E marks the last token of a span, in IOE1 only where
another span of the same label follows. They are IOB1 and IOB2 of the reversed text.
"""

import collections
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tag_schemes import LETTERS, OUTSIDE, SCHEMES, Scheme, is_tag, num_repaired, parse_tag

ReadScheme: TypeAlias = Scheme | Literal["ioe1", "ioe2"]
READ_SCHEMES: tuple[ReadScheme, ...] = (*LETTERS, "iob1", "ioe2", "ioe1")  # ties go to the first
LETTERS_OF = (*LETTERS.values(), "BI", "IE", "IE")  # the letters of each of them
REVERSED: dict[str, Scheme] = {"ioe1": "iob1", "ioe2": "iob2"}
FIRST_LETTER = re.compile(r"([bimelsu])(?:([-_])(.+))?", re.IGNORECASE)
LAST_LETTER = re.compile(r"(.+)[-_]([bimelsu])", re.IGNORECASE)
MOSTLY = 0.9  # share of the tags that have a notation other than the usual one, if the file has that notation


def notation_of(tags: Iterable[str]) -> dict[str, str]:
    """Return {tag of a file: the same tag as `tag_schemes` writes it}.

    Tags that do not follow the notation of the others are missing; so are all tags if none follows a notation, as parts
    of speech do not.

    Args:
        tags: all tags of a file, with repetitions.

    Example:

    >>> notation_of(["O", "PER-B", "PER-I"]), notation_of(["o", "b-PER"]), notation_of(["NN", "O"])
    ({'PER-B': 'B-PER', 'PER-I': 'I-PER', 'O': 'O'}, {'b-PER': 'B-PER', 'o': 'O'}, {'O': 'O'})
    """
    counts = collections.Counter(tags)
    marked = [tag for tag in counts if tag.upper() != OUTSIDE]
    usual = {tag: tag for tag in counts if is_tag(tag)}
    if not marked or any(tag in usual for tag in marked):
        return usual
    for notation in (_letter_first, _letter_last):
        found = {tag: read for tag in marked if (read := notation(tag)) is not None}
        if sum(counts[tag] for tag in found) >= MOSTLY * sum(counts[tag] for tag in marked):
            return found | {tag: OUTSIDE for tag in counts if tag.upper() == OUTSIDE}
    return usual


def _letter_first(tag: str) -> str | None:
    match = FIRST_LETTER.fullmatch(tag)
    return match and match[1].upper() + (f"-{match[3]}" if match[3] else "")


def _letter_last(tag: str) -> str | None:
    match = LAST_LETTER.fullmatch(tag)
    return match and f"{match[2].upper()}-{match[1]}"


def repairs(tags: Sequence[str], scheme: ReadScheme) -> int:
    """Return the number of tags that are invalid in a scheme.

    Example:

    >>> repairs(["I-PER", "E-PER", "O", "E-LOC"], "ioe2"), repairs(["I-PER", "E-PER"], "ioe1")
    (0, 1)
    """
    if scheme == "ioe1" or scheme == "ioe2":  # mypy narrows the type by ==, not by `in`
        return num_repaired(["B" + tag[1:] if tag[0] == "E" else tag for tag in reversed(tags)], REVERSED[scheme])
    return num_repaired(tags, scheme)


def candidates(texts: Iterable[Sequence[str]]) -> list[ReadScheme]:
    """Return the schemes that texts with these tags can have; IOE only if E marks ends and no tag marks beginnings."""
    letters = {parse_tag(tag)[0] for tags in texts for tag in tags}
    is_ioe = "E" in letters and not letters & set("BSLU")
    return [scheme for scheme in READ_SCHEMES if is_ioe or scheme in SCHEMES]


def scheme_of_texts(texts: Sequence[Sequence[str]]) -> ReadScheme:
    """Return the scheme with the fewest tags to repair; ties go to the first of READ_SCHEMES.

    Example:

    >>> scheme_of_texts([["I-PER", "E-PER"], ["E-LOC", "E-LOC"]])
    'ioe2'
    """
    return min(candidates(texts), key=lambda scheme: sum(repairs(tags, scheme) for tags in texts))


def other_scheme(tags: Sequence[str], scheme: ReadScheme) -> ReadScheme | None:
    """Return the scheme of a text in a file of another scheme; None if the text has the scheme of the file.

    A text has another scheme if its tags are valid in it and not in the scheme of the file. IOB1 does not count as
    another scheme than IOB2: there a wrong tag is likelier. Texts without M are BIOES rather than BMES.

    Example:

    >>> other_scheme(["B-PER", "E-PER", "O", "S-LOC"], "iob2"), other_scheme(["I-PER", "O"], "iob2")
    ('bioes', None)
    """
    if not repairs(tags, scheme):
        return None
    valid = [other for other in candidates([tags]) if other[:3] != scheme[:3] and not repairs(tags, other)]
    return "bioes" if "bioes" in valid else valid[0] if valid else None


def require_tags(tags: Sequence[str], places: Sequence[str], notation: Mapping[str, str]) -> None:
    """Raise InputError unless all tags of a text follow the notation.

    Args:
        tags: the tags; "" follows every notation.
        places: file and line of each tag.
        notation: what `notation_of` returns.
    """
    for tag, place in zip(tags, places, strict=True):
        if tag and tag not in notation:
            raise InputError(
                f"{place}: {tag!r} is not a tag. Expected O, or one of B I M E L S U, '-' and a label, such as "
                f"{next((other for other in notation if notation[other] != OUTSIDE), 'B-PER')}, as in the rest of the "
                "file. Set --columns if the tags are in another column. If each token is a separate span, as in "
                "part-of-speech tagging, use --scheme tokens"
            )


def require_scheme(tags: Sequence[str], places: Sequence[str], scheme: ReadScheme) -> None:
    """Raise InputError if a tag has a letter that the scheme lacks, such as M in iob2; `places` are file and line."""
    letters = {OUTSIDE, *LETTERS_OF[READ_SCHEMES.index(scheme)]}
    for tag, place in zip(tags, places, strict=True):
        if parse_tag(tag)[0] not in letters:
            raise InputError(
                f"{place}: the scheme {scheme} has no tag {tag!r}. Expected one of {', '.join(sorted(letters))}, "
                "alone or with a label. Choose another --scheme, or leave it out: then it is recognized"
            )
