"""The characters of words as ids, for taggers: they also describe words that are not in the vocabulary.

Shapes: N texts, K words of all texts, L characters of a word.
"""

import collections
from collections.abc import Iterable
from typing import Self

import tensorflow as tf

from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.text.lookup import lookup_table
from kerasnlp_zoo.types import Config
from kerasnlp_zoo.vocabulary import Vocabulary


class CharacterIds:
    """Convert words into the ids of their characters, with core TensorFlow operations.

    Args:
        vocabulary: single characters (Unicode code points).
        max_word_length: L; a longer word keeps its first and last characters, which contain more information.

    Raises:
        InputError: if `max_word_length` is not a positive integer.

    Example:

    >>> character_ids = CharacterIds.from_words(["tea", "eat"], max_word_length=4)
    >>> character_ids.vocabulary.tokens
    ['[PAD]', '[UNK]', 'a', 'e', 't']
    >>> character_ids(tf.ragged.constant([["tea", "T"], []])).to_list()
    [[[4, 3, 2, 0], [1, 0, 0, 0]], []]
    """

    def __init__(self, vocabulary: Vocabulary, max_word_length: int = 20) -> None:
        require_positive(max_word_length=max_word_length)
        self.vocabulary = vocabulary
        self.max_word_length = max_word_length
        self.table = lookup_table(vocabulary)
        self.resources = (self.table,)

    @classmethod
    def from_words(cls, words: Iterable[str], min_count: int = 1, max_word_length: int = 20) -> Self:
        """Return an instance whose vocabulary is built from words.

        Args:
            words: words of the training texts, each as often as it occurs.
            min_count: rarer characters become `[UNK]`.
            max_word_length: L.
        """
        counts: collections.Counter[str] = collections.Counter()
        for word in words:
            counts.update(word)
        counts.pop("\n", None)
        return cls(Vocabulary.from_counts(counts, min_count), max_word_length)

    def __call__(self, words: tf.RaggedTensor) -> tf.RaggedTensor:
        """Convert ragged words, string [N, (length)], into ragged int32 [N, (length), L], padded with 0."""
        ids = tf.strings.unicode_split(self._shortened(words.flat_values), "UTF-8")  # ragged [K, (characters)]
        ids = ids.with_flat_values(tf.cast(self.table.lookup(ids.flat_values), tf.int32))
        return words.with_flat_values(ids.to_tensor(shape=[None, self.max_word_length]))

    def _shortened(self, words: tf.Tensor) -> tf.Tensor:
        """Return words [K] without the middle of those with more than L characters."""
        lengths = tf.strings.length(words, "UTF8_CHAR")
        last = self.max_word_length // 2
        beginnings = tf.strings.substr(words, 0, self.max_word_length - last, "UTF8_CHAR")
        endings = tf.strings.substr(words, tf.maximum(lengths - last, 0), tf.fill(tf.shape(words), last), "UTF8_CHAR")
        return tf.where(lengths > self.max_word_length, beginnings + endings, words)

    def get_config(self) -> Config:
        """Return the constructor's arguments, without the vocabulary."""
        return {"max_word_length": self.max_word_length}
