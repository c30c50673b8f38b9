"""The parts of TensorFlow Text that split words into pieces, or an error that says how to install it."""

from collections.abc import Sequence
from typing import Literal

import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.vocabulary import CONTINUES, UNKNOWN

try:
    import tensorflow_text
except ImportError as error:
    raise InputError(
        "Pieces of words need tensorflow-text, in the same version as TensorFlow: pip install tensorflow-text. "
        "It is not available for Windows: use WSL"
    ) from error

LONGEST_WORD = 100  # characters; a longer word is one [UNK], as in BERT's own code
MOST_BYTES = 4  # of a character in UTF-8


def piece_splitter(pieces: Sequence[str], are_words: bool = False) -> "tensorflow_text.FastWordpieceTokenizer":
    """Return a tokenizer that splits strings into the longest pieces of a vocabulary, as int32 ids.

    Args:
        pieces: the vocabulary, with `[UNK]`.
        are_words: whether every string is one word; otherwise it is split at spaces and marks first.

    Example:

    >>> piece_splitter(["[UNK]", "play", "##ing"]).tokenize(["playing"]).to_list()
    [[1, 2]]

    Reference: Song et al. 2021, "Fast WordPiece Tokenization".
    """
    return tensorflow_text.FastWordpieceTokenizer(
        pieces,
        CONTINUES,
        max_bytes_per_word=MOST_BYTES * LONGEST_WORD,
        token_out_type=tf.int32,
        unknown_token=UNKNOWN,
        no_pretokenization=are_words,
    )


def normalize_unicode(strings: tf.Tensor, form: Literal["NFC", "NFD"]) -> tf.Tensor:
    """Return strings in a normalization form of Unicode: with composed accents (NFC) or separate ones (NFD)."""
    return tensorflow_text.normalize_utf8(strings, form)
