"""Neural NLP on Keras 3 and TensorFlow, from word vectors to BERT.

`import kerasnlp_zoo` registers the layers with Keras and offers the builders; everything that
touches strings (`text`, `datasets`, `tasks`, `zoo`) is loaded on first use.
"""

import importlib

from kerasnlp_zoo import quiet

if quiet.is_command():
    quiet.import_tensorflow_quietly()

from kerasnlp_zoo import layers, models  # noqa: E402

__version__ = "0.1.0"
__all__ = ["datasets", "evaluation", "explanation", "layers", "models", "plots", "tasks", "text", "training", "zoo"]


def __getattr__(name):
    if name in __all__:
        return importlib.import_module(f"kerasnlp_zoo.{name}")
    raise AttributeError(f"module 'kerasnlp_zoo' has no attribute {name!r}. It offers: {', '.join(__all__)}")
