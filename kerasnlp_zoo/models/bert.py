"""The BERT encoder. The heads for its tasks are in `bert_heads.py`.

Shapes: B batch, T length, D width, V vocabulary.

Reference: Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers for Language
Understanding".
"""

import dataclasses
from collections.abc import Callable
from typing import TypedDict

import keras

from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.layers import (
    FirstPositions,
    LearnedPositions,
    PaddingMask,
    SharedEmbedding,
    TransformerEncoderBlock,
)
from kerasnlp_zoo.layers.multi_head_attention import HeadScoreMode
from kerasnlp_zoo.layers.transformer import ACTIVATIONS, Activation
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.types import Tensor


class EncoderArguments(TypedDict, total=False):
    """The arguments of `bert` that have a default. The builders of BERT with a head also take them."""

    hidden_dim: int
    num_layers: int
    num_heads: int
    intermediate_dim: int
    max_sequence_length: int
    num_segments: int | None
    dropout: float
    activation: Activation
    layer_norm_epsilon: float
    score_mode: HeadScoreMode
    key_dim: int | None
    value_dim: int | None
    shared_key_value: bool


def _size(num_layers: int, hidden_dim: int) -> EncoderArguments:
    return {
        "num_layers": num_layers,
        "hidden_dim": hidden_dim,
        "num_heads": hidden_dim // 64,
        "intermediate_dim": 4 * hidden_dim,
    }


# Devlin et al. 2019, section 3; the small sizes: Turc et al. 2019, "Well-Read Students Learn Better".
BERT_SIZES: dict[str, EncoderArguments] = {
    "tiny": _size(2, 128),
    "mini": _size(4, 256),
    "small": _size(4, 512),
    "medium": _size(8, 512),
    "base": _size(12, 768),
    "large": _size(24, 1024),
}


@builder
def bert(
    vocabulary_size: int,
    *,
    hidden_dim: int = 768,
    num_layers: int = 12,
    num_heads: int = 12,
    intermediate_dim: int = 3072,
    max_sequence_length: int = 512,
    num_segments: int | None = 2,
    dropout: float = 0.1,
    activation: Activation = "gelu",
    layer_norm_epsilon: float = 1e-12,
    score_mode: HeadScoreMode = "scaled_dot",
    key_dim: int | None = None,
    value_dim: int | None = None,
    shared_key_value: bool = False,
) -> keras.Model:
    """Build the BERT encoder, by default BERT-base.

    Args:
        vocabulary_size: V.
        hidden_dim: D, hidden size.
        num_layers: number of Transformer blocks.
        num_heads: number of attention heads of each block; must divide D unless `key_dim` and `value_dim` are given.
        intermediate_dim: width between the two dense layers of a block.
        max_sequence_length: maximum T.
        num_segments: number of segment ids, 2 for pairs of sentences; None for a model without segments, such as
            DistilBERT, which then takes only token_ids.
        dropout: in [0, 1), fraction of activations and attention weights to drop in training.
        activation: "gelu", "gelu_tanh" (Google's checkpoints of 2018) or "relu".
        layer_norm_epsilon: added to the variance in layer normalization.
        score_mode, key_dim, value_dim, shared_key_value: heads of the attention, as for `transformer_encoder`.

    Returns:
        `keras.Model`: {"token_ids": int [B, T], "segment_ids": int [B, T]} -> {"sequence_output": float
        [B, T, D], "pooled_output": float [B, D]}. The pooled output is a dense layer over the first token.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = bert(vocabulary_size=1000, **BERT_SIZES["tiny"])
    >>> outputs = model({"token_ids": np.array([[2, 15, 8, 3]]), "segment_ids": np.zeros((1, 4))})
    >>> outputs["sequence_output"].shape, outputs["pooled_output"].shape
    (TensorShape([1, 4, 128]), TensorShape([1, 128]))

    Reference: Devlin et al. 2019, section 3.
    """
    encoded = encode(**locals())
    outputs = {"sequence_output": encoded.sequence, "pooled_output": pooled_output(encoded.sequence)}
    return keras.Model(encoded.inputs, outputs, name="bert")


def encoder_outputs(model: keras.Model) -> keras.Model:
    """Return a model of the input of the first block and the output of every block.

    Args:
        model: built by `bert` or with one of its heads.

    Returns:
        `keras.Model`: the model's inputs -> list of num_layers + 1 float [B, T, D].

    Example:

    >>> model = encoder_outputs(bert(vocabulary_size=1000, **BERT_SIZES["tiny"]))
    >>> len(model.outputs)
    3
    """
    num_layers = model.builder_config["arguments"]["num_layers"]
    layers = [model.get_layer("embedding_dropout"), *(model.get_layer(f"layer_{i}") for i in range(num_layers))]
    inputs = {name: model.input[name] for name in ("token_ids", "segment_ids") if name in model.input}
    return keras.Model(inputs, [layer.output for layer in layers], name="encoder_outputs")


@dataclasses.dataclass(frozen=True)
class Encoded:
    """The symbolic tensors of the encoder.

    Attributes:
        inputs: {"token_ids": int [B, T], "segment_ids": int [B, T]}; without segments only token_ids.
        mask: bool [B, T], False at padding.
        sequence: float [B, T, D], output of the last block.
        token_embedding: the `SharedEmbedding` of the tokens.
    """

    inputs: dict[str, keras.KerasTensor]
    mask: keras.KerasTensor
    sequence: keras.KerasTensor
    token_embedding: keras.layers.Layer


def encode(
    vocabulary_size: int,
    hidden_dim: int,
    num_layers: int,
    num_heads: int,
    intermediate_dim: int,
    max_sequence_length: int,
    num_segments: int | None,
    dropout: float,
    activation: Activation,
    layer_norm_epsilon: float,
    score_mode: HeadScoreMode,
    key_dim: int | None,
    value_dim: int | None,
    shared_key_value: bool,
) -> Encoded:
    """Build the encoder from the arguments of `bert`."""
    require_choice("activation", activation, tuple(ACTIVATIONS))
    names = ("token_ids",) if num_segments is None else ("token_ids", "segment_ids")
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in names}
    mask = PaddingMask(name="padding_mask")(inputs["token_ids"])
    # Shared: the masked language model's head computes its logits with the same weights.
    token_embedding = SharedEmbedding(
        vocabulary_size, hidden_dim, embeddings_initializer=_initializer(), name="token_embedding"
    )
    summed = token_embedding(inputs["token_ids"])
    if num_segments is not None:
        require_positive(num_segments=num_segments)
        segments = keras.layers.Embedding(
            num_segments, hidden_dim, embeddings_initializer=_initializer(), name="segment_embedding"
        )(inputs["segment_ids"])
        summed = keras.layers.Add(name="token_and_segment")([summed, segments])
    summed = LearnedPositions(max_sequence_length, name="position_embedding")(summed)
    sequence = keras.layers.LayerNormalization(epsilon=layer_norm_epsilon, name="embedding_norm")(summed)
    sequence = keras.layers.Dropout(dropout, name="embedding_dropout")(sequence)
    for number in range(num_layers):
        sequence = TransformerEncoderBlock(
            num_heads,
            intermediate_dim,
            dropout,
            activation,
            layer_norm_epsilon=layer_norm_epsilon,
            kernel_initializer=_initializer(),
            score_mode=score_mode,
            key_dim=key_dim,
            value_dim=value_dim,
            shared_key_value=shared_key_value,
            name=f"layer_{number}",
        )(sequence, mask=mask)
    return Encoded(inputs, mask, sequence, token_embedding)


def pooled_output(sequence: keras.KerasTensor, activation: str = "tanh") -> keras.KerasTensor:
    """Return BERT's pooled output [B, D]: a dense layer over the first token, `[CLS]`."""
    first = FirstPositions(1, name="first")(sequence)
    return dense(sequence.shape[-1], "pooler", activation=activation)(first)


def dense(units: int, name: str, activation: str | Callable[[Tensor], Tensor] | None = None) -> keras.layers.Dense:
    """Return a dense layer with BERT's initializer."""
    return keras.layers.Dense(units, activation=activation, kernel_initializer=_initializer(), name=name)


def _initializer() -> keras.initializers.Initializer:
    return keras.initializers.TruncatedNormal(stddev=0.02)
