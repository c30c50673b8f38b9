"""Decoding compiled with XLA.

Shapes: B sources, S length of a source.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def search_compiled(search: Callable[[tf.Tensor], Any], sources: tf.Tensor) -> Any:
    """Compile a search with XLA, and run it on the two halves of a batch in parallel.

    One compiled search leaves cores idle between its matrix products. Two in parallel make translation up to a third
    faster. Inside a `tf.function` the search is compiled once for each shape, otherwise at every call.

    Args:
        search: function (int tensor [B, S]) -> nested structure of tensors, batch first. Its result for one source
            must not depend on the other sources.
        sources: int tensor [B, S].

    Returns:
        The result of `search` for all sources.

    Example:

    >>> search_compiled(lambda sources: 2 * sources, tf.constant([[1], [2]])).numpy().ravel()
    array([2, 4], dtype=int32)
    """
    count = tf.shape(sources)[0]
    compiled = tf.function(search, jit_compile=True, autograph=False)

    def by_halves() -> Any:
        halves = compiled(sources[: count // 2]), compiled(sources[count // 2 :])
        return tf.nest.map_structure(lambda *parts: tf.concat(parts, axis=0), *halves)

    return tf.cond(count > 1, by_halves, lambda: compiled(sources))
