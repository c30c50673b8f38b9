"""TextCNN: convolutions over windows of words, pooled over the text.

Shapes: B batch, T length, D embedding width, V vocabulary, F filters per width, C classes.

Reference: Kim 2014, "Convolutional Neural Networks for Sentence Classification".
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import keras

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.layers import TextConvolution, WindowMask
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.embedding_inputs import Channels, embed_words
from kerasnlp_zoo.models.pooling import pooling_layer

POOLINGS = ("max", "mean", "sum", "k_max")
Pooling: TypeAlias = Literal["max", "mean", "sum", "k_max"]


@builder
def text_cnn(
    vocabulary_size: int,
    num_classes: int,
    *,
    embedding_dim: int = 300,
    filter_widths: Sequence[int] = (3, 4, 5),
    num_filters: int = 100,
    channels: Channels = "random",
    pooling: Pooling = "max",
    k: int = 2,
    dropout: float = 0.5,
    max_norm: float | None = 3.0,
) -> keras.Model:
    """Build Kim's sentence classifier.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        num_classes: >= 1, C; 1 for a regression.
        embedding_dim: D, width of a word vector.
        filter_widths: words in the windows of each group of filters, all different.
        num_filters: F, filters per width.
        channels: "random" trains word vectors from random initial values. The others expect pretrained vectors,
            from `set_word_vectors`: "static" keeps them fixed, "non_static" fine-tunes them, and "multichannel"
            adds a fixed copy to a fine-tuned one.
        pooling: "max" (the paper's), "mean", "sum" or "k_max" over all windows of the sentence.
        k: activations that "k_max" keeps per filter.
        dropout: in [0, 1), fraction of pooled features to drop in training.
        max_norm: > 0, upper limit of the l2 norm of each class's weight vector; None for no limit.

    Returns:
        `keras.Model`: token_ids int [B, T] -> logits float [B, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = text_cnn(vocabulary_size=1000, num_classes=2)
    >>> model(np.array([[4, 8, 15, 0]])).shape
    TensorShape([1, 2])

    Reference: Kim 2014, sections 2 and 3.
    """
    require_positive(num_filters=num_filters, k=k)
    if max_norm is not None and not (isinstance(max_norm, (int, float)) and max_norm > 0):
        raise InputError(f"max_norm must be a number above 0, or None for no limit. Received: max_norm={max_norm!r}")
    require_choice("pooling", pooling, POOLINGS)
    token_ids, mask, embeddings = embed_words(vocabulary_size, embedding_dim, channels)
    pooled = []
    for width in _checked_widths(filter_widths):
        windows = TextConvolution(num_filters, width, name=f"convolution_{width}")(embeddings, mask=mask)
        window_mask = WindowMask(width, name=f"window_mask_{width}")(mask)  # [B, T + width - 1]
        pool = pooling_layer(pooling, name=f"pooling_{width}", k=k)
        features = pool(windows, mask=window_mask)  # [B, F], k-max: [B, K, F]
        pooled.append(features if pooling != "k_max" else keras.layers.Flatten(name=f"flatten_{width}")(features))
    features = _concatenate(pooled)  # [B, F x widths]
    features = keras.layers.Dropout(dropout, name="dropout")(features)
    constraint = None if max_norm is None else keras.constraints.MaxNorm(max_norm, axis=0)
    logits = keras.layers.Dense(num_classes, kernel_constraint=constraint, name="logits")(features)
    return keras.Model(token_ids, logits, name="text_cnn")


@builder
def text_cnn_tagger(
    vocabulary_size: int,
    num_classes: int,
    *,
    embedding_dim: int = 300,
    filter_widths: Sequence[int] = (3, 5),
    num_filters: int = 100,
    channels: Channels = "random",
    dropout: float = 0.5,
) -> keras.Model:
    """Build a tagger with the same convolutions: it predicts a label for every word from the words around it.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        num_classes: C, number of tags.
        embedding_dim: D, width of a word vector.
        filter_widths: words in the windows of each group of filters, all different.
        num_filters: F, filters per width.
        channels: as for `text_cnn`.
        dropout: in [0, 1), fraction of window features to drop in training.

    Returns:
        `keras.Model`: token_ids int [B, T] -> logits float [B, T, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = text_cnn_tagger(vocabulary_size=1000, num_classes=9)
    >>> model(np.array([[4, 8, 15, 0]])).shape
    TensorShape([1, 4, 9])

    Reference: Collobert et al. 2011, "Natural Language Processing (Almost) from Scratch", section 3.
    """
    require_positive(num_filters=num_filters)
    token_ids, mask, embeddings = embed_words(vocabulary_size, embedding_dim, channels)
    windows = [
        TextConvolution(num_filters, width, padding="same", name=f"convolution_{width}")(embeddings, mask=mask)
        for width in _checked_widths(filter_widths)
    ]
    features = _concatenate(windows)  # [B, T, F x widths]
    features = keras.layers.Dropout(dropout, name="dropout")(features)
    logits = keras.layers.Dense(num_classes, name="logits")(features)
    return keras.Model(token_ids, logits, name="text_cnn_tagger")


def _checked_widths(filter_widths: Sequence[int]) -> Sequence[int]:
    """Return the widths; raise InputError unless they are different positive integers."""
    if not filter_widths or len(set(filter_widths)) != len(filter_widths):
        raise InputError(f"filter_widths must be different integers, such as (3, 4, 5). Received: {filter_widths}")
    require_positive(**{f"filter_widths[{i}]": width for i, width in enumerate(filter_widths)})
    return filter_widths


def _concatenate(features: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
    return keras.layers.Concatenate(name="features")(features) if len(features) > 1 else features[0]
