"""The characters of words as ids: what a tagger sees of a word that its vocabulary lacks.

Shapes: N texts, K words of all texts together, L characters kept of a word.
"""

import collections

import tensorflow as tf

from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.vocabulary import Vocabulary


class CharacterIds:
    """Turn words into the ids of their characters; core TensorFlow, so that it works in an exported graph.

    Args:
        vocabulary: `Vocabulary` of single characters, code points of Unicode.
        max_word_length: int, L; longer words lose their middle: beginnings and endings tell more.

    Raises:
        InputError: if `max_word_length` is not a positive integer.

    Example:

    >>> character_ids = CharacterIds.from_words(["tea", "eat"], max_word_length=4)
    >>> character_ids.vocabulary.tokens
    ['[PAD]', '[UNK]', 'a', 'e', 't']
    >>> character_ids(tf.ragged.constant([["tea", "T"], []])).to_list()
    [[[4, 3, 2, 0], [1, 0, 0, 0]], []]
    """

    def __init__(self, vocabulary, max_word_length=20):
        require_positive(max_word_length=max_word_length)
        self.vocabulary = vocabulary
        self.max_word_length = max_word_length
        entries = tf.lookup.KeyValueTensorInitializer(
            tf.constant(vocabulary.tokens), tf.range(len(vocabulary), dtype=tf.int64)
        )
        self.table = tf.lookup.StaticHashTable(entries, default_value=1)
        self.resources = (self.table,)

    @classmethod
    def from_words(cls, words, min_count=1, max_word_length=20):
        """Count the characters of words of the training texts, each word as often as it occurs there.

        Args:
            words: iterable of str.
            min_count: int, rarer characters become `[UNK]`.
            max_word_length: int.

        Returns:
            CharacterIds.
        """
        counts = collections.Counter()
        for word in words:
            counts.update(word)
        counts.pop("\n", None)
        return cls(Vocabulary.from_counts(counts, min_count), max_word_length)

    def __call__(self, words):
        """Turn ragged words, string [N, (length)], into ragged int32 [N, (length), L], each filled up with 0."""
        characters = tf.strings.unicode_split(words.flat_values, "UTF-8")  # ragged [K, (characters)]
        first = self.max_word_length - self.max_word_length // 2
        last = self.max_word_length // 2
        beginnings = characters[:, :first]
        endings = tf.ragged.boolean_mask(characters, _is_ending(characters, first, last))
        ids = tf.concat([beginnings, endings], axis=1)
        ids = ids.with_flat_values(tf.cast(self.table.lookup(ids.flat_values), tf.int32))
        return words.with_flat_values(ids.to_tensor(shape=[None, self.max_word_length]))

    def get_config(self):
        """Return the arguments, without the vocabulary, that rebuild this."""
        return {"max_word_length": self.max_word_length}


def _is_ending(characters, first, last):
    """Tell which characters, in ragged rows [K, (characters)], are after the first ones and among the last."""
    lengths = characters.row_lengths()
    places = tf.ragged.range(lengths)
    remaining = tf.expand_dims(lengths, 1) - places
    return tf.logical_and(places >= first, remaining <= last)
