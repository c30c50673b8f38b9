"""Word vectors without order or with fixed places, and a multilayer perceptron over them.

Shapes: B batch, T time, D embedding width, V vocabulary, H hidden units, L window, C classes.
"""

import keras

from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.layers import FirstPositions, MeanOverTime, SumOverTime
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.embedding_inputs import embed_words

POOLINGS = {"average": MeanOverTime, "sum": SumOverTime}


@builder
def bag_of_embeddings(
    vocabulary_size, num_classes, embedding_dim=300, hidden_dim=100, channels="random", pooling="average", dropout=0.5
):
    """Build a classifier that adds up or averages the word vectors of a text: quick, and blind to order.

    Args:
        vocabulary_size: int, V, number of token ids, `[PAD]` and `[UNK]` included.
        num_classes: int >= 2, C.
        embedding_dim: int, D, width of a word vector.
        hidden_dim: int, H, units of the hidden layer.
        channels: "random", "static", "non_static" or "multichannel" word vectors: see `embed_words`.
        pooling: "average" or "sum".
        dropout: float in [0, 1), share of the pooled vector and of the hidden layer dropped in training.

    Returns:
        `keras.Model`: token_ids int [B, T] -> logits float [B, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> bag_of_embeddings(vocabulary_size=1000, num_classes=2)(np.array([[4, 8, 15, 0]])).shape
    TensorShape([1, 2])

    Reference: Iyyer et al. 2015, "Deep Unordered Composition Rivals Syntactic Methods", section 2.
    """
    require_choice("pooling", pooling, tuple(POOLINGS))
    token_ids, mask, vectors = embed_words(vocabulary_size, embedding_dim, channels)
    features = POOLINGS[pooling](name="pooling")(vectors, mask=mask)  # [B, D]
    logits = _multilayer_perceptron(features, hidden_dim, num_classes, dropout)
    return keras.Model(token_ids, logits, name="bag_of_embeddings")


@builder
def fixed_window(
    vocabulary_size, num_classes, window=50, embedding_dim=50, hidden_dim=100, channels="random", dropout=0.5
):
    """Build a classifier over the first `window` words, each at its own place.

    Every place has its own weights, so that a phrase must be learned anew wherever it stands: what
    convolution and recurrence were invented to mend.

    Args:
        vocabulary_size: int, V, number of token ids, `[PAD]` and `[UNK]` included.
        num_classes: int >= 2, C.
        window: int, L, words read; shorter texts are filled with zeros, longer ones lose their end.
        embedding_dim: int, D, width of a word vector.
        hidden_dim: int, H, units of the hidden layer.
        channels: "random", "static", "non_static" or "multichannel" word vectors: see `embed_words`.
        dropout: float in [0, 1), share of the concatenation and of the hidden layer dropped in training.

    Returns:
        `keras.Model`: token_ids int [B, T] -> logits float [B, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> fixed_window(vocabulary_size=1000, num_classes=2)(np.array([[4, 8, 15, 0]])).shape
    TensorShape([1, 2])

    Reference: Collobert and Weston 2008, section 3, with the window over a whole text.
    """
    token_ids, mask, vectors = embed_words(vocabulary_size, embedding_dim, channels)
    features = FirstPositions(window, name="window")(vectors, mask=mask)  # [B, L x D]
    logits = _multilayer_perceptron(features, hidden_dim, num_classes, dropout)
    return keras.Model(token_ids, logits, name="fixed_window")


def _multilayer_perceptron(features, hidden_dim, num_classes, dropout):
    """Return logits [B, C] from features through one hidden layer."""
    require_positive(num_classes=num_classes, hidden_dim=hidden_dim)
    features = keras.layers.Dropout(dropout, name="dropout_features")(features)
    hidden = keras.layers.Dense(hidden_dim, "relu", name="hidden")(features)  # [B, H]
    hidden = keras.layers.Dropout(dropout, name="dropout_hidden")(hidden)
    return keras.layers.Dense(num_classes, name="logits")(hidden)
