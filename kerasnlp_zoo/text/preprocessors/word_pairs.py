"""Word-level preprocessing for pairs of texts.

Shapes: N pairs, T tokens.
"""

import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.framing import NUM_PAIR_TOKENS, framed_pair
from kerasnlp_zoo.text.lookup import lookup_table
from kerasnlp_zoo.text.padding import padded
from kerasnlp_zoo.text.preprocessors.words import Segmenter, WordPreprocessor
from kerasnlp_zoo.text.types import Features, Strings
from kerasnlp_zoo.types import Language
from kerasnlp_zoo.vocabulary import CLASSIFICATION, SEPARATOR, PairVocabulary


class WordPairPreprocessor(WordPreprocessor):
    """Convert pairs of strings: `preprocessor(text, text_pair) -> {"token_ids", "segment_ids"}`, int32 [N, T].

    A pair becomes `[CLS] text [SEP] text_pair [SEP]`, with segment 1 from the second text on, as for BERT. The words
    are those of `WordPreprocessor`.

    Args:
        vocabulary: known words.
        language, segmenter: as for `WordPreprocessor`.
        max_sequence_length: maximum T, including special tokens; the longer text of a pair is truncated first.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> preprocessor = WordPairPreprocessor(PairVocabulary.from_counts({"a": 3, "film": 2}))
    >>> features = preprocessor(["A film."], ["A good film!"])
    >>> features["token_ids"].numpy().tolist(), features["segment_ids"].numpy().tolist()
    ([[2, 4, 5, 3, 4, 1, 5, 1, 3]], [[0, 0, 0, 0, 1, 1, 1, 1, 1]])

    Reference: Devlin et al. 2019, section 3.
    """

    vocabulary_class = PairVocabulary
    num_special = NUM_PAIR_TOKENS

    def __init__(
        self,
        vocabulary: PairVocabulary,
        language: Language = "en",
        segmenter: Segmenter = None,
        max_sequence_length: int = 512,
    ) -> None:
        super().__init__(vocabulary, language, segmenter, max_sequence_length)
        least = NUM_PAIR_TOKENS + 2
        if max_sequence_length < least:
            raise InputError(
                f"max_sequence_length must leave room for {NUM_PAIR_TOKENS} special tokens and a word of each text, so "
                f"it must be at least {least}. Received: max_sequence_length={max_sequence_length}"
            )
        self.table = lookup_table(vocabulary, first=len(vocabulary.special))  # `[SEP]` in a text is not special
        self.resources = (self.table,)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the string tensors that the preprocessor takes."""
        return ("text", "text_pair")

    def __call__(self, text: Strings, text_pair: Strings | None = None) -> dict[str, tf.Tensor]:
        """Convert strings [N] and [N] into {"token_ids", "segment_ids"}, int32 [N, T], padded with 0."""
        return super().__call__(text, text_pair)

    def read(self, text: Strings, text_pair: Strings | None = None) -> dict[str, tf.Tensor]:
        """Return the inputs of a model, and truncated, bool [N], which pairs are truncated."""
        first, second = self._ids_of_both(text, text_pair)
        lengths = first.row_lengths() + second.row_lengths()
        return {**padded(self._joined(first, second)), "truncated": lengths > self.room}

    def features(self, text: Strings, text_pair: Strings | None = None) -> Features:
        """Convert strings into ragged inputs, truncated to max_sequence_length.

        Args:
            text: strings [N].
            text_pair: strings [N].

        Returns:
            dict of ragged int32 [N, (length)]: token_ids and segment_ids.

        Raises:
            InputError: if text_pair is missing.
        """
        return self._joined(*self._ids_of_both(text, text_pair))

    def _ids_of_both(self, text: Strings, text_pair: Strings | None) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
        if text_pair is None:
            raise InputError("A preprocessor of pairs takes text and text_pair. Received: one text")
        return self._ids(self.tokenize(text)), self._ids(self.tokenize(text_pair))

    def _joined(self, first: tf.RaggedTensor, second: tf.RaggedTensor) -> Features:
        begin_id, end_id = (self.vocabulary.ids[token] for token in (CLASSIFICATION, SEPARATOR))
        return framed_pair(first, second, begin_id, end_id, self.max_sequence_length)
