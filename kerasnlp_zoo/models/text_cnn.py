"""TextCNN: convolutions over windows of words, pooled over the text.

Shapes: B batch, T length, N windows, D embedding width, V vocabulary, F filters per width, C classes.

Reference: Kim 2014, "Convolutional Neural Networks for Sentence Classification".
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import keras

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.layers import MaskedBatchNormalization, TextConvolution, WindowMask
from kerasnlp_zoo.layers.masking import Padding
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.embedding_inputs import Channels, embed_words
from kerasnlp_zoo.models.pooling import pooling_layer
from kerasnlp_zoo.models.regularization import l1_l2

POOLINGS = ("max", "mean", "sum", "k_max")
Pooling: TypeAlias = Literal["max", "mean", "sum", "k_max"]
ACTIVATIONS = ("relu", "tanh", "leaky_relu")
Activation: TypeAlias = Literal["relu", "tanh", "leaky_relu"]


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
    padding: Padding = "full",
    activation: Activation = "relu",
    dilation_rates: Sequence[int] = (1,),
    batch_normalization: bool = False,
    l1: float = 0.0,
    l2: float = 0.0,
) -> keras.Model:
    """Build Kim's sentence classifier.

    With the default values it is the model of the paper. Further arguments change the convolutions.

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
        padding: "full", "same" or "valid", see `TextConvolution`. "full" is the default because all windows with a word
            count, also in a text that is shorter than a filter. With "valid", a window consists of real words, but
            such a text has only one window, which ends with zeros.
        activation: "relu", "tanh", or "leaky_relu" with Keras' slope of 0.2 below 0.
        dilation_rates: distance between the words of a window, for each of the stacked convolutions. (1,) is one
            convolution; (1, 2, 4) are three, whose windows of width 3 span 15 words.
        batch_normalization: whether to normalize each convolution before its activation, without padded positions.
        l1, l2: >= 0, factors of the sum of absolute values and of the sum of squares of the weights of all
            convolutions and of the output layer, added to the loss.

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
    require_choice("activation", activation, ACTIVATIONS)
    _require_rates(dilation_rates)
    token_ids, mask, embeddings = embed_words(vocabulary_size, embedding_dim, channels)
    pooled = []
    for width in checked_widths(filter_widths):
        windows, window_mask = embeddings, mask
        for number, rate in enumerate(dilation_rates, start=1):
            name = f"{width}" if number == 1 else f"{width}_{number}"
            windows = TextConvolution(
                num_filters,
                width,
                padding,
                None if batch_normalization else activation,
                rate,
                l1_l2(l1, l2),
                name=f"convolution_{name}",
            )(windows, mask=window_mask)  # [B, N, F]
            window_mask = WindowMask(width, padding, rate, name=f"window_mask_{name}")(window_mask)  # [B, N]
            if batch_normalization:
                normalization = MaskedBatchNormalization(name=f"batch_normalization_{name}")
                windows = normalization(windows, mask=window_mask)
                windows = keras.layers.Activation(activation, name=f"activation_{name}")(windows)
        pool = pooling_layer(pooling, name=f"pooling_{width}", k=k)
        features = pool(windows, mask=window_mask)  # [B, F], k-max: [B, K, F]
        pooled.append(features if pooling != "k_max" else keras.layers.Flatten(name=f"flatten_{width}")(features))
    features = _concatenate(pooled)  # [B, F x widths]
    features = keras.layers.Dropout(dropout, name="dropout")(features)
    constraint = None if max_norm is None else keras.constraints.MaxNorm(max_norm, axis=0)
    output = keras.layers.Dense(
        num_classes, kernel_constraint=constraint, kernel_regularizer=l1_l2(l1, l2), name="logits"
    )
    return keras.Model(token_ids, output(features), name="text_cnn")


def checked_widths(filter_widths: Sequence[int]) -> Sequence[int]:
    """Return the widths; raise InputError unless they are different positive integers."""
    if not filter_widths or len(set(filter_widths)) != len(filter_widths):
        raise InputError(f"filter_widths must be different integers, such as (3, 4, 5). Received: {filter_widths}")
    require_positive(**{f"filter_widths[{i}]": width for i, width in enumerate(filter_widths)})
    return filter_widths


def _require_rates(dilation_rates: Sequence[int]) -> None:
    """Raise InputError unless there is at least one rate, and all are positive integers."""
    if not dilation_rates:
        raise InputError("dilation_rates must have a rate for each convolution, such as (1,). Received: ()")
    require_positive(**{f"dilation_rates[{i}]": rate for i, rate in enumerate(dilation_rates)})


def _concatenate(features: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
    return keras.layers.Concatenate(name="features")(features) if len(features) > 1 else features[0]
