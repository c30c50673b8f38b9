"""The version of this package, and the versions of the software that a result depends on."""

import platform

__version__ = "0.1.0"


def versions() -> dict[str, str]:
    """Return the versions of this package, Keras, TensorFlow and Python."""
    import keras  # imported here because reading __version__ must not load TensorFlow
    import tensorflow as tf

    return {
        "kerasnlp_zoo": __version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "python": platform.python_version(),
    }
