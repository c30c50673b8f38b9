"""BERT's encoder, which reads both sides of every word; the heads that are put on it stand in `bert_heads.py`.

Shapes: B batch, T time, D width, V vocabulary.

Reference: Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers for Language
Understanding".
"""

import dataclasses

import keras

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.layers import (
    FirstPositions,
    LearnedPositions,
    PaddingMask,
    SharedEmbedding,
    TransformerEncoderBlock,
)
from kerasnlp_zoo.layers.transformer import ACTIVATIONS
from kerasnlp_zoo.models.builder import builder


def _size(num_layers, hidden_dim):
    return {
        "num_layers": num_layers,
        "hidden_dim": hidden_dim,
        "num_heads": hidden_dim // 64,
        "intermediate_dim": 4 * hidden_dim,
    }


# Devlin et al. 2019, section 3; the small ones: Turc et al. 2019, "Well-Read Students Learn Better".
BERT_SIZES = {
    "tiny": _size(2, 128),
    "mini": _size(4, 256),
    "small": _size(4, 512),
    "medium": _size(8, 512),
    "base": _size(12, 768),
    "large": _size(24, 1024),
}


@builder
def bert(
    vocabulary_size,
    hidden_dim=768,
    num_layers=12,
    num_heads=12,
    intermediate_dim=3072,
    max_sequence_length=512,
    num_segments=2,
    dropout=0.1,
    activation="gelu",
    layer_norm_epsilon=1e-12,
):
    """Build BERT's encoder; the defaults are those of BERT-base.

    Args:
        vocabulary_size: int, V.
        hidden_dim: int, D.
        num_layers: int, Transformer blocks.
        num_heads: int, attention heads of each block; divides D.
        intermediate_dim: int, width between the two dense layers of a block.
        max_sequence_length: int, longest T.
        num_segments: int, kinds of segment ids: 2 for pairs of sentences.
        dropout: float in [0, 1), share dropped in training, of attention weights too.
        activation: "gelu", "gelu_tanh" (Google's checkpoints of 2018) or "relu".
        layer_norm_epsilon: float, added to the variance when normalising.

    Returns:
        `keras.Model`: {"token_ids": int [B, T], "segment_ids": int [B, T]} -> {"sequence_output": float
        [B, T, D], "pooled_output": float [B, D]}; the second is a dense layer over the first token.

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


def encoder_outputs(model):
    """Return what goes into the first block and comes out of each, [B, T, D] each, as a model.

    Args:
        model: `keras.Model` of this family.

    Returns:
        `keras.Model`: the model's inputs -> list of num_layers + 1 float [B, T, D].

    Example:

    >>> model = encoder_outputs(bert(vocabulary_size=1000, **BERT_SIZES["tiny"]))
    >>> len(model.outputs)
    3
    """
    num_layers = model.builder_config["arguments"]["num_layers"]
    layers = [model.get_layer("embedding_dropout"), *(model.get_layer(f"layer_{i}") for i in range(num_layers))]
    inputs = {name: model.input[name] for name in ("token_ids", "segment_ids")}
    return keras.Model(inputs, [layer.output for layer in layers], name="encoder_outputs")


@dataclasses.dataclass(frozen=True)
class Encoded:
    """A text in BERT, symbolic.

    Attributes:
        inputs: dict of tensors.
        mask: bool tensor [B, T], True at real tokens.
        sequence: float tensor [B, T, D], what the last block gives.
        token_embedding: layer.
    """

    inputs: dict
    mask: keras.KerasTensor
    sequence: keras.KerasTensor
    token_embedding: keras.layers.Layer


def encode(
    vocabulary_size,
    hidden_dim,
    num_layers,
    num_heads,
    intermediate_dim,
    max_sequence_length,
    num_segments,
    dropout,
    activation,
    layer_norm_epsilon,
):
    """Build the encoder from the arguments of `bert`."""
    require_positive(
        vocabulary_size=vocabulary_size,
        num_layers=num_layers,
        num_heads=num_heads,
        intermediate_dim=intermediate_dim,
        max_sequence_length=max_sequence_length,
        num_segments=num_segments,
    )
    require_choice("activation", activation, tuple(ACTIVATIONS))
    if hidden_dim % num_heads:
        raise InputError(
            f"hidden_dim must be a multiple of num_heads. Received: hidden_dim={hidden_dim}, num_heads={num_heads}"
        )
    names = ("token_ids", "segment_ids")
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in names}
    mask = PaddingMask(name="padding_mask")(inputs["token_ids"])
    # Shared, since the head of the masked language model turns vectors into words by the same table.
    token_embedding = SharedEmbedding(
        vocabulary_size, hidden_dim, embeddings_initializer=_initializer(), name="token_embedding"
    )
    segments = keras.layers.Embedding(
        num_segments, hidden_dim, embeddings_initializer=_initializer(), name="segment_embedding"
    )(inputs["segment_ids"])
    summed = keras.layers.Add(name="token_and_segment")([token_embedding(inputs["token_ids"]), segments])
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
            name=f"layer_{number}",
        )(sequence, mask=mask)
    return Encoded(inputs, mask, sequence, token_embedding)


def pooled_output(sequence):
    """Return BERT's pooled output [B, D]: a dense layer over the first token, `[CLS]`."""
    first = FirstPositions(1, name="first")(sequence)
    return dense(sequence.shape[-1], "pooler", activation="tanh")(first)


def dense(units, name, activation=None):
    """Return a dense layer with BERT's initial weights."""
    return keras.layers.Dense(units, activation=activation, kernel_initializer=_initializer(), name=name)


def _initializer():
    return keras.initializers.TruncatedNormal(stddev=0.02)
