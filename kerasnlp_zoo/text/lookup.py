"""The conversion of tokens into ids in TensorFlow."""

import tensorflow as tf

from kerasnlp_zoo.vocabulary import UNKNOWN_ID, TokenList


def lookup_table(vocabulary: TokenList, first: int = 0) -> tf.lookup.StaticHashTable:
    """Return a table that converts string tokens into int64 ids; other strings become `[UNK]`.

    Args:
        vocabulary: the tokens.
        first: id of the first token in the table. Earlier tokens also become `[UNK]`.

    Example:

    >>> from kerasnlp_zoo.vocabulary import Vocabulary
    >>> lookup_table(Vocabulary(["[PAD]", "[UNK]", "tea"])).lookup(tf.constant(["tea", "cup"])).numpy()
    array([2, 1])
    """
    first = min(first, len(vocabulary) - 1)  # TensorFlow refuses an empty table
    tokens = tf.constant(vocabulary.tokens[first:], tf.string)
    entries = tf.lookup.KeyValueTensorInitializer(tokens, tf.range(first, len(vocabulary), dtype=tf.int64))
    return tf.lookup.StaticHashTable(entries, default_value=UNKNOWN_ID)
