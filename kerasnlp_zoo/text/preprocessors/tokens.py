"""Preprocessing for taggers: nothing of a text is dropped, and every token knows where it stands.

Shapes: N texts, K tokens of all texts together, L letters of a word.
"""

import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.character_classes import CJK, EMOJI, SPACES
from kerasnlp_zoo.text.normalization import normalize
from kerasnlp_zoo.text.preprocessors.words import WordPreprocessor
from kerasnlp_zoo.text.ragged import cut_rows
from kerasnlp_zoo.text.word_characters import CharacterIds
from kerasnlp_zoo.vocabulary import PADDING, UNKNOWN, Vocabulary

SPLIT_AT_SPACES = "spaces"  # the segmenter that takes for a token what stands between spaces
ENDINGS = r"(?i:['’](?:s|ve|re|d|ll|m)\b)"
WORD = r"[\p{L}\p{M}\p{N}]+(?:['’.,-][\p{L}\p{M}\p{N}]+)*"
ENGLISH = rf"({EMOJI}|{ENDINGS}|{WORD}|[^\s])"
SHORT_FORMS = r"(?i)(n['’]t|['’](?:s|ve|re|d|ll|m)) "
CHINESE = rf"({EMOJI}|[{CJK}\p{{P}}\p{{S}}])"


class TokenPreprocessor(WordPreprocessor):
    """Turn strings into token ids, and say where in its string each token stands.

    English is cut into words, short forms (do n't, Ann 's) and punctuation; a point, comma, hyphen or apostrophe
    between letters or digits parts nothing. Chinese is cut into characters, punctuation and runs of other letters and
    digits. Unlike `WordPreprocessor`, of which it has the vocabulary and the spelling, it drops nothing.

    Args:
        vocabulary: `Vocabulary`.
        language: "en" or "zh".
        segmenter: None for the above; "spaces" splits at spaces only, where words are given; or a task that finds
            Chinese words in characters, such as `zoo.load("bilstm_crf_segmentation_zh")`, which runs in the graph.
        max_sequence_length: int, longest T; longer texts lose their end.
        word_length: int, L: then the letters of each token have ids, too, `character_ids` [N, T, L]; of longer ones
            the first and the last. None for none.

    Raises:
        InputError: if an argument is outside its range, or the segmenter finds no words.

    Example:

    >>> preprocessor = TokenPreprocessor.from_texts(["Ann's in Ulm.", "Bob isn't."])
    >>> [token.decode() for token in preprocessor.tokenize(["Ann's in Ulm."])[0].numpy()]
    ['ann', "'s", 'in', 'ulm', '.']
    >>> preprocessor.features_with_offsets(["Ann's in Ulm."])["starts"].to_list()
    [[0, 3, 6, 9, 12]]
    """

    def __init__(self, vocabulary, language="en", segmenter=None, max_sequence_length=512, word_length=None):
        super().__init__(vocabulary, language, None, max_sequence_length)
        self.segmenter = segmenter
        self.word_length = word_length
        self.character_vocabulary_size = None
        if word_length is not None:
            # Small letters and their capitals: words have none in the vocabulary.
            letters = dict.fromkeys("".join(vocabulary.tokens[2:]))
            capitals = [letter.upper() for letter in letters if len(letter.upper()) == 1]
            letters = Vocabulary([PADDING, UNKNOWN, *dict.fromkeys([*letters, *capitals])])
            self.letters = CharacterIds(letters, word_length)
            self.character_vocabulary_size = len(letters)
            self.resources = (*self.resources, *self.letters.resources)
        if segmenter not in (None, SPLIT_AT_SPACES):
            _require_segmenter(segmenter)
            self.resources = (*self.resources, segmenter.model, *segmenter.preprocessor.resources)

    def changed(self, **changes):
        """Return a preprocessor with the same vocabulary and some other arguments."""
        own = {**super().get_config(), "segmenter": self.segmenter, "word_length": self.word_length}
        return type(self)(self.vocabulary, **{**own, **changes})

    def tokenize(self, strings):
        """Turn strings [N] into ragged string tokens [N, (length)], spelled as in the vocabulary."""
        tokens = self._pieces(strings)[0]
        return tokens.with_values(normalize(tokens.values))

    def features(self, strings):
        """Turn strings [N] into a dict of ragged int32: token_ids [N, (length)], character_ids [N, (length), L]."""
        features = self.features_with_offsets(strings)
        return {name: features[name] for name in features if name in ("token_ids", "character_ids")}

    def features_with_offsets(self, strings):
        """Turn strings into the inputs of a model, and say where in its string every token stands.

        Args:
            strings: strings [N].

        Returns:
            dict of ragged int32 [N, (length)], all alike: token_ids; character_ids [N, (length), L] if asked for;
            starts and ends, the characters (Unicode code points) of the given string, end excluded; is_word_start, 1.
        """
        pieces = (
            cut_rows(values, tf.minimum(values.row_lengths(), self.max_sequence_length))
            for values in self._pieces(strings)
        )
        tokens, starts, ends = pieces
        token_ids = tf.cast(self.table.lookup(normalize(tokens.values)), tf.int32)
        features = {"token_ids": tokens.with_values(token_ids)}
        if self.word_length is not None:
            features["character_ids"] = self.letters(tokens.with_values(normalize(tokens.values, lower_case=False)))
        ones = tokens.with_values(tf.ones_like(token_ids))
        return {**features, "starts": starts, "ends": ends, "is_word_start": ones}

    def _pieces(self, strings):
        """Cut strings [N] into tokens, as they are written, with starts and ends: ragged [N, (length)] each."""
        strings = tf.strings.unicode_transcode(tf.convert_to_tensor(strings, tf.string), "UTF-8", "UTF-8")
        strings = tf.strings.regex_replace(strings, SPACES, " ")  # one for one, so that places stay
        spaced = strings
        if self.segmenter != SPLIT_AT_SPACES:
            spaced = tf.strings.regex_replace(strings, ENGLISH if self.language == "en" else CHINESE, r" \1 ")
        if self.segmenter != SPLIT_AT_SPACES and self.language == "en":
            spaced = tf.strings.regex_replace(spaced, SHORT_FORMS, r" \1 ")
        tokens = tf.strings.split(spaced)
        starts, ends = _places(strings, tokens.values)
        pieces = tokens, tokens.with_values(starts), tokens.with_values(ends)
        return pieces if self.segmenter in (None, SPLIT_AT_SPACES) else self._words(strings, *pieces)

    def _words(self, strings, pieces, starts, ends):
        """Join pieces to the words that the segmenter finds."""
        begins = self.segmenter.word_starts(strings)  # as many or fewer: its own limit may cut
        pieces, starts, ends = (cut_rows(values, begins.row_lengths()) for values in (pieces, starts, ends))
        word = tf.cumsum(begins.values) - 1  # [K]
        count = tf.reduce_sum(begins.values)
        row_splits = tf.concat([[0], tf.cumsum(tf.cast(tf.reduce_sum(begins, axis=1), tf.int64))], axis=0)

        def of_words(values):
            return tf.RaggedTensor.from_row_splits(values, row_splits, validate=False)

        return (
            of_words(tf.strings.unsorted_segment_join(pieces.values, word, count)),
            of_words(tf.math.unsorted_segment_min(starts.values, word, count)),
            of_words(tf.math.unsorted_segment_max(ends.values, word, count)),
        )

    def prepare(self, texts):
        """Return the texts as they are: all is done in the graph."""
        return texts

    def get_config(self):
        """Return the arguments, without the vocabulary, that rebuild this preprocessor."""
        segmenter = self.segmenter if self.segmenter in (None, SPLIT_AT_SPACES) else self.segmenter.entry
        return {**super().get_config(), "segmenter": segmenter, "word_length": self.word_length}


def _require_segmenter(segmenter):
    """Raise InputError unless it is a task that finds words in characters, loaded from an entry."""
    is_tagger = getattr(segmenter, "name", None) == "token_classification"
    if not is_tagger or not isinstance(segmenter.preprocessor, TokenPreprocessor):
        kind = f"a task of {segmenter.name}" if hasattr(segmenter, "name") else repr(segmenter)
        raise InputError(
            "The segmenter must be a task that finds words in characters, such as "
            f'zoo.load("bilstm_crf_segmentation_zh"). Received: {kind}'
        )
    if segmenter.entry is None:
        raise InputError(
            "The segmenter must be loaded from an entry, so that this preprocessor can be saved. "
            "Save it with zoo.save and load it with zoo.load"
        )


def _places(strings, tokens):
    """Return where tokens [K] start and end in their strings [N]: int32 [K] each.

    Tokens hold all characters of their strings but the spaces, in their order.
    """
    characters = tf.strings.unicode_decode(strings, "UTF-8")
    places = tf.ragged.range(tf.cast(characters.row_lengths(), tf.int32)).values
    places = tf.boolean_mask(places, tf.not_equal(characters.values, ord(" ")))
    lengths = tf.strings.length(tokens, unit="UTF8_CHAR")
    until = tf.cumsum(lengths)
    return tf.gather(places, until - lengths), tf.gather(places, until - 1) + 1
