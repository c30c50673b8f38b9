"""Bengio's neural probabilistic language model: the concatenated vectors of the last words, and one hidden layer.

Shapes: B batch, T length, D embedding width, H hidden units, L words of context, V vocabulary.
"""

import keras

from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.layers import FirstPositions
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.embedding_inputs import embed_words


@builder
def nnlm(
    vocabulary_size: int,
    *,
    embedding_dim: int = 100,
    hidden_dim: int = 100,
    context_size: int = 4,
    direct_connections: bool = False,
    dropout: float = 0.2,
) -> keras.Model:
    """Build a model that predicts the next word from the previous `context_size` words.

    y = b + U tanh(d + H x), and with direct connections y = b + W x + U tanh(d + H x), where x is the
    concatenation of the vectors of these words. U and W are one matrix here, applied to the concatenation of the
    hidden layer and x.

    Args:
        vocabulary_size: V, number of token ids.
        embedding_dim: D, width of a word vector.
        hidden_dim: H, units of the hidden layer.
        context_size: L, number of previous words, one less than the order n of an n-gram model.
        direct_connections: whether the word vectors are also connected to the logits directly.
        dropout: in [0, 1), fraction of x and of the hidden layer to drop in training.

    Returns:
        `keras.Model`: token_ids int [B, T], of which the first L are used, in the order of the text -> logits float [B,
        V] of the next word.

    Raises:
        InputError: if a size is not a positive integer.

    Example:

    >>> import numpy as np
    >>> nnlm(vocabulary_size=1000, context_size=3)(np.array([[4, 8, 15]])).shape
    TensorShape([1, 1000])

    Reference: Bengio, Ducharme, Vincent and Jauvin 2003, "A Neural Probabilistic Language Model", equation 1.
    """
    require_positive(context_size=context_size)
    token_ids, mask, vectors = embed_words(vocabulary_size, embedding_dim, "random")
    context = FirstPositions(context_size, name="context")(vectors, mask=mask)  # [B, L x D]
    context = keras.layers.Dropout(dropout, name="dropout_context")(context)
    features = keras.layers.Dense(hidden_dim, "tanh", name="hidden")(context)  # [B, H]
    features = keras.layers.Dropout(dropout, name="dropout_hidden")(features)
    if direct_connections:
        features = keras.layers.Concatenate(name="direct_connections")([features, context])
    return keras.Model(token_ids, keras.layers.Dense(vocabulary_size, name="logits")(features), name="nnlm")
