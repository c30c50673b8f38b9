"""Preprocessing for BERT: words are split into WordPiece tokens, with the same result as Hugging Face's tokenizer.

Shapes: N texts, K pieces of all texts, V pieces of the vocabulary.
"""

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.text.detokenization import detokenize
from kerasnlp_zoo.text.framing import NUM_PAIR_TOKENS, filled, framed, framed_pair
from kerasnlp_zoo.text.normalization import to_lower
from kerasnlp_zoo.text.padding import padded
from kerasnlp_zoo.text.piece_splitting import LONGEST_WORD, normalize_unicode, piece_splitter
from kerasnlp_zoo.text.preprocessors.sequences import SequencePreprocessor
from kerasnlp_zoo.text.preprocessors.words import LANGUAGES
from kerasnlp_zoo.text.ragged import filter_rows
from kerasnlp_zoo.text.strings import string_tensor
from kerasnlp_zoo.text.types import Features, Strings
from kerasnlp_zoo.text.wordpiece_offsets import original_offsets
from kerasnlp_zoo.types import Config, Language
from kerasnlp_zoo.vocabulary import CLASSIFICATION, CONTINUES, MASK, PADDING, SEPARATOR, UNKNOWN, WordPieceVocabulary

# Replaces [MASK] in a text, with a space on each side. Both have the same length, so offsets do not change. The
# character is the last private one of Unicode, which texts do not contain.
STAND_IN = "\U0010fffd" * (len(MASK) - 2)
# Control, format and private characters, except tab and line breaks, which are spaces, and the stand-in's character.
INVISIBLE = r"[\x{0}-\x{8}\x{B}\x{C}\x{E}-\x{1F}\x{7F}-\x{9F}\p{Cf}\x{E000}-\x{F8FF}\x{FFFD}\x{F0000}-\x{10FFFC}]"


class WordPiecePreprocessor(SequencePreprocessor):
    """Convert strings into the inputs of BERT: `preprocessor(text) -> {"token_ids", "segment_ids"}`, int32 [N, T].

    A text becomes `[CLS] text [SEP]`. A pair becomes `[CLS] text [SEP] text_pair [SEP]`, with segment 1 from the
    second text on. Pieces and the truncation of pairs are the same as in Hugging Face's BertTokenizerFast. `[MASK]` in
    a text becomes the mask token. Other special tokens in a text are split into brackets and letters.

    Args:
        vocabulary: pieces of the model.
        lower_case: whether to lower-case letters and remove accents before the look-up (uncased models).
        language: language of the strings; it does not change the tokens: every Chinese character is one word.
        pairs: whether every text comes with a second one.
        max_sequence_length: maximum T, including special tokens; longer texts are truncated at the end.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> vocabulary = WordPieceVocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "##ing", "!"])
    >>> preprocessor = WordPiecePreprocessor(vocabulary)
    >>> preprocessor(["Playing!", "PLAY"])["token_ids"].numpy()
    array([[2, 5, 6, 7, 3],
           [2, 5, 3, 0, 0]], dtype=int32)

    Reference: Devlin et al. 2019, section 3; Song et al. 2021, Fast WordPiece Tokenization.
    """

    vocabulary_class = WordPieceVocabulary
    modules = ("tensorflow_text",)
    vocabulary: WordPieceVocabulary
    language: Language
    max_sequence_length: int

    def __init__(
        self,
        vocabulary: WordPieceVocabulary,
        lower_case: bool = True,
        language: Language = "en",
        pairs: bool = False,
        max_sequence_length: int = 512,
    ) -> None:
        require_choice("language", language, LANGUAGES)
        self.num_special = NUM_PAIR_TOKENS if pairs else 2
        least = self.num_special + (2 if pairs else 1)
        require_positive(max_sequence_length=max_sequence_length)
        if max_sequence_length < least:
            raise InputError(
                f"max_sequence_length must leave room for {self.num_special} special tokens and a piece of every "
                f"text, so it must be at least {least}. Received: max_sequence_length={max_sequence_length!r}"
            )
        self.vocabulary = vocabulary
        self.lower_case = lower_case
        self.language = language
        self.pairs = pairs
        self.max_sequence_length = max_sequence_length
        pieces = [STAND_IN if token == MASK else token for token in vocabulary.tokens]
        self.tokenizer = piece_splitter(pieces)
        self.begins_word = np.array([not token.startswith(CONTINUES) for token in pieces], "int32")  # [V]
        self.num_characters = np.array([len(token.removeprefix(CONTINUES)) for token in pieces], "int32")  # [V]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the string tensors that the preprocessor takes."""
        return ("text", "text_pair") if self.pairs else ("text",)

    def __call__(self, text: Strings, text_pair: Strings | None = None) -> dict[str, tf.Tensor]:
        """Convert strings [N] into {"token_ids", "segment_ids"}, int32 [N, T], padded with 0, T >= 1."""
        return super().__call__(text, text_pair)

    def read(self, text: Strings, text_pair: Strings | None = None) -> dict[str, tf.Tensor]:
        """Return the inputs of a model, and truncated, bool [N], which texts or pairs are truncated."""
        self._require_inputs(text_pair)
        if text_pair is None:
            return super().read(text)
        first, second = self.token_ids(text), self.token_ids(text_pair)
        lengths = first.row_lengths() + second.row_lengths()
        return {**padded(self._joined(first, second)), "truncated": lengths > self.room}

    def features(self, text: Strings, text_pair: Strings | None = None) -> Features:
        """Convert strings into ragged inputs of BERT, truncated to max_sequence_length.

        Args:
            text: strings [N].
            text_pair: strings [N] with `pairs=True`, otherwise None.

        Returns:
            dict of ragged int32 [N, (length)]: token_ids and segment_ids.

        Raises:
            InputError: if text_pair is missing with `pairs=True`, or given with `pairs=False`.
        """
        self._require_inputs(text_pair)
        if text_pair is None:
            return super().features(text)
        return self._joined(self.token_ids(text), self.token_ids(text_pair))

    def complete_features(self, strings: Strings) -> Features:
        """Convert strings [N] into {"token_ids": ragged int32 [N, (length)]} of any length."""
        return {"token_ids": self.token_ids(strings)}

    def framed(self, features: Features) -> Features:
        """Add `[CLS]`, `[SEP]` and segment_ids to single texts; offsets of special tokens are -1."""
        token_ids = framed(features["token_ids"], *self._ends)
        outside = {"starts": -1, "ends": -1, "is_word_start": 0}
        offsets = {name: framed(features[name], *[value] * 2) for name, value in outside.items() if name in features}
        return {"token_ids": token_ids, "segment_ids": filled(token_ids, 0), **offsets}

    def _joined(self, first: tf.RaggedTensor, second: tf.RaggedTensor) -> Features:
        return framed_pair(first, second, *self._ends, self.max_sequence_length)

    @property
    def _ends(self) -> tuple[int, int]:
        """The ids of `[CLS]` and `[SEP]`."""
        return self.vocabulary.ids[CLASSIFICATION], self.vocabulary.ids[SEPARATOR]

    def token_ids(self, strings: Strings) -> tf.RaggedTensor:
        """Return the ids of the pieces without special tokens: ragged int32 [N, (length)]; faster than `pieces`."""
        token_ids = self.tokenizer.tokenize(self._normalized(self._marked(strings)))
        return self._without_long_words(token_ids)[0]

    def features_with_offsets(self, text: Strings) -> Features:
        """Convert strings into the inputs of BERT, with the offsets of every token.

        Args:
            text: strings [N].

        Returns:
            dict of ragged int32 [N, (length)], all with the same row lengths: token_ids and segment_ids as in
            `features`; starts and ends as in `pieces`, and -1 at special tokens; is_word_start, 0 at special tokens.

        Raises:
            InputError: if the preprocessor takes pairs.

        Example:

        >>> vocabulary = WordPieceVocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "##ing"])
        >>> features = WordPiecePreprocessor(vocabulary).features_with_offsets(["PLAYING"])
        >>> features["starts"].to_list(), features["is_word_start"].to_list()
        ([[-1, 0, 4, -1]], [[0, 1, 0, 0]])
        """
        self._require_inputs(None)
        return self.fitted(self.pieces(text))

    def pieces(self, strings: Strings) -> Features:
        """Split strings into pieces, without special tokens and without truncation.

        Args:
            strings: strings [N].

        Returns:
            dict of ragged int32 [N, (length)], all with the same row lengths: token_ids; starts and ends, the first
            character (Unicode code point) of the piece in its string, and the one after its last; is_word_start, 1 if
            the piece begins a word and 0 if it continues one.

        Example:

        >>> vocabulary = WordPieceVocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "cafe", "好"])
        >>> pieces = WordPiecePreprocessor(vocabulary).pieces(["CAFÉ 好"])
        >>> pieces["starts"].to_list(), pieces["ends"].to_list()
        ([[0, 5]], [[4, 6]])
        """
        strings = self._marked(strings)
        token_ids, starts, ends = self.tokenizer.tokenize_with_offsets(self._normalized(strings))
        token_ids, starts, ends = self._without_long_words(token_ids, starts, ends)
        starts, ends = original_offsets(strings, self._normalized, starts, ends)
        # [MASK] has one character more than its stand-in on each side.
        is_mask = tf.cast(tf.equal(token_ids.values, self.vocabulary.ids[MASK]), tf.int32)  # [K]
        return {
            "token_ids": token_ids,
            "starts": starts.with_values(starts.values - is_mask),
            "ends": ends.with_values(ends.values + is_mask),
            "is_word_start": token_ids.with_values(tf.gather(self.begins_word, token_ids.values)),
        }

    def detokenize(self, token_ids: Iterable[int]) -> str:
        """Convert the token ids of one text into readable text, without padding, `[CLS]` and `[SEP]`.

        Example:

        >>> vocabulary = WordPieceVocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "##ing", "!"])
        >>> WordPiecePreprocessor(vocabulary).detokenize([2, 5, 6, 7, 3])
        'playing!'
        """
        tokens = [self.vocabulary.tokens[token_id] for token_id in token_ids]
        tokens = [token for token in tokens if token not in (PADDING, CLASSIFICATION, SEPARATOR)]
        return detokenize(" ".join(tokens).replace(f" {CONTINUES}", ""))

    def get_config(self) -> Config:
        """Return the constructor's arguments, without the vocabulary."""
        return {
            "lower_case": self.lower_case,
            "language": self.language,
            "pairs": self.pairs,
            "max_sequence_length": self.max_sequence_length,
        }

    def _require_inputs(self, text_pair: Strings | None) -> None:
        """Raise InputError if `text_pair` is missing with `pairs=True`, or given with `pairs=False`."""
        if (text_pair is not None) != self.pairs:
            raise InputError(
                f"A preprocessor with pairs={self.pairs} takes {' and '.join(self.inputs)}. "
                f"Received: {'one text' if text_pair is None else 'a pair'}"
            )

    def _marked(self, strings: Strings) -> tf.Tensor:
        """Replace `[MASK]` in the strings by its stand-in."""
        strings = string_tensor(strings)
        return tf.strings.regex_replace(strings, r"\[MASK\]", f" {STAND_IN} ")

    def _normalized(self, strings: tf.Tensor) -> tf.Tensor:
        """Remove invisible characters; with `lower_case`, also lower-case letters and remove accents.

        The result for a character does not depend on its neighbours. `original_offsets` relies on this.
        """
        if not self.lower_case:
            strings = tf.strings.unicode_transcode(strings, "UTF-8", "UTF-8", errors="ignore")
            return tf.strings.regex_replace(strings, INVISIBLE, "")
        strings = tf.strings.regex_replace(strings, INVISIBLE, "")
        strings = tf.strings.regex_replace(strings, "Σ", "σ")  # otherwise it becomes ς at the end of a word
        strings = normalize_unicode(to_lower(strings), "NFD")
        return tf.strings.regex_replace(strings, r"[\p{Mn}\x{FFFD}]", "")  # invalid UTF-8 has become U+FFFD

    def _without_long_words(self, token_ids: tf.RaggedTensor, *offsets: tf.RaggedTensor) -> tuple[tf.RaggedTensor, ...]:
        """Replace every word of more than 100 characters by one `[UNK]`.

        Args:
            token_ids: ragged int32 [N, (length)].
            *offsets: nothing, or starts and ends, with the same row lengths.

        Returns:
            the new token_ids and offsets.
        """
        begins = tf.gather(self.begins_word, token_ids.values)  # [K]
        word = tf.cumsum(begins) - 1  # [K], the word of each piece
        num_characters = tf.math.segment_sum(tf.gather(self.num_characters, token_ids.values), word)  # [words]
        is_long = num_characters > LONGEST_WORD

        def shorten() -> tuple[tf.RaggedTensor, ...]:
            of_long_word = tf.gather(is_long, word)
            keep = tf.cast(begins, tf.bool) | ~of_long_word
            unknown = tf.where(of_long_word, self.vocabulary.ids[UNKNOWN], token_ids.values)
            shortened = [token_ids.with_values(unknown), *offsets]
            if offsets:
                last = tf.gather(tf.math.segment_max(offsets[1].values, word), word)
                shortened[2] = offsets[1].with_values(tf.where(of_long_word, last, offsets[1].values))
            return tuple(filter_rows(values, keep) for values in shortened)

        return tf.cond(tf.reduce_any(is_long), shorten, lambda: (token_ids, *offsets))
