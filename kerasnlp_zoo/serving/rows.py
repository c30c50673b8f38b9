"""Rows of several requests in one batch: joined before the model, and divided after it.

Shapes: N rows, L longest list of a batch.
"""

from collections.abc import Sequence

from kerasnlp_zoo.serving.tensors import Arrays, Fields
from kerasnlp_zoo.tasks.rows import concatenate_padded

COUNT = "count"  # the output that says how long the lists [N, L] of the other outputs are


def can_share(outputs: Fields) -> bool:
    """Return whether the rows of a batch can be divided: every list of an output has a known length."""
    return COUNT in outputs or all(None not in field.shape[1:] for field in outputs.values())


def num_rows(arrays: Arrays) -> int:
    """Return the number of rows."""
    return len(next(iter(arrays.values())))


def joined(parts: Sequence[Arrays]) -> Arrays:
    """Concatenate the rows of several dicts of arrays; lists of different lengths are padded as in one batch."""
    if len(parts) == 1:
        return parts[0]
    return {name: concatenate_padded([part[name] for part in parts]) for name in parts[0]}


def part(arrays: Arrays, start: int, stop: int) -> Arrays:
    """Return some rows of the inputs of a model."""
    return {name: values[start:stop] for name, values in arrays.items()}


def own_part(outputs: Arrays, fields: Fields, start: int, stop: int) -> Arrays:
    """Return some rows of the outputs of a model, without the padding that other rows of the batch need.

    Args:
        outputs: outputs of a batch.
        fields: their types and shapes in the signature.
        start: first row.
        stop: row after the last one.

    Example:

    >>> import numpy as np
    >>> from kerasnlp_zoo.serving.tensors import Field
    >>> fields = {"count": Field("int32", (None,)), "starts": Field("int32", (None, None))}
    >>> outputs = {"count": np.array([3, 1]), "starts": np.array([[0, 4, 9], [0, -1, -1]])}
    >>> own_part(outputs, fields, 1, 2)
    {'count': array([1]), 'starts': array([[0]])}
    """
    own = part(outputs, start, stop)
    if COUNT not in own or len(next(iter(own.values()))) == len(outputs[COUNT]):
        return own
    longest = int(own[COUNT].max(initial=0))
    return {name: values[:, :longest] if None in fields[name].shape[1:2] else values for name, values in own.items()}
