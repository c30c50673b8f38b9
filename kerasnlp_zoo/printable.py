"""Text of strangers that is safe to print: a label or a card must not control the terminal."""

import re

# C0 and C1 controls except tab and line feed, marks that reverse the direction of text, and lone surrogates.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: object) -> str:
    """Return a text in which control characters are replaced by their escapes; tabs and line breaks stay.

    Args:
        text: a string, or an object whose string is printed.

    Example:

    >>> printable("my\\x1b[2Jentry 评论")
    'my\\\\x1b[2Jentry 评论'
    """
    return CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), str(text))
