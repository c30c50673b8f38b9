"""Sequence to sequence: a recurrent or convolutional encoder, and a recurrent decoder with attention to its outputs.

Shapes: B batch, S length of the source, T length of the target, D embedding width, H units, E width of the encoder's
outputs, V vocabulary.

References: Sutskever et al. 2014, "Sequence to Sequence Learning with Neural Networks"; Cho et al. 2014, "Learning
Phrase Representations using RNN Encoder-Decoder"; Bahdanau et al. 2015, "Neural Machine Translation by Jointly
Learning to Align and Translate"; Luong et al. 2015, "Effective Approaches to Attention-based Neural Machine
Translation"; Gehring et al. 2017, "A Convolutional Encoder Model for Neural Machine Translation".
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import keras

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.layers import (
    AddBias,
    PaddingMask,
    Recurrent,
    RecurrentDecoder,
    ReplaceToken,
    SharedEmbedding,
    TextConvolution,
)
from kerasnlp_zoo.layers.attention import SCORE_MODES, ScoreMode
from kerasnlp_zoo.layers.cells_by_name import CELLS, Cell
from kerasnlp_zoo.layers.recurrent import Merge
from kerasnlp_zoo.layers.recurrent_decoder import ATTENTIONS, PLACEMENTS, AttentionKind, Placement
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.pooling import pooling_layer
from kerasnlp_zoo.models.recurrent_stack import layers_between, read_stack
from kerasnlp_zoo.vocabulary import START_ID

ENCODERS, SOURCE_VECTORS = ("rnn", "cnn"), ("last", "mean", "attention")
Encoder: TypeAlias = Literal["rnn", "cnn"]
SourceVector: TypeAlias = Literal["last", "mean", "attention"]


@builder
def seq2seq(
    vocabulary_size: int,
    *,
    embedding_dim: int = 256,
    hidden_dim: int = 512,
    num_layers: int = 1,
    encoder: Encoder = "rnn",
    cell: Cell = "gru",
    bidirectional: bool = True,
    merge: Merge = "concat",
    skip_connections: bool = False,
    layer_norm: bool = False,
    filter_width: int = 3,
    source_vector: SourceVector = "last",
    feed_source_vector: bool = False,
    attention: AttentionKind | None = "soft",
    score_mode: ScoreMode = "additive",
    placement: Placement = "luong",
    dropout: float = 0.2,
) -> keras.Model:
    """Build an encoder and a decoder. `Seq2SeqSteps` decodes with them, one token at a time.

    Source and target share one vocabulary. The output projection shares the weights of the token embedding. The initial
    states of the decoder are computed from one vector of the source.

    Args:
        vocabulary_size: V.
        embedding_dim: D.
        hidden_dim: H, units of the decoder, and of each direction of the encoder, or its filters.
        num_layers: number of layers of the encoder, and of the decoder.
        encoder: "rnn", or "cnn": convolutions with tanh, each added to its input from the second one on.
        cell: name of the recurrent cell, see `layers.cells_by_name`.
        bidirectional: whether a recurrent encoder also reads the source backwards.
        merge: "concat" or "sum", how the outputs of the two directions are combined.
        skip_connections: whether each recurrent layer after the first adds its inputs to its outputs.
        layer_norm: whether the inputs of each recurrent layer after the first are normalized.
        filter_width: tokens in a window of a convolutional encoder.
        source_vector: "last", the last states of the recurrent encoder, each layer's for the same layer of the decoder;
            "mean", the mean of the encoder's outputs; or "attention", their sum with learned weights.
        feed_source_vector: whether the source vector, of the last encoder layer, is the decoder's first input, in place
            of the embedding of `[START]`.
        attention: "soft" (a weighted mean of the source), "hard" (one position of the source), or None.
        score_mode: "additive", "general", "dot" or "scaled_dot", the attention score of a source position. The dot
            scores need E = H: a convolutional encoder, one direction, or merge="sum".
        placement: "luong", attention after the recurrent layers, which trains faster; or "bahdanau", before them.
        dropout: in [0, 1), fraction to drop in training of word vectors, between layers and before the logits.

    Returns:
        `keras.Model`: {"source_ids": int [B, S], "target_ids": int [B, T], the target from `[START]` on} ->
        logits float [B, T, V] of the next token at each position.

    Raises:
        InputError: if an argument is outside its range, or arguments do not fit together.

    Example:

    >>> import numpy as np
    >>> model = seq2seq(vocabulary_size=1000, embedding_dim=16, hidden_dim=32)
    >>> model({"source_ids": np.array([[4, 8, 15, 3]]), "target_ids": np.array([[2, 16, 23]])}).shape
    TensorShape([1, 3, 1000])

    References: see the top of this file; Press and Wolf 2017 for tied embeddings.
    """
    require_choice("encoder", encoder, ENCODERS)
    require_choice("cell", cell, tuple(CELLS))
    require_choice("source_vector", source_vector, SOURCE_VECTORS)
    require_choice("attention", attention, ATTENTIONS)
    require_choice("score_mode", score_mode, SCORE_MODES)
    require_choice("placement", placement, PLACEMENTS)
    require_positive(filter_width=filter_width)
    if encoder == "cnn" and source_vector == "last":
        raise InputError(
            "A convolutional encoder has no last state. Expected source_vector='mean' or 'attention' with "
            "encoder='cnn'. Received: source_vector='last'"
        )
    source_ids = keras.Input((None,), dtype="int32", name="source_ids")
    target_ids = keras.Input((None,), dtype="int32", name="target_ids")
    mask = PaddingMask(name="padding_mask")(source_ids)
    embedding = SharedEmbedding(
        vocabulary_size,
        embedding_dim,
        embeddings_initializer=keras.initializers.RandomUniform(-0.1, 0.1),
        name="token_embedding",
    )
    memory = embedding(source_ids)
    states: list[list[keras.KerasTensor]] = []
    layers = layers_between(num_layers, skip_connections, layer_norm, prefix="encoder_")
    for number in range(num_layers):
        dropped = keras.layers.Dropout(dropout, name=f"source_dropout_{number}")
        if encoder == "rnn":
            layers[f"dropout_{number}"] = dropped
            layers[f"recurrent_{number}"] = Recurrent(hidden_dim, cell, bidirectional, merge, name=f"encoder_{number}")
        else:
            memory = _convolve(dropped(memory), mask, hidden_dim, filter_width, number)
    if encoder == "rnn":
        memory, states = read_stack(layers, memory, mask)
    memory = keras.layers.Identity(name="memory")(memory)
    num_parts = len(CELLS[cell].state)
    if source_vector == "last":
        vectors_by_layer = _last_states(states, num_parts)
    else:
        pooled = pooling_layer(source_vector, "source_vector", units=hidden_dim)(memory, mask=mask)
        vectors_by_layer = [[pooled] * num_parts] * num_layers
    initial_state = _bridge(vectors_by_layer, hidden_dim)

    vectors = embedding(target_ids)
    if feed_source_vector:
        first_input = keras.layers.Dense(embedding_dim, name="first_input")(vectors_by_layer[-1][0])
        vectors = ReplaceToken(START_ID, name="start_replacement")(vectors, target_ids, first_input)
    vectors = keras.layers.Dropout(dropout, name="target_dropout")(vectors)
    hidden = RecurrentDecoder(
        hidden_dim,
        embedding_dim,
        num_layers,
        cell,
        attention,
        score_mode,
        placement,
        skip_connections,
        layer_norm,
        name="decoder",
    )(vectors, memory, initial_state, memory_mask=mask)
    hidden = keras.layers.Dropout(dropout, name="dropout")(hidden)
    logits = AddBias(name="logits")(embedding(hidden, reverse=True))
    return keras.Model({"source_ids": source_ids, "target_ids": target_ids}, logits, name="seq2seq")


def _convolve(
    inputs: keras.KerasTensor, mask: keras.KerasTensor, filters: int, width: int, number: int
) -> keras.KerasTensor:
    """Return the outputs of convolution `number`: one per token, independent of padding."""
    outputs = TextConvolution(filters, width, "same", "tanh", name=f"encoder_{number}")(inputs, mask=mask)
    return keras.layers.Add(name=f"residual_{number}")([inputs, outputs]) if number else outputs


def _last_states(states: Sequence[Sequence[keras.KerasTensor]], num_parts: int) -> list[list[keras.KerasTensor]]:
    """Return the last states by layer: the parts of a state, each of both directions."""
    by_layer = []
    for number, state in enumerate(states):
        parts = [state[part::num_parts] for part in range(num_parts)]
        by_layer.append(
            [
                keras.layers.Concatenate(name=f"joined_{number}_{part}")(of_directions)
                if len(of_directions) > 1
                else of_directions[0]
                for part, of_directions in enumerate(parts)
            ]
        )
    return by_layer


def _bridge(vectors_by_layer: Sequence[Sequence[keras.KerasTensor]], hidden_dim: int) -> list[keras.KerasTensor]:
    """Return the initial states of the decoder layers, each from a vector of the source."""
    return [
        keras.layers.Dense(hidden_dim, activation="tanh", name=f"bridge_{number}_{part}")(vector)
        for number, vectors in enumerate(vectors_by_layer)
        for part, vector in enumerate(vectors)
    ]
