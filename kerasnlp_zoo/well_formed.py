"""Text that can be encoded: halves of characters are replaced wherever a text enters."""

import re
from typing import Any

REPLACEMENT = "\ufffd"
SURROGATES = re.compile("[\ud800-\udfff]")


def well_formed(value: Any) -> Any:
    """Return a string with U+FFFD instead of each lone surrogate; in lists, tuples and dicts, all strings.

    A lone surrogate is half of a character, such as an emoji that was cut in two. UTF-8 and therefore TensorFlow have
    no bytes for it. One character replaces one, so positions in the text stay the same. Other values are returned
    unchanged.

    Example:

    >>> well_formed("cut \\ud83d here"), well_formed(["fine", 1])
    ('cut \ufffd here', ['fine', 1])

    Reference: Unicode 16, section 3.9, "U+FFFD substitution"; String.prototype.toWellFormed in ECMAScript.
    """
    if isinstance(value, str):
        return value if value.isascii() else SURROGATES.sub(REPLACEMENT, value)
    if isinstance(value, list):
        return [well_formed(entry) for entry in value]
    if isinstance(value, tuple):
        return tuple(map(well_formed, value))
    if isinstance(value, dict):
        return {well_formed(key): well_formed(entry) for key, entry in value.items()}
    return value
