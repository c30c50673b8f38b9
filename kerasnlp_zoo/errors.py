"""The one error a user's input can cause, and the checks that raise it."""

import difflib


class InputError(ValueError):
    """Something the user gave cannot be used.

    Its message says what happened, what was expected, what was received and how to fix it;
    the command line prints the message alone, without a traceback.
    """


def require_choice(name, value, choices):
    """Raise InputError unless `value` is one of `choices`.

    Example:

    >>> require_choice("pooling", "max", ("max", "average"))
    """
    if value not in choices:
        raise InputError(f"{name} must be one of {', '.join(map(repr, choices))}. Received: {name}={value!r}")


def require_positive(**arguments):
    """Raise InputError unless every argument is an integer of at least 1.

    Example:

    >>> require_positive(num_filters=100)
    """
    for name, value in arguments.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InputError(f"{name} must be an integer of at least 1. Received: {name}={value!r}")


def did_you_mean(name, known):
    """Return a question with the closest known name, or nothing.

    Example:

    >>> did_you_mean("imdb_review", ["trec", "imdb_reviews"])
    " Did you mean 'imdb_reviews'?"
    """
    closest = difflib.get_close_matches(str(name), known, n=1)
    return f" Did you mean {closest[0]!r}?" if closest else ""
