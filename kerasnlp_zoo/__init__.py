"""Neural NLP on Keras 3 and TensorFlow, from word vectors to BERT.

Importing this package loads nothing; its subpackages are loaded on first use. A file that Keras saved
(model.keras) needs the layers registered before it is loaded: `from kerasnlp_zoo import layers`.
"""

from typing import TYPE_CHECKING

from kerasnlp_zoo.lazy import lazy_attributes
from kerasnlp_zoo.tensorflow_log import import_tensorflow_silently
from kerasnlp_zoo.versions import __version__ as __version__

if TYPE_CHECKING:
    from kerasnlp_zoo import (
        convert,
        datasets,
        decoding,
        evaluation,
        explanation,
        layers,
        models,
        plots,
        tasks,
        text,
        training,
        zoo,
    )

__all__ = [
    "convert",
    "datasets",
    "decoding",
    "evaluation",
    "explanation",
    "layers",
    "models",
    "plots",
    "tasks",
    "text",
    "training",
    "zoo",
]

import_tensorflow_silently()
__getattr__, __dir__ = lazy_attributes(__name__, dict.fromkeys(__all__, ()))
