"""Offsets of pieces: from a normalized string to the original string.

Shapes: N strings, C characters and K pieces of all strings.
"""

from collections.abc import Callable

import tensorflow as tf

from kerasnlp_zoo.text.ragged import row_ids


def original_offsets(
    strings: tf.Tensor,
    normalize: Callable[[tf.Tensor], tf.Tensor],
    starts: tf.RaggedTensor,
    ends: tf.RaggedTensor,
) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
    """Convert byte offsets in normalized strings into character offsets in the original strings.

    Every distinct character is normalized alone. The cumulative sum of these lengths in bytes shows which character a
    byte belongs to. A character that becomes several (한 becomes three letters) owns all their bytes; a removed
    character (an accent, a control character) owns none.

    Args:
        strings: strings [N]; bytes that are not valid UTF-8 count as the U+FFFD that they decode to.
        normalize: function from strings to strings; its result for a character must not depend on the neighbours.
        starts: ragged int [N, (pieces)], the first byte of each piece in normalize(strings).
        ends: ragged int [N, (pieces)], the byte after the last one of each piece.

    Returns:
        starts and ends in Unicode code points of `strings`, ragged int32 [N, (pieces)].

    Example:

    >>> without_spaces = lambda strings: tf.strings.regex_replace(strings, " ", "")
    >>> first, last = tf.RaggedTensor.from_tensor([[0, 1]]), tf.RaggedTensor.from_tensor([[1, 3]])
    >>> starts, ends = original_offsets(["a  bc"], without_spaces, first, last)
    >>> starts.to_list(), ends.to_list()
    ([[0, 3]], [[1, 5]])
    """
    characters = tf.strings.unicode_decode(strings, "UTF-8")  # ragged [N, (characters)]
    distinct, place = tf.unique(characters.values)
    alone = tf.strings.unicode_encode(distinct[:, None], "UTF-8")
    num_bytes = tf.gather(tf.cast(tf.strings.length(normalize(alone)), starts.dtype), place)  # [C]
    bytes_until = tf.concat([tf.zeros([1], starts.dtype), tf.cumsum(num_bytes)], axis=0)  # [C + 1]
    first_character = characters.row_splits[:-1]  # [N]
    first_byte = tf.gather(bytes_until, first_character)  # [N]

    rows = row_ids(starts)  # [K]

    def character_of(byte: tf.Tensor) -> tf.Tensor:
        """Return the character that owns a byte [K] of its string: the first character that ends after the byte."""
        owner = tf.searchsorted(bytes_until[1:], byte + tf.gather(first_byte, rows), side="right", out_type=tf.int64)
        return tf.cast(owner - tf.gather(first_character, rows), tf.int32)

    return starts.with_values(character_of(starts.values)), ends.with_values(character_of(ends.values - 1) + 1)
