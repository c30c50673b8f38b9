"""The probabilities of an n-gram model, looked up in sorted tables inside the graph.

Shapes: B batch, T length, V vocabulary, N = B T words to predict, M n-grams and H histories of one order.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.types import Config, Tensor, TensorShape

MISSING = -1  # the index of a number that is not in a table
LARGEST_UINT16 = 2**16 - 1


class NgramTable(NamedTuple):
    """The n-grams of one order, sorted by history and last word; an n-gram's index is its number.

    Attributes:
        words: int [M], the last word of each n-gram.
        probabilities: float32 [M], the logarithm of the probability of each n-gram's last word.
        histories: int32 [H], the number of each history, in increasing order.
        starts: int32 [H + 1], the number of the first n-gram of each history, and M.
        factors: float32 [H], the logarithm of the factor of each history.
    """

    words: keras.Variable
    probabilities: keras.Variable
    histories: keras.Variable
    starts: keras.Variable
    factors: keras.Variable


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class NgramProbabilities(keras.layers.Layer):
    """Return the log-probability of every next word, from the tables of an n-gram model.

    P(w | h) is the probability in the table if the n-gram h w is in it, and otherwise factor(h) P(w | h'), where h' is
    h without its first word. The number of an n-gram is its index in the table of its order. The n-grams of an order
    are sorted by their history and their last word, so those with the same history are adjacent, and a binary search
    finds an n-gram.

    Args:
        vocabulary_size: V.
        num_ngrams: M of the orders 2, 3, ...; empty for a model of single words.
        num_histories: H of the orders 2, 3, ...: the number of different histories.

    Call arguments:
        ids: int tensor [B, S + T]: S tokens before the text, where S is `num_previous`, and the text.

    Returns:
        float32 tensor [B, T, V], the log-probabilities of the word after each token of the text.

    Raises:
        InputError: if a number is not positive, or the two lists have different lengths.

    Example:

    >>> layer = NgramProbabilities(vocabulary_size=5)
    >>> ids = ops.convert_to_tensor([[2, 4, 4]])
    >>> layer(ids).shape
    TensorShape([1, 2, 5])

    Reference: Katz 1987; tables sorted by history as in Pauls and Klein 2011, "Faster and Smaller N-Gram Language
    Models", section 3.
    """

    def __init__(
        self, vocabulary_size: int, num_ngrams: Sequence[int] = (), num_histories: Sequence[int] = (), **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        sizes = {f"num_ngrams[{index}]": size for index, size in enumerate(num_ngrams)}
        sizes |= {f"num_histories[{index}]": size for index, size in enumerate(num_histories)}
        require_positive(vocabulary_size=vocabulary_size, **sizes)
        if len(num_ngrams) != len(num_histories):
            raise InputError(
                "num_ngrams and num_histories must have one number for each order from 2 on. "
                f"Received: num_ngrams={num_ngrams!r}, num_histories={num_histories!r}"
            )
        self.vocabulary_size = vocabulary_size
        self.num_ngrams, self.num_histories = list(num_ngrams), list(num_histories)
        self.order = len(num_ngrams) + 1
        self.num_previous = max(1, self.order - 1)

    def build(self, ids_shape: TensorShape) -> None:
        """Create the tables."""

        def column(name: str, size: int, dtype: str) -> keras.Variable:
            return self.add_weight(
                name=name, shape=(size,), dtype=dtype, initializer="zeros", trainable=False, autocast=False
            )

        word_type = "uint16" if self.vocabulary_size <= LARGEST_UINT16 else "int32"
        self.word_probabilities = column("probabilities_1", self.vocabulary_size, "float32")  # their logarithms
        self.tables = [
            NgramTable(
                column(f"words_{n}", size, word_type),
                column(f"probabilities_{n}", size, "float32"),
                column(f"histories_{n}", num_histories, "int32"),
                column(f"starts_{n}", num_histories + 1, "int32"),
                column(f"factors_{n}", num_histories, "float32"),
            )
            for n, (size, num_histories) in enumerate(zip(self.num_ngrams, self.num_histories, strict=True), start=2)
        ]

    def call(self, ids: Tensor) -> Tensor:
        """Look up the n-grams of all orders that begin with the last words before each place."""
        ids = ops.cast(ids, "int32")
        numbers = ids  # of the n-grams that end at each token; the number of a word is its id
        rows = []  # for each table: the row of each history, N of them, or MISSING
        for n, table in enumerate(self.tables, start=2):
            of_text = numbers[:, self.num_previous - (n - 2) :]  # [B, T]
            rows.append(_search(table.histories, ops.reshape(of_text, (-1,))))
            if n < self.order:
                row = _search(table.histories, numbers[:, :-1])
                numbers = _search(table.words, ids[:, n - 1 :], *_range(table, row))
        text = ids[:, self.num_previous :]
        return ops.reshape(self._distributions(rows, ops.size(text)), (-1, ops.shape(text)[1], self.vocabulary_size))

    def _distributions(self, rows: Sequence[Tensor], count: Tensor) -> Tensor:
        """Return the log-probabilities [N, V] from the rows [N] of the histories in each table."""
        of_longer = [ops.zeros((count,))]  # the product of the factors of all longer histories, the longest first
        for table, row in zip(reversed(self.tables), reversed(rows), strict=True):
            factor = ops.where(ops.equal(row, MISSING), 0.0, ops.take(table.factors, ops.maximum(row, 0)))
            of_longer.append(of_longer[-1] + factor)
        logits = ops.convert_to_tensor(self.word_probabilities) + of_longer.pop()[:, None]
        for table, row in zip(self.tables, rows, strict=True):
            start, end = _range(table, row)
            # The n-grams of all N histories one after the other: the place of their history, and their numbers.
            is_ngram = ops.arange(ops.max(end - start)) < (end - start)[:, None]  # [N, most n-grams of a history]
            place, offset = (ops.cast(part, "int32") for part in ops.nonzero(is_ngram))
            numbers = ops.take(start, place) + offset
            indices = ops.stack([place, ops.cast(ops.take(table.words, numbers), "int32")], axis=-1)
            values = ops.take(table.probabilities, numbers) + ops.take(of_longer.pop(), place)
            logits = ops.scatter_update(logits, indices, values)
        return logits

    def compute_output_spec(self, ids: Tensor) -> keras.KerasTensor:
        """Return the symbolic output."""
        batch, length = ids.shape
        time = None if length is None else length - self.num_previous
        return keras.KerasTensor((batch, time, self.vocabulary_size), dtype="float32")

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        own = {"vocabulary_size": self.vocabulary_size, "num_ngrams": self.num_ngrams}
        return {**super().get_config(), **own, "num_histories": self.num_histories}


def _range(table: NgramTable, row: Tensor) -> tuple[Tensor, Tensor]:
    """Return the number of the first n-gram of each history, and of the first after its n-grams."""
    start = ops.take(table.starts, ops.maximum(row, 0))
    return start, ops.where(ops.equal(row, MISSING), start, ops.take(table.starts, ops.maximum(row, 0) + 1))


def _search(values: keras.Variable, wanted: Tensor, start: Tensor | None = None, end: Tensor | None = None) -> Tensor:
    """Return the index of each wanted number in a range of a table that is sorted in this range, or MISSING.

    Args:
        values: int [size].
        wanted: int32 tensor.
        start, end: int32 tensors of the same shape, the range of each number; None for the complete table.

    Returns:
        int32 tensor of the same shape.
    """
    size = values.shape[0]
    place = ops.zeros_like(wanted) if start is None else start  # all values before it are below the wanted number
    end = ops.full_like(wanted, size) if end is None else end
    for step in reversed(range(size.bit_length())):
        farther = place + 2**step
        below = ops.cast(ops.take(values, ops.minimum(farther, size) - 1), "int32") < wanted
        place = ops.where(ops.logical_and(farther <= end, below), farther, place)
    found = ops.equal(ops.cast(ops.take(values, ops.minimum(place, size - 1)), "int32"), wanted)
    return ops.where(ops.logical_and(place < end, found), place, MISSING)
