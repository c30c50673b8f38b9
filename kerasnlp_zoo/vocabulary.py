"""A vocabulary: which token has which id."""

import functools
from pathlib import Path

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_file

PADDING = "[PAD]"
UNKNOWN = "[UNK]"
START = "[START]"
END = "[END]"
CLASSIFICATION = "[CLS]"
SEPARATOR = "[SEP]"
MASK = "[MASK]"
# The first ids of a vocabulary of words; `Vocabulary` has the first two, `GenerativeVocabulary` all four.
PADDING_ID, UNKNOWN_ID, START_ID, END_ID = range(4)
WORDPIECE_SPECIAL = (PADDING, UNKNOWN, CLASSIFICATION, SEPARATOR, MASK)


class TokenList:
    """An ordered list of tokens; a token's id is its place.

    Args:
        tokens: list of str, all different.

    Raises:
        InputError: if a token is empty, stands twice or holds a line break.

    Example:

    >>> TokenList(["tea", "cup"]).ids
    {'tea': 0, 'cup': 1}
    """

    def __init__(self, tokens):
        self.tokens = list(tokens)
        seen = set()
        for position, token in enumerate(self.tokens):
            if token in seen or not token or "\n" in token:
                raise InputError(
                    "Tokens of a vocabulary are different, not empty and stand on one line each. "
                    f"Received: {token!r} as token {position}, which is empty, broken or stood before"
                )
            seen.add(token)

    def __len__(self):
        return len(self.tokens)

    @functools.cached_property
    def ids(self):
        """Which id each token has, a dict."""
        return {token: place for place, token in enumerate(self.tokens)}

    def save(self, path):
        """Write one token per line, in UTF-8."""
        with atomic_file(path) as temporary:
            temporary.write_bytes("".join(token + "\n" for token in self.tokens).encode())

    @classmethod
    def load(cls, path):
        """Read what `save` wrote, exactly.

        Raises:
            InputError: if the file is not such a list.
        """
        try:
            text = Path(path).read_bytes().decode()
        except UnicodeDecodeError as error:
            raise InputError(f"{path} is not a vocabulary: expected UTF-8, one token per line. {error}") from error
        if not text.endswith("\n"):
            raise InputError(f"{path} is cut short: the last line of a vocabulary ends with a line break")
        return cls(text[:-1].split("\n"))


class Vocabulary(TokenList):
    """The tokens of a word-level model. Id 0 is `[PAD]`, id 1 is `[UNK]`.

    Args:
        tokens: list of str, all different, starting with `[PAD]` and `[UNK]`.

    Raises:
        InputError: if a token is missing, stands twice or holds a line break.

    Example:

    >>> vocabulary = Vocabulary.from_counts({"film": 3, "a": 5, "gripping": 1}, min_count=2)
    >>> vocabulary.tokens
    ['[PAD]', '[UNK]', 'a', 'film']
    """

    special = (PADDING, UNKNOWN)

    def __init__(self, tokens):
        super().__init__(tokens)
        first = self.tokens[: len(self.special)]
        if first != list(self.special):
            *others, last = self.special
            raise InputError(
                f"A vocabulary starts with {', '.join(others)} and {last}, the ids from 0 on. Received: {first}"
            )

    @classmethod
    def from_counts(cls, counts, min_count=1, max_size=None):
        """Keep the tokens seen at least `min_count` times, most frequent first.

        Ties are broken by the token itself, so the same counts always give the same ids.

        Args:
            counts: dict, token -> number of occurrences.
            min_count: int, the floor.
            max_size: int, most entries kept, the special ones included; None keeps all.

        Returns:
            Vocabulary.
        """
        frequent = [token for token, count in counts.items() if count >= min_count]
        frequent = [token for token in frequent if token not in cls.special]
        frequent.sort(key=lambda token: (-counts[token], token))
        return cls([*cls.special, *frequent][:max_size])


class GenerativeVocabulary(Vocabulary):
    """The tokens of a model that writes text. Ids 0 to 3 are `[PAD]`, `[UNK]`, `[START]` and `[END]`.

    Args:
        tokens: list of str, all different, starting with these four.

    Raises:
        InputError: if a token is missing, stands twice or holds a line break.

    Example:

    >>> GenerativeVocabulary.from_counts({"tea": 2}).ids
    {'[PAD]': 0, '[UNK]': 1, '[START]': 2, '[END]': 3, 'tea': 4}
    """

    special = (PADDING, UNKNOWN, START, END)


class WordPieceVocabulary(TokenList):
    """The pieces of a BERT model, in the order of its vocab.txt; a piece that goes on a word starts with `##`.

    Args:
        tokens: list of str, all different: `[PAD]` first, and `[UNK]`, `[CLS]`, `[SEP]` and `[MASK]` anywhere.

    Raises:
        InputError: if `[PAD]` is not first, another special token is missing, or a token stands twice or
            holds a line break.

    Example:

    >>> vocabulary = WordPieceVocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "##ing"])
    >>> vocabulary.ids["[MASK]"]
    4

    Reference: Devlin et al. 2019, section 3.
    """

    def __init__(self, tokens):
        super().__init__(tokens)
        missing = [token for token in WORDPIECE_SPECIAL if token not in self.ids]
        if missing or self.tokens[0] != PADDING:
            raise InputError(
                f"A vocabulary of BERT has {PADDING} on its first line, whose id 0 marks padding, and holds "
                f"{', '.join(WORDPIECE_SPECIAL[1:])}. Received: {self.tokens[:1]} first"
                + (f"; missing: {', '.join(missing)}" if missing else "")
            )
