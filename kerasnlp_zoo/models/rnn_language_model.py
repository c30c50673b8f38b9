"""A recurrent language model: each step reads a word, updates a state and predicts the next word.

Shapes: B batch, T length, D embedding width, H units of a layer, V vocabulary.

References: Mikolov et al. 2010, "Recurrent neural network based language model"; Press and Wolf 2017, "Using the
Output Embedding to Improve Language Models", for tied embeddings.
"""

import itertools
from collections.abc import Mapping

import keras

from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.layers import AddBias, PaddingMask, Recurrent, SharedEmbedding
from kerasnlp_zoo.layers.cells_by_name import CELLS, Cell
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.output_layer import Output, output_layer
from kerasnlp_zoo.models.recurrent_stack import Layers, dense_layers, layers_between, read_dense, read_stack


@builder
def rnn_language_model(
    vocabulary_size: int,
    *,
    embedding_dim: int = 256,
    hidden_dim: int = 256,
    num_layers: int = 2,
    cell: Cell = "lstm",
    teacher_forcing: bool = False,
    skip_connections: bool = False,
    layer_norm: bool = False,
    num_input_layers: int = 0,
    num_output_layers: int = 0,
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
        cell: name of the recurrent cell, see `layers.cells_by_name`.
        teacher_forcing: whether training gives the cell "output_recurrent" the vector of the correct word, instead of
            its own output of the step before. Its outputs must then be compared with word vectors: one layer, tied
            embeddings and no dense layers after it.
        skip_connections: whether each recurrent layer after the first adds its inputs to its outputs, which needs
            H = D.
        layer_norm: whether the inputs of each recurrent layer after the first are normalized.
        num_input_layers: number of dense layers with H units and tanh between the words and the recurrent layers.
        num_output_layers: number of dense layers with D units and tanh after the recurrent layers.
        tie_embeddings: whether the output projection and the embedding share their weights.
        output: "softmax", or "hierarchical_softmax" for the log-probabilities of a Huffman tree, whose inner nodes
            have vectors of their own.
        dropout: in [0, 1), fraction of features to drop in training before, between and after the layers, the
            same ones at all steps of a sequence.
        recurrent_dropout: in [0, 1), fraction of the state's units to drop between steps.

    Returns:
        `keras.Model`: token_ids int [B, T] -> logits float [B, T, V] of the next word at each position.

    Raises:
        InputError: if an argument is outside its range, or arguments do not fit together.

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
    if skip_connections and hidden_dim != embedding_dim:
        raise InputError(
            "skip_connections add the inputs of the last layer, of width hidden_dim, to its outputs, of width "
            f"embedding_dim. Set both to the same number. Received: hidden_dim={hidden_dim}, "
            f"embedding_dim={embedding_dim}"
        )
    if teacher_forcing and (num_layers > 1 or num_output_layers or not tie_embeddings):
        raise InputError(
            "teacher_forcing replaces the output of a step by the vector of the correct word, so the output must be "
            "such a vector. Set num_layers=1, num_output_layers=0 and tie_embeddings=True. Received: "
            f"num_layers={num_layers}, num_output_layers={num_output_layers}, tie_embeddings={tie_embeddings}"
        )
    layers: Layers = {
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
            units,
            cell,
            recurrent_dropout=recurrent_dropout,
            teacher_forcing=teacher_forcing,
            name=f"recurrent_{number}",
        )
    for number in range(num_layers + 1):
        # SpatialDropout1D: one pattern for all steps of a sequence (variational dropout).
        layers[f"dropout_{number}"] = keras.layers.SpatialDropout1D(dropout, name=f"dropout_{number}")
    layers |= layers_between(num_layers, skip_connections, layer_norm)
    layers |= dense_layers(hidden_dim, num_input_layers, num_output_layers, embedding_dim)
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    _, logits, _ = _connect(layers, token_ids)
    return keras.Model(token_ids, logits, name="rnn_language_model")


def recurrent_state_spec(model: keras.Model) -> dict[str, tuple[tuple[int, ...], str]]:
    """Return {name: ((units,), dtype)} of each part of the state of each layer."""
    layers = {layer.name: layer for layer in model.layers}
    return {
        name: ((layers[f"recurrent_{number}"].units,), "float32")
        for number, names in enumerate(_state_names(layers))
        for name in names
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
    vectors = layers["token_embedding"](token_ids)
    names = _state_names(layers)
    starts = None if state is None else [[state[name] for name in of_layer] for of_layer in names]
    hidden, ends = read_stack(layers, vectors, mask, starts, previous_outputs=vectors)
    hidden = read_dense(layers, "output", layers[f"dropout_{len(ends)}"](hidden))
    is_product = isinstance(layers["logits"], AddBias)
    logits = layers["logits"](layers["token_embedding"](hidden, reverse=True) if is_product else hidden)
    return hidden, logits, dict(zip(itertools.chain(*names), itertools.chain(*ends), strict=True))


def _state_names(layers: Mapping[str, keras.layers.Layer]) -> list[list[str]]:
    """Return the names of the parts of each layer's state."""
    count = sum(isinstance(layer, Recurrent) for layer in layers.values())
    cells = [layers[f"recurrent_{number}"].cell for number in range(count)]
    return [[f"state_{number}_{part}" for part in CELLS[cell].state] for number, cell in enumerate(cells)]
