"""Text for language models: one sequence of ids with `[END]` after every line.

The convention of published perplexities: the text is one sequence of lines, including blank lines. Every token,
including `[UNK]` and the `[END]` of each line, is predicted once, from all previous tokens, also of previous lines.
A token that is not in the vocabulary is `[UNK]`, so all models with the same vocabulary predict the same events and
their perplexities can be compared. A text does not contain `[PAD]` or `[START]`.

Shapes: N ids, V vocabulary.
"""

import collections
import dataclasses
import itertools
from collections.abc import Iterable
from typing import Literal, TypeAlias

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.text.strings import string_tensor
from kerasnlp_zoo.text.types import Strings, TokenizedText
from kerasnlp_zoo.types import Language
from kerasnlp_zoo.vocabulary import END_ID, UNKNOWN_ID, GenerativeVocabulary

Unit: TypeAlias = Literal["words", "spaces", "characters"]
UNITS = ("words", "spaces", "characters")
WRITTEN_UNKNOWN = "<unk>"  # replaces unknown words in published corpora
UNKNOWN_CHARACTER = "\uffff"  # replaces "<unk>" in texts of characters; it is not a character of Unicode
WORD_OR_MARK = r"([\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*)|([\p{P}\p{S}])"
SPACES = r"[\p{Z}\p{Cc}]+"
HELD_OUT = 0.05  # share of the validation part, and of the test part, of a text without its own splits


@dataclasses.dataclass(frozen=True)
class LanguageModelText:
    """A text in three parts.

    Attributes:
        vocabulary: tokens of the training part.
        train, validation, test: int32 arrays [N] of ids, with `[END]` after every line.
    """

    vocabulary: GenerativeVocabulary
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split_lines(strings: Strings, unit: Unit = "words", language: Language = "en") -> tf.RaggedTensor:
    """Split strings into the tokens of a language model, in TensorFlow operations; only spaces are dropped.

    Args:
        strings: strings [N].
        unit: "words" separates words and punctuation marks; "spaces" splits at spaces, for tokenized text;
            "characters" splits into single characters.
        language: with "characters", a run of spaces is one character in "en", and is dropped in "zh".

    Returns:
        ragged string tensor [N, (length)].

    Raises:
        InputError: if the unit or the language is unknown.

    Example:

    >>> [token.decode() for token in split_lines(["Don't go, he said."])[0].numpy()]
    ["Don't", 'go', ',', 'he', 'said', '.']
    >>> [token.decode() for token in split_lines(["我 爱 A1"], "characters", "zh")[0].numpy()]
    ['我', '爱', 'A', '1']
    """
    require_choice("unit", unit, UNITS)
    require_choice("language", language, ("en", "zh"))
    strings = string_tensor(strings)
    if unit == "words":
        strings = tf.strings.regex_replace(strings, WORD_OR_MARK, r" \1\2 ")
    if unit != "characters":
        return tf.strings.split(tf.strings.regex_replace(strings, SPACES, " "))
    strings = tf.strings.regex_replace(strings, WRITTEN_UNKNOWN, UNKNOWN_CHARACTER)
    strings = tf.strings.regex_replace(strings, SPACES, " " if language == "en" else "")
    return tf.strings.unicode_split(tf.strings.strip(strings), "UTF-8")


def encode_text(
    parts: Iterable[TokenizedText],
    min_count: int = 1,
    max_vocabulary_size: int | None = None,
    known: GenerativeVocabulary | None = None,
) -> LanguageModelText:
    """Build the vocabulary of a text and convert the text into ids, in one pass over the text.

    Args:
        parts: training, validation and test part; or one part, whose last lines become validation (5%) and test (5%).
            A part consists of chunks (tokens, lengths): tokens as str or bytes, and the number of tokens in each line.
        min_count: words that are rarer in the training part become `[UNK]`.
        max_vocabulary_size: maximum size of the vocabulary, special tokens included; None keeps all words.
        known: a vocabulary to use instead.

    Raises:
        InputError: if a part has no words, or no word occurs `min_count` times.

    Example:

    >>> text = encode_text([[(["tea", "now", "tea"], [2, 1])], [(["tea"], [1])], [(["cup", "tea"], [2])]])
    >>> text.vocabulary.tokens[4:], text.train, text.test
    (['tea', 'now'], array([4, 5, 3, 4, 3], dtype=int32), array([1, 4, 3], dtype=int32))
    """
    require_positive(min_count=min_count)
    # {token: provisional id}; the id 0 ends a line
    places: dict[str | bytes, int] = collections.defaultdict(itertools.count(1).__next__)
    provisional = [_provisional_ids(part, places) for part in parts]
    if len(provisional) == 1:
        provisional = _cut(provisional[0])
    for name, ids in zip(("training", "validation", "test"), provisional, strict=True):
        if not ids.any():
            raise InputError(f"The {name} part of the text has no words. Expected a sentence or paragraph per line")
    counts = np.bincount(provisional[0], minlength=len(places) + 1)
    named = {(w.decode() if isinstance(w, bytes) else w): place for w, place in places.items()}
    words = {w: int(counts[place]) for w, place in named.items() if w not in (WRITTEN_UNKNOWN, UNKNOWN_CHARACTER)}
    vocabulary = known or GenerativeVocabulary.from_counts(words, min_count, max_vocabulary_size)
    kept = [token for token in vocabulary.tokens[len(vocabulary.special) :] if token in words]
    if not kept:
        raise InputError(
            f"No word occurs min_count={min_count} times in {len(provisional[0]):,} tokens. Use a smaller "
            "--min-count, or more text"
        )
    new_ids = np.full(len(places) + 1, UNKNOWN_ID, "int32")
    new_ids[0] = END_ID
    new_ids[[named[word] for word in kept]] = [vocabulary.ids[word] for word in kept]
    return LanguageModelText(vocabulary, *(new_ids[ids] for ids in provisional))


def _provisional_ids(chunks: TokenizedText, places: dict[str | bytes, int]) -> np.ndarray:
    """Return ids in the order in which tokens are first seen, with a 0 after every line: int32 array [N]."""
    blocks = [np.empty(0, "int32")]
    for tokens, lengths in chunks:
        ids = np.fromiter(map(places.__getitem__, tokens), "int32", len(tokens))
        blocks.append(np.insert(ids, np.cumsum(lengths), 0))
    return np.concatenate(blocks)


def _cut(ids: np.ndarray) -> list[np.ndarray]:
    """Return the training, the validation and the test part, split at line ends."""
    ends = np.flatnonzero(ids == 0) + 1
    held_out = int(np.ceil(HELD_OUT * len(ends)))
    if len(ends) < 3:
        raise InputError(
            f"A text of {len(ends)} lines cannot be split into training, validation and test parts. Expected at least "
            "3 lines. Use more text"
        )
    return np.split(ids, [ends[-2 * held_out - 1], ends[-held_out - 1]])
