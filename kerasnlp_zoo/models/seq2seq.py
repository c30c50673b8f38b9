"""Sequence to sequence with recurrent networks: read a sentence, write another, looking back at the first.

Shapes: B batch, S time of the source, T of the target, D embedding width, H units, V vocabulary.

References: Sutskever et al. 2014, "Sequence to Sequence Learning with Neural Networks"; Cho et al. 2014, "Learning
Phrase Representations using RNN Encoder-Decoder"; Bahdanau et al. 2015, "Neural Machine Translation by Jointly
Learning to Align and Translate"; Luong et al. 2015, "Effective Approaches to Attention-based Neural Machine
Translation".
"""

import keras

from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.layers import AddBias, PaddingMask, Recurrent, RecurrentDecoder, SharedEmbedding
from kerasnlp_zoo.layers.attention import SCORE_MODES
from kerasnlp_zoo.layers.recurrent import CELLS, NUM_STATES
from kerasnlp_zoo.layers.recurrent_decoder import ATTENTIONS, PLACEMENTS
from kerasnlp_zoo.models.builder import builder


@builder
def seq2seq(
    vocabulary_size,
    embedding_dim=256,
    hidden_dim=512,
    num_layers=1,
    cell="gru",
    bidirectional=True,
    merge="concat",
    attention="soft",
    score="additive",
    placement="luong",
    dropout=0.2,
):
    """Build encoder and decoder; `Seq2SeqSteps` decodes with them, a token at a time.

    Both languages share one vocabulary, whose vectors tell the words, too.

    Args:
        vocabulary_size: int, V.
        embedding_dim: int, D.
        hidden_dim: int, H, units of the decoder, and of each direction of the encoder.
        num_layers: int, recurrent layers of the encoder, and of the decoder.
        cell: "rnn", "gru" or "lstm".
        bidirectional: bool, whether the encoder also reads from the end.
        merge: "concat" or "sum", how the outputs of its two directions are joined.
        attention: "soft" (a mean over the source), "hard" (one of its words), or None.
        score: "additive", "general", "dot" or "scaled_dot", how a word suits the decoder's state; the dot scores
            need vectors of one width: an encoder of one direction, or the sum of two.
        placement: "luong", attention after the recurrent layers, quick to train; or "bahdanau", before them.
        dropout: float in [0, 1), share dropped in training of word vectors, between layers and before the logits.

    Returns:
        `keras.Model`: {"source_ids": int [B, S], "target_ids": int [B, T], the target so far from `[START]` on} ->
        logits float [B, T, V] of the tokens that follow each.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = seq2seq(vocabulary_size=1000, embedding_dim=16, hidden_dim=32)
    >>> model({"source_ids": np.array([[4, 8, 15, 3]]), "target_ids": np.array([[2, 16, 23]])}).shape
    TensorShape([1, 3, 1000])

    References: see the file's head; Press and Wolf 2017 for tied embeddings.
    """
    require_positive(
        vocabulary_size=vocabulary_size, embedding_dim=embedding_dim, hidden_dim=hidden_dim, num_layers=num_layers
    )
    require_choice("cell", cell, tuple(CELLS))
    require_choice("attention", attention, ATTENTIONS)
    require_choice("score", score, SCORE_MODES)
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
    hidden = RecurrentDecoder(hidden_dim, embedding_dim, num_layers, cell, attention, score, placement, name="decoder")(
        vectors, memory, initial_state, memory_mask=mask
    )
    hidden = keras.layers.Dropout(dropout, name="dropout")(hidden)
    logits = AddBias(name="logits")(embedding(hidden, reverse=True))
    return keras.Model({"source_ids": source_ids, "target_ids": target_ids}, logits, name="seq2seq")


def _bridge(states, hidden_dim, cell):
    """Turn the states with which the encoder's layers end, of all directions, into those the decoder's begin with."""
    bridged = []
    for number, state in enumerate(states):
        for part in range(NUM_STATES[cell]):
            of_directions = state[part :: NUM_STATES[cell]]
            joined = (
                keras.layers.Concatenate(name=f"joined_{number}_{part}")(of_directions)
                if len(of_directions) > 1
                else of_directions[0]
            )
            bridged.append(keras.layers.Dense(hidden_dim, activation="tanh", name=f"bridge_{number}_{part}")(joined))
    return bridged
