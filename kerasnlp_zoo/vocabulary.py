"""Vocabularies: each token has an id."""

import dataclasses
import functools
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar, Self

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_file, require_regular
from kerasnlp_zoo.memory_limit import require_memory
from kerasnlp_zoo.types import FilePath

TOKEN_MEMORY = 16  # bytes of memory for each byte of the file of a vocabulary: a token is a Python string
PADDING = "[PAD]"
UNKNOWN = "[UNK]"
START = "[START]"
END = "[END]"
CLASSIFICATION = "[CLS]"
SEPARATOR = "[SEP]"
MASK = "[MASK]"
CONTINUES = "##"  # prefix of a piece that continues a word
# The first ids of a vocabulary of words: every `Vocabulary` has the first two, `GenerativeVocabulary` has all four.
PADDING_ID, UNKNOWN_ID, START_ID, END_ID = range(4)
WORDPIECE_SPECIAL = (PADDING, UNKNOWN, CLASSIFICATION, SEPARATOR, MASK)


@dataclasses.dataclass(frozen=True)
class BorrowedWords:
    """Words at the end of a vocabulary that come from an entry of word vectors, with their vectors.

    Attributes:
        entry: name of the entry.
        limit: number of words of the entry, from its beginning, of which those that were new are in the vocabulary.
        count: number of these new words.
        scale: factor that the vectors of the entry are multiplied with.
    """

    entry: str
    limit: int
    count: int
    scale: float


class TokenList:
    """An ordered list of tokens; the id of a token is its index.

    Args:
        tokens: distinct tokens.

    Raises:
        InputError: if a token is empty, occurs twice or contains a line break.

    Example:

    >>> TokenList(["tea", "cup"]).ids
    {'tea': 0, 'cup': 1}
    """

    borrowed: BorrowedWords | None = None  # the last words, if they come from an entry of word vectors

    def __init__(self, tokens: Iterable[str]) -> None:
        self.tokens = list(tokens)
        seen: set[str] = set()
        for index, token in enumerate(self.tokens):
            if token in seen or not token or "\n" in token:
                problem = "a duplicate" if token in seen else "empty" if not token else "a token with a line break"
                raise InputError(
                    "The tokens of a vocabulary must be distinct, not empty and without line breaks. "
                    f"Received: {token!r} as token {index}, which is {problem}"
                )
            seen.add(token)

    def __len__(self) -> int:
        return len(self.tokens)

    @functools.cached_property
    def ids(self) -> dict[str, int]:
        """The id of each token."""
        return {token: index for index, token in enumerate(self.tokens)}

    def save(self, path: FilePath) -> None:
        """Write one token per line, in UTF-8, atomically."""
        with atomic_file(path) as temporary:
            temporary.write_bytes("".join(token + "\n" for token in self.tokens).encode())

    @classmethod
    def load(cls, path: FilePath) -> Self:
        """Read a file that `save` wrote.

        Raises:
            InputError: if the file is not UTF-8, is incomplete, too large or no regular file, or its tokens are not
                valid.
        """
        require_regular(path)
        require_memory(TOKEN_MEMORY * os.path.getsize(path), path)
        try:
            text = Path(path).read_bytes().decode()
        except UnicodeDecodeError as error:
            raise InputError(f"{path} is not a vocabulary: expected UTF-8, one token per line. {error}") from error
        if not text.endswith("\n"):
            raise InputError(f"{path} is incomplete: the last line of a vocabulary must end with a line break")
        return cls(text[:-1].split("\n"))


class Vocabulary(TokenList):
    """The tokens of a word-level model. Id 0 is `[PAD]`, id 1 is `[UNK]`.

    Args:
        tokens: distinct tokens; the first two are `[PAD]` and `[UNK]`.

    Raises:
        InputError: if a special token is missing, or a token is empty, occurs twice or contains a line break.

    Example:

    >>> vocabulary = Vocabulary.from_counts({"film": 3, "a": 5, "gripping": 1}, min_count=2)
    >>> vocabulary.tokens
    ['[PAD]', '[UNK]', 'a', 'film']
    """

    special: ClassVar[tuple[str, ...]] = (PADDING, UNKNOWN)

    def __init__(self, tokens: Iterable[str]) -> None:
        super().__init__(tokens)
        first = self.tokens[: len(self.special)]
        if first != list(self.special):
            *others, last = self.special
            raise InputError(f"A vocabulary must start with {', '.join(others)} and {last}. Received: {first}")

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], min_count: int = 1, max_size: int | None = None) -> Self:
        """Return a vocabulary of the tokens that occur at least `min_count` times, the most frequent first.

        Tokens of the same count are in alphabetical order, so the same counts always produce the same ids.

        Args:
            counts: token -> number of occurrences.
            min_count: minimum number of occurrences of a token.
            max_size: maximum size of the vocabulary, including special tokens; None for no limit.
        """
        frequent = [token for token, count in counts.items() if count >= min_count]
        frequent = [token for token in frequent if token not in cls.special]
        frequent.sort(key=lambda token: (-counts[token], token))
        return cls([*cls.special, *frequent][:max_size])


class GenerativeVocabulary(Vocabulary):
    """The tokens of a model that generates text. Ids 0 to 3 are `[PAD]`, `[UNK]`, `[START]` and `[END]`.

    Args:
        tokens: distinct tokens; the first four are `[PAD]`, `[UNK]`, `[START]` and `[END]`.

    Raises:
        InputError: if a special token is missing, or a token is empty, occurs twice or contains a line break.

    Example:

    >>> GenerativeVocabulary.from_counts({"tea": 2}).ids
    {'[PAD]': 0, '[UNK]': 1, '[START]': 2, '[END]': 3, 'tea': 4}
    """

    special = (PADDING, UNKNOWN, START, END)


class PairVocabulary(Vocabulary):
    """The tokens of a word-level model of pairs of texts. Ids 0 to 3 are `[PAD]`, `[UNK]`, `[CLS]` and `[SEP]`.

    Args:
        tokens: distinct tokens; the first four are `[PAD]`, `[UNK]`, `[CLS]` and `[SEP]`.

    Raises:
        InputError: if a special token is missing, or a token is empty, occurs twice or contains a line break.

    Example:

    >>> PairVocabulary.from_counts({"tea": 2}).ids
    {'[PAD]': 0, '[UNK]': 1, '[CLS]': 2, '[SEP]': 3, 'tea': 4}
    """

    special = (PADDING, UNKNOWN, CLASSIFICATION, SEPARATOR)


class WordPieceVocabulary(TokenList):
    """The word pieces of a BERT model, in the order of its vocab.txt; a piece inside a word starts with `##`.

    Args:
        tokens: distinct tokens: `[PAD]` first, and `[UNK]`, `[CLS]`, `[SEP]` and `[MASK]` anywhere.

    Raises:
        InputError: if `[PAD]` is not first, another special token is missing, or a token is empty, occurs twice or
            contains a line break.

    Example:

    >>> vocabulary = WordPieceVocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "##ing"])
    >>> vocabulary.ids["[MASK]"]
    4

    Reference: Devlin et al. 2019, section 3.
    """

    def __init__(self, tokens: Iterable[str]) -> None:
        super().__init__(tokens)
        missing = [token for token in WORDPIECE_SPECIAL if token not in self.ids]
        if missing or self.tokens[0] != PADDING:
            raise InputError(
                f"A vocabulary of BERT must have {PADDING} on its first line (id 0) and contain "
                f"{', '.join(WORDPIECE_SPECIAL[1:])}. Received: {self.tokens[:1]} on the first line"
                + (f"; missing: {', '.join(missing)}" if missing else "")
            )
