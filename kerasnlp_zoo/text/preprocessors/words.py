"""Word-level preprocessing: English words as in Kim's clean_str, Chinese characters or words.

Every token is a substring of the normalized string: the regular expressions below only add spaces between tokens and
replace dropped characters by spaces.
"""

import collections
import functools
from collections.abc import Sequence
from types import ModuleType
from typing import Any, ClassVar, Literal, Self, TypeAlias

import keras
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.text.character_classes import CJK, EMOJI, SPACES
from kerasnlp_zoo.text.lookup import lookup_table
from kerasnlp_zoo.text.normalization import normalize
from kerasnlp_zoo.text.preprocessors.sequences import SequencePreprocessor
from kerasnlp_zoo.text.strings import string_tensor
from kerasnlp_zoo.text.types import Features, Strings
from kerasnlp_zoo.types import Config, Language
from kerasnlp_zoo.vocabulary import Vocabulary

Segmenter: TypeAlias = Literal["jieba"] | None
LANGUAGES = ("en", "zh")
SEGMENTERS = (None, "jieba")

# A longer run of Chinese characters is a sentence that was not segmented.
LONGEST_CHINESE_WORD = 12
UNSEGMENTED = rf"(?s).*[{CJK}]{{{LONGEST_CHINESE_WORD + 1}}}.*"
CHINESE_SENTENCE = rf"(?s).*[{CJK}]{{5}}.*"
MOST_CHINESE = 0.1  # maximum share of Chinese texts in English training texts; they count as quotations
CHUNK = 4096  # texts tokenized at a time while counting


class WordPreprocessor(SequencePreprocessor):
    """Convert strings into word ids: `preprocessor(strings) -> {"token_ids": int32 [N, T]}`.

    English text keeps letters, digits, `( ) , ! ? '` and emoji, and contractions are split, as in Kim's clean_str.
    Letters and digits are Unicode's, so accents are kept. Chinese text keeps all characters except spaces. One token is
    a Chinese character, a punctuation mark, an emoji, or a run of other letters and digits. With a segmenter, Chinese
    tokens are words.

    Args:
        vocabulary: known words.
        language: language of the strings.
        segmenter: "jieba" for Chinese words. It runs in Python, before the graph: `predict` applies it, but an
            exported model takes words separated by spaces.
        max_sequence_length: maximum T; longer texts are truncated at the end.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> preprocessor = WordPreprocessor.from_texts(["A gripping film!", "Not a film, don't go."])
    >>> preprocessor(["A film."])["token_ids"].numpy()
    array([[2, 3]], dtype=int32)

    Reference: Kim 2014; clean_str in the code published with the paper.
    """

    vocabulary_class: ClassVar[type[Vocabulary]] = Vocabulary
    vocabulary: Vocabulary
    language: Language
    num_added = 0  # words that `extended` added

    def __init__(
        self,
        vocabulary: Vocabulary,
        language: Language = "en",
        segmenter: Segmenter = None,
        max_sequence_length: int = 512,
    ) -> None:
        require_choice("language", language, LANGUAGES)
        require_choice("segmenter", segmenter, SEGMENTERS)
        require_positive(max_sequence_length=max_sequence_length)
        if segmenter and language != "zh":
            raise InputError(f"A segmenter is for Chinese: use language='zh'. Received: language={language!r}")
        self.vocabulary = vocabulary
        self.language = language
        self.segmenter = segmenter
        self.max_sequence_length = max_sequence_length
        self.table = lookup_table(vocabulary)
        self.resources: tuple[Any, ...] = (self.table,)

    @classmethod
    def from_texts(
        cls,
        texts: Sequence[str],
        language: Language = "en",
        segmenter: Any = None,  # subclasses have other segmenters
        min_count: int = 1,
        max_vocabulary_size: int | None = None,
        max_sequence_length: int = 512,
        **arguments: Any,
    ) -> Self:
        """Return a preprocessor whose vocabulary is built from `texts`.

        Args:
            texts: training texts.
            language: language of the texts.
            segmenter: as above.
            min_count: rarer words become `[UNK]`.
            max_vocabulary_size: maximum size of the vocabulary, special tokens included; None keeps all words.
            max_sequence_length: maximum length of a text in tokens.
            **arguments: further arguments of the class.

        Raises:
            InputError: if there are no texts, or the texts are Chinese and language is "en".
        """
        if not len(texts):
            raise InputError("A vocabulary is built from training texts. Expected at least one text. Received: none")
        if language == "en":
            _refuse_chinese(texts)
        counter = cls(cls.vocabulary_class.from_counts({}), language, segmenter, max_sequence_length, **arguments)
        counts = counter.count_tokens(texts)
        vocabulary = cls.vocabulary_class.from_counts(counts, min_count, max_vocabulary_size)
        return cls(vocabulary, language, segmenter, max_sequence_length, **arguments)

    def extended(self, words: Sequence[str]) -> Self:
        """Return a preprocessor whose vocabulary also has other words, after its own.

        Args:
            words: words as written anywhere, such as those of pretrained vectors. Words that this preprocessor splits,
                or spells otherwise, never occur in a text and are left out.

        Example:

        >>> preprocessor = WordPreprocessor.from_texts(["a film"]).extended(["film", "movie", "New York", "DVD"])
        >>> preprocessor.vocabulary.tokens
        ['[PAD]', '[UNK]', 'a', 'film', 'movie']
        """
        written = self._split(words)
        if self.segmenter == "jieba":
            written = tf.ragged.boolean_mask(written, ~self._is_sentence(written))
        pairs = zip(words, written.to_list(), strict=True)
        kept = [word for word, tokens in pairs if tokens == [word.encode()] and word not in self.vocabulary.special]
        vocabulary = type(self.vocabulary)(dict.fromkeys([*self.vocabulary.tokens, *kept]))
        wider = type(self)(vocabulary, **{**self.get_config(), "segmenter": self.segmenter})
        wider.num_added = len(vocabulary) - len(self.vocabulary)
        return wider

    def complete_features(self, strings: Strings) -> Features:
        """Convert strings [N] into {"token_ids": ragged int32 [N, (length)]} of any length."""
        return {"token_ids": self._ids(self.tokenize(strings))}

    def _ids(self, tokens: tf.RaggedTensor) -> tf.RaggedTensor:
        """Convert string tokens into ids: ragged int32 [N, (length)]."""
        return tokens.with_flat_values(tf.cast(self.table.lookup(tokens.flat_values), tf.int32))

    def tokenize(self, strings: Strings) -> tf.RaggedTensor:
        """Split strings [N] into ragged string tokens [N, (length)].

        Example:

        >>> preprocessor = WordPreprocessor(Vocabulary.from_counts({}), language="zh")
        >>> [token.decode() for token in preprocessor.tokenize(["iPhone14很好！"])[0].numpy()]
        ['iphone14', '很', '好', '!']
        """
        tokens = self._split(strings)
        if self.segmenter is None:
            return tokens
        has_sentence = tf.reduce_any(self._is_sentence(tokens).flat_values)
        with tf.control_dependencies([tf.debugging.Assert(~has_sentence, [self._advice])]):
            return tokens.with_flat_values(tf.identity(tokens.flat_values))

    def _split(self, strings: Strings) -> tf.RaggedTensor:
        """Split strings [N] into ragged string tokens, without a check of the segmentation."""
        strings = normalize(string_tensor(strings))
        if self.language == "en":
            # `normalize` has lower-cased the text, so DON'T splits like don't. Web reviews contain <br /> tags.
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
        return tf.strings.split(strings)

    def faults(self, *texts: Strings) -> tf.Tensor | None:
        """Return which texts contain a sentence instead of a Chinese word, string [N]; None without a segmenter."""
        if self.segmenter is None:
            return None
        joined = tf.strings.join([string_tensor(strings) for strings in texts], separator=" ")
        return tf.where(tf.reduce_any(self._is_sentence(self._split(joined)), axis=1), self._advice, "")

    def _is_sentence(self, tokens: tf.RaggedTensor) -> tf.RaggedTensor:
        """Return which tokens are sentences instead of Chinese words."""
        return tokens.with_flat_values(tf.strings.regex_full_match(tokens.flat_values, UNSEGMENTED))

    @property
    def _advice(self) -> str:
        return (
            "This model expects Chinese words separated by spaces. Received: more than "
            f"{LONGEST_CHINESE_WORD} Chinese characters without a space. Segment the text first, with {self.segmenter}"
        )

    def prepare(self, texts: Sequence[str]) -> Sequence[str]:
        """Return the texts; with a segmenter, put spaces between Chinese words."""
        if self.segmenter is None:
            return texts
        cut = _jieba().cut
        return [" ".join(cut(text)) for text in texts]

    def count_tokens(self, texts: Sequence[str]) -> dict[str, int]:
        """Return how often each token occurs in the texts; a long list shows a progress bar."""
        counts: collections.Counter[bytes] = collections.Counter()
        bar = keras.utils.Progbar(len(texts), verbose=int(len(texts) > 25 * CHUNK), unit_name="text")
        for start in range(0, len(texts), CHUNK):
            chunk = self.prepare(texts[start : start + CHUNK])
            counts.update(self.tokenize(chunk).flat_values.numpy())
            bar.add(len(chunk))
        return {token.decode(): count for token, count in counts.items()}

    def get_config(self) -> Config:
        """Return the constructor's arguments, without the vocabulary."""
        return {
            "language": self.language,
            "segmenter": self.segmenter,
            "max_sequence_length": self.max_sequence_length,
        }


def _refuse_chinese(texts: Sequence[str]) -> None:
    """Raise InputError if more than a tenth of the texts for language 'en' are Chinese sentences."""
    chinese = int(tf.reduce_sum(tf.cast(tf.strings.regex_full_match(string_tensor(texts), CHINESE_SENTENCE), tf.int32)))
    if chinese > MOST_CHINESE * len(texts):
        raise InputError(
            f"language='en' expects words separated by spaces. Received: {chinese} of {len(texts)} training texts are "
            "Chinese. Use --language zh (characters), or --language zh --segmenter jieba (words)"
        )


@functools.cache
def _jieba() -> ModuleType:
    """Return jieba with its start-up messages switched off."""
    try:
        import jieba
    except ImportError as error:
        raise InputError('The segmenter "jieba" is not installed: pip install "kerasnlp-zoo[recipes]"') from error
    jieba.setLogLevel("WARNING")
    return jieba
