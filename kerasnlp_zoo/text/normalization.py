"""One spelling for what reads the same: full-width letters, composed accents, lower case.

All of it is core TensorFlow, so it works in tf.data and in an exported graph without tensorflow-text.
"""

import functools
import sys
import unicodedata

import numpy as np
import tensorflow as tf

FULL_WIDTH_OFFSET = 0xFEE0  # U+FF01..U+FF5E mirror ASCII U+0021..U+007E
IDEOGRAPHIC_SPACE = 0x3000
NEEDS_FOLDING = r"(?s).*[\x{FF01}-\x{FF5E}\x{3000}\p{Mn}].*"


def normalize(strings, lower_case=True):
    """Bring strings into one spelling: valid UTF-8, half-width, composed accents, lower case, plain '.

    Args:
        strings: string tensor [N]; bytes that are not UTF-8 become U+FFFD.
        lower_case: bool, whether capitals become small letters.

    Returns:
        string tensor [N].

    Example:

    >>> normalize(tf.constant(["Ｇｒｅａｔ！ CAFE\u0301, don’t"])).numpy()[0].decode()
    "great! café, don't"
    """
    strings = tf.strings.unicode_transcode(strings, "UTF-8", "UTF-8", errors="replace")
    strings = tf.cond(
        tf.reduce_any(tf.strings.regex_full_match(strings, NEEDS_FOLDING)),
        lambda: _fold_code_points(strings),
        lambda: strings,
    )
    strings = to_lower(strings) if lower_case else strings
    return tf.strings.regex_replace(strings, "[‘’]", "'")


def to_lower(strings):
    """Lower-case UTF-8 strings, alike on every machine.

    TensorFlow's own operation follows the machine's locale, so that a Turkish one makes `I` a dotless
    `ı`, and loses all that follows a zero byte: ASCII letters come first, zero bytes become spaces.

    Args:
        strings: string tensor [N], in UTF-8.

    Returns:
        string tensor [N].

    Example:

    >>> to_lower(tf.constant(["IN ÉVIAN"])).numpy()[0].decode()
    'in évian'
    """
    strings = tf.strings.regex_replace(strings, r"\x{0}", " ")
    return tf.strings.lower(tf.strings.lower(strings), encoding="utf-8")


def _fold_code_points(strings):
    """Make full-width characters half-width, and a letter followed by its accents one letter."""
    code_points = tf.strings.unicode_decode(strings, "UTF-8")  # ragged [N, characters]
    values = code_points.flat_values
    values = tf.where((values >= 0xFF01) & (values <= 0xFF5E), values - FULL_WIDTH_OFFSET, values)
    values = tf.where(values == IDEOGRAPHIC_SPACE, ord(" "), values)
    code_points = code_points.with_flat_values(values)
    keys, composed = _compositions()
    for _ in range(3):  # one accent a round: letters with up to three marks
        code_points = _compose_once(code_points, keys, composed)
    return tf.strings.unicode_encode(code_points, "UTF-8")


def _compose_once(code_points, keys, composed):
    """Replace every letter and the accent right after it by their composition, where Unicode has one."""
    values = code_points.flat_values
    following = tf.concat([values[1:], [0]], axis=0)
    pairs = tf.cast(values, tf.int64) * 2**21 + tf.cast(following, tf.int64)  # [characters]
    place = tf.minimum(tf.searchsorted(keys, pairs), len(keys) - 1)
    rows = tf.concat([code_points.value_rowids(), [-1]], axis=0)
    found = tf.equal(tf.gather(keys, place), pairs) & tf.equal(rows[:-1], rows[1:])
    swallowed = tf.concat([[False], found], axis=0)[:-1]
    values = tf.where(found, tf.gather(composed, place), values)
    return tf.ragged.boolean_mask(code_points.with_flat_values(values), code_points.with_flat_values(~swallowed))


@functools.cache
def _compositions():
    """Return Unicode's canonical pairs: sorted keys first * 2^21 + second, and what they compose to."""
    pairs = {}
    for code_point in range(sys.maxunicode + 1):
        decomposition = unicodedata.decomposition(chr(code_point))
        if not decomposition or decomposition.startswith("<"):
            continue
        parts = [int(part, 16) for part in decomposition.split()]
        if len(parts) == 2 and unicodedata.normalize("NFC", chr(parts[0]) + chr(parts[1])) == chr(code_point):
            pairs[parts[0] * 2**21 + parts[1]] = code_point
    keys = sorted(pairs)
    return np.array(keys, "int64"), np.array([pairs[key] for key in keys], "int32")
