"""Strings that are one word each, looked up as they are written, else in their normalised spelling."""

import tensorflow as tf

from kerasnlp_zoo.text.normalization import normalize
from kerasnlp_zoo.text.preprocessors.words import WordPreprocessor


class SingleWordPreprocessor(WordPreprocessor):
    """Turn words into ids: `preprocessor(words) -> {"token_ids": int32 [N, 1]}`.

    Nothing is split: "U.S." is a word that a vocabulary may hold, and one with spaces in it, "New York",
    is unknown unless it was learned as one. A word that the vocabulary lacks as written is looked up in
    lower case, half-width and with composed accents.

    Args:
        vocabulary, language, segmenter, max_sequence_length: as for `WordPreprocessor`, which splits a
            sentence into words of this vocabulary (`sentences`).

    Example:

    >>> from kerasnlp_zoo.text import Vocabulary
    >>> preprocessor = SingleWordPreprocessor(Vocabulary(["[PAD]", "[UNK]", "paris", "Rome", "u.s."]))
    >>> preprocessor(["Paris", "Rome", "U.S.", "New York"])["token_ids"].numpy().tolist()
    [[2], [3], [4], [1]]
    """

    def __call__(self, strings):
        """Turn words [N] into {"token_ids": int32 [N, 1]}."""
        return {"token_ids": self.features(strings)["token_ids"].to_tensor(shape=(None, 1))}

    def features(self, strings):
        """Turn words [N] into {"token_ids": ragged int32 [N, 1]}."""
        words = tf.convert_to_tensor(strings, tf.string)
        ids = self.table.lookup(words)
        # `[PAD]`, typed by someone, is no word either.
        ids = tf.where(ids > 1, ids, self.table.lookup(normalize(tf.strings.strip(words))))
        return {"token_ids": tf.RaggedTensor.from_tensor(tf.cast(ids, tf.int32)[:, None])}

    def tokenize(self, strings):
        """Turn words [N] into ragged string tokens [N, 1], as they are written."""
        return tf.RaggedTensor.from_tensor(tf.convert_to_tensor(strings, tf.string)[:, None])

    def prepare(self, texts):
        """Return the words as they are: a segmenter would cut them."""
        return texts

    def sentences(self):
        """Return the WordPreprocessor that splits sentences into words of this vocabulary."""
        return WordPreprocessor(self.vocabulary, **self.get_config())
