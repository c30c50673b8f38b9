"""The version of this package, and the versions of everything that decides a result."""

import platform

__version__ = "0.1.0"


def versions() -> dict[str, str]:
    """Return the versions of what decides a result: this package, Keras, TensorFlow and Python."""
    import keras  # here, so that reading a version loads no TensorFlow
    import tensorflow as tf

    return {
        "kerasnlp_zoo": __version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "python": platform.python_version(),
    }
