"""TensorFlow without its start-up notes, for a command whose one-line answer they would bury."""

import os
import sys
from pathlib import Path


def is_command():
    """Tell whether this process is the command `kerasnlp-zoo`, and nobody asked for TensorFlow's log."""
    return Path(sys.argv[0]).stem == "kerasnlp-zoo" and "TF_CPP_MIN_LOG_LEVEL" not in os.environ


def import_tensorflow_quietly():
    """Import TensorFlow with standard error closed, then leave its log at errors that raise anyway.

    The notes come from C++ before TensorFlow reads TF_CPP_MIN_LOG_LEVEL, so the descriptor itself is
    redirected. An ImportError still shows: Python reports it after the descriptor is back.
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        import tensorflow  # noqa: F401
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
