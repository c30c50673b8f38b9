"""Classifiers with a multilayer perceptron over pooled word vectors, or over the vectors of the first words.

Shapes: B batch, T length, D embedding width, V vocabulary, H hidden units, L window, C classes.
"""

from typing import Literal, TypeAlias

import keras

from kerasnlp_zoo.errors import require_choice
from kerasnlp_zoo.layers import FirstPositions
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.embedding_inputs import Channels, embed_words
from kerasnlp_zoo.models.pooling import pooling_layer

POOLINGS = ("mean", "sum")
Pooling: TypeAlias = Literal["mean", "sum"]


@builder
def bag_of_embeddings(
    vocabulary_size: int,
    num_classes: int,
    *,
    embedding_dim: int = 300,
    hidden_dim: int = 100,
    channels: Channels = "random",
    pooling: Pooling = "mean",
    dropout: float = 0.5,
) -> keras.Model:
    """Build a classifier over the mean or sum of the word vectors of a text. It ignores the order of the words.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        num_classes: >= 1, C; 1 for a regression.
        embedding_dim: D, width of a word vector.
        hidden_dim: H, units of the hidden layer.
        channels: "random", "static", "non_static" or "multichannel" word vectors: see `embed_words`.
        pooling: "mean" or "sum".
        dropout: in [0, 1), fraction of the pooled vector and of the hidden layer to drop in training.

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
    require_choice("pooling", pooling, POOLINGS)
    token_ids, mask, vectors = embed_words(vocabulary_size, embedding_dim, channels)
    features = pooling_layer(pooling, name="pooling")(vectors, mask=mask)  # [B, D]
    logits = _multilayer_perceptron(features, hidden_dim, num_classes, dropout)
    return keras.Model(token_ids, logits, name="bag_of_embeddings")


@builder
def fixed_window(
    vocabulary_size: int,
    num_classes: int,
    *,
    window: int = 50,
    embedding_dim: int = 50,
    hidden_dim: int = 100,
    channels: Channels = "random",
    dropout: float = 0.5,
) -> keras.Model:
    """Build a classifier over the concatenated vectors of the first `window` words.

    Every position has its own weights, so the model must learn a phrase again for each position. Convolutional and
    recurrent models share their weights between positions.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        num_classes: >= 1, C; 1 for a regression.
        window: L, words to read; shorter texts are padded with zeros, longer ones are truncated.
        embedding_dim: D, width of a word vector.
        hidden_dim: H, units of the hidden layer.
        channels: "random", "static", "non_static" or "multichannel" word vectors: see `embed_words`.
        dropout: in [0, 1), fraction of the concatenation and of the hidden layer to drop in training.

    Returns:
        `keras.Model`: token_ids int [B, T] -> logits float [B, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> fixed_window(vocabulary_size=1000, num_classes=2)(np.array([[4, 8, 15, 0]])).shape
    TensorShape([1, 2])

    Reference: Collobert and Weston 2008, section 3, here with one window over the text.
    """
    token_ids, mask, vectors = embed_words(vocabulary_size, embedding_dim, channels)
    features = FirstPositions(window, name="window")(vectors, mask=mask)  # [B, L x D]
    logits = _multilayer_perceptron(features, hidden_dim, num_classes, dropout)
    return keras.Model(token_ids, logits, name="fixed_window")


def _multilayer_perceptron(
    features: keras.KerasTensor, hidden_dim: int, num_classes: int, dropout: float
) -> keras.KerasTensor:
    """Return logits [B, C] of features, with one hidden layer."""
    features = keras.layers.Dropout(dropout, name="dropout_features")(features)
    hidden = keras.layers.Dense(hidden_dim, "relu", name="hidden")(features)  # [B, H]
    hidden = keras.layers.Dropout(dropout, name="dropout_hidden")(hidden)
    return keras.layers.Dense(num_classes, name="logits")(hidden)
