"""Overlapping windows of texts that are longer than a model takes.

A text that fits is one window. The windows of a longer text are full: the last one ends where the text ends.

Shapes: N texts, W windows of all texts, K tokens of all texts, M tokens of all windows.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from kerasnlp_zoo.text.types import Features

BLOCK = 64  # windows in memory at a time


class Windows(NamedTuple):
    """Windows of the rows of ragged features [N, (length)].

    Attributes:
        text: int64 [W], the row of each window; it increases.
        places: ragged int64 [W, (size)], the flat index of each token of a window, from 0 to K - 1.
    """

    text: tf.Tensor
    places: tf.RaggedTensor

    def of(self, features: Features) -> Features:
        """Return the windows of features [N, (length), ...]: ragged [W, (size), ...]."""
        return {
            name: self.places.with_values(tf.gather(rows.values, self.places.values)) for name, rows in features.items()
        }


def overlapping_windows(lengths: tf.Tensor, size: int) -> Windows:
    """Return windows of at most `size` tokens that cover every text; each overlaps the one before by half or more.

    Args:
        lengths: int64 [N], number of tokens of each text.
        size: maximum number of tokens of a window (>= 1).

    Example:

    >>> windows = overlapping_windows(tf.constant([3, 0, 7], tf.int64), size=4)
    >>> windows.text.numpy().tolist(), windows.places.to_list()
    ([0, 1, 2, 2, 2], [[0, 1, 2], [], [3, 4, 5, 6], [5, 6, 7, 8], [6, 7, 8, 9]])
    """
    step = (size + 1) // 2
    too_many = tf.maximum(lengths - size, 0)  # tokens that do not fit into the first window
    number = 1 + (too_many + step - 1) // step  # [N]
    text = tf.repeat(tf.range(tf.size(lengths, out_type=tf.int64)), number)  # [W]
    first = tf.minimum(tf.ragged.range(number).values * step, tf.gather(too_many, text))
    return _windows(lengths, size, text, first)


def windows_around(lengths: tf.Tensor, size: int, place: tf.Tensor) -> Windows:
    """Return one window of at most `size` tokens for each text, with `place` as near to its middle as the text allows.

    Args:
        lengths: int64 [N], number of tokens of each text.
        size: maximum number of tokens of a window.
        place: int64 [N], a token of each text.

    Example:

    >>> lengths, place = tf.constant([3, 9, 9], tf.int64), tf.constant([2, 4, 8], tf.int64)
    >>> windows_around(lengths, 4, place).places.to_list()
    [[0, 1, 2], [5, 6, 7, 8], [17, 18, 19, 20]]
    """
    first = tf.clip_by_value(place - size // 2, 0, tf.maximum(lengths - size, 0))
    return _windows(lengths, size, tf.range(tf.size(lengths, out_type=tf.int64)), first)


def _windows(lengths: tf.Tensor, size: int, text: tf.Tensor, first: tf.Tensor) -> Windows:
    """Return W windows. Window w is in text `text[w]` and begins at its token `first[w]`."""
    begin = tf.gather(tf.cumsum(lengths, exclusive=True), text) + first
    return Windows(text, tf.ragged.range(begin, begin + tf.minimum(tf.gather(lengths, text), size)))


def joined(windows: Windows, values: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """Return one value for each token: the value in the window in which the token is farthest from the window's ends.

    If two windows are equal, the first one is taken.

    Args:
        windows: windows that cover all K tokens.
        values: [M], a value for each token of each window.
        count: int64, K.

    Returns:
        tensor [K].

    Example:

    >>> windows = overlapping_windows(tf.constant([5], tf.int64), size=3)
    >>> windows.places.to_list()
    [[0, 1, 2], [2, 3, 4]]
    >>> joined(windows, tf.constant(["a", "b", "c", "d", "e", "f"]), tf.constant(5, tf.int64)).numpy().tolist()
    [b'a', b'b', b'c', b'e', b'f']
    """
    sizes = windows.places.row_lengths()
    before = tf.ragged.range(sizes).values  # [M]
    context = tf.minimum(before, tf.repeat(sizes, sizes) - 1 - before)
    # The largest key of a token has the most context and, of equal ones, the lowest index.
    most = tf.size(context, out_type=tf.int64)
    keys = context * most + most - 1 - tf.range(most)
    best = tf.math.unsorted_segment_max(keys, windows.places.values, count)
    return tf.gather(values, most - 1 - best % most)


def in_blocks(function: Callable[[dict[str, tf.Tensor]], Any], inputs: dict[str, tf.Tensor], signature: Any) -> Any:
    """Return `function(inputs)`, computed for at most BLOCK windows at a time, to limit the memory of long texts.

    Args:
        function: function of tensors [B, ...] to tensors [B, ...]; a row must not depend on the others.
        inputs: tensors [W, ...], W >= 1.
        signature: `tf.TensorSpec` of each result.

    Example:

    >>> inputs = {"x": tf.range(100)}
    >>> in_blocks(lambda inputs: 2 * inputs["x"], inputs, tf.TensorSpec([None], tf.int32)).numpy()[-1]
    np.int32(198)
    """
    count = tf.shape(next(iter(inputs.values())))[0]
    number = (count + BLOCK - 1) // BLOCK
    rows = (count + number - 1) // number  # in a block; the last one is filled up with zeros

    def split(values: tf.Tensor) -> tf.Tensor:
        filled = tf.pad(values, [[0, number * rows - count], *[[0, 0]] * (len(values.shape) - 1)])
        return tf.reshape(filled, tf.concat([[number, rows], tf.shape(values)[1:]], axis=0))

    def merge(values: tf.Tensor) -> tf.Tensor:
        return tf.reshape(values, tf.concat([[number * rows], tf.shape(values)[2:]], axis=0))[:count]

    blocks = {name: split(values) for name, values in inputs.items()}
    found = tf.map_fn(function, blocks, parallel_iterations=1, fn_output_signature=signature)
    return tf.nest.map_structure(merge, found)
