"""Word vectors as a model: the content of an entry of word vectors.

Shapes: B batch, T length, D embedding width, V vocabulary.
"""

import keras

from kerasnlp_zoo.layers import ZeroMasked
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.embedding_inputs import embed_words


@builder
def word_embedding(vocabulary_size: int, embedding_dim: int) -> keras.Model:
    """Build the model that looks up the vector of every word.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        embedding_dim: D, width of a word vector.

    Returns:
        `keras.Model`: token_ids int [B, T] -> vectors float [B, T, D], 0 at padding. Its only weight is in the layer
        "token_embedding"; `set_word_vectors` assigns it.

    Raises:
        InputError: if a size is not positive.

    Example:

    >>> import numpy as np
    >>> word_embedding(vocabulary_size=1000, embedding_dim=50)(np.array([[4, 8, 0]])).shape
    TensorShape([1, 3, 50])
    """
    token_ids, mask, vectors = embed_words(vocabulary_size, embedding_dim, "random")
    return keras.Model(token_ids, ZeroMasked(name="vectors")(vectors, mask=mask), name="word_embedding")
