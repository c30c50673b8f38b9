"""How often every n-gram of a text occurs: counted with sorted arrays, no Python object for an n-gram.

An n-gram of order k has a number, its place in a sorted array of keys, and its key is made of the number of
the n-gram of order k - 1 that it begins with, its history, and of its last word: key = history x V + word. So
an n-gram of any order fits into 64 bits, all words that follow a history stand side by side, and the arrays
are a trie. Memory is that of the different n-grams and of 8 bytes for each token.

Shapes: N tokens of a text, V vocabulary, M different n-grams of one order, H different histories.
"""

import dataclasses

import numpy as np

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.vocabulary import START_ID

BLOCK = 2**22  # tokens counted at a time
MISSING = -1  # the number of an n-gram that does not occur


@dataclasses.dataclass(frozen=True)
class NgramIndex:
    """Which n-grams there are, and which number each has.

    Attributes:
        vocabulary_size: int, V. Any id is an n-gram of order 1, whose number is the id.
        keys: list of sorted int64 arrays [M], of the orders from 2 on.
    """

    vocabulary_size: int
    keys: list

    @property
    def order(self):
        """The longest n-grams."""
        return len(self.keys) + 1

    def size(self, order):
        """Return how many different n-grams of an order there are."""
        return self.vocabulary_size if order == 1 else len(self.keys[order - 2])

    def histories(self, order):
        """Return the history of every n-gram of an order, its number among the n-grams of the order below."""
        return np.zeros(self.vocabulary_size, "int64") if order == 1 else self.keys[order - 2] // self.vocabulary_size

    def words(self, order, place=slice(None)):
        """Return the last words of the n-grams of an order >= 2, or of a slice of them."""
        return self.keys[order - 2][place] % self.vocabulary_size

    def find(self, order, histories, words):
        """Return the numbers of n-grams of an order, `MISSING` for those that do not occur.

        Args:
            order: int >= 2.
            histories: int array [N], numbers of the order below, or `MISSING`.
            words: int array [N].

        Returns:
            int array [N].
        """
        keys, wanted = self.keys[order - 2], histories.astype("int64") * self.vocabulary_size + words
        places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[places] == wanted, places, MISSING)

    def followers(self, order, history):
        """Return where the n-grams of an order that begin with a history stand: a slice."""
        ends = [history * self.vocabulary_size, (history + 1) * self.vocabulary_size]
        return slice(*np.searchsorted(self.keys[order - 2], ends))

    def beginning(self, order):
        """Return the number of the n-gram that is nothing but `[START]`."""
        number = np.array([START_ID])
        for longer in range(2, order + 1):
            number = self.find(longer, number, START_ID)
        return int(number[0])

    def along(self, ids):
        """Yield, for the orders from 1 on, the numbers of the n-grams that end at each token of a text.

        Before the text stands `[START]`, and a `[START]` inside it hides what came before.

        Args:
            ids: int array [N].

        Yields:
            (numbers of the histories, one order lower, int array [N]; numbers of the n-grams, int array [N]).
        """
        numbers = np.asarray(ids)
        yield np.zeros(len(ids), "int32"), numbers
        for order in range(2, self.order + 1):
            histories = before(numbers, ids, self.beginning(order - 1))
            numbers = self.find(order, histories, ids)
            yield histories, numbers


@dataclasses.dataclass(frozen=True)
class NgramCounts:
    """How often the n-grams of a text occur.

    Attributes:
        numbers: `NgramIndex`.
        counts: list of int64 arrays [M], of the orders from 1 on; 0 for n-grams that end with `[START]`.
        shorter: list of int32 arrays [M], of the orders from 2 on: the number of the n-gram without its first
            word, one order lower.
    """

    numbers: NgramIndex
    counts: list
    shorter: list

    @property
    def order(self):
        """The longest n-grams."""
        return self.numbers.order

    def continuations(self, order):
        """Return before how many different words every n-gram of an order stands: int array [M]."""
        of_longer = self.shorter[order - 1][self.counts[order] > 0]
        return np.bincount(of_longer, minlength=self.numbers.size(order))

    def per_history(self, order, values):
        """Add up a value of every n-gram of an order over those with one history: float64 array [H]."""
        size = 1 if order == 1 else self.numbers.size(order - 1)
        return np.bincount(self.numbers.histories(order), values, size)


def before(numbers, ids, beginning):
    """Return the number that belongs to the token before; at and after the beginning of a text that of `[START]`."""
    shifted = np.concatenate([[beginning], numbers[:-1]]).astype(numbers.dtype)
    shifted[np.asarray(ids) == START_ID] = beginning
    return shifted


def count_ngrams(ids, vocabulary_size, order):
    """Count the n-grams of a text, of all orders up to one.

    As if there were endless `[START]` before the text: its first token is part of an n-gram of every order. A
    `[START]` in the text begins it anew, so that sentences that do not follow each other can be counted: with
    a `[START]` before each.

    Args:
        ids: int array [N], also one that lies on disk, `numpy.memmap`.
        vocabulary_size: int, V.
        order: int, the longest n-grams.

    Returns:
        NgramCounts.

    Raises:
        InputError: if the text is empty or shorter than the order, an id is out of range, or the order is
            not positive.

    Example:

    >>> counts = count_ngrams(np.array([4, 5, 4, 5, 6]), vocabulary_size=7, order=2)
    >>> counts.numbers.histories(2), counts.numbers.words(2), counts.counts[1]
    (array([2, 2, 4, 5, 5]), array([2, 4, 5, 4, 6]), array([0, 1, 2, 1, 1]))
    """
    require_positive(vocabulary_size=vocabulary_size, order=order)
    require_ids(ids, vocabulary_size)
    if len(ids) < order:
        what = f"has only {len(ids):,} tokens" if len(ids) else "is empty"
        raise InputError(f"The text {what}: expected at least as many as the order of its n-grams, {order}")
    ids = np.concatenate([np.array([START_ID], "int32"), np.asarray(ids, "int32")])
    all_keys, shorter = [], []
    counts = [np.bincount(ids, minlength=vocabulary_size)]
    counts[0][START_ID] = 0
    numbers = ids  # of the n-grams of the order below that end at each token
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


def _count(histories, ids, vocabulary_size):
    """Return the different keys and how often each occurs."""
    runs = []  # sorted, each less than half as long as the one before
    for start in range(0, len(ids), BLOCK):
        block = slice(start, start + BLOCK)
        run = np.unique(histories[block].astype("int64") * vocabulary_size + ids[block], return_counts=True)
        while runs and len(runs[-1][0]) < 2 * len(run[0]):
            run = _merge(runs.pop(), run)
        runs.append(run)
    while len(runs) > 1:
        runs.append(_merge(runs.pop(), runs.pop()))
    return runs[0]


def _merge(first, second):
    """Return the keys and counts of two runs in one."""
    keys, counts = (np.concatenate(both) for both in zip(first, second, strict=True))
    order = np.argsort(keys, kind="stable")  # it sees that there are two sorted halves
    keys, counts = keys[order], counts[order]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    return keys[starts], np.add.reduceat(counts, starts)


def _find_blocks(keys, histories, ids, vocabulary_size):
    """Return the number of the n-gram at each token, all of which occur: int32 array [N]."""
    numbers = np.empty(len(ids), "int32")
    for start in range(0, len(ids), BLOCK):
        block = slice(start, start + BLOCK)
        numbers[block] = np.searchsorted(keys, histories[block].astype("int64") * vocabulary_size + ids[block])
    return numbers


def require_ids(ids, vocabulary_size):
    """Raise InputError unless all ids are whole numbers that the vocabulary has.

    Example:

    >>> require_ids(np.array([0, 4]), vocabulary_size=5)
    """
    ids = np.asarray(ids)
    if ids.ndim != 1 or (len(ids) and ids.dtype.kind not in "iu"):
        raise InputError(f"Expected the ids of tokens, one row of integers. Received: {ids.dtype} {list(ids.shape)}")
    wrong = ids[(ids < 0) | (ids >= vocabulary_size)]
    if len(wrong):
        raise InputError(
            f"The vocabulary has the ids 0 to {vocabulary_size - 1}. Received: {wrong[0]}. Was the text read with "
            "another vocabulary?"
        )
