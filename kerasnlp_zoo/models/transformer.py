"""The Transformer with encoder and decoder. The encoder alone is in `transformer_encoder.py`.

Shapes: B batch, T length, S length of the source, D width, V vocabulary.

Reference: Vaswani et al. 2017, "Attention Is All You Need".
"""

import math
from typing import Any, TypedDict

import keras

from kerasnlp_zoo.errors import require_choice
from kerasnlp_zoo.layers import (
    AddBias,
    PaddingMask,
    SharedEmbedding,
    TransformerDecoderBlock,
    TransformerEncoderBlock,
)
from kerasnlp_zoo.layers.multi_head_attention import HeadScoreMode
from kerasnlp_zoo.layers.transformer import ACTIVATIONS, Activation
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.transformer_encoder import POSITIONS, Positions, embeddings_initializer


class TransformerSize(TypedDict):
    """The arguments of `transformer` that differ between the sizes of the paper."""

    hidden_dim: int
    num_layers: int
    num_heads: int
    intermediate_dim: int
    dropout: float


# Vaswani et al. 2017, table 3.
TRANSFORMER_SIZES: dict[str, TransformerSize] = {
    "base": {"hidden_dim": 512, "num_layers": 6, "num_heads": 8, "intermediate_dim": 2048, "dropout": 0.1},
    "big": {"hidden_dim": 1024, "num_layers": 6, "num_heads": 16, "intermediate_dim": 4096, "dropout": 0.3},
}


@builder
def transformer(
    vocabulary_size: int,
    *,
    hidden_dim: int = 512,
    num_layers: int = 6,
    num_heads: int = 8,
    intermediate_dim: int = 2048,
    max_sequence_length: int = 256,
    positions: Positions | None = "sinusoidal",
    activation: Activation = "relu",
    norm_first: bool = False,
    residual: bool = True,
    layer_norm: bool = True,
    dropout: float = 0.1,
    score_mode: HeadScoreMode = "scaled_dot",
    key_dim: int | None = None,
    value_dim: int | None = None,
    shared_key_value: bool = False,
) -> keras.Model:
    """Build the Transformer with encoder and decoder. The defaults are the paper's base model.

    Source and target share one vocabulary. One matrix is the embedding of both and the output projection (section 3.4).
    `TransformerSteps` decodes with the model, one token at a time.

    Args:
        vocabulary_size: V.
        hidden_dim: D, hidden size; even for sinusoids.
        num_layers: number of blocks of the encoder, and of the decoder.
        num_heads: number of attention heads of each block; must divide D unless `key_dim` and `value_dim` are given.
        intermediate_dim: width between the two dense layers of a block.
        max_sequence_length: maximum S and T for learned positions; sinusoids continue beyond it.
        positions: positional encoding, "sinusoidal" (the paper's) or "learned"; None for an ablation study.
        activation: "relu" (the paper's), "gelu" or "gelu_tanh".
        norm_first: whether a block normalizes its inputs instead of its outputs. The outputs of the encoder and of the
            decoder are then also normalized.
        residual: whether there are residual connections around the sub-layers.
        layer_norm: whether there is any layer normalization.
        dropout: in [0, 1), fraction to drop in training.
        score_mode: score of a query and a key in a head: "scaled_dot" (the paper's) or "additive".
        key_dim: width of a query and of a key in a head; None for D / num_heads.
        value_dim: width of a value in a head; None for D / num_heads.
        shared_key_value: whether all heads of a block share keys and values.

    Returns:
        `keras.Model`: {"source_ids": int [B, S], "target_ids": int [B, T], the target from `[START]` on} ->
        logits float [B, T, V] of the next token at each position.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = transformer(vocabulary_size=1000, hidden_dim=64, num_layers=2)
    >>> model({"source_ids": np.array([[4, 8, 15, 3]]), "target_ids": np.array([[2, 16, 23]])}).shape
    TensorShape([1, 3, 1000])

    Reference: Vaswani et al. 2017, section 3; table 3 for the effect of its parts.
    """
    require_choice("positions", positions, (*POSITIONS, None))
    require_choice("activation", activation, tuple(ACTIVATIONS))
    source_ids = keras.Input((None,), dtype="int32", name="source_ids")
    target_ids = keras.Input((None,), dtype="int32", name="target_ids")
    mask = PaddingMask(name="padding_mask")(source_ids)
    embedding = SharedEmbedding(
        vocabulary_size, hidden_dim, embeddings_initializer=embeddings_initializer(hidden_dim), name="token_embedding"
    )
    scale = keras.layers.Rescaling(math.sqrt(hidden_dim), name="embedding_scale")
    add_positions = (
        POSITIONS[positions](max_sequence_length, name="positions") if positions else lambda vectors: vectors
    )
    blocks: dict[str, Any] = {
        "num_heads": num_heads,
        "intermediate_dim": intermediate_dim,
        "dropout": dropout,
        "activation": activation,
        "norm_first": norm_first,
        "residual": residual,
        "layer_norm": layer_norm,
        "score_mode": score_mode,
        "key_dim": key_dim,
        "value_dim": value_dim,
        "shared_key_value": shared_key_value,
    }

    memory = keras.layers.Dropout(dropout, name="source_dropout")(add_positions(scale(embedding(source_ids))))
    for number in range(num_layers):
        memory = TransformerEncoderBlock(**blocks, name=f"encoder_{number}")(memory, mask=mask)
    if norm_first and layer_norm:
        memory = keras.layers.LayerNormalization(epsilon=1e-5, name="encoder_norm")(memory)
    memory = keras.layers.Identity(name="memory")(memory)

    # The target needs no padding mask: its padding is at the end, and attention is causal.
    hidden = keras.layers.Dropout(dropout, name="target_dropout")(add_positions(scale(embedding(target_ids))))
    for number in range(num_layers):
        hidden = TransformerDecoderBlock(**blocks, name=f"decoder_{number}")(hidden, memory, memory_mask=mask)
    if norm_first and layer_norm:
        hidden = keras.layers.LayerNormalization(epsilon=1e-5, name="decoder_norm")(hidden)
    logits = AddBias(name="logits")(embedding(hidden, reverse=True))
    return keras.Model({"source_ids": source_ids, "target_ids": target_ids}, logits, name="transformer")
