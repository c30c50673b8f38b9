"""Build a model from a config of a stranger without allocating more than the weights in its file are worth."""

import contextlib
import math
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from kerasnlp_zoo.errors import InputError

# A new head for other labels, and small weights that are not in the file, such as those of a pooler.
MORE_NUMBERS, MORE_WEIGHTS = 2**24, 256
LARGEST = 2**24  # of a number in a config: no size of a model is larger
MOST_POSITIONS = 2**17  # the table of sinusoidal positions is not in the file
_building = threading.Lock()  # one limited model at a time, because the limit replaces a method of a class


class _Budget:
    """The numbers and weights that may still be created."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], source: object) -> None:
        self.source = source
        self.numbers = sum(map(math.prod, shapes.values())) + MORE_NUMBERS
        self.weights = len(shapes) + MORE_WEIGHTS

    def spend(self, shape: Any) -> None:
        """Raise InputError if a weight of this shape is more than the file is worth."""
        sizes = (shape,) if isinstance(shape, int) else tuple(shape or ())
        self.numbers -= math.prod(sizes)
        self.weights -= 1
        if self.numbers < 0 or self.weights < 0:
            raise InputError(
                f"{self.source} does not fit its weights: its arguments ask for a weight of shape {list(sizes)}, which "
                "is more than the file of weights contains. Nothing was allocated. Copy or train the entry again"
            )


def require_plausible(arguments: Mapping[str, Any], source: object) -> None:
    """Raise InputError if a number in the arguments of a builder or preprocessor is larger than any model needs.

    Args:
        arguments: JSON values by name.
        source: where they come from, for the message.
    """
    for name, value in arguments.items():
        limit = MOST_POSITIONS if name == "max_sequence_length" else LARGEST
        for number in value if isinstance(value, list) else [value]:
            if isinstance(number, (int, float)) and not abs(number) <= limit:
                raise InputError(
                    f"{source}: {name} must be at most {limit:,}. Received: {number!r:.40}. Copy or train the entry "
                    "again"
                )


@contextlib.contextmanager
def limited_to(shapes: Mapping[str, tuple[int, ...]], source: object) -> Iterator[None]:
    """Refuse weights, in the block and in this thread, that are together larger than those of a file.

    Every layer creates its weights with `add_weight`. There the shape is known before the memory is allocated.

    Args:
        shapes: shapes of the arrays in the file.
        source: path of the config, for the message.

    Raises:
        InputError: if the layers that are built in the block ask for more.

    Example:

    >>> with limited_to({"dense/kernel": (4, 2), "dense/bias": (2,)}, "config.json"):
    ...     keras.layers.Dense(10**9).build((None, 4))
    Traceback (most recent call last):
    kerasnlp_zoo.errors.InputError: config.json does not fit its weights: its arguments ask for a weight of shape ...
    """
    budget, thread = _Budget(shapes, source), threading.get_ident()

    def counted(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> keras.Variable:
        if threading.get_ident() == thread:
            budget.spend(args[0] if args else kwargs.get("shape"))
        return add_weight(layer, *args, **kwargs)

    with _building:
        add_weight = keras.layers.Layer.add_weight
        keras.layers.Layer.add_weight = counted
        try:
            yield
        finally:
            keras.layers.Layer.add_weight = add_weight
