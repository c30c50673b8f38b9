"""Strings to the ids that a language model reads, in TensorFlow operations."""

import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.text.language_model_text import UNITS, WRITTEN_UNKNOWN, split_lines
from kerasnlp_zoo.text.padding import padded
from kerasnlp_zoo.text.preprocessors.words import LANGUAGES, WordPreprocessor
from kerasnlp_zoo.vocabulary import UNKNOWN_ID, GenerativeVocabulary, Vocabulary

ENDING_OR_MARK = r"(['’]?[\p{L}\p{M}\p{N}]+)|([\p{P}\p{S}])"


class LanguageModelPreprocessor:
    """Turn strings into token ids: `preprocessor(strings) -> {"token_ids": int32 [N, T]}`.

    A string is a line, split as the text was that the model learned from.

    Args:
        vocabulary: `GenerativeVocabulary`.
        unit: "words", "spaces" or "characters", see `split_lines`; or "jieba", Chinese words, which are found in
            Python before the graph: an exported model takes them separated by spaces.
        language: "en" or "zh".
        max_sequence_length: int, longest T; longer texts lose their end.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> vocabulary = GenerativeVocabulary.from_counts({"tea": 2, ",": 1})
    >>> LanguageModelPreprocessor(vocabulary)(["tea, milk"])["token_ids"].numpy()
    array([[4, 5, 1]], dtype=int32)
    """

    vocabulary_class = GenerativeVocabulary
    inputs = ("text",)
    modules = ()

    def __init__(self, vocabulary, unit="words", language="en", max_sequence_length=512):
        require_choice("unit", unit, (*UNITS, "jieba"))
        require_choice("language", language, LANGUAGES)
        require_positive(max_sequence_length=max_sequence_length)
        if unit == "jieba" and language != "zh":
            raise InputError(f"unit='jieba' finds Chinese words: use language='zh'. Received: language={language!r}")
        self.vocabulary = vocabulary
        self.unit = unit
        self.language = language
        self.max_sequence_length = max_sequence_length
        # `[END]`, typed by someone, is no end: special tokens are not looked up.
        first = len(vocabulary.special)
        tokens = tf.constant(vocabulary.tokens[first:], tf.string)
        entries = tf.lookup.KeyValueTensorInitializer(tokens, tf.range(first, len(vocabulary), dtype=tf.int64))
        self.table = tf.lookup.StaticHashTable(entries, default_value=UNKNOWN_ID)
        self.resources = (self.table,)

    @property
    def vocabulary_size(self):
        """Number of token ids, V."""
        return len(self.vocabulary)

    def __call__(self, strings):
        """Turn strings [N] into {"token_ids": int32 [N, T]}, padded with 0, T at least 1."""
        return padded(self.features(strings))

    def features(self, strings):
        """Turn strings [N] into {"token_ids": ragged int32 [N, (length)]}, cut at max_sequence_length.

        Where words are what stands between spaces, one that the vocabulary lacks is set apart from its marks:
        people write "it's here," where such a text has "it 's here ,".
        """
        tokens = self._split(strings)
        if self.unit == "spaces":
            words = tokens.flat_values
            is_whole = (self.table.lookup(words) > UNKNOWN_ID) | tf.equal(words, WRITTEN_UNKNOWN)
            apart = tf.strings.regex_replace(words, ENDING_OR_MARK, r" \1\2 ")
            tokens = tokens.with_flat_values(tf.strings.split(tf.where(is_whole, words, apart))).merge_dims(1, 2)
        return {"token_ids": self._ids(tokens)[:, : self.max_sequence_length]}

    def token_ids(self, strings):
        """Turn strings [N] into ragged int32 ids [N, (length)], however long, split just as the text learned from."""
        return self._ids(self._split(strings))

    def _split(self, strings):
        return split_lines(strings, "spaces" if self.unit == "jieba" else self.unit, self.language)

    def _ids(self, tokens):
        return tokens.with_flat_values(tf.cast(self.table.lookup(tokens.flat_values), tf.int32))

    def prepare(self, texts):
        """Find Chinese words, if they are the unit: list of str to list of str."""
        if self.unit != "jieba":
            return texts
        return WordPreprocessor(Vocabulary.from_counts({}), self.language, "jieba").prepare(texts)

    def get_config(self):
        """Return the arguments, without the vocabulary, that rebuild this preprocessor."""
        return {"unit": self.unit, "language": self.language, "max_sequence_length": self.max_sequence_length}
