"""Training of WordPiece vocabularies."""

import collections
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.vocabulary import CONTINUES, WORDPIECE_SPECIAL, WordPieceVocabulary
from kerasnlp_zoo.well_formed import well_formed

LEAST_COUNT = 2  # minimum number of occurrences of a pair of pieces that is merged
AT_ONCE = 1000  # maximum number of repetitions of a word in one string for the trainer


def learn_wordpiece_vocabulary(texts: Iterable[str], size: int, lower_case: bool = True) -> WordPieceVocabulary:
    """Learn a vocabulary of pieces: all characters, and then repeatedly the most frequent pair of adjacent pieces.

    The vocabulary does not depend on the order of the texts.

    Args:
        texts: training texts.
        size: maximum size of the vocabulary, special tokens included.
        lower_case: whether to lower-case letters and remove accents, as in `WordPiecePreprocessor`.

    Returns:
        vocabulary that begins with `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]` and `[MASK]`.

    Raises:
        InputError: if the `tokenizers` library is missing, or there is nothing to learn from.

    Example:

    >>> vocabulary = learn_wordpiece_vocabulary(["playing plays", "played playing"], size=40)
    >>> "play" in vocabulary.ids
    True

    Reference: Schuster and Nakajima 2012; pairs are chosen by their count, as in Sennrich et al. 2016.
    """
    tokenizer = _tokenizers().BertWordPieceTokenizer(lowercase=lower_case)
    return WordPieceVocabulary(learn_pieces(_count_words(tokenizer, texts), size, WORDPIECE_SPECIAL))


def learn_pieces(counts: Mapping[str, int], size: int, special: Sequence[str]) -> list[str]:
    """Learn pieces from the counts of words.

    Args:
        counts: word -> number of occurrences.
        size: maximum number of pieces, special tokens included.
        special: special tokens, which come first.

    Returns:
        pieces; a piece that continues a word starts with `##`.

    Raises:
        InputError: if the `tokenizers` library is missing, or there is nothing to learn from.
    """
    tokenizers = _tokenizers()
    characters = _alphabet(counts, size - len(special))
    if not characters:
        raise InputError(
            f"A vocabulary is learned from texts, and its size must leave room for {len(special)} special "
            f"tokens and single characters. Received: size={size!r} and {len(counts)} different words"
        )
    # The trainer breaks ties by token number, and numbers characters in random order unless they are given in order.
    trainer = tokenizers.trainers.WordPieceTrainer(
        vocab_size=size,
        min_frequency=LEAST_COUNT,
        limit_alphabet=len(characters),
        special_tokens=[*special, *sorted(characters, key=lambda token: (token.startswith(CONTINUES), token))],
        show_progress=False,
    )
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    known = {word: count for word, count in counts.items() if characters.issuperset(_spelled(word))}
    tokenizer.train_from_iterator(_repeat_by_count(known), trainer)
    ids = tokenizer.get_vocab()
    return sorted(ids, key=ids.get)


def _tokenizers() -> ModuleType:
    try:
        import tokenizers
    except ImportError as error:
        raise InputError(
            'To learn a vocabulary of pieces, install the library tokenizers: pip install "kerasnlp-zoo[recipes]"'
        ) from error
    return tokenizers


def _count_words(tokenizer: Any, texts: Iterable[str]) -> collections.Counter[str]:
    """Return how often each normalized word and punctuation mark occurs in the texts."""
    counts: collections.Counter[str] = collections.Counter()
    for text in map(well_formed, texts):
        words = tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text))
        counts.update(word for word, _ in words)
    return counts


def _alphabet(counts: Mapping[str, int], room: int) -> set[str]:
    """Return the most frequent characters as a set of pieces: `a`, and `##a` if it occurs inside a word.

    Ties are broken by the character itself.
    """
    characters: collections.Counter[str] = collections.Counter()
    for word, count in counts.items():
        for character in word:
            characters[character] += count
    going_on = {piece for word in counts for piece in _spelled(word)[1:]}
    pieces: set[str] = set()
    for character in sorted(characters, key=lambda character: (-characters[character], character)):
        new = {character, CONTINUES + character} & ({character} | going_on)
        if len(pieces | new) > room:
            break
        pieces |= new
    return pieces


def _spelled(word: str) -> list[str]:
    """Return a word as pieces of one character each."""
    return [word[0], *(CONTINUES + character for character in word[1:])]


def _repeat_by_count(counts: Mapping[str, int]) -> Iterator[str]:
    """Yield strings that together contain every word as often as it was counted."""
    for word, count in counts.items():
        for start in range(0, count, AT_ONCE):
            yield " ".join([word] * min(AT_ONCE, count - start))
