"""Normalization: half-width letters, composed accents, lower case.

It uses only core TensorFlow operations, so it works in tf.data and in an exported graph without tensorflow-text.
"""

import functools
import sys
import unicodedata

import numpy as np
import tensorflow as tf

FULL_WIDTH_OFFSET = 0xFEE0  # U+FF01..U+FF5E mirror ASCII U+0021..U+007E
IDEOGRAPHIC_SPACE = 0x3000
NEEDS_FOLDING = r"(?s).*[\x{FF01}-\x{FF5E}\x{3000}\p{Mn}].*"


def normalize(strings: tf.Tensor, lower_case: bool = True) -> tf.Tensor:
    """Return strings in normalized spelling: valid UTF-8, half-width, composed accents, lower case, straight '.

    Args:
        strings: string tensor [N]; bytes that are not valid UTF-8 become U+FFFD.
        lower_case: whether to lower-case letters.

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


def to_lower(strings: tf.Tensor) -> tf.Tensor:
    """Return UTF-8 strings in lower case, with the same result on every machine.

    TensorFlow's UTF-8 operation depends on the locale: a Turkish one converts `I` into a dotless `ı`. It also drops all
    text after a zero byte. Therefore ASCII letters are lower-cased first, and zero bytes become spaces.

    Args:
        strings: string tensor [N] in UTF-8.

    Returns:
        string tensor [N].

    Example:

    >>> to_lower(tf.constant(["IN ÉVIAN"])).numpy()[0].decode()
    'in évian'
    """
    strings = tf.strings.regex_replace(strings, r"\x{0}", " ")
    return tf.strings.lower(tf.strings.lower(strings), encoding="utf-8")


@tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)  # traced once, not per graph
def _fold_code_points(strings: tf.Tensor) -> tf.Tensor:
    """Return strings with half-width characters, and with one code point for a letter and its accents."""
    code_points = tf.strings.unicode_decode(strings, "UTF-8")  # ragged [N, characters]
    values = code_points.flat_values
    values = tf.where((values >= 0xFF01) & (values <= 0xFF5E), values - FULL_WIDTH_OFFSET, values)
    values = tf.where(values == IDEOGRAPHIC_SPACE, ord(" "), values)
    code_points = code_points.with_flat_values(values)
    keys, composed = _compositions()
    for _ in range(3):  # each round composes one accent; a letter can have three
        code_points = _compose_once(code_points, keys, composed)
    return tf.strings.unicode_encode(code_points, "UTF-8")


def _compose_once(code_points: tf.RaggedTensor, keys: np.ndarray, composed: np.ndarray) -> tf.RaggedTensor:
    """Replace every letter and the accent after it by their composition, if Unicode has one."""
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
def _compositions() -> tuple[np.ndarray, np.ndarray]:
    """Return Unicode's canonical compositions: sorted keys first * 2^21 + second, and the composed code points."""
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
