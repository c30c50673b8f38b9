"""Sequence to sequence with recurrent networks: an encoder, and a decoder with attention to the encoder's outputs.

Shapes: B batch, S length of the source, T length of the target, D embedding width, H units, V vocabulary.

References: Sutskever et al. 2014, "Sequence to Sequence Learning with Neural Networks"; Cho et al. 2014, "Learning
Phrase Representations using RNN Encoder-Decoder"; Bahdanau et al. 2015, "Neural Machine Translation by Jointly
Learning to Align and Translate"; Luong et al. 2015, "Effective Approaches to Attention-based Neural Machine
Translation".
"""

from collections.abc import Sequence

import keras

from kerasnlp_zoo.errors import require_choice
from kerasnlp_zoo.layers import AddBias, PaddingMask, Recurrent, RecurrentDecoder, SharedEmbedding
from kerasnlp_zoo.layers.attention import SCORE_MODES, ScoreMode
from kerasnlp_zoo.layers.cells_by_name import CELLS, Cell
from kerasnlp_zoo.layers.recurrent import Merge
from kerasnlp_zoo.layers.recurrent_decoder import ATTENTIONS, PLACEMENTS, AttentionKind, Placement
from kerasnlp_zoo.models.builder import builder


@builder
def seq2seq(
    vocabulary_size: int,
    *,
    embedding_dim: int = 256,
    hidden_dim: int = 512,
    num_layers: int = 1,
    cell: Cell = "gru",
    bidirectional: bool = True,
    merge: Merge = "concat",
    attention: AttentionKind | None = "soft",
    score_mode: ScoreMode = "additive",
    placement: Placement = "luong",
    dropout: float = 0.2,
) -> keras.Model:
    """Build an encoder and a decoder. `Seq2SeqSteps` decodes with them, one token at a time.

    Source and target share one vocabulary. The output projection shares the weights of the token embedding.

    Args:
        vocabulary_size: V.
        embedding_dim: D.
        hidden_dim: H, units of the decoder, and of each direction of the encoder.
        num_layers: number of recurrent layers of the encoder, and of the decoder.
        cell: name of the recurrent cell, see `layers.cells_by_name`.
        bidirectional: whether the encoder also reads the source backwards.
        merge: "concat" or "sum", how the outputs of the two directions are combined.
        attention: "soft" (a weighted mean of the source), "hard" (one position of the source), or None.
        score_mode: "additive", "general", "dot" or "scaled_dot", the attention score of a source position. The dot
            scores need an encoder output of width H: one direction, or merge="sum".
        placement: "luong", attention after the recurrent layers, which trains faster; or "bahdanau", before them.
        dropout: in [0, 1), fraction to drop in training of word vectors, between layers and before the logits.

    Returns:
        `keras.Model`: {"source_ids": int [B, S], "target_ids": int [B, T], the target from `[START]` on} ->
        logits float [B, T, V] of the next token at each position.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = seq2seq(vocabulary_size=1000, embedding_dim=16, hidden_dim=32)
    >>> model({"source_ids": np.array([[4, 8, 15, 3]]), "target_ids": np.array([[2, 16, 23]])}).shape
    TensorShape([1, 3, 1000])

    References: see the top of this file; Press and Wolf 2017 for tied embeddings.
    """
    require_choice("cell", cell, tuple(CELLS))
    require_choice("attention", attention, ATTENTIONS)
    require_choice("score_mode", score_mode, SCORE_MODES)
    require_choice("placement", placement, PLACEMENTS)
    source_ids = keras.Input((None,), dtype="int32", name="source_ids")
    target_ids = keras.Input((None,), dtype="int32", name="target_ids")
    mask = PaddingMask(name="padding_mask")(source_ids)
    embedding = SharedEmbedding(
        vocabulary_size,
        embedding_dim,
        embeddings_initializer=keras.initializers.RandomUniform(-0.1, 0.1),
        name="token_embedding",
    )
    memory, states = embedding(source_ids), []
    for number in range(num_layers):
        memory = keras.layers.Dropout(dropout, name=f"source_dropout_{number}")(memory)
        memory, state = Recurrent(hidden_dim, cell, bidirectional, merge, name=f"encoder_{number}")(memory, mask=mask)
        states.append(state)
    memory = keras.layers.Identity(name="memory")(memory)
    initial_state = _bridge(states, hidden_dim, cell)

    vectors = keras.layers.Dropout(dropout, name="target_dropout")(embedding(target_ids))
    hidden = RecurrentDecoder(
        hidden_dim, embedding_dim, num_layers, cell, attention, score_mode, placement, name="decoder"
    )(vectors, memory, initial_state, memory_mask=mask)
    hidden = keras.layers.Dropout(dropout, name="dropout")(hidden)
    logits = AddBias(name="logits")(embedding(hidden, reverse=True))
    return keras.Model({"source_ids": source_ids, "target_ids": target_ids}, logits, name="seq2seq")


def _bridge(states: Sequence[Sequence[keras.KerasTensor]], hidden_dim: int, cell: Cell) -> list[keras.KerasTensor]:
    """Return the initial states of the decoder layers from the final states of the encoder layers in all directions."""
    bridged, num_parts = [], len(CELLS[cell].state)
    for number, state in enumerate(states):
        for part in range(num_parts):
            of_directions = state[part::num_parts]
            joined = (
                keras.layers.Concatenate(name=f"joined_{number}_{part}")(of_directions)
                if len(of_directions) > 1
                else of_directions[0]
            )
            bridged.append(keras.layers.Dense(hidden_dim, activation="tanh", name=f"bridge_{number}_{part}")(joined))
    return bridged
