"""BERT's preprocessing: words cut into the pieces of a vocabulary, the same pieces as Hugging Face's tokenizer finds.

Shapes: N texts, K pieces of all texts together, V pieces of the vocabulary.
"""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.text.detokenization import detokenize
from kerasnlp_zoo.text.normalization import to_lower
from kerasnlp_zoo.text.padding import padded
from kerasnlp_zoo.text.preprocessors.words import LANGUAGES
from kerasnlp_zoo.text.ragged import cut_rows, filter_rows
from kerasnlp_zoo.text.truncation import longest_first
from kerasnlp_zoo.text.wordpiece_offsets import original_offsets
from kerasnlp_zoo.vocabulary import CLASSIFICATION, MASK, PADDING, SEPARATOR, UNKNOWN, WordPieceVocabulary

try:
    import tensorflow_text
except ImportError as error:
    raise InputError(
        "WordPiece tokens need tensorflow-text, of the same version as TensorFlow: pip install tensorflow-text. "
        "There is none for Windows: use WSL"
    ) from error

CONTINUES = "##"
LONGEST_WORD = 100  # characters; a longer word is one [UNK], as in BERT's own code
MOST_BYTES = 4  # of a character in UTF-8

# A [MASK] that someone writes is found by this stand-in: of as many characters, so that offsets stay, and
# made of Unicode's last private character, which nobody writes. Spaces part it from the words beside it.
STAND_IN = "\U0010fffd" * (len(MASK) - 2)
# Control, format and private characters, but for tab and line breaks, which are spaces, and the stand-in's.
INVISIBLE = r"[\x{0}-\x{8}\x{B}\x{C}\x{E}-\x{1F}\x{7F}-\x{9F}\p{Cf}\x{E000}-\x{F8FF}\x{FFFD}\x{F0000}-\x{10FFFC}]"


class WordPiecePreprocessor:
    """Turn strings into the inputs of BERT: `preprocessor(text) -> {"token_ids", "segment_ids"}`, int32 [N, T].

    A text is framed as `[CLS] text [SEP]`, a pair as `[CLS] text [SEP] text_pair [SEP]` with segment 1 from
    the second text on. Pieces, and the order in which a pair that is too long loses them, are those of
    Hugging Face's BertTokenizerFast. Of the special tokens only `[MASK]` is understood in a text: the others,
    typed by someone, are brackets and letters.

    Args:
        vocabulary: `WordPieceVocabulary`.
        lower_case: bool, whether letters lose case and accents before they are looked up (an uncased model).
        language: "en" or "zh"; decides no token, Chinese characters always stand alone.
        pairs: bool, whether every text comes with a second one.
        max_sequence_length: int, longest T, special tokens included; longer texts lose their end.

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
    modules = ("tensorflow_text",)  # what an exported graph needs beside TensorFlow
    resources = ()  # the pieces stand in the graph itself

    def __init__(self, vocabulary, lower_case=True, language="en", pairs=False, max_sequence_length=512):
        require_choice("language", language, LANGUAGES)
        self.num_special = 3 if pairs else 2
        least = self.num_special + (2 if pairs else 1)
        if max_sequence_length < least:
            raise InputError(
                f"max_sequence_length must leave room for {self.num_special} special tokens and a piece of every "
                f"text, {least} at least. Received: max_sequence_length={max_sequence_length!r}"
            )
        self.vocabulary = vocabulary
        self.lower_case = lower_case
        self.language = language
        self.pairs = pairs
        self.max_sequence_length = max_sequence_length
        pieces = [STAND_IN if token == MASK else token for token in vocabulary.tokens]
        self.tokenizer = tensorflow_text.FastWordpieceTokenizer(
            pieces, CONTINUES, max_bytes_per_word=MOST_BYTES * LONGEST_WORD, token_out_type=tf.int32
        )
        self.begins_word = np.array([not token.startswith(CONTINUES) for token in pieces], "int32")  # [V]
        self.num_characters = np.array([len(token.removeprefix(CONTINUES)) for token in pieces], "int32")  # [V]

    @property
    def vocabulary_size(self):
        """Number of token ids, V."""
        return len(self.vocabulary)

    @property
    def inputs(self):
        """Names of the strings this preprocessor takes."""
        return ("text", "text_pair") if self.pairs else ("text",)

    def __call__(self, text, text_pair=None):
        """Turn strings [N] into {"token_ids", "segment_ids"}, int32 [N, T], padded with 0, T at least 1."""
        return padded(self.features(text, text_pair))

    def features(self, text, text_pair=None):
        """Turn strings into ragged inputs of BERT, cut at max_sequence_length.

        Args:
            text: strings [N].
            text_pair: strings [N] where `pairs` is set; else None.

        Returns:
            dict of ragged int32 [N, (length)]: token_ids and segment_ids.

        Raises:
            InputError: if a second text is missing, or given and not expected.
        """
        self._require_inputs(text_pair)
        first = self.token_ids(text)
        if text_pair is None:
            token_ids = self._framed(self._cut(first), CLASSIFICATION, SEPARATOR)
            return {"token_ids": token_ids, "segment_ids": _filled(token_ids, 0)}
        second = self.token_ids(text_pair)
        room = self.max_sequence_length - self.num_special
        first_kept, second_kept = longest_first(first.row_lengths(), second.row_lengths(), room)
        first = self._framed(cut_rows(first, first_kept), CLASSIFICATION, SEPARATOR)
        second = self._framed(cut_rows(second, second_kept), SEPARATOR)
        return {
            "token_ids": tf.concat([first, second], axis=1),
            "segment_ids": tf.concat([_filled(first, 0), _filled(second, 1)], axis=1),
        }

    def token_ids(self, strings):
        """Cut strings into pieces without the price of offsets: ragged int32 [N, (length)], no special tokens."""
        token_ids = self.tokenizer.tokenize(self._normalized(self._marked(strings)))
        return self._without_long_words(token_ids)[0]

    def features_with_offsets(self, text):
        """Turn strings into the inputs of BERT, and say where in its text every token stands.

        Args:
            text: strings [N].

        Returns:
            dict of ragged int32 [N, (length)], all alike: token_ids and segment_ids as `features` gives them;
            starts and ends, as `pieces` gives them and -1 at special tokens; is_word_start, 0 at special
            tokens.

        Raises:
            InputError: if this preprocessor takes pairs.

        Example:

        >>> vocabulary = WordPieceVocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "##ing"])
        >>> features = WordPiecePreprocessor(vocabulary).features_with_offsets(["PLAYING"])
        >>> features["starts"].to_list(), features["is_word_start"].to_list()
        ([[-1, 0, 4, -1]], [[0, 1, 0, 0]])
        """
        self._require_inputs(None)
        pieces = {name: self._cut(values) for name, values in self.pieces(text).items()}
        token_ids = self._framed(pieces["token_ids"], CLASSIFICATION, SEPARATOR)
        return {
            "token_ids": token_ids,
            "segment_ids": _filled(token_ids, 0),
            "starts": _framed(pieces["starts"], -1, -1),
            "ends": _framed(pieces["ends"], -1, -1),
            "is_word_start": _framed(pieces["is_word_start"], 0, 0),
        }

    def pieces(self, strings):
        """Cut strings into pieces, without special tokens and at full length.

        Args:
            strings: strings [N].

        Returns:
            dict of ragged int32 [N, (length)], all alike: token_ids; starts and ends, the characters
            (Unicode code points) of the given string that the piece stands for, end excluded; is_word_start,
            1 where a word begins and 0 where a piece goes on.

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
        is_mask = tf.cast(tf.equal(token_ids.values, self.vocabulary.ids[MASK]), tf.int32)  # [K]
        return {
            "token_ids": token_ids,
            "starts": starts.with_values(starts.values - is_mask),  # [MASK] is longer than its stand-in, by [ and ]
            "ends": ends.with_values(ends.values + is_mask),
            "is_word_start": token_ids.with_values(tf.gather(self.begins_word, token_ids.values)),
        }

    def detokenize(self, token_ids):
        """Turn token ids back into readable text; padding, `[CLS]` and `[SEP]` are left out.

        Args:
            token_ids: list or array of int.

        Returns:
            str.

        Example:

        >>> vocabulary = WordPieceVocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "##ing", "!"])
        >>> WordPiecePreprocessor(vocabulary).detokenize([2, 5, 6, 7, 3])
        'playing!'
        """
        tokens = [self.vocabulary.tokens[token_id] for token_id in token_ids]
        tokens = [token for token in tokens if token not in (PADDING, CLASSIFICATION, SEPARATOR)]
        return detokenize(" ".join(tokens).replace(f" {CONTINUES}", ""))

    def prepare(self, texts):
        """Return the texts as they are: all is done in the graph."""
        return texts

    def get_config(self):
        """Return the arguments, without the vocabulary, that rebuild this preprocessor."""
        return {
            "lower_case": self.lower_case,
            "language": self.language,
            "pairs": self.pairs,
            "max_sequence_length": self.max_sequence_length,
        }

    def _require_inputs(self, text_pair):
        """Raise InputError if a second text is missing, or given and not expected."""
        if (text_pair is not None) != self.pairs:
            raise InputError(
                f"A preprocessor made with pairs={self.pairs} takes {' and '.join(self.inputs)}. "
                f"Received: {'one text' if text_pair is None else 'a pair'}"
            )

    def _marked(self, strings):
        """Put the stand-in where a text says [MASK]."""
        strings = tf.convert_to_tensor(strings, tf.string)
        return tf.strings.regex_replace(strings, r"\[MASK\]", f" {STAND_IN} ")

    def _normalized(self, strings):
        """Drop what cannot be seen; where case does not count, lower it and take the accents off.

        Every character is normalised by itself, whatever stands around it: offsets rely on it.
        """
        if not self.lower_case:
            strings = tf.strings.unicode_transcode(strings, "UTF-8", "UTF-8", errors="ignore")
            return tf.strings.regex_replace(strings, INVISIBLE, "")
        strings = tf.strings.regex_replace(strings, INVISIBLE, "")
        strings = tf.strings.regex_replace(strings, "Σ", "σ")  # else lowered to ς at the end of a word
        strings = tensorflow_text.normalize_utf8(to_lower(strings), "NFD")
        return tf.strings.regex_replace(strings, r"[\p{Mn}\x{FFFD}]", "")  # bytes that are no UTF-8 came out as U+FFFD

    def _without_long_words(self, token_ids, *offsets):
        """Make every word of more than 100 characters one `[UNK]`.

        Args:
            token_ids: ragged int32 [N, (length)].
            *offsets: none, or starts and ends, ragged and alike.

        Returns:
            tuple of the same.
        """
        begins = tf.gather(self.begins_word, token_ids.values)  # [K]
        word = tf.cumsum(begins) - 1  # [K], the word of each piece
        num_characters = tf.math.segment_sum(tf.gather(self.num_characters, token_ids.values), word)  # [words]
        is_long = num_characters > LONGEST_WORD

        def shorten():
            of_long_word = tf.gather(is_long, word)
            keep = tf.cast(begins, tf.bool) | ~of_long_word
            unknown = tf.where(of_long_word, self.vocabulary.ids[UNKNOWN], token_ids.values)
            shortened = [token_ids.with_values(unknown), *offsets]
            if offsets:
                last = tf.gather(tf.math.segment_max(offsets[1].values, word), word)
                shortened[2] = offsets[1].with_values(tf.where(of_long_word, last, offsets[1].values))
            return tuple(filter_rows(values, keep) for values in shortened)

        return tf.cond(tf.reduce_any(is_long), shorten, lambda: (token_ids, *offsets))

    def _cut(self, values):
        """Cut the pieces of single texts so that `[CLS]` and `[SEP]` find room."""
        return cut_rows(values, tf.minimum(values.row_lengths(), self.max_sequence_length - self.num_special))

    def _framed(self, token_ids, *special):
        """Put special tokens around every row: the first and the last, or the last alone."""
        return _framed(token_ids, *(self.vocabulary.ids[token] for token in special))


def _framed(values, *numbers):
    """Put numbers around every row of a ragged int32 tensor: the first and the last, or the last alone."""
    *first, last = (tf.fill([values.nrows(), 1], number) for number in numbers)
    return tf.concat([*first, values, last], axis=1)


def _filled(values, number):
    """Return a ragged tensor of the same rows that holds one number."""
    return values.with_values(tf.fill(tf.shape(values.values), number))
