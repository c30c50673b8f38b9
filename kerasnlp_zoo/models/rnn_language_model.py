"""A recurrent language model: each step reads a word, updates a state and predicts the next word.

Shapes: B batch, T length, D embedding width, H units of a layer, V vocabulary.

References: Mikolov et al. 2010, "Recurrent neural network based language model"; Press and Wolf 2017, "Using the
Output Embedding to Improve Language Models", for tied embeddings.
"""

from collections.abc import Mapping

import keras

from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.layers import AddBias, PaddingMask, Recurrent, SharedEmbedding
from kerasnlp_zoo.layers.recurrent import CELLS, Cell
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.output_layer import Output, output_layer

PARTS = {"rnn": "h", "gru": "h", "lstm": "hc"}  # the parts of a cell's state: h output, c cell


@builder
def rnn_language_model(
    vocabulary_size: int,
    *,
    embedding_dim: int = 256,
    hidden_dim: int = 256,
    num_layers: int = 2,
    cell: Cell = "lstm",
    tie_embeddings: bool = True,
    output: Output = "softmax",
    dropout: float = 0.3,
    recurrent_dropout: float = 0.0,
) -> keras.Model:
    """Build a language model that starts each text from the zero state; `with_state` returns one that continues a text.

    Args:
        vocabulary_size: V, number of token ids.
        embedding_dim: D, width of a word vector, and of the last layer.
        hidden_dim: H, units of the layers before the last.
        num_layers: number of recurrent layers.
        cell: "rnn", "gru" or "lstm".
        tie_embeddings: whether the output projection and the embedding share their weights.
        output: "softmax", or "hierarchical_softmax" for the log-probabilities of a Huffman tree, whose inner nodes
            have vectors of their own.
        dropout: in [0, 1), fraction of features to drop in training before, between and after the layers, the
            same ones at all steps of a sequence.
        recurrent_dropout: in [0, 1), fraction of the state's units to drop between steps.

    Returns:
        `keras.Model`: token_ids int [B, T] -> logits float [B, T, V] of the next word at each position.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = rnn_language_model(vocabulary_size=1000, embedding_dim=16, hidden_dim=32)
    >>> model(np.array([[4, 8, 15]])).shape
    TensorShape([1, 3, 1000])

    References: Zaremba et al. 2014, "Recurrent Neural Network Regularization"; Merity et al. 2018, "Regularizing
    and Optimizing LSTM Language Models", section 4, for dropout and the width of the last layer.
    """
    require_choice("cell", cell, tuple(CELLS))
    has_tree = output == "hierarchical_softmax"
    if has_tree and tie_embeddings:
        raise InputError(
            "tie_embeddings=True uses the vectors of the words in the output layer, but the vectors of a hierarchical "
            "softmax belong to the inner nodes of its tree. Use tie_embeddings=False, or output='softmax'"
        )
    layers = {
        "padding_mask": PaddingMask(name="padding_mask"),
        "token_embedding": SharedEmbedding(
            vocabulary_size,
            embedding_dim,
            tie_weights=tie_embeddings or has_tree,  # a tree needs no other table
            embeddings_initializer=keras.initializers.RandomUniform(-0.1, 0.1),
            name="token_embedding",
        ),
        "logits": output_layer(vocabulary_size, output) if has_tree else AddBias(name="logits"),
    }
    for number in range(num_layers):
        units = hidden_dim if number < num_layers - 1 else embedding_dim
        layers[f"recurrent_{number}"] = Recurrent(
            units, cell, recurrent_dropout=recurrent_dropout, name=f"recurrent_{number}"
        )
    for number in range(num_layers + 1):
        # SpatialDropout1D: one pattern for all steps of a sequence (variational dropout).
        layers[f"dropout_{number}"] = keras.layers.SpatialDropout1D(dropout, name=f"dropout_{number}")
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    _, logits, _ = _connect(layers, token_ids)
    return keras.Model(token_ids, logits, name="rnn_language_model")


def recurrent_state_spec(model: keras.Model) -> dict[str, tuple[tuple[int, ...], str]]:
    """Return {name: ((units,), dtype)} of each part of the state of each layer."""
    recurrent = [layer for layer in model.layers if isinstance(layer, Recurrent)]
    return {
        f"state_{number}_{part}": ((layer.units,), "float32")
        for number, layer in enumerate(recurrent)
        for part in PARTS[layer.cell]
    }


def read_recurrently(
    model: keras.Model, token_ids: keras.KerasTensor, state: Mapping[str, keras.KerasTensor]
) -> dict[str, keras.KerasTensor]:
    """Return {"hidden", "logits", **state} after the tokens, which follow those of the given state."""
    layers = {layer.name: layer for layer in model.layers}
    hidden, logits, ends = _connect(layers, token_ids, state)
    return {"hidden": hidden, "logits": logits, **ends}


def _connect(
    layers: Mapping[str, keras.layers.Layer],
    token_ids: keras.KerasTensor,
    state: Mapping[str, keras.KerasTensor] | None = None,
) -> tuple[keras.KerasTensor, keras.KerasTensor, dict[str, keras.KerasTensor]]:
    """Apply the layers to token ids; return (hidden, logits, final state)."""
    mask = layers["padding_mask"](token_ids)
    hidden = layers["token_embedding"](token_ids)
    ends: dict[str, keras.KerasTensor] = {}
    number = 0
    while f"recurrent_{number}" in layers:
        layer = layers[f"recurrent_{number}"]
        names = [f"state_{number}_{part}" for part in PARTS[layer.cell]]
        hidden = layers[f"dropout_{number}"](hidden)
        start = None if state is None else [state[name] for name in names]
        hidden, end = layer(hidden, mask=mask, initial_state=start)
        ends.update(zip(names, end, strict=True))
        number += 1
    hidden = layers[f"dropout_{number}"](hidden)
    is_product = isinstance(layers["logits"], AddBias)
    logits = layers["logits"](layers["token_embedding"](hidden, reverse=True) if is_product else hidden)
    return hidden, logits, ends
