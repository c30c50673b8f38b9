"""Compare the arguments in the config of an entry with the annotations of the function that takes them."""

import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kerasnlp_zoo.errors import InputError

NUMBERS = {float: (float, int), int: (int,), bool: (bool,), str: (str,), types.NoneType: (types.NoneType,)}


def require_types(function: Callable[..., Any], arguments: Mapping[str, Any], source: object) -> None:
    """Raise InputError if a function has no parameter of a name, or takes values of another type.

    Args:
        function: a builder or a class.
        arguments: JSON values by name.
        source: where they come from, for the message.

    Example:

    >>> def noisy(share: float = 0.5, words: Sequence[str] | None = None): ...
    >>> require_types(noisy, {"share": 1, "words": ["a"]}, "config.json")
    >>> require_types(noisy, {"words": [1]}, "config.json")
    Traceback (most recent call last):
    kerasnlp_zoo.errors.InputError: config.json: words must be collections.abc.Sequence[str] | None. Received: [1]. ...
    """
    parameters = inspect.signature(function).parameters
    for name, value in arguments.items():
        if name not in parameters:
            raise InputError(
                f"{source} contains arguments that this kerasnlp-zoo cannot use: {name} of {function.__name__}. "
                f"Expected: {', '.join(parameters)}. Copy or train the entry again"
            )
        expected = parameters[name].annotation
        if not _matches(value, expected):
            shown = expected.__name__ if isinstance(expected, type) else str(expected).replace("typing.", "")
            raise InputError(
                f"{source}: {name} must be {shown}. Received: {value!r:.80}. Copy or train the entry again"
            )


def _matches(value: Any, expected: Any) -> bool:
    """Return whether a JSON value has a type, as an annotation describes it. No JSON value is a function."""
    if expected is Any:
        return True
    if expected in NUMBERS:
        return type(value) in NUMBERS[expected]
    origin, parts = typing.get_origin(expected), typing.get_args(expected)
    if origin is typing.Literal:
        return any(value == choice and type(value) is type(choice) for choice in parts)
    if origin in (typing.Union, types.UnionType):
        return any(_matches(value, part) for part in parts)
    if origin in (Sequence, list, tuple):
        return isinstance(value, list) and all(_matches(item, parts[0]) for item in value)
    return False
