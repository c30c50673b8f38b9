"""TensorFlow without its notes, for a command whose one-line answer they would bury."""

import contextlib
import os
import sys
from pathlib import Path


def is_command():
    """Tell whether this process is the command `kerasnlp-zoo`, and nobody asked for TensorFlow's log."""
    return Path(sys.argv[0]).stem == "kerasnlp-zoo" and "TF_CPP_MIN_LOG_LEVEL" not in os.environ


def import_tensorflow_quietly():
    """Import TensorFlow with standard error closed, then leave its log at errors that raise anyway.

    The notes come before TensorFlow reads TF_CPP_MIN_LOG_LEVEL. An ImportError still shows: Python
    reports it after the descriptor is back.
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with closed_standard_error():
        import tensorflow  # noqa: F401


@contextlib.contextmanager
def closed_standard_error():
    """Send standard error nowhere inside the block: the descriptor itself, as notes come from C++ too."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
