"""Strings to the ids that a translator reads, in TensorFlow operations.

Shapes: N texts, S tokens of the longest.
"""

import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.padding import padded
from kerasnlp_zoo.text.pieces import PieceTokenizer
from kerasnlp_zoo.vocabulary import END_ID, GenerativeVocabulary

STRANGE = "Ｆｕｌｌ CAFE\u0301 👍🏽"  # what breaks careless preprocessing
# Written for this project.
GOLDEN_TEXTS = {
    "en": ["Where is the station?", "I don't think she's coming.", "Tom bought 3 books.", STRANGE, ""],
    "es": ["¿Dónde está la estación?", "Creo que ella no vendrá.", "Tom compró 3 libros.", STRANGE, ""],
    "uk": ["Де вокзал?", "Я не думаю, що вона прийде.", "Том купив 3 книги.", STRANGE, ""],
    "zh": ["车站在哪里？", "我想她不会来。", "汤姆买了3本书。", STRANGE, ""],
}


class TranslationPreprocessor:
    """Turn strings of one language into what a translator reads, and its tokens into strings of another.

    Every source ends with `[END]`, so that the empty text is something, too.

    Args:
        vocabulary: `GenerativeVocabulary` of pieces of both languages.
        language: str, code of the language that is read, such as "en".
        target_language: str, code of the language that is written.
        max_sequence_length: int >= 2, longest source and target in tokens, `[END]` included; longer sources lose
            their end.

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
    inputs = ("text",)
    modules = ("tensorflow_text",)  # what an exported graph needs beside TensorFlow
    resources = ()  # the pieces stand in the graph itself

    def __init__(self, vocabulary, language="en", target_language="es", max_sequence_length=128):
        for name, code in (("language", language), ("target_language", target_language)):
            if not isinstance(code, str) or not code:
                raise InputError(f"{name} is the code of a language, such as 'en'. Received: {code!r}")
        if max_sequence_length < 2:
            raise InputError(
                f"max_sequence_length leaves room for a piece and [END]. Received: {max_sequence_length!r}"
            )
        self.vocabulary = vocabulary
        self.language = language
        self.target_language = target_language
        self.max_sequence_length = max_sequence_length
        self.tokenizer = PieceTokenizer(vocabulary)

    @property
    def vocabulary_size(self):
        """Number of token ids, V."""
        return len(self.vocabulary)

    def __call__(self, strings):
        """Turn strings [N] into source_ids int32 [N, S], padded with 0, and what is to be known of each source.

        Returns:
            dict of source_ids; source_tokens int32 [N], before any is cut off; and unknown_share float32 [N], the
            share of tokens that are `[UNK]`.
        """
        ids = self.tokenizer.token_ids(strings)
        return {
            **padded({"source_ids": self._ended(ids)}),
            "source_tokens": tf.cast(ids.row_lengths(), tf.int32) + 1,
            "unknown_share": self.tokenizer.unknown_share(ids),
        }

    def features(self, strings):
        """Turn strings [N] into {"source_ids": ragged int32 [N, (length)]}, cut at max_sequence_length."""
        return {"source_ids": self._ended(self.tokenizer.token_ids(strings))}

    def _ended(self, ids):
        """Cut ragged ids [N, (length)] and put `[END]` behind them."""
        ids = ids[:, : self.max_sequence_length - 1]
        return tf.concat([ids, tf.fill([ids.nrows(), 1], END_ID)], axis=1)

    def prepare(self, texts):
        """Return the texts: all is done in the graph."""
        return texts

    @property
    def golden_texts(self):
        """Texts by which an entry is checked."""
        return GOLDEN_TEXTS.get(self.language, GOLDEN_TEXTS["en"])

    def get_config(self):
        """Return the arguments, without the vocabulary, that rebuild this preprocessor."""
        return {
            "language": self.language,
            "target_language": self.target_language,
            "max_sequence_length": self.max_sequence_length,
        }
