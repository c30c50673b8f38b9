import tensorflow as tf

from kerasnlp_zoo.text.wordpiece_offsets import original_offsets


def decode_ids(strings):
    """Replace x by three bytes, remove -, and keep all other characters."""
    return tf.strings.regex_replace(tf.strings.regex_replace(strings, "x", "é!"), "-", "")


def test_every_byte_is_mapped_to_its_original_character(random):
    texts = ["".join(random.choice(list("ax-é好👍"), random.integers(0, 9))) for _ in range(50)]
    widths = {c: len(decode_ids(tf.constant(c)).numpy()) for c in "ax-é好👍"}
    owners = [[place for place, c in enumerate(text) for _ in range(widths[c])] for text in texts]
    first = tf.ragged.constant([list(range(len(row))) for row in owners], tf.int64, ragged_rank=1)
    starts, ends = original_offsets(tf.constant(texts), decode_ids, first, first + 1)
    assert starts.to_list() == owners
    assert ends.to_list() == [[place + 1 for place in row] for row in owners]
