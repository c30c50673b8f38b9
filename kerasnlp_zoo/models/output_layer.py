"""The output layer of a language model: a score for every word, or the branches of a Huffman tree.

Shapes: B batch, V vocabulary.
"""

from typing import Literal, TypeAlias, get_args

import keras

from kerasnlp_zoo.errors import require_choice
from kerasnlp_zoo.layers import HierarchicalSoftmax
from kerasnlp_zoo.layers.huffman import zipf_counts
from kerasnlp_zoo.vocabulary import PADDING_ID, START_ID

Output: TypeAlias = Literal["softmax", "hierarchical_softmax"]


def output_layer(vocabulary_size: int, output: Output) -> keras.layers.Layer:
    """Return the layer "logits", from hidden vectors [B, ..., D] to logits [B, ..., V].

    Args:
        vocabulary_size: V. Ids are in order of decreasing frequency.
        output: "softmax" for a `Dense` layer; "hierarchical_softmax" for the log-probabilities of a Huffman tree.

    Raises:
        InputError: if `output` is unknown.

    Example:

    >>> import numpy as np
    >>> output_layer(9, "hierarchical_softmax")(np.ones((2, 4), "float32")).shape
    TensorShape([2, 9])
    """
    require_choice("output", output, get_args(Output))
    if output == "softmax":
        return keras.layers.Dense(vocabulary_size, name="logits")
    counts = zipf_counts(vocabulary_size)
    counts[[PADDING_ID, START_ID]] = 0  # they are never predicted
    return HierarchicalSoftmax(vocabulary_size, counts, use_bias=True, name="logits")
