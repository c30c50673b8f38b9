"""Preprocessing for translation models.

Shapes: N texts, S tokens of the longest source.
"""

from collections.abc import Sequence

import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.text.padding import padded
from kerasnlp_zoo.text.pieces import PieceTokenizer
from kerasnlp_zoo.text.preprocessors.preprocessor import Preprocessor
from kerasnlp_zoo.text.types import Features, Strings
from kerasnlp_zoo.types import Config
from kerasnlp_zoo.vocabulary import END_ID, GenerativeVocabulary

STRANGE = "Ｆｕｌｌ CAFE\u0301 👍🏽"  # full-width letters, a combining accent and an emoji of two code points
# These texts were written for this project.
GOLDEN_TEXTS = {
    "en": ["Where is the station?", "I don't think she's coming.", "Tom bought 3 books.", STRANGE, ""],
    "es": ["¿Dónde está la estación?", "Creo que ella no vendrá.", "Tom compró 3 libros.", STRANGE, ""],
    "uk": ["Де вокзал?", "Я не думаю, що вона прийде.", "Том купив 3 книги.", STRANGE, ""],
    "zh": ["车站在哪里？", "我想她不会来。", "汤姆买了3本书。", STRANGE, ""],
}


class TranslationPreprocessor(Preprocessor):
    """Convert source strings into token ids. Its `tokenizer` converts the ids of translations into strings.

    Every source ends with `[END]`, so an empty text has one token.

    Args:
        vocabulary: pieces of both languages.
        language: code of the source language, such as "en".
        target_language: code of the target language.
        max_sequence_length: maximum length of source and target in tokens, including `[END]` (>= 2); longer sources
            are truncated at the end.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> from kerasnlp_zoo.text.pieces import learn_piece_vocabulary
    >>> vocabulary = learn_piece_vocabulary(["a cup of tea", "una taza de té"], size=60)
    >>> preprocessor = TranslationPreprocessor(vocabulary, "en", "es")
    >>> preprocessor(["a cup"])["source_ids"].numpy()[0, -1]  # [END]
    np.int32(3)
    """

    vocabulary_class = GenerativeVocabulary
    modules = ("tensorflow_text",)
    vocabulary: GenerativeVocabulary
    max_sequence_length: int

    def __init__(
        self,
        vocabulary: GenerativeVocabulary,
        language: str = "en",
        target_language: str = "es",
        max_sequence_length: int = 128,
    ) -> None:
        for name, code in (("language", language), ("target_language", target_language)):
            if not isinstance(code, str) or not code:
                raise InputError(f"{name} must be the code of a language, such as 'en'. Received: {code!r}")
        require_positive(max_sequence_length=max_sequence_length)
        if max_sequence_length < 2:
            raise InputError(
                "max_sequence_length must leave room for a piece and [END], so it must be at least 2. "
                f"Received: max_sequence_length={max_sequence_length!r}"
            )
        self.vocabulary = vocabulary
        self.language = language
        self.target_language = target_language
        self.max_sequence_length = max_sequence_length
        self.tokenizer = PieceTokenizer(vocabulary)

    def __call__(self, strings: Strings) -> dict[str, tf.Tensor]:
        """Convert strings [N] into dense ids, with facts about each source.

        Returns:
            dict of source_ids int32 [N, S], padded with 0; source_tokens int32 [N], the number of tokens before
            truncation; truncated, bool [N]; unknown_share float32 [N], the share of tokens that are `[UNK]`.
        """
        ids = self.tokenizer.token_ids(strings)
        source_tokens = tf.cast(ids.row_lengths(), tf.int32) + 1
        return {
            **padded({"source_ids": self._ended(ids)}),
            "source_tokens": source_tokens,
            "truncated": source_tokens > self.max_sequence_length,
            "unknown_share": self.tokenizer.unknown_share(ids),
        }

    def features(self, strings: Strings) -> Features:
        """Convert strings [N] into {"source_ids": ragged int32 [N, (length)]}, truncated to max_sequence_length."""
        return {"source_ids": self._ended(self.tokenizer.token_ids(strings))}

    def _ended(self, ids: tf.RaggedTensor) -> tf.RaggedTensor:
        """Truncate ragged ids [N, (length)] and append `[END]`."""
        ids = ids[:, : self.max_sequence_length - 1]
        return tf.concat([ids, tf.fill([ids.nrows(), 1], END_ID)], axis=1)

    @property
    def golden_texts(self) -> Sequence[str]:
        """Texts with which an entry is checked."""
        return GOLDEN_TEXTS.get(self.language, GOLDEN_TEXTS["en"])

    def get_config(self) -> Config:
        """Return the constructor's arguments, without the vocabulary."""
        return {
            "language": self.language,
            "target_language": self.target_language,
            "max_sequence_length": self.max_sequence_length,
        }
