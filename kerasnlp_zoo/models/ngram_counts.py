"""The counts of all n-grams of a text, in sorted arrays, without a Python object per n-gram.

The history of an n-gram is the n-gram of order n - 1 that it begins with. The number of an n-gram is its index in a
sorted array of keys, and its key is (number of its history) x V + (id of its last word). Therefore the key of an
n-gram of any order fits into 64 bits, the n-grams with the same history are adjacent, and the arrays are a trie.
The memory use is proportional to the number of different n-grams, plus 8 bytes per token.

Shapes: N tokens of a text, V vocabulary, M different n-grams of one order, H different histories.
"""

import dataclasses
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.vocabulary import START_ID

BLOCK = 2**22  # tokens counted at a time
MISSING = -1  # the number of an n-gram that does not occur
Run: TypeAlias = tuple[np.ndarray, np.ndarray]  # sorted keys, and their counts


@dataclasses.dataclass(frozen=True)
class NgramIndex:
    """The n-grams that occur, and their numbers.

    Attributes:
        vocabulary_size: V. Every id is an n-gram of order 1, and its number is the id.
        keys: sorted int64 arrays [M], one for each order from 2 on.
    """

    vocabulary_size: int
    keys: list[np.ndarray]

    @property
    def order(self) -> int:
        """The highest order."""
        return len(self.keys) + 1

    def size(self, order: int) -> int:
        """Return the number of different n-grams of an order."""
        return self.vocabulary_size if order == 1 else len(self.keys[order - 2])

    def histories(self, order: int) -> np.ndarray:
        """Return the numbers of the histories of all n-grams of an order: int64 array [M]."""
        return np.zeros(self.vocabulary_size, "int64") if order == 1 else self.keys[order - 2] // self.vocabulary_size

    def words(self, order: int, selection: slice = slice(None)) -> np.ndarray:
        """Return the last words of the n-grams of an order >= 2, or of a slice of them: int64 array."""
        return self.keys[order - 2][selection] % self.vocabulary_size

    def find(self, order: int, histories: np.ndarray, words: np.ndarray | int) -> np.ndarray:
        """Return the numbers of n-grams of an order, `MISSING` for n-grams that do not occur.

        Args:
            order: >= 2.
            histories: int array [N], numbers of the histories, or `MISSING`.
            words: int array [N] or one word for all, the last words.

        Returns:
            int array [N].
        """
        keys, wanted = self.keys[order - 2], histories.astype("int64") * self.vocabulary_size + words
        indices = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[indices] == wanted, indices, MISSING)

    def followers(self, order: int, history: int) -> slice:
        """Return the slice of the n-grams of an order that begin with a history."""
        ends = [history * self.vocabulary_size, (history + 1) * self.vocabulary_size]
        return slice(*np.searchsorted(self.keys[order - 2], ends))

    def beginning(self, order: int) -> int:
        """Return the number of the n-gram of an order that consists of `[START]` only."""
        number = np.array([START_ID])
        for longer in range(2, order + 1):
            number = self.find(longer, number, START_ID)
        return int(number[0])

    def numbers_along(self, ids: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield, for each order from 1 on, the numbers of the n-grams that end at each token of a text.

        The text follows `[START]`. A `[START]` inside the text begins a new history.

        Args:
            ids: int array [N].

        Yields:
            (numbers of the histories, int array [N]; numbers of the n-grams, int array [N]).
        """
        numbers = np.asarray(ids)
        yield np.zeros(len(ids), "int32"), numbers
        for order in range(2, self.order + 1):
            histories = before(numbers, ids, self.beginning(order - 1))
            numbers = self.find(order, histories, ids)
            yield histories, numbers


@dataclasses.dataclass(frozen=True)
class NgramCounts:
    """The counts of the n-grams of a text.

    Attributes:
        numbers: the n-grams that occur.
        counts: int64 arrays [M], one for each order from 1 on; 0 for n-grams that end with `[START]`.
        shorter: int32 arrays [M], one for each order from 2 on: the number of the n-gram of the next lower order,
            without the first word.
    """

    numbers: NgramIndex
    counts: list[np.ndarray]
    shorter: list[np.ndarray]

    @property
    def order(self) -> int:
        """The highest order."""
        return self.numbers.order

    def continuations(self, order: int) -> np.ndarray:
        """Return for every n-gram of an order the number of different words before it: int array [M]."""
        of_longer = self.shorter[order - 1][self.counts[order] > 0]
        return np.bincount(of_longer, minlength=self.numbers.size(order))

    def per_history(self, order: int, values: np.ndarray) -> np.ndarray:
        """Return the sum of the values [M] of the n-grams of an order for each history: float64 array [H]."""
        size = 1 if order == 1 else self.numbers.size(order - 1)
        return np.bincount(self.numbers.histories(order), values, size)


def before(numbers: np.ndarray, ids: ArrayLike, beginning: int) -> np.ndarray:
    """Return the numbers of the previous tokens, `beginning` for the first token and for every `[START]`."""
    shifted = np.concatenate([[beginning], numbers[:-1]]).astype(numbers.dtype)
    shifted[np.asarray(ids) == START_ID] = beginning
    return shifted


def count_ngrams(ids: np.ndarray, vocabulary_size: int, order: int) -> NgramCounts:
    """Count the n-grams of a text, of all orders up to the given one.

    The text follows any number of `[START]`, so its first token ends an n-gram of every order. A `[START]` in the
    text begins a new text: put one before each of several independent sentences.

    Args:
        ids: int array [N], in memory or a `numpy.memmap`.
        vocabulary_size: V.
        order: the highest order.

    Raises:
        InputError: if the text is empty or shorter than the order, an id is outside the vocabulary, or the order is
            not positive.

    Example:

    >>> counts = count_ngrams(np.array([4, 5, 4, 5, 6]), vocabulary_size=7, order=2)
    >>> counts.numbers.histories(2), counts.numbers.words(2), counts.counts[1]
    (array([2, 2, 4, 5, 5]), array([2, 4, 5, 4, 6]), array([0, 1, 2, 1, 1]))
    """
    require_positive(vocabulary_size=vocabulary_size, order=order)
    require_ids(ids, vocabulary_size)
    if len(ids) < order:
        problem = f"has only {len(ids):,} tokens" if len(ids) else "is empty"
        raise InputError(f"The text {problem}. Expected at least as many tokens as the order of the n-grams, {order}")
    ids = np.concatenate([np.array([START_ID], "int32"), np.asarray(ids, "int32")])
    all_keys, shorter = [], []
    counts = [np.bincount(ids, minlength=vocabulary_size)]
    counts[0][START_ID] = 0
    numbers = ids  # the n-gram of the next lower order that ends at each token
    for _ in range(2, order + 1):
        histories = before(numbers, ids, beginning=numbers[0])
        keys, order_counts = _count(histories, ids, vocabulary_size)
        order_counts[keys % vocabulary_size == START_ID] = 0
        below, numbers = numbers, _find_blocks(keys, histories, ids, vocabulary_size)
        last_words_of = np.empty(len(keys), "int32")
        last_words_of[numbers] = below
        all_keys.append(keys)
        counts.append(order_counts)
        shorter.append(last_words_of)
    return NgramCounts(NgramIndex(vocabulary_size, all_keys), counts, shorter)


def _count(histories: np.ndarray, ids: np.ndarray, vocabulary_size: int) -> Run:
    """Return the different keys, and their counts."""
    runs: list[Run] = []  # each has at most half as many keys as the one before
    for start in range(0, len(ids), BLOCK):
        block = slice(start, start + BLOCK)
        run = np.unique(histories[block].astype("int64") * vocabulary_size + ids[block], return_counts=True)
        while runs and len(runs[-1][0]) < 2 * len(run[0]):
            run = _merge(runs.pop(), run)
        runs.append(run)
    while len(runs) > 1:
        runs.append(_merge(runs.pop(), runs.pop()))
    return runs[0]


def _merge(first: Run, second: Run) -> Run:
    """Return one run with the keys and summed counts of two."""
    keys, counts = (np.concatenate(both) for both in zip(first, second, strict=True))
    order = np.argsort(keys, kind="stable")  # fast, because both halves are sorted
    keys, counts = keys[order], counts[order]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    return keys[starts], np.add.reduceat(counts, starts)


def _find_blocks(keys: np.ndarray, histories: np.ndarray, ids: np.ndarray, vocabulary_size: int) -> np.ndarray:
    """Return the number of the n-gram that ends at each token, all of them known: int32 array [N]."""
    numbers = np.empty(len(ids), "int32")
    for start in range(0, len(ids), BLOCK):
        block = slice(start, start + BLOCK)
        numbers[block] = np.searchsorted(keys, histories[block].astype("int64") * vocabulary_size + ids[block])
    return numbers


def require_ids(ids: ArrayLike, vocabulary_size: int) -> None:
    """Raise InputError unless all ids are integers inside the vocabulary.

    Example:

    >>> require_ids(np.array([0, 4]), vocabulary_size=5)
    """
    ids = np.asarray(ids)
    if ids.ndim != 1 or (len(ids) and ids.dtype.kind not in "iu"):
        raise InputError(f"The ids must be one row of integers. Received: {ids.dtype} {list(ids.shape)}")
    wrong = ids[(ids < 0) | (ids >= vocabulary_size)]
    if len(wrong):
        raise InputError(
            f"The vocabulary has the ids 0 to {vocabulary_size - 1}. Received: {wrong[0]}. "
            "Use the vocabulary that the text was converted with"
        )
