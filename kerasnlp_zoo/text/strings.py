"""Python strings become string tensors in one place, where halves of characters are replaced."""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.text.types import Strings
from kerasnlp_zoo.well_formed import well_formed


def string_tensor(strings: Strings) -> tf.Tensor:
    """Return strings [N] as a tensor; a lone surrogate, which UTF-8 cannot encode, becomes U+FFFD.

    Example:

    >>> [string.decode() for string in string_tensor(["half an emoji: \\ud83d"]).numpy()]
    ['half an emoji: �']
    """
    if isinstance(strings, np.ndarray):
        strings = strings.tolist()
    return tf.convert_to_tensor(well_formed(strings), tf.string)
