"""Preprocessing for language models."""

from collections.abc import Sequence
from typing import Literal

import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.text.language_model_text import UNITS, WRITTEN_UNKNOWN, split_lines
from kerasnlp_zoo.text.lookup import lookup_table
from kerasnlp_zoo.text.padding import padded
from kerasnlp_zoo.text.preprocessors.preprocessor import Preprocessor
from kerasnlp_zoo.text.preprocessors.words import LANGUAGES, WordPreprocessor
from kerasnlp_zoo.text.types import Features, Strings
from kerasnlp_zoo.types import Config, Language
from kerasnlp_zoo.vocabulary import UNKNOWN_ID, GenerativeVocabulary, Vocabulary

ENDING_OR_MARK = r"(['’]?[\p{L}\p{M}\p{N}]+)|([\p{P}\p{S}])"


class LanguageModelPreprocessor(Preprocessor):
    """Convert strings into token ids: `preprocessor(strings) -> {"token_ids": int32 [N, T]}`.

    A string is a line. It is split in the same way as the training text of the model.

    Args:
        vocabulary: tokens of the model.
        unit: "words", "spaces" or "characters", see `split_lines`; "pieces" of words, if the vocabulary is from
            `encode_pieces`; or "jieba" for Chinese words. jieba runs in Python, before the graph. An exported model
            therefore takes Chinese words separated by spaces.
        language: language of the strings.
        max_sequence_length: maximum T. A longer text is truncated: in training at its end, and for an answer at its
            beginning, because its end is continued.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> vocabulary = GenerativeVocabulary.from_counts({"tea": 2, ",": 1})
    >>> LanguageModelPreprocessor(vocabulary)(["tea, milk"])["token_ids"].numpy()
    array([[4, 5, 1]], dtype=int32)
    """

    vocabulary_class = GenerativeVocabulary
    vocabulary: GenerativeVocabulary
    language: Language
    max_sequence_length: int

    def __init__(
        self,
        vocabulary: GenerativeVocabulary,
        unit: Literal["words", "spaces", "characters", "pieces", "jieba"] = "words",
        language: Language = "en",
        max_sequence_length: int = 512,
    ) -> None:
        require_choice("unit", unit, (*UNITS, "pieces", "jieba"))
        require_choice("language", language, LANGUAGES)
        require_positive(max_sequence_length=max_sequence_length)
        if unit == "jieba" and language != "zh":
            raise InputError(f"unit='jieba' is for Chinese: use language='zh'. Received: language={language!r}")
        self.vocabulary = vocabulary
        self.unit = unit
        self.language = language
        self.max_sequence_length = max_sequence_length
        # Special tokens are not in the table: a user who types `[END]` does not end the text.
        self.table = lookup_table(vocabulary, first=len(vocabulary.special))
        self.resources = (self.table,)
        if unit == "pieces":
            from kerasnlp_zoo.text.language_model_pieces import LinePieces  # needs tensorflow-text

            self.pieces_of_lines = LinePieces(vocabulary)
            self.modules = ("tensorflow_text",)

    def __call__(self, strings: Strings) -> dict[str, tf.Tensor]:
        """Convert strings [N] into {"token_ids": int32 [N, T]}, padded with 0, T >= 1.

        A text that is too long keeps its last tokens, because it is continued.
        """
        return {"token_ids": self.read(strings)["token_ids"]}

    def read(self, strings: Strings) -> dict[str, tf.Tensor]:
        """Return the inputs of a model, and truncated, bool [N], which texts are truncated."""
        ids = self._ids(self.tokenize(strings))
        truncated = ids.row_lengths() > self.max_sequence_length
        return {**padded({"token_ids": ids[:, -self.max_sequence_length :]}), "truncated": truncated}

    def features(self, strings: Strings) -> Features:
        """Convert strings [N] into {"token_ids": ragged int32 [N, (length)]}, the first max_sequence_length tokens."""
        return {"token_ids": self._ids(self.tokenize(strings))[:, : self.max_sequence_length]}

    def tokenize(self, strings: Strings) -> tf.RaggedTensor:
        """Split strings [N] as users write them into tokens, ragged string [N, (length)].

        With the unit "spaces", punctuation and short forms are separated from an unknown word: users write "it's
        here,", but a text of this unit contains "it 's here ,".
        """
        tokens = self._split(strings)
        if self.unit == "spaces":
            words = tokens.flat_values
            is_whole = (self.table.lookup(words) > UNKNOWN_ID) | tf.equal(words, WRITTEN_UNKNOWN)
            apart = tf.strings.regex_replace(words, ENDING_OR_MARK, r" \1\2 ")
            tokens = tokens.with_flat_values(tf.strings.split(tf.where(is_whole, words, apart))).merge_dims(1, 2)
        return tokens

    def token_ids(self, strings: Strings) -> tf.RaggedTensor:
        """Convert strings [N], split like the training text, into ragged int32 ids [N, (length)] of any length."""
        return self._ids(self._split(strings))

    def _split(self, strings: Strings) -> tf.RaggedTensor:
        if self.unit == "pieces":
            return self.pieces_of_lines.split(strings)
        return split_lines(strings, "spaces" if self.unit == "jieba" else self.unit, self.language)

    def join(self, ids: tf.Tensor) -> tf.Tensor:
        """Return the text of token ids [N, T], padded with 0: strings [N]; words are separated by spaces."""
        if self.unit == "pieces":
            return self.pieces_of_lines.detokenize(ids)
        words = tf.ragged.boolean_mask(tf.gather(tf.constant(self.vocabulary.tokens), ids), ids != 0)
        return tf.strings.reduce_join(words, axis=1, separator="" if self.unit == "characters" else " ")

    def _ids(self, tokens: tf.RaggedTensor) -> tf.RaggedTensor:
        return tokens.with_flat_values(tf.cast(self.table.lookup(tokens.flat_values), tf.int32))

    def prepare(self, texts: Sequence[str]) -> Sequence[str]:
        """Return the texts; with the unit "jieba", put spaces between Chinese words."""
        if self.unit != "jieba":
            return texts
        return WordPreprocessor(Vocabulary.from_counts({}), self.language, "jieba").prepare(texts)

    def get_config(self) -> Config:
        """Return the constructor's arguments, without the vocabulary."""
        return {"unit": self.unit, "language": self.language, "max_sequence_length": self.max_sequence_length}
