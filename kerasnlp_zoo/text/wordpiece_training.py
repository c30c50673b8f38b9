"""Learn the pieces of a WordPiece vocabulary from texts."""

import collections

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.vocabulary import WORDPIECE_SPECIAL, WordPieceVocabulary

LEAST_COUNT = 2  # of two pieces side by side, to be joined into one
AT_ONCE = 1000  # repetitions of a word handed to the trainer in one string


def learn_wordpiece_vocabulary(texts, size, lower_case=True):
    """Learn a vocabulary of pieces: characters first, then again and again the two pieces most often side by side.

    The same texts give the same vocabulary, whatever their order.

    Args:
        texts: iterable of str, the training texts and no others.
        size: int, most entries, special tokens included; few texts give fewer.
        lower_case: bool, whether letters lose case and accents, as with `WordPiecePreprocessor`.

    Returns:
        WordPieceVocabulary, `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]` and `[MASK]` first.

    Raises:
        InputError: if the `tokenizers` library is missing, or nothing could be learned.

    Example:

    >>> vocabulary = learn_wordpiece_vocabulary(["playing plays", "played playing"], size=40)
    >>> "play" in vocabulary.ids
    True

    Reference: Schuster and Nakajima 2012; pairs are chosen by their count, as in Sennrich et al. 2016.
    """
    tokenizer = _tokenizers().BertWordPieceTokenizer(lowercase=lower_case)
    return WordPieceVocabulary(learn_pieces(_count_words(tokenizer, texts), size, WORDPIECE_SPECIAL))


def learn_pieces(counts, size, special):
    """Learn pieces from words and how often each occurs.

    Args:
        counts: dict, word -> number of occurrences.
        size: int, most pieces, special tokens included.
        special: special tokens, which come first.

    Returns:
        list of str; a piece that goes on a word starts with `##`.

    Raises:
        InputError: if the `tokenizers` library is missing, or nothing could be learned.
    """
    tokenizers = _tokenizers()
    characters = _alphabet(counts, size - len(special))
    if not characters:
        raise InputError(
            f"A vocabulary is learned from texts, and its size leaves room for {len(special)} special "
            f"tokens and single characters. Received: size={size!r} and {len(counts)} different words"
        )
    # The trainer numbers what it is not told of in an order of chance, and breaks ties by these numbers.
    trainer = tokenizers.trainers.WordPieceTrainer(
        vocab_size=size,
        min_frequency=LEAST_COUNT,
        limit_alphabet=len(characters),
        special_tokens=[*special, *sorted(characters, key=lambda token: (token.startswith("##"), token))],
        show_progress=False,
    )
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    known = {word: count for word, count in counts.items() if characters.issuperset(_spelled(word))}
    tokenizer.train_from_iterator(_repeat_by_count(known), trainer)
    ids = tokenizer.get_vocab()
    return sorted(ids, key=ids.get)


def _tokenizers():
    try:
        import tokenizers
    except ImportError as error:
        raise InputError(
            'A vocabulary of pieces is learned by the library tokenizers: pip install "kerasnlp-zoo[recipes]"'
        ) from error
    return tokenizers


def _count_words(tokenizer, texts):
    """Count what stands between spaces and punctuation, normalised."""
    counts = collections.Counter()
    for text in texts:
        words = tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text))
        counts.update(word for word, _ in words)
    return counts


def _alphabet(counts, room):
    """Return the most frequent characters as a set of pieces: `a`, and `##a` where it ever goes on a word.

    Ties are broken by the character itself.
    """
    characters = collections.Counter()
    for word, count in counts.items():
        for character in word:
            characters[character] += count
    going_on = {piece for word in counts for piece in _spelled(word)[1:]}
    pieces = set()
    for character in sorted(characters, key=lambda character: (-characters[character], character)):
        new = {character, f"##{character}"} & ({character} | going_on)
        if len(pieces | new) > room:
            break
        pieces |= new
    return pieces


def _spelled(word):
    """Return a word as pieces of one character each."""
    return [word[0], *(f"##{character}" for character in word[1:])]


def _repeat_by_count(counts):
    """Yield strings that hold every word as often as it was counted."""
    for word, count in counts.items():
        for start in range(0, count, AT_ONCE):
            yield " ".join([word] * min(AT_ONCE, count - start))
