"""Preprocessing for word vectors: every string is one word."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from kerasnlp_zoo.text.normalization import normalize
from kerasnlp_zoo.text.preprocessors.words import WordPreprocessor
from kerasnlp_zoo.text.strings import string_tensor
from kerasnlp_zoo.text.types import Features, Strings


class SingleWordPreprocessor(WordPreprocessor):
    """Convert words into ids: `preprocessor(words) -> {"token_ids": int32 [N, 1]}`.

    A string is not split: "U.S." can be a token, and "New York" is unknown unless the vocabulary contains it.
    A word is looked up as written. If it is unknown, it is looked up in its normalized spelling: lower case,
    half-width, composed accents.

    Args:
        vocabulary, language, segmenter, max_sequence_length: as for `WordPreprocessor`; the last three are used
            by `sentences`.

    Example:

    >>> from kerasnlp_zoo.text import Vocabulary
    >>> preprocessor = SingleWordPreprocessor(Vocabulary(["[PAD]", "[UNK]", "paris", "Rome", "u.s."]))
    >>> preprocessor(["Paris", "Rome", "U.S.", "New York"])["token_ids"].numpy().tolist()
    [[2], [3], [4], [1]]
    """

    def __call__(self, strings: Strings) -> dict[str, tf.Tensor]:
        """Convert words [N] into {"token_ids": int32 [N, 1]}."""
        return {"token_ids": self.features(strings)["token_ids"].to_tensor(shape=(None, 1))}

    def read(self, *texts: Any) -> dict[str, tf.Tensor]:
        """Return the inputs of a model; a word is never truncated."""
        return self(*texts)

    def features(self, strings: Strings) -> Features:
        """Convert words [N] into {"token_ids": ragged int32 [N, 1]}."""
        words = string_tensor(strings)
        ids = self.table.lookup(words)
        # The ids 0 and 1 count as not found: a user who types `[PAD]` does not mean padding.
        ids = tf.where(ids > 1, ids, self.table.lookup(normalize(tf.strings.strip(words))))
        return {"token_ids": tf.RaggedTensor.from_tensor(tf.cast(ids, tf.int32)[:, None])}

    def tokenize(self, strings: Strings) -> tf.RaggedTensor:
        """Convert words [N] into ragged string tokens [N, 1], unchanged."""
        return tf.RaggedTensor.from_tensor(string_tensor(strings)[:, None])

    def prepare(self, texts: Sequence[str]) -> Sequence[str]:
        """Return the words unchanged: a segmenter would split them."""
        return texts

    def sentences(self) -> WordPreprocessor:
        """Return the WordPreprocessor that splits sentences into words of this vocabulary."""
        return WordPreprocessor(self.vocabulary, **self.get_config())
