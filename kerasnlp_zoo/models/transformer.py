"""The Transformer's encoder over words, as the paper has it, in front of a classifier or by itself.

Shapes: B batch, T time, D width, V vocabulary, C classes.

Reference: Vaswani et al. 2017, "Attention Is All You Need".
"""

import math

import keras

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.layers import (
    AverageOverTime,
    FirstPositions,
    LearnedPositions,
    MaxOverTime,
    PaddingMask,
    SinusoidalPositions,
    TransformerEncoderBlock,
)
from kerasnlp_zoo.layers.transformer import ACTIVATIONS
from kerasnlp_zoo.models.builder import builder

POSITIONS = {"sinusoidal": SinusoidalPositions, "learned": LearnedPositions}
POOLINGS = {"mean": AverageOverTime, "max": MaxOverTime, "first": FirstPositions}


@builder
def transformer_encoder(
    vocabulary_size,
    num_classes=None,
    hidden_dim=512,
    num_layers=6,
    num_heads=8,
    intermediate_dim=2048,
    max_sequence_length=512,
    positions="sinusoidal",
    pooling="mean",
    activation="relu",
    norm_first=False,
    dropout=0.1,
):
    """Build the Transformer's encoder; the defaults are the paper's base model.

    Args:
        vocabulary_size: int, V.
        num_classes: int, C, for a classifier of whole texts; None for the vectors of all tokens.
        hidden_dim: int, D.
        num_layers: int, blocks.
        num_heads: int, attention heads of each block; divides D.
        intermediate_dim: int, width between the two dense layers of a block.
        max_sequence_length: int, longest T.
        positions: "sinusoidal" (the paper's) or "learned".
        pooling: "mean" over the real tokens, "max", or the "first" token's vector; for a classifier.
        activation: "relu" (the paper's), "gelu" or "gelu_tanh".
        norm_first: bool, whether a block normalises its inputs instead of its outputs; the last
            block's outputs are then normalised once more.
        dropout: float in [0, 1), share dropped in training.

    Returns:
        `keras.Model`: token_ids int [B, T] -> logits float [B, C], or vectors float [B, T, D].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = transformer_encoder(vocabulary_size=1000, num_classes=2, hidden_dim=64, num_layers=2)
    >>> model(np.array([[4, 8, 15, 0]])).shape
    TensorShape([1, 2])

    Reference: Vaswani et al. 2017, section 3.
    """
    require_positive(vocabulary_size=vocabulary_size, num_layers=num_layers, num_heads=num_heads)
    require_positive(intermediate_dim=intermediate_dim, max_sequence_length=max_sequence_length)
    require_choice("positions", positions, tuple(POSITIONS))
    require_choice("pooling", pooling, tuple(POOLINGS))
    require_choice("activation", activation, tuple(ACTIVATIONS))
    if hidden_dim % num_heads or hidden_dim % 2:
        raise InputError(
            "hidden_dim must be even and a multiple of num_heads. "
            f"Received: hidden_dim={hidden_dim}, num_heads={num_heads}"
        )
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    mask = PaddingMask(name="padding_mask")(token_ids)
    # Section 3.4: embeddings are multiplied by sqrt(D), so that they are as large as the sinusoids.
    initializer = keras.initializers.RandomNormal(stddev=hidden_dim**-0.5)
    vectors = keras.layers.Embedding(
        vocabulary_size, hidden_dim, embeddings_initializer=initializer, name="token_embedding"
    )(token_ids)
    vectors = keras.layers.Rescaling(math.sqrt(hidden_dim), name="embedding_scale")(vectors)
    vectors = POSITIONS[positions](max_sequence_length, name="positions")(vectors)
    vectors = keras.layers.Dropout(dropout, name="embedding_dropout")(vectors)
    for number in range(num_layers):
        vectors = TransformerEncoderBlock(
            num_heads, intermediate_dim, dropout, activation, norm_first, name=f"layer_{number}"
        )(vectors, mask=mask)
    if norm_first:
        vectors = keras.layers.LayerNormalization(epsilon=1e-5, name="output_norm")(vectors)
    if num_classes is None:
        return keras.Model(token_ids, vectors, name="transformer_encoder")
    require_positive(num_classes=num_classes)
    arguments = {"length": 1} if pooling == "first" else {}
    features = POOLINGS[pooling](name="pooling", **arguments)(vectors, mask=mask)
    features = keras.layers.Dropout(dropout, name="dropout")(features)
    logits = keras.layers.Dense(num_classes, name="logits")(features)
    return keras.Model(token_ids, logits, name="transformer_encoder")
