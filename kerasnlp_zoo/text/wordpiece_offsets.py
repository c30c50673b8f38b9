"""Where a piece of a normalised string stands in the string it came from.

Shapes: N strings, C characters and K pieces of all strings together.
"""

import tensorflow as tf

from kerasnlp_zoo.text.ragged import row_ids


def original_offsets(strings, normalize, starts, ends):
    """Translate bytes of normalised strings into characters of the given ones.

    Every distinct character is normalised alone, which tells how many bytes it has left; adding those up
    tells to which character a byte belongs. One that gave several (한 its three letters) owns them all; one that
    was dropped (an accent, a control character) owns none.

    Args:
        strings: strings [N]; bytes that are no UTF-8 count as the U+FFFD they decode to.
        normalize: function from strings to strings, which treats every character by itself.
        starts: ragged int [N, (pieces)], the first byte of each piece in normalize(strings).
        ends: ragged int [N, (pieces)], the byte after its last.

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

    def character_of(byte):
        """Return the character that owns a byte [K] of its string: the first one that ends after it."""
        owner = tf.searchsorted(bytes_until[1:], byte + tf.gather(first_byte, rows), side="right", out_type=tf.int64)
        return tf.cast(owner - tf.gather(first_character, rows), tf.int32)

    return starts.with_values(character_of(starts.values)), ends.with_values(character_of(ends.values - 1) + 1)
