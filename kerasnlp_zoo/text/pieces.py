"""Reversible subword tokenization: the space before a word is the first character of its first piece.

    "Hello, world!"  ->  ▁Hello | , | ▁world | !  ->  ▁He ##llo , ▁world !

A text is split into words, single marks and Chinese characters. These are split into the longest pieces of the
vocabulary. Joining the pieces restores the text with its spaces; only [UNK] is lost.

Shapes: N texts.
"""

import collections
from collections.abc import Iterable

import tensorflow as tf

from kerasnlp_zoo.text.character_classes import CJK, SPACES
from kerasnlp_zoo.text.piece_splitting import normalize_unicode, piece_splitter
from kerasnlp_zoo.text.strings import string_tensor
from kerasnlp_zoo.text.types import Strings
from kerasnlp_zoo.text.wordpiece_training import learn_pieces
from kerasnlp_zoo.vocabulary import CONTINUES, UNKNOWN_ID, GenerativeVocabulary

SPACE = "▁"  # U+2581, as SentencePiece writes it
# A Chinese character, a run of other letters and digits, or one other character, each with the space before it.
UNIT = rf"({SPACE}?(?:[{CJK}]|[\p{{L}}\p{{M}}\p{{N}}]+|[^{SPACE}]))"
CHUNK = 4096  # texts split at a time while counting


class PieceTokenizer:
    """Convert strings into ids of pieces, and ids into strings, in TensorFlow operations.

    Args:
        vocabulary: pieces, from `learn_piece_vocabulary`.

    Example:

    >>> tokenizer = PieceTokenizer(GenerativeVocabulary(["[PAD]", "[UNK]", "[START]", "[END]", "▁tea", "##s", "!"]))
    >>> ids = tokenizer.token_ids(tf.constant(["tea  teas!"]))
    >>> ids.to_list(), tokenizer.detokenize(ids).numpy()
    ([[4, 4, 5, 6]], array([b'tea teas!'], dtype=object))

    References: Wu et al. 2016, section 4.1 (pieces of words); Kudo and Richardson 2018 (the space).
    """

    def __init__(self, vocabulary: GenerativeVocabulary) -> None:
        self.vocabulary = vocabulary
        # `split_units` separates brackets from letters, so a text cannot contain a special token.
        self.tokenizer = piece_splitter(vocabulary.tokens, are_words=True)
        first = len(vocabulary.special)
        written = [token.removeprefix(CONTINUES) for token in vocabulary.tokens[first:]]
        self.written = ["", "\ufffd", "", "", *written]  # text of each token

    def token_ids(self, strings: Strings) -> tf.RaggedTensor:
        """Convert strings [N] into ragged int32 ids [N, (length)]."""
        units = split_units(strings)
        pieces = self.tokenizer.tokenize(units.flat_values)  # ragged [units, (pieces)]
        return units.with_flat_values(pieces).merge_dims(1, 2)

    def detokenize(self, ids: tf.Tensor | tf.RaggedTensor) -> tf.Tensor:
        """Convert ids [N, (length)], ragged or padded with 0, into strings [N]."""
        ids = ids if isinstance(ids, tf.RaggedTensor) else tf.RaggedTensor.from_tensor(ids)
        written = ids.with_flat_values(tf.gather(tf.constant(self.written), ids.flat_values))
        text = tf.strings.reduce_join(written, axis=1)
        return tf.strings.strip(tf.strings.regex_replace(text, SPACE, " "))

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """Return the pieces of one text, without `##`."""
        return [self.vocabulary.tokens[int(place)].removeprefix(CONTINUES) for place in ids]

    def unknown_share(self, ids: tf.RaggedTensor) -> tf.Tensor:
        """Return the share of `[UNK]` among the ids of each text: float32 [N], 0 for an empty text."""
        is_unknown = ids.with_flat_values(tf.cast(tf.equal(ids.flat_values, UNKNOWN_ID), tf.float32))
        return tf.math.divide_no_nan(tf.reduce_sum(is_unknown, axis=1), tf.cast(ids.row_lengths(), tf.float32))


def split_units(strings: Strings) -> tf.RaggedTensor:
    """Split strings into words, marks and Chinese characters, each with the space before it.

    Args:
        strings: strings [N]. Bytes that are not valid UTF-8 become U+FFFD, accents are composed, and a run of spaces
            and control characters becomes one space.

    Returns:
        ragged string tensor [N, (units)].

    Example:

    >>> [unit.decode() for unit in split_units(tf.constant([" Don't go!"])).numpy()[0]]
    ['▁Don', "'", 't', '▁go', '!']
    """
    strings = tf.strings.unicode_transcode(string_tensor(strings), "UTF-8", "UTF-8", errors="replace")
    strings = normalize_unicode(strings, "NFC")
    strings = tf.strings.regex_replace(strings, rf"(?:{SPACES}|\p{{Cf}}|\s|{SPACE})+", " ")
    strings = tf.strings.regex_replace(tf.strings.strip(strings), " ", SPACE)
    strings = tf.strings.regex_replace(strings, "^(.)", rf"{SPACE}\1")
    return tf.strings.split(tf.strings.regex_replace(strings, UNIT, r"\1 "))


def learn_piece_vocabulary(texts: Iterable[str], size: int) -> GenerativeVocabulary:
    """Learn a vocabulary of pieces: all characters, and then repeatedly the most frequent pair of adjacent pieces.

    Args:
        texts: training texts; for translation, texts of both languages.
        size: maximum size of the vocabulary, special tokens included.

    Raises:
        InputError: if the `tokenizers` library is missing, or there is nothing to learn from.

    Example:

    >>> vocabulary = learn_piece_vocabulary(["playing plays", "played playing"], size=40)
    >>> "##play" in vocabulary.ids or "▁play" in vocabulary.ids
    True

    Reference: Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units".
    """
    counts: collections.Counter[str] = collections.Counter()
    chunk: list[str] = []
    for text in texts:
        chunk.append(text)
        if len(chunk) == CHUNK:
            counts.update(_units(chunk))
            chunk = []
    counts.update(_units(chunk))
    return GenerativeVocabulary(learn_pieces(counts, size, GenerativeVocabulary.special))


def _units(texts: list[str]) -> list[str]:
    units = split_units(texts).flat_values.numpy() if texts else []
    return [unit.decode() for unit in units]
