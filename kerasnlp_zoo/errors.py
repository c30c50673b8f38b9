"""The error for a user's mistake, and the checks that raise it."""

import difflib
import sys
from collections.abc import Collection, Iterable


class InputError(ValueError):
    """The user's input cannot be used.

    The message says what happened, what was expected, what was received and what to do.
    The command line prints the message without a traceback.
    """


def require_choice(name: str, value: object, choices: Collection[object]) -> None:
    """Raise InputError unless `value` is one of `choices`.

    Example:

    >>> require_choice("pooling", "max", ("max", "mean"))
    """
    if value not in choices:
        raise InputError(f"{name} must be one of {', '.join(map(repr, choices))}. Received: {name}={value!r}")


def require_positive(**arguments: object) -> None:
    """Raise InputError unless every argument is an integer of at least 1.

    Example:

    >>> require_positive(num_filters=100)
    """
    for name, value in arguments.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InputError(f"{name} must be an integer of at least 1. Received: {name}={value!r}")


def require_fraction(**arguments: object) -> None:
    """Raise InputError unless every argument is a number of at least 0 and below 1.

    Example:

    >>> require_fraction(dropout=0.1)
    """
    for name, value in arguments.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
            raise InputError(f"{name} must be a number of at least 0 and below 1. Received: {name}={value!r}")


def require_nonnegative(**arguments: object) -> None:
    """Raise InputError unless every argument is a finite number of at least 0.

    Example:

    >>> require_nonnegative(length_penalty=0.6)
    """
    for name, value in arguments.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= sys.float_info.max:
            raise InputError(f"{name} must be a finite number of at least 0. Received: {name}={value!r}")


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return a question with the closest known name, or an empty string if none is close.

    Example:

    >>> did_you_mean("imdb_review", ["trec", "imdb_reviews"])
    " Did you mean 'imdb_reviews'?"
    """
    closest = difflib.get_close_matches(str(name), known, n=1)
    return f" Did you mean {closest[0]!r}?" if closest else ""
