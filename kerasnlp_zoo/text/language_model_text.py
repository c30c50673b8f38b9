"""Text as language models read it: one row of ids, every line followed by `[END]`.

The convention of published perplexities: the lines of a text follow each other, a blank one too is a line,
and every token, `[UNK]` and the `[END]` of each line included, is predicted once from those before it, over
the ends of lines. What the vocabulary lacks is `[UNK]`, so that all models with one vocabulary predict the
same events and their perplexities compare. `[PAD]` and `[START]` never stand in a text.

Shapes: N ids, V vocabulary.
"""

import collections
import dataclasses
import itertools

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.vocabulary import END_ID, UNKNOWN_ID, GenerativeVocabulary

UNITS = ("words", "spaces", "characters")
WRITTEN_UNKNOWN = "<unk>"  # how corpora write the words that their makers left out
UNKNOWN_CHARACTER = "\uffff"  # stands for those among characters: it is none of Unicode's
WORD_OR_MARK = r"([\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*)|([\p{P}\p{S}])"
SPACES = r"[\p{Z}\p{Cc}]+"
HELD_OUT = 0.05  # share of a text without splits of its own that validation takes, and test again


@dataclasses.dataclass(frozen=True)
class LanguageModelText:
    """A text in three parts.

    Attributes:
        vocabulary: `GenerativeVocabulary`, learned from the training part.
        train, validation, test: int32 arrays [N] of ids, `[END]` after every line.
    """

    vocabulary: GenerativeVocabulary
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split_lines(strings, unit="words", language="en"):
    """Split strings into the tokens of a language model, in TensorFlow operations; nothing but space is lost.

    Args:
        strings: list or string tensor [N].
        unit: "words" sets punctuation marks apart, "spaces" takes what stands between spaces, as for text
            whose words are found already, "characters" takes single ones.
        language: "en", where a space, one of several, is a character too; "zh", where it is not.

    Returns:
        ragged string tensor [N, (length)].

    Raises:
        InputError: for an unknown unit or language.

    Example:

    >>> [token.decode() for token in split_lines(["Don't go, he said."])[0].numpy()]
    ["Don't", 'go', ',', 'he', 'said', '.']
    >>> [token.decode() for token in split_lines(["我 爱 A1"], "characters", "zh")[0].numpy()]
    ['我', '爱', 'A', '1']
    """
    require_choice("unit", unit, UNITS)
    require_choice("language", language, ("en", "zh"))
    strings = tf.convert_to_tensor(strings, tf.string)
    if unit == "words":
        strings = tf.strings.regex_replace(strings, WORD_OR_MARK, r" \1\2 ")
    if unit != "characters":
        return tf.strings.split(tf.strings.regex_replace(strings, SPACES, " "))
    strings = tf.strings.regex_replace(strings, WRITTEN_UNKNOWN, UNKNOWN_CHARACTER)
    strings = tf.strings.regex_replace(strings, SPACES, " " if language == "en" else "")
    return tf.strings.unicode_split(tf.strings.strip(strings), "UTF-8")


def encode_text(parts, min_count=1, max_vocabulary_size=None):
    """Learn the vocabulary of a text and turn it into ids, in one pass over it.

    Args:
        parts: three iterables, train, validation and test, or a single one, whose last lines become
            validation (5%) and test (5%), of (tokens, lengths): list or array of bytes or str, and int
            array, the number of tokens in each line.
        min_count: int, words that the training part has less often become `[UNK]`.
        max_vocabulary_size: int, most entries of the vocabulary, the special ones included; None keeps all.

    Returns:
        LanguageModelText.

    Raises:
        InputError: if a part holds no words, or none occurs `min_count` times.

    Example:

    >>> text = encode_text([[(["tea", "now", "tea"], [2, 1])], [(["tea"], [1])], [(["cup", "tea"], [2])]])
    >>> text.vocabulary.tokens[4:], text.train, text.test
    (['tea', 'now'], array([4, 5, 3, 4, 3], dtype=int32), array([1, 4, 3], dtype=int32))
    """
    require_positive(min_count=min_count)
    places = collections.defaultdict(itertools.count(1).__next__)  # {token: provisional id}; 0 ends a line
    provisional = [_provisional_ids(part, places) for part in parts]
    if len(provisional) == 1:
        provisional = _cut(provisional[0])
    for name, ids in zip(("training", "validation", "test"), provisional, strict=True):
        if not ids.any():
            raise InputError(f"The {name} part of the text holds no words. Expected a sentence or paragraph a line")
    counts = np.bincount(provisional[0], minlength=len(places) + 1)
    named = {(w.decode() if isinstance(w, bytes) else w): place for w, place in places.items()}
    words = {w: int(counts[place]) for w, place in named.items() if w not in (WRITTEN_UNKNOWN, UNKNOWN_CHARACTER)}
    vocabulary = GenerativeVocabulary.from_counts(words, min_count, max_vocabulary_size)
    kept = vocabulary.tokens[len(vocabulary.special) :]
    if not kept:
        raise InputError(
            f"No word occurs min_count={min_count} times in {len(provisional[0]):,} tokens. Use a smaller "
            "--min-count, or more text"
        )
    new_ids = np.full(len(places) + 1, UNKNOWN_ID, "int32")
    new_ids[0] = END_ID
    new_ids[[named[word] for word in kept]] = np.arange(len(vocabulary.special), len(vocabulary))
    return LanguageModelText(vocabulary, *(new_ids[ids] for ids in provisional))


def _provisional_ids(chunks, places):
    """Return ids as tokens are first seen, 0 after every line: int32 array [N]."""
    blocks = [np.empty(0, "int32")]
    for tokens, lengths in chunks:
        ids = np.fromiter(map(places.__getitem__, tokens), "int32", len(tokens))
        blocks.append(np.insert(ids, np.cumsum(lengths), 0))
    return np.concatenate(blocks)


def _cut(ids):
    """Return the training, the validation and the test part, cut after a line."""
    ends = np.flatnonzero(ids == 0) + 1
    held_out = int(np.ceil(HELD_OUT * len(ends)))
    if len(ends) < 3:
        raise InputError(f"A text of {len(ends)} lines cannot be cut into training, validation and test parts")
    return np.split(ids, [ends[-2 * held_out - 1], ends[-held_out - 1]])
