"""Word-level preprocessing: English words as in Kim's clean_str, Chinese characters or words.

Every token is a piece of the normalised string: the regular expressions below only put spaces
between pieces and blank out what is dropped.
"""

import collections
import functools

import keras
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.text.character_classes import CJK, EMOJI, SPACES
from kerasnlp_zoo.text.normalization import normalize
from kerasnlp_zoo.text.padding import padded
from kerasnlp_zoo.vocabulary import Vocabulary

LANGUAGES = ("en", "zh")
SEGMENTERS = (None, "jieba")

# A longer run of Chinese characters is a sentence nobody segmented, not a word.
LONGEST_CHINESE_WORD = 12
UNSEGMENTED = rf"(?s).*[{CJK}]{{{LONGEST_CHINESE_WORD + 1}}}.*"
CHINESE_SENTENCE = rf"(?s).*[{CJK}]{{5}}.*"
MOSTLY = 0.1  # of the training texts being Chinese tells a mistaken language from a quotation
CHUNK = 4096  # texts tokenised at a time while counting


class WordPreprocessor:
    """Turn strings into word ids: `preprocessor(strings) -> {"token_ids": int32 [N, T]}`.

    English keeps letters, digits, `( ) , ! ? ' ` and emoji, and splits contractions, as Kim's
    clean_str does; letters and digits are Unicode's, so accents stay. Chinese keeps everything: each
    Chinese character, punctuation mark and emoji is a token of its own, runs of other letters and
    digits stay whole. With a segmenter, Chinese tokens are words.

    Args:
        vocabulary: `Vocabulary`.
        language: "en" or "zh".
        segmenter: None, or "jieba" for Chinese words. A segmenter runs in Python, before the graph:
            `predict` applies it, an exported model takes text whose words are separated by spaces.
        max_sequence_length: int, longest T; longer texts lose their end.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> preprocessor = WordPreprocessor.from_texts(["A gripping film!", "Not a film, don't go."])
    >>> preprocessor(["A film."])["token_ids"].numpy()
    array([[2, 3]], dtype=int32)

    Reference: Kim 2014; clean_str in the code published with the paper.
    """

    vocabulary_class = Vocabulary
    inputs = ("text",)  # names of the strings it takes
    modules = ()  # what an exported graph needs beside TensorFlow

    def __init__(self, vocabulary, language="en", segmenter=None, max_sequence_length=512):
        require_choice("language", language, LANGUAGES)
        require_choice("segmenter", segmenter, SEGMENTERS)
        require_positive(max_sequence_length=max_sequence_length)
        if segmenter and language != "zh":
            raise InputError(f"A segmenter finds Chinese words: use language='zh'. Received: language={language!r}")
        self.vocabulary = vocabulary
        self.language = language
        self.segmenter = segmenter
        self.max_sequence_length = max_sequence_length
        entries = tf.lookup.KeyValueTensorInitializer(
            tf.constant(vocabulary.tokens), tf.range(len(vocabulary), dtype=tf.int64)
        )
        self.table = tf.lookup.StaticHashTable(entries, default_value=1)
        self.resources = (self.table,)

    @classmethod
    def from_texts(
        cls, texts, language="en", segmenter=None, min_count=1, max_vocabulary_size=None, max_sequence_length=512
    ):
        """Make a preprocessor whose vocabulary is counted on `texts`.

        Args:
            texts: list of str, the training texts and no others.
            language: "en" or "zh".
            segmenter: None or "jieba".
            min_count: int, rarer words become `[UNK]`.
            max_vocabulary_size: int, most entries kept; None keeps all.
            max_sequence_length: int, longest sentence in tokens.

        Returns:
            WordPreprocessor.

        Raises:
            InputError: if there is no text, or the texts are Chinese and language is "en".
        """
        if not len(texts):
            raise InputError("A vocabulary is counted on training texts. Received: none")
        if language == "en":
            _refuse_chinese(texts)
        counter = cls(Vocabulary.from_counts({}), language, segmenter, max_sequence_length)
        counts = counter.count_tokens(texts)
        vocabulary = Vocabulary.from_counts(counts, min_count, max_vocabulary_size)
        return cls(vocabulary, language, segmenter, max_sequence_length)

    @property
    def vocabulary_size(self):
        """Number of token ids, V."""
        return len(self.vocabulary)

    def __call__(self, strings):
        """Turn strings [N] into {"token_ids": int32 [N, T]}, padded with 0, T at least 1."""
        return padded(self.features(strings))

    def features(self, strings):
        """Turn strings [N] into {"token_ids": ragged int32 [N, (length)]}, cut at max_sequence_length."""
        tokens = self.tokenize(strings)[:, : self.max_sequence_length]
        return {"token_ids": tokens.with_flat_values(tf.cast(self.table.lookup(tokens.flat_values), tf.int32))}

    def tokenize(self, strings):
        """Turn strings [N] into ragged string tokens [N, (length)].

        Example:

        >>> preprocessor = WordPreprocessor(Vocabulary.from_counts({}), language="zh")
        >>> [token.decode() for token in preprocessor.tokenize(["iPhone14很好！"])[0].numpy()]
        ['iphone14', '很', '好', '!']
        """
        strings = normalize(tf.convert_to_tensor(strings, tf.string))
        if self.language == "en":
            # Lower-casing came first, so DON'T splits like don't; web reviews hold line breaks as tags.
            strings = tf.strings.regex_replace(strings, r"<br\s*/?>", " ")
            strings = tf.strings.regex_replace(strings, rf"({EMOJI})", r" \1 ")
            strings = tf.strings.regex_replace(
                strings, r"[^\p{L}\p{M}\p{N}(),!?'`\p{So}\x{200D}\x{1F3FB}-\x{1F3FF}]", " "
            )
            strings = tf.strings.regex_replace(strings, r"('s|'ve|n't|'re|'d|'ll)", r" \1")
            strings = tf.strings.regex_replace(strings, r"([,!()?])", r" \1 ")
        else:
            single = r"\p{P}\p{S}" if self.segmenter else rf"{CJK}\p{{P}}\p{{S}}"
            strings = tf.strings.regex_replace(strings, rf"({EMOJI}|[{single}])", r" \1 ")
            strings = tf.strings.regex_replace(strings, SPACES, " ")
        tokens = tf.strings.split(strings)
        return self._refuse_unsegmented(tokens) if self.segmenter else tokens

    def _refuse_unsegmented(self, tokens):
        """Fail, in the exported graph too, on a sentence where a Chinese word is expected."""
        unsegmented = tf.reduce_any(tf.strings.regex_full_match(tokens.flat_values, UNSEGMENTED))
        advice = (
            "This model reads Chinese words separated by spaces. Received a run of more than "
            f"{LONGEST_CHINESE_WORD} Chinese characters: segment the text first, as with {self.segmenter}"
        )
        with tf.control_dependencies([tf.debugging.Assert(~unsegmented, [advice])]):
            return tokens.with_flat_values(tf.identity(tokens.flat_values))

    def prepare(self, texts):
        """Do what must happen in Python before the graph: find Chinese words, if a segmenter is set.

        Args:
            texts: list of str.

        Returns:
            list of str.
        """
        if self.segmenter is None:
            return texts
        cut = _jieba().cut
        return [" ".join(cut(text)) for text in texts]

    def count_tokens(self, texts):
        """Count the tokens of a list of texts, with a progress bar on long lists."""
        counts = collections.Counter()
        bar = keras.utils.Progbar(len(texts), verbose=int(len(texts) > 25 * CHUNK), unit_name="text")
        for start in range(0, len(texts), CHUNK):
            chunk = self.prepare(texts[start : start + CHUNK])
            counts.update(self.tokenize(chunk).flat_values.numpy())
            bar.add(len(chunk))
        return {token.decode(): count for token, count in counts.items()}

    def get_config(self):
        """Return the arguments, without the vocabulary, that rebuild this preprocessor."""
        return {
            "language": self.language,
            "segmenter": self.segmenter,
            "max_sequence_length": self.max_sequence_length,
        }


def _refuse_chinese(texts):
    """Raise InputError when texts to be read as space-separated words are Chinese sentences."""
    chinese = int(tf.reduce_sum(tf.cast(tf.strings.regex_full_match(texts, CHINESE_SENTENCE), tf.int32)))
    if chinese > MOSTLY * len(texts):
        raise InputError(
            f"{chinese} of {len(texts)} training texts are Chinese, which has no spaces between words, and "
            "language is 'en'. Use --language zh (characters), or --language zh --segmenter jieba (words)"
        )


@functools.cache
def _jieba():
    """Return the segmenter, its start-up chatter silenced."""
    try:
        import jieba
    except ImportError as error:
        raise InputError('Segmenter "jieba" is not installed: pip install "kerasnlp-zoo[recipes]"') from error
    jieba.setLogLevel("WARNING")
    return jieba
