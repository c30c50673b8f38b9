"""Whether a model, a preprocessor and labels belong together. A wrong id returns NaN, or an error of the graph."""

from collections.abc import Sequence

import keras

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.preprocessors.preprocessor import Preprocessor
from kerasnlp_zoo.types import Config


def require_fit(model: keras.Model, arguments: Config, preprocessor: Preprocessor, labels: Sequence[str]) -> None:
    """Raise InputError unless the vocabulary, the inputs and the labels fit a model.

    Args:
        model: the model.
        arguments: the arguments that it was built with; empty if it does not come from a builder.
        preprocessor: converts strings to the inputs of the model.
        labels: the labels of the task.
    """
    size = preprocessor.vocabulary_size
    if arguments.get("vocabulary_size") not in (size, None):
        raise InputError(
            f"The model {model.name} was built for vocabulary_size={arguments['vocabulary_size']}, but "
            f"the preprocessor's vocabulary has {size} tokens. Build the model with vocabulary_size={size}"
        )
    characters = getattr(preprocessor, "character_vocabulary_size", None)
    if arguments.get("character_vocabulary_size") not in (characters, None):
        raise InputError(
            f"The model {model.name} reads the characters of words, of which it knows "
            f"{arguments['character_vocabulary_size']}. Expected a preprocessor with as many characters. "
            f"Received: {characters}, with word_length={getattr(preprocessor, 'word_length', None)!r}"
        )
    if arguments.get("num_segments", 2) == 1 and getattr(preprocessor, "pairs", False):
        raise InputError(
            f"The model {model.name} has one segment, so it cannot distinguish the two texts of a pair. Expected "
            "num_segments of at least 2 (type_vocab_size in a folder of Hugging Face). Give it single texts, or use a "
            "model that was trained on pairs"
        )
    count = len(labels)
    if arguments.get("num_classes", count) != count:
        raise InputError(
            f"The model {model.name} was built for num_classes={arguments['num_classes']}. "
            f"Received {count} labels: {', '.join(labels)}"
        )
    if len(set(labels)) != count:
        raise InputError(f"Labels must be different. Received: {', '.join(labels)}")
