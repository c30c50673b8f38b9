"""Types that the signatures of `text` share."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
import tensorflow as tf

Strings: TypeAlias = tf.Tensor | Sequence[str]  # a string tensor [N], or N str
Features: TypeAlias = dict[str, tf.RaggedTensor]  # inputs of a model, [N, (length), ...]
Chunk: TypeAlias = tuple[Sequence[str] | Sequence[bytes] | np.ndarray, Sequence[int] | np.ndarray]
TokenizedText: TypeAlias = Iterable[Chunk]  # chunks (tokens [N], number of tokens in each line or sentence)
