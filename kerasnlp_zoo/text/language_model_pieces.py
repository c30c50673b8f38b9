"""Text for language models in pieces of words. The vocabulary of pieces is learned from the training part.

Shapes: N texts.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.language_model_text import UNKNOWN_CHARACTER, WRITTEN_UNKNOWN, LanguageModelText
from kerasnlp_zoo.text.pieces import PieceTokenizer, learn_piece_vocabulary
from kerasnlp_zoo.text.strings import string_tensor
from kerasnlp_zoo.text.types import Strings
from kerasnlp_zoo.vocabulary import END_ID, GenerativeVocabulary

BLOCK = 4096  # lines that are split at a time


class LinePieces(PieceTokenizer):
    """The pieces of lines of a text, in which `<unk>` is `[UNK]`.

    Args:
        vocabulary: pieces, from `encode_pieces`.

    Example:

    >>> pieces = LinePieces(GenerativeVocabulary(["[PAD]", "[UNK]", "[START]", "[END]", "▁tea", "##s"]))
    >>> [token.decode() for token in pieces.split(["teas <unk>"])[0].numpy()]
    ['▁tea', '##s', '[UNK]']
    """

    def token_ids(self, strings: Strings) -> tf.RaggedTensor:
        """Convert lines [N] into ragged int32 ids [N, (length)]."""
        return super().token_ids(tf.strings.regex_replace(string_tensor(strings), WRITTEN_UNKNOWN, UNKNOWN_CHARACTER))

    def split(self, strings: Strings) -> tf.RaggedTensor:
        """Split lines [N] into pieces as in the vocabulary: ragged strings [N, (length)]."""
        return tf.gather(tf.constant(self.vocabulary.tokens), self.token_ids(strings))


def encode_pieces(
    parts: Sequence[Sequence[str]], vocabulary_size: int, known: GenerativeVocabulary | None = None
) -> LanguageModelText:
    """Learn pieces from the training lines, and convert all lines into ids.

    Args:
        parts: the lines of the training, the validation and the test part.
        vocabulary_size: maximum size of the vocabulary, special tokens included.
        known: a vocabulary of pieces to use instead of learning one.

    Returns:
        The encoded text. Ids are in order of decreasing frequency, as for words.

    Raises:
        InputError: if a part has no text.

    Example:

    >>> text = encode_pieces([["tea", "a tea"], ["tea"], ["a tea"]], vocabulary_size=40)
    >>> [text.vocabulary.tokens[token_id] for token_id in text.test]
    ['▁', '##a', '▁tea', '[END]']
    """
    for name, lines in zip(("training", "validation", "test"), parts, strict=True):
        if not any(line.strip() for line in lines):
            raise InputError(f"The {name} part of the text has no words. Expected a sentence or paragraph per line")
    if known is not None:
        tokenizer = LinePieces(known)
        return LanguageModelText(known, *(_ids_of_lines(tokenizer, lines) for lines in parts))
    learned = learn_piece_vocabulary((line.replace(WRITTEN_UNKNOWN, " ") for line in parts[0]), vocabulary_size)
    tokenizer = LinePieces(learned)
    encoded = [_ids_of_lines(tokenizer, lines) for lines in parts]
    first = len(learned.special)
    by_frequency = first + np.argsort(-np.bincount(encoded[0], minlength=len(learned))[first:], kind="stable")
    old_ids = np.append(np.arange(first), by_frequency)
    vocabulary = GenerativeVocabulary([learned.tokens[old_id] for old_id in old_ids])
    new_ids = np.argsort(old_ids).astype("int32")
    return LanguageModelText(vocabulary, *(new_ids[ids] for ids in encoded))


def _ids_of_lines(tokenizer: LinePieces, lines: Sequence[str]) -> np.ndarray:
    """Return the ids of all lines with `[END]` after each: int32 array."""
    blocks = []
    for start in range(0, len(lines), BLOCK):
        ids = tokenizer.token_ids(string_tensor(lines[start : start + BLOCK]))
        blocks.append(tf.concat([ids, tf.fill([ids.nrows(), 1], END_ID)], axis=1).flat_values.numpy())
    return np.concatenate(blocks)
