"""Sub-words that can be put together again: pieces of words, with the space before a word as its first character.

    "Hello, world!"  ->  ▁Hello | , | ▁world | !  ->  ▁He ##llo , ▁world !

Words, single marks and Chinese characters are cut apart, then into the longest pieces of a vocabulary. Joining all
pieces gives the text back, spaces included; only [UNK] is lost.

Shapes: N texts.
"""

import collections

import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.character_classes import CJK, SPACES
from kerasnlp_zoo.text.wordpiece_training import learn_pieces
from kerasnlp_zoo.vocabulary import UNKNOWN, UNKNOWN_ID, GenerativeVocabulary

try:
    import tensorflow_text
except ImportError as error:
    raise InputError(
        "Pieces of words need tensorflow-text, of the same version as TensorFlow: pip install tensorflow-text. "
        "There is none for Windows: use WSL"
    ) from error

SPACE = "▁"  # U+2581, as SentencePiece writes it
CONTINUES = "##"
LONGEST_WORD = 100  # characters; a longer word is one [UNK]
MOST_BYTES = 4  # of a character in UTF-8
# A word or a number in one script, or any one other character, each with the space before it.
UNIT = rf"({SPACE}?(?:[{CJK}]|[\p{{L}}\p{{M}}\p{{N}}]+|[^{SPACE}]))"
CHUNK = 4096  # texts cut at a time while counting


class PieceTokenizer:
    """Cut strings into ids of pieces and put them together again, in TensorFlow operations.

    Args:
        vocabulary: `GenerativeVocabulary` of pieces, from `learn_piece_vocabulary`.

    Example:

    >>> tokenizer = PieceTokenizer(GenerativeVocabulary(["[PAD]", "[UNK]", "[START]", "[END]", "▁tea", "##s", "!"]))
    >>> ids = tokenizer.token_ids(tf.constant(["tea  teas!"]))
    >>> ids.to_list(), tokenizer.joined(ids).numpy()
    ([[4, 4, 5, 6]], array([b'tea teas!'], dtype=object))

    References: Wu et al. 2016, section 4.1, for pieces of words; Kudo and Richardson 2018 for the space.
    """

    def __init__(self, vocabulary):
        self.vocabulary = vocabulary
        # No text holds the special tokens: brackets, letters and brackets are what someone has typed.
        self.tokenizer = tensorflow_text.FastWordpieceTokenizer(
            vocabulary.tokens,
            CONTINUES,
            max_bytes_per_word=MOST_BYTES * LONGEST_WORD,
            token_out_type=tf.int32,
            unknown_token=UNKNOWN,
            no_pretokenization=True,
        )
        first = len(vocabulary.special)
        written = [token.removeprefix(CONTINUES) for token in vocabulary.tokens[first:]]
        self.written = ["", "\ufffd", "", "", *written]  # what a token adds to a text

    def token_ids(self, strings):
        """Cut strings [N] into ragged int32 ids [N, (length)]."""
        units = split_units(strings)
        pieces = self.tokenizer.tokenize(units.flat_values)  # ragged [units, (pieces)]
        return units.with_flat_values(pieces).merge_dims(1, 2)

    def joined(self, ids):
        """Put ids [N, (length)], ragged or padded with 0, together to strings [N]."""
        ids = ids if isinstance(ids, tf.RaggedTensor) else tf.RaggedTensor.from_tensor(ids)
        written = ids.with_flat_values(tf.gather(tf.constant(self.written), ids.flat_values))
        text = tf.strings.reduce_join(written, axis=1)
        return tf.strings.strip(tf.strings.regex_replace(text, SPACE, " "))

    def pieces(self, ids):
        """Return the pieces of one row of ids as they are read: a list of str."""
        return [self.vocabulary.tokens[int(place)].removeprefix(CONTINUES) for place in ids]

    def unknown_share(self, ids):
        """Return the share of ids that stand for something the vocabulary lacks, float [N]; 0 for an empty text."""
        is_unknown = ids.with_flat_values(tf.cast(tf.equal(ids.flat_values, UNKNOWN_ID), tf.float32))
        return tf.math.divide_no_nan(tf.reduce_sum(is_unknown, axis=1), tf.cast(ids.row_lengths(), tf.float32))


def split_units(strings):
    """Cut strings into words, marks and Chinese characters, each with the space before it.

    Args:
        strings: string tensor [N]; bytes that are not UTF-8 become U+FFFD, accents are composed, any run of spaces
            and control characters is one space.

    Returns:
        ragged string tensor [N, (units)].

    Example:

    >>> [unit.decode() for unit in split_units(tf.constant([" Don't go!"])).numpy()[0]]
    ['▁Don', "'", 't', '▁go', '!']
    """
    strings = tf.strings.unicode_transcode(strings, "UTF-8", "UTF-8", errors="replace")
    strings = tensorflow_text.normalize_utf8(strings, "NFC")
    strings = tf.strings.regex_replace(strings, rf"(?:{SPACES}|\p{{Cf}}|\s|{SPACE})+", " ")
    strings = tf.strings.regex_replace(tf.strings.strip(strings), " ", SPACE)
    strings = tf.strings.regex_replace(strings, "^(.)", rf"{SPACE}\1")
    return tf.strings.split(tf.strings.regex_replace(strings, UNIT, r"\1 "))


def learn_piece_vocabulary(texts, size):
    """Learn pieces from texts: characters first, then again and again the two pieces most often side by side.

    Args:
        texts: iterable of str, the training texts and no others; for translation those of both languages.
        size: int, most entries, special tokens included; few texts give fewer.

    Returns:
        GenerativeVocabulary.

    Raises:
        InputError: if the `tokenizers` library is missing, or nothing could be learned.

    Example:

    >>> vocabulary = learn_piece_vocabulary(["playing plays", "played playing"], size=40)
    >>> "##play" in vocabulary.ids or "▁play" in vocabulary.ids
    True

    Reference: Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units".
    """
    counts, chunk = collections.Counter(), []
    for text in texts:
        chunk.append(text)
        if len(chunk) == CHUNK:
            counts.update(_units(chunk))
            chunk = []
    counts.update(_units(chunk))
    return GenerativeVocabulary(learn_pieces(counts, size, GenerativeVocabulary.special))


def _units(texts):
    units = split_units(tf.constant(texts, tf.string)).flat_values.numpy() if texts else []
    return [unit.decode() for unit in units]
