"""The encoder of the Transformer: vectors of all words of a text, or a classifier of texts or of pairs of texts.

Shapes: B batch, T length, E width of a word vector, D hidden size, V vocabulary, C classes.

References: Vaswani et al. 2017, "Attention Is All You Need"; Devlin et al. 2019, section 3, for pairs of texts.
"""

import math
from typing import Literal, TypeAlias

import keras

from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.layers import LearnedPositions, SinusoidalPositions, TransformerEncoderBlock
from kerasnlp_zoo.layers.multi_head_attention import HeadScoreMode
from kerasnlp_zoo.layers.transformer import ACTIVATIONS, Activation
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.embedding_inputs import Channels, embed_words
from kerasnlp_zoo.models.pooling import pooling_layer

POSITIONS = {"sinusoidal": SinusoidalPositions, "learned": LearnedPositions}
Positions: TypeAlias = Literal["sinusoidal", "learned"]
POOLINGS = ("mean", "max", "first", "attention")
Pooling: TypeAlias = Literal["mean", "max", "first", "attention"]


@builder
def transformer_encoder(
    vocabulary_size: int,
    *,
    num_classes: int | None = None,
    embedding_dim: int | None = None,
    hidden_dim: int = 512,
    num_layers: int = 6,
    num_heads: int = 8,
    intermediate_dim: int = 2048,
    max_sequence_length: int = 512,
    num_segments: int | None = None,
    channels: Channels = "random",
    positions: Positions | None = "sinusoidal",
    pooling: Pooling = "mean",
    activation: Activation = "relu",
    norm_first: bool = False,
    dropout: float = 0.1,
    score_mode: HeadScoreMode = "scaled_dot",
    key_dim: int | None = None,
    value_dim: int | None = None,
    shared_key_value: bool = False,
) -> keras.Model:
    """Build the Transformer's encoder. The defaults are the paper's base model.

    Args:
        vocabulary_size: V.
        num_classes: >= 1, C, for a classifier of texts, 1 for a regression; None to return the vectors of all tokens.
        embedding_dim: E, width of a word vector; None for D. A dense layer projects vectors of another width to D.
        hidden_dim: D, hidden size; even for sinusoids.
        num_layers: number of blocks.
        num_heads: number of attention heads of each block; must divide D unless `key_dim` and `value_dim` are given.
        intermediate_dim: width between the two dense layers of a block.
        max_sequence_length: maximum T for learned positions; sinusoids continue beyond it.
        num_segments: 2 for pairs of texts: a trained vector of the segment, the first or the second text, is added to
            each word vector. None for single texts.
        channels: "random", "static", "non_static" or "multichannel" word vectors, as for `text_cnn`.
        positions: positional encoding, "sinusoidal" (the paper's) or "learned"; None for a model that is blind to the
            order of the words.
        pooling: pooling of a classifier: "mean" or "max" over all tokens except padding; "first" for the vector of the
            first token; or "attention", a weighted mean with learned weights.
        activation: "relu" (the paper's), "gelu" or "gelu_tanh".
        norm_first: whether a block normalizes its inputs instead of its outputs. The outputs of the last block are then
            also normalized.
        dropout: in [0, 1), fraction to drop in training.
        score_mode: score of a query and a key in a head: "scaled_dot" (the paper's) or "additive".
        key_dim: width of a query and of a key in a head; None for D / num_heads.
        value_dim: width of a value in a head; None for D / num_heads.
        shared_key_value: whether all heads of a block share keys and values.

    Returns:
        `keras.Model`: token_ids int [B, T], or {"token_ids": int [B, T], "segment_ids": int [B, T]} with segments
        -> logits float [B, C], or vectors float [B, T, D] without classes.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = transformer_encoder(vocabulary_size=1000, num_classes=2, hidden_dim=64, num_layers=2)
    >>> model(np.array([[4, 8, 15, 0]])).shape
    TensorShape([1, 2])

    Reference: Vaswani et al. 2017, section 3.
    """
    require_choice("pooling", pooling, POOLINGS)
    width = embedding_dim or hidden_dim
    token_ids, mask, vectors = embed_words(vocabulary_size, width, channels, initializer=embeddings_initializer(width))
    inputs: keras.KerasTensor | dict[str, keras.KerasTensor] = token_ids
    if num_segments is not None:
        require_positive(num_segments=num_segments)
        segment_ids = keras.Input((None,), dtype="int32", name="segment_ids")
        segments = keras.layers.Embedding(
            num_segments, width, embeddings_initializer=embeddings_initializer(width), name="segment_embedding"
        )(segment_ids)
        vectors = keras.layers.Add(name="token_and_segment")([vectors, segments])
        inputs = {"token_ids": token_ids, "segment_ids": segment_ids}
    vectors = encode(
        vectors,
        mask,
        hidden_dim=hidden_dim,
        num_layers=num_layers,
        num_heads=num_heads,
        intermediate_dim=intermediate_dim,
        max_sequence_length=max_sequence_length,
        positions=positions,
        activation=activation,
        norm_first=norm_first,
        dropout=dropout,
        score_mode=score_mode,
        key_dim=key_dim,
        value_dim=value_dim,
        shared_key_value=shared_key_value,
    )
    if num_classes is None:
        return keras.Model(inputs, vectors, name="transformer_encoder")
    features = pooling_layer(pooling, name="pooling", units=hidden_dim)(vectors, mask=mask)
    features = keras.layers.Dropout(dropout, name="dropout")(features)
    logits = keras.layers.Dense(num_classes, name="logits")(features)
    return keras.Model(inputs, logits, name="transformer_encoder")


def encode(
    vectors: keras.KerasTensor,
    mask: keras.KerasTensor,
    *,
    hidden_dim: int,
    num_layers: int,
    num_heads: int,
    intermediate_dim: int,
    max_sequence_length: int,
    positions: Positions | None,
    activation: Activation,
    norm_first: bool,
    dropout: float,
    score_mode: HeadScoreMode,
    key_dim: int | None,
    value_dim: int | None,
    shared_key_value: bool,
) -> keras.KerasTensor:
    """Return the outputs of the last block.

    Args:
        vectors: vectors of the words, float [B, T, E]. A dense layer projects them to D unless E = D.
        mask: bool [B, T], False at padding.
        hidden_dim, num_layers, num_heads, intermediate_dim, max_sequence_length, positions, activation, norm_first,
            dropout, score_mode, key_dim, value_dim, shared_key_value: as for `transformer_encoder`.

    Returns:
        float [B, T, D], symbolic.

    Raises:
        InputError: if an argument is outside its range.
    """
    require_choice("positions", positions, (*POSITIONS, None))
    require_choice("activation", activation, tuple(ACTIVATIONS))
    # Section 3.4: embeddings are multiplied by the square root of their width. They then have the scale of the
    # sinusoids.
    width = vectors.shape[-1]
    vectors = keras.layers.Rescaling(math.sqrt(width), name="embedding_scale")(vectors)
    if width != hidden_dim:
        vectors = keras.layers.Dense(hidden_dim, name="embedding_projection")(vectors)
    if positions is not None:
        vectors = POSITIONS[positions](max_sequence_length, name="positions")(vectors)
    vectors = keras.layers.Dropout(dropout, name="embedding_dropout")(vectors)
    for number in range(num_layers):
        vectors = TransformerEncoderBlock(
            num_heads,
            intermediate_dim,
            dropout,
            activation,
            norm_first,
            score_mode=score_mode,
            key_dim=key_dim,
            value_dim=value_dim,
            shared_key_value=shared_key_value,
            name=f"layer_{number}",
        )(vectors, mask=mask)
    if norm_first:
        vectors = keras.layers.LayerNormalization(epsilon=1e-5, name="output_norm")(vectors)
    return vectors


def embeddings_initializer(width: int) -> keras.initializers.Initializer:
    """Return the initializer of embeddings that are then multiplied by the square root of their width."""
    return keras.initializers.RandomNormal(stddev=width**-0.5)
