"""The Transformer as the paper has it: the encoder, before a classifier or by itself, and encoder with decoder.

Shapes: B batch, T time, S time of the source, D width, V vocabulary, C classes.

Reference: Vaswani et al. 2017, "Attention Is All You Need".
"""

import math

import keras

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.layers import (
    AddBias,
    FirstPositions,
    LearnedPositions,
    MaxOverTime,
    MeanOverTime,
    PaddingMask,
    SharedEmbedding,
    SinusoidalPositions,
    TransformerDecoderBlock,
    TransformerEncoderBlock,
)
from kerasnlp_zoo.layers.transformer import ACTIVATIONS
from kerasnlp_zoo.models.builder import builder

POSITIONS = {"sinusoidal": SinusoidalPositions, "learned": LearnedPositions}
# Vaswani et al. 2017, table 3.
TRANSFORMER_SIZES = {
    "base": {"hidden_dim": 512, "num_layers": 6, "num_heads": 8, "intermediate_dim": 2048, "dropout": 0.1},
    "big": {"hidden_dim": 1024, "num_layers": 6, "num_heads": 16, "intermediate_dim": 4096, "dropout": 0.3},
}
POOLINGS = {"mean": MeanOverTime, "max": MaxOverTime, "first": FirstPositions}


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
    _check(vocabulary_size, hidden_dim, num_layers, num_heads, intermediate_dim, max_sequence_length)
    require_choice("positions", positions, tuple(POSITIONS))
    require_choice("pooling", pooling, tuple(POOLINGS))
    require_choice("activation", activation, tuple(ACTIVATIONS))
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    mask = PaddingMask(name="padding_mask")(token_ids)
    # Section 3.4: embeddings are multiplied by sqrt(D), so that they are as large as the sinusoids.
    vectors = keras.layers.Embedding(
        vocabulary_size, hidden_dim, embeddings_initializer=_embeddings_initializer(hidden_dim), name="token_embedding"
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


@builder
def transformer(
    vocabulary_size,
    hidden_dim=512,
    num_layers=6,
    num_heads=8,
    intermediate_dim=2048,
    max_sequence_length=256,
    positions="sinusoidal",
    activation="relu",
    norm_first=False,
    residual=True,
    layer_norm=True,
    dropout=0.1,
):
    """Build the Transformer, encoder and decoder; the defaults are the paper's base model.

    One table of vectors is shared by both languages and by the words that are told (section 3.4), so both have one
    vocabulary. `TransformerSteps` decodes with it, a token at a time.

    Args:
        vocabulary_size: int, V.
        hidden_dim: int, D.
        num_layers: int, blocks of the encoder, and of the decoder.
        num_heads: int, attention heads of each block; divides D.
        intermediate_dim: int, width between the two dense layers of a block.
        max_sequence_length: int, longest S and T.
        positions: "sinusoidal" (the paper's), "learned", or None, which shows what they are worth.
        activation: "relu" (the paper's), "gelu" or "gelu_tanh".
        norm_first: bool, whether a block normalises its inputs instead of its outputs; encoder and decoder then
            end with one normalisation more.
        residual: bool, whether the outputs of a sub-layer are added to its inputs.
        layer_norm: bool, whether anything is normalised.
        dropout: float in [0, 1), share dropped in training.

    Returns:
        `keras.Model`: {"source_ids": int [B, S], "target_ids": int [B, T], the target so far from `[START]` on} ->
        logits float [B, T, V] of the tokens that follow each.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = transformer(vocabulary_size=1000, hidden_dim=64, num_layers=2)
    >>> model({"source_ids": np.array([[4, 8, 15, 3]]), "target_ids": np.array([[2, 16, 23]])}).shape
    TensorShape([1, 3, 1000])

    Reference: Vaswani et al. 2017, section 3; table 3 for what happens without its parts.
    """
    _check(vocabulary_size, hidden_dim, num_layers, num_heads, intermediate_dim, max_sequence_length)
    require_choice("positions", positions, (*POSITIONS, None))
    require_choice("activation", activation, tuple(ACTIVATIONS))
    source_ids = keras.Input((None,), dtype="int32", name="source_ids")
    target_ids = keras.Input((None,), dtype="int32", name="target_ids")
    mask = PaddingMask(name="padding_mask")(source_ids)
    embedding = SharedEmbedding(
        vocabulary_size, hidden_dim, embeddings_initializer=_embeddings_initializer(hidden_dim), name="token_embedding"
    )
    scale = keras.layers.Rescaling(math.sqrt(hidden_dim), name="embedding_scale")
    place = POSITIONS[positions](max_sequence_length, name="positions") if positions else lambda vectors: vectors
    blocks = (num_heads, intermediate_dim, dropout, activation, norm_first, residual, layer_norm)

    memory = keras.layers.Dropout(dropout, name="source_dropout")(place(scale(embedding(source_ids))))
    for number in range(num_layers):
        memory = TransformerEncoderBlock(*blocks, name=f"encoder_{number}")(memory, mask=mask)
    if norm_first and layer_norm:
        memory = keras.layers.LayerNormalization(epsilon=1e-5, name="encoder_norm")(memory)
    memory = keras.layers.Identity(name="memory")(memory)

    # Padding follows the target's tokens, which look back only: it needs no mask.
    hidden = keras.layers.Dropout(dropout, name="target_dropout")(place(scale(embedding(target_ids))))
    for number in range(num_layers):
        hidden = TransformerDecoderBlock(*blocks, name=f"decoder_{number}")(hidden, memory, memory_mask=mask)
    if norm_first and layer_norm:
        hidden = keras.layers.LayerNormalization(epsilon=1e-5, name="decoder_norm")(hidden)
    logits = AddBias(name="logits")(embedding(hidden, reverse=True))
    return keras.Model({"source_ids": source_ids, "target_ids": target_ids}, logits, name="transformer")


def _check(vocabulary_size, hidden_dim, num_layers, num_heads, intermediate_dim, max_sequence_length):
    require_positive(vocabulary_size=vocabulary_size, num_layers=num_layers, num_heads=num_heads)
    require_positive(intermediate_dim=intermediate_dim, max_sequence_length=max_sequence_length)
    if hidden_dim % num_heads or hidden_dim % 2:
        raise InputError(
            "hidden_dim must be even and a multiple of num_heads. "
            f"Received: hidden_dim={hidden_dim}, num_heads={num_heads}"
        )


def _embeddings_initializer(hidden_dim):
    return keras.initializers.RandomNormal(stddev=hidden_dim**-0.5)
