"""Preprocessing for taggers: only spaces are dropped, and every token has its offsets in the text.

Shapes: N texts, K tokens of all texts, L characters of a word.
"""

import re
from collections.abc import Sequence
from typing import Any, Self

import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.character_classes import CJK, EMOJI, SPACES
from kerasnlp_zoo.text.normalization import normalize
from kerasnlp_zoo.text.preprocessors.words import WordPreprocessor
from kerasnlp_zoo.text.strings import string_tensor
from kerasnlp_zoo.text.tagged_text import JOINERS
from kerasnlp_zoo.text.types import Features, Strings
from kerasnlp_zoo.text.word_characters import CharacterIds
from kerasnlp_zoo.types import Config, Language
from kerasnlp_zoo.vocabulary import PADDING, UNKNOWN, Vocabulary

SPLIT_AT_SPACES = "spaces"  # the segmenter that splits at spaces only
ENDINGS = r"(?i:['’](?:s|ve|re|d|ll|m)\b)"
WORD = rf"[\p{{L}}\p{{M}}\p{{N}}]+(?:[{JOINERS}][\p{{L}}\p{{M}}\p{{N}}]+)*"
ENGLISH = rf"({EMOJI}|{ENDINGS}|{WORD}|[^\s])"
SHORT_FORMS = r"(?i)(n['’]t|['’](?:s|ve|re|d|ll|m)) "
CHINESE = rf"({EMOJI}|[{CJK}\p{{P}}\p{{S}}])"


class TokenPreprocessor(WordPreprocessor):
    """Convert strings into token ids, with the offsets of each token in its string.

    English is split into words, short forms (do n't, Ann 's) and punctuation. A point, comma, hyphen or apostrophe
    between two letters or digits does not split a word. Chinese is split into characters, punctuation and runs of
    other letters and digits. Unlike `WordPreprocessor`, this class drops only spaces. Both normalize the spelling of
    tokens in the same way.

    Args:
        vocabulary: known words.
        language: language of the strings.
        segmenter: None for the rules above; "spaces" to split at spaces only, for given words; or a task that finds
            Chinese words, such as `zoo.load("bilstm_crf_segmentation_zh")`, which runs in the graph.
        max_sequence_length: maximum T; longer texts are truncated at the end.
        word_length: L, the number of characters of each token that get ids, `character_ids` [N, T, L]; a longer
            token keeps its first and last characters. None for no character ids.
        cut_at: those of the characters ' ’ . , - that split an English word if they are between two letters, such as
            "-" for London-based; see `text.tagged_text.cuts_of`.

    Raises:
        InputError: if an argument is outside its range, or the segmenter is not a word segmentation task of an entry.

    Example:

    >>> preprocessor = TokenPreprocessor.from_texts(["Ann's in Ulm.", "Bob isn't."])
    >>> [token.decode() for token in preprocessor.tokenize(["Ann's in Ulm."])[0].numpy()]
    ['ann', "'s", 'in', 'ulm', '.']
    >>> preprocessor.features_with_offsets(["Ann's in Ulm."])["starts"].to_list()
    [[0, 3, 6, 9, 12]]
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        language: Language = "en",
        segmenter: Any = None,  # a task; this module must not import tasks, so the class is not named here
        max_sequence_length: int = 512,
        word_length: int | None = None,
        cut_at: str = "",
    ) -> None:
        super().__init__(vocabulary, language, None, max_sequence_length)
        if not set(cut_at) <= set(JOINERS):
            raise InputError(f"cut_at must have characters of {' '.join(JOINERS)} only. Received: {cut_at!r}")
        self.cut_at = cut_at
        self.segmenter: Any = segmenter
        self.word_length = word_length
        self.character_vocabulary_size: int | None = None
        if word_length is not None:
            # The words of the vocabulary are in lower case, so their capitals are added.
            letters = dict.fromkeys("".join(vocabulary.tokens[2:]))
            capitals = [letter.upper() for letter in letters if len(letter.upper()) == 1]
            characters = Vocabulary([PADDING, UNKNOWN, *dict.fromkeys([*letters, *capitals])])
            self.letters = CharacterIds(characters, word_length)
            self.character_vocabulary_size = len(characters)
            self.resources = (*self.resources, *self.letters.resources)
        if segmenter not in (None, SPLIT_AT_SPACES):
            _require_segmenter(segmenter)
            self.resources = (*self.resources, segmenter.model, *segmenter.preprocessor.resources)

    def changed(self, **changes: Any) -> Self:
        """Return a preprocessor with the same vocabulary, in which the given arguments are replaced."""
        own = {**self.get_config(), "segmenter": self.segmenter}
        return type(self)(self.vocabulary, **{**own, **changes})

    def tokenize(self, strings: Strings) -> tf.RaggedTensor:
        """Convert strings [N] into ragged string tokens [N, (length)], spelled as in the vocabulary."""
        return self._split(strings)

    def _split(self, strings: Strings) -> tf.RaggedTensor:
        tokens = self._written(strings)[0]
        return tokens.with_values(normalize(tokens.values))

    def complete_features(self, strings: Strings) -> Features:
        """Convert strings [N] into ragged int32: token_ids [N, (length)] and character_ids [N, (length), L]."""
        pieces = self.pieces(strings)
        return {name: pieces[name] for name in pieces if name in ("token_ids", "character_ids")}

    def features_with_offsets(self, strings: Strings) -> Features:
        """Convert strings [N] into the tensors of `pieces`, truncated to max_sequence_length."""
        return self.fitted(self.pieces(strings))

    def pieces(self, strings: Strings) -> Features:
        """Convert strings into tokens with their offsets, without truncation.

        Args:
            strings: strings [N].

        Returns:
            dict of ragged int32 [N, (length)], all with the same row lengths: token_ids; character_ids
            [N, (length), L] if word_length is set; starts and ends, the first character (Unicode code point) of the
            token in its string, and the one after its last; is_word_start, always 1.
        """
        tokens, starts, ends = self._written(strings)
        token_ids = tf.cast(self.table.lookup(normalize(tokens.values)), tf.int32)
        features = {"token_ids": tokens.with_values(token_ids)}
        if self.word_length is not None:
            features["character_ids"] = self.letters(tokens.with_values(normalize(tokens.values, lower_case=False)))
        ones = tokens.with_values(tf.ones_like(token_ids))
        return {**features, "starts": starts, "ends": ends, "is_word_start": ones}

    def _written(self, strings: Strings) -> tuple[tf.RaggedTensor, tf.RaggedTensor, tf.RaggedTensor]:
        """Return the tokens of strings [N], as written, with their starts and ends: ragged [N, (length)] each."""
        strings = tf.strings.unicode_transcode(string_tensor(strings), "UTF-8", "UTF-8")
        strings = tf.strings.regex_replace(strings, SPACES, " ")  # one character for each, to preserve offsets
        spaced = strings
        if self.segmenter != SPLIT_AT_SPACES:
            spaced = self._cut(strings) if self.cut_at else strings
            spaced = tf.strings.regex_replace(spaced, ENGLISH if self.language == "en" else CHINESE, r" \1 ")
        if self.segmenter != SPLIT_AT_SPACES and self.language == "en":
            spaced = tf.strings.regex_replace(spaced, SHORT_FORMS, r" \1 ")
        tokens = tf.strings.split(spaced)
        starts, ends = _places(strings, tokens.values)
        pieces = tokens, tokens.with_values(starts), tokens.with_values(ends)
        return pieces if self.segmenter in (None, SPLIT_AT_SPACES) else self._words(strings, *pieces)

    def _cut(self, strings: tf.Tensor) -> tf.Tensor:
        """Put spaces around the characters of `cut_at` that are between two letters."""
        pattern = rf"(\p{{L}}\p{{M}}*)([{re.escape(self.cut_at)}])(\p{{L}})"
        for _ in range(2):  # in "a-b-c", the matches a-b and b-c overlap
            strings = tf.strings.regex_replace(strings, pattern, r"\1 \2 \3")
        return strings

    def _words(
        self, strings: tf.Tensor, pieces: tf.RaggedTensor, starts: tf.RaggedTensor, ends: tf.RaggedTensor
    ) -> tuple[tf.RaggedTensor, tf.RaggedTensor, tf.RaggedTensor]:
        """Join pieces into the words that the segmenter finds."""
        begins = self.segmenter.word_starts(strings)
        word = tf.cumsum(begins.values) - 1  # [K]
        count = tf.reduce_sum(begins.values)
        row_splits = tf.concat([[0], tf.cumsum(tf.cast(tf.reduce_sum(begins, axis=1), tf.int64))], axis=0)

        def of_words(values: tf.Tensor) -> tf.RaggedTensor:
            return tf.RaggedTensor.from_row_splits(values, row_splits, validate=False)

        return (
            of_words(tf.strings.unsorted_segment_join(pieces.values, word, count)),
            of_words(tf.math.unsorted_segment_min(starts.values, word, count)),
            of_words(tf.math.unsorted_segment_max(ends.values, word, count)),
        )

    def prepare(self, texts: Sequence[str]) -> Sequence[str]:
        """Return the texts unchanged: every segmenter runs in the graph."""
        return texts

    def get_config(self) -> Config:
        """Return the constructor's arguments, without the vocabulary."""
        segmenter = self.segmenter if self.segmenter in (None, SPLIT_AT_SPACES) else self.segmenter.entry
        cut_at = {"cut_at": self.cut_at} if self.cut_at else {}  # entries of before have no such key
        return {**super().get_config(), "segmenter": segmenter, "word_length": self.word_length, **cut_at}


def _require_segmenter(segmenter: Any) -> None:
    """Raise InputError unless `segmenter` is a word segmentation task that was loaded from an entry."""
    is_tagger = getattr(segmenter, "name", None) == "token_classification"
    if not is_tagger or not isinstance(segmenter.preprocessor, TokenPreprocessor):
        kind = f"a task of {segmenter.name}" if hasattr(segmenter, "name") else repr(segmenter)
        raise InputError(
            "The segmenter must be a task that finds words in Chinese text, such as "
            f'zoo.load("bilstm_crf_segmentation_zh"). Received: {kind}'
        )
    if segmenter.entry is None:
        raise InputError(
            "The segmenter must be loaded from an entry: this preprocessor saves only the entry's name. "
            "Received: a task without an entry. Save it with zoo.save and load it with zoo.load"
        )


def _places(strings: tf.Tensor, tokens: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the starts and ends of tokens [K] in their strings [N]: int32 [K] each.

    The tokens contain all characters of their strings except spaces, in order.
    """
    characters = tf.strings.unicode_decode(strings, "UTF-8")
    places = tf.ragged.range(tf.cast(characters.row_lengths(), tf.int32)).values
    places = tf.boolean_mask(places, tf.not_equal(characters.values, ord(" ")))
    lengths = tf.strings.length(tokens, unit="UTF8_CHAR")
    until = tf.cumsum(lengths)
    return tf.gather(places, until - lengths), tf.gather(places, until - 1) + 1
