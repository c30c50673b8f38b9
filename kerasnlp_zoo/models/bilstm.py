"""A classifier and a tagger with stacked recurrent layers that read the text in both directions.

The cell (LSTM, GRU or simple RNN), the directions, a convolution before the layers and additional features of the words
are arguments, so they can be compared.

Shapes: B batch, T length, L letters of a word, D embedding width, V vocabulary, H units of a direction, C classes.

References: Graves and Schmidhuber 2005, "Framewise Phoneme Classification with Bidirectional LSTM and Other Neural
Network Architectures"; for stacked layers Graves et al. 2013, "Speech Recognition with Deep Recurrent Neural Networks".
"""

from collections.abc import Sequence
from functools import partial
from typing import Literal, TypeAlias, Unpack

import keras

from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.layers import Recurrent, TextConvolution
from kerasnlp_zoo.layers.cells_by_name import Cell
from kerasnlp_zoo.layers.characters import CharacterEncoder
from kerasnlp_zoo.layers.recurrent import Merge
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.embedding_inputs import Channels, embed_words
from kerasnlp_zoo.models.pooling import pooling_layer
from kerasnlp_zoo.models.recurrent_stack import Layers, dense_layers, layers_between, read_dense, read_stack
from kerasnlp_zoo.models.tagger_features import FeatureArguments, word_features

POOLINGS = ("max", "mean", "last", "attention")
Pooling: TypeAlias = Literal["max", "mean", "last", "attention"]


class TaggerArguments(FeatureArguments, total=False):
    """The arguments of `tagger_encoder` that have a default. The builders of taggers also take them."""

    hidden_dim: int
    num_layers: int
    cell: Cell
    bidirectional: bool
    merge: Merge
    skip_connections: bool
    layer_norm: bool
    num_input_layers: int
    num_output_layers: int
    filter_width: int | None


@builder
def bilstm(
    vocabulary_size: int,
    num_classes: int,
    *,
    embedding_dim: int = 100,
    hidden_dim: int = 128,
    num_layers: int = 2,
    cell: Cell = "lstm",
    bidirectional: bool = True,
    merge: Merge = "concat",
    skip_connections: bool = False,
    layer_norm: bool = False,
    num_input_layers: int = 0,
    num_output_layers: int = 0,
    pooling: Pooling = "max",
    channels: Channels = "random",
    filter_width: int | None = None,
    dropout: float = 0.5,
) -> keras.Model:
    """Build a recurrent classifier of texts.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        num_classes: >= 1, C; 1 for a regression.
        embedding_dim: D, width of a word vector.
        hidden_dim: H, units of each direction of each layer.
        num_layers: number of recurrent layers.
        cell: name of the recurrent cell, see `layers.cells_by_name`.
        bidirectional: whether each layer also reads the text backwards.
        merge: "concat" or "sum", how the two directions are combined.
        skip_connections: whether each recurrent layer after the first adds its inputs to its outputs.
        layer_norm: whether the inputs of each recurrent layer after the first are normalized.
        num_input_layers: number of dense layers with H units and tanh between the words and the recurrent layers.
        num_output_layers: number of such layers before the logits.
        pooling: the vector of a text: "max" or "mean" over all words; "last", the final state of each direction; or
            "attention", a weighted mean with learned weights.
        channels: "random", "static", "non_static" or "multichannel" word vectors, as for `text_cnn`.
        filter_width: words in a window of a convolution with D filters before the recurrent layers; None for no
            convolution.
        dropout: in [0, 1), fraction of features to drop in training, before every recurrent layer and after the last;
            the same features are dropped for all words of a text.

    Returns:
        `keras.Model`: token_ids int [B, T] -> logits float [B, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = bilstm(vocabulary_size=1000, num_classes=2, hidden_dim=16)
    >>> model(np.array([[4, 8, 15, 0]])).shape
    TensorShape([1, 2])

    References: Zhou et al. 2015, "A C-LSTM Neural Network for Text Classification", for the convolution.
    """
    require_choice("pooling", pooling, POOLINGS)
    token_ids, mask, vectors = embed_words(vocabulary_size, embedding_dim, channels)
    if filter_width is not None:
        vectors = _convolution(vectors, mask, embedding_dim, filter_width)
    layers = _stack(hidden_dim, num_layers, cell, bidirectional, merge, dropout)
    layers |= layers_between(num_layers, skip_connections, layer_norm)
    layers |= dense_layers(hidden_dim, num_input_layers, num_output_layers)
    outputs, states = read_stack(layers, vectors, mask)
    if pooling == "last":
        state = states[-1]
        ends = [state[0], state[len(state) // 2]] if bidirectional else [state[0]]  # each direction's h
        features = _joined(ends, merge, name="pooling")
    else:
        features = pooling_layer(pooling, name="pooling", units=hidden_dim)(outputs, mask=mask)
    features = keras.layers.Dropout(dropout, name="dropout")(features)
    logits = keras.layers.Dense(num_classes, name="logits")(read_dense(layers, "output", features))
    return keras.Model(token_ids, logits, name="bilstm")


def tagger_encoder(
    vocabulary_size: int,
    *,
    embedding_dim: int = 300,
    hidden_dim: int = 128,
    num_layers: int = 2,
    cell: Cell = "lstm",
    bidirectional: bool = True,
    merge: Merge = "concat",
    skip_connections: bool = False,
    layer_norm: bool = False,
    num_input_layers: int = 0,
    num_output_layers: int = 0,
    channels: Channels = "random",
    filter_width: int | None = None,
    character_vocabulary_size: int | None = None,
    character_encoder: CharacterEncoder = "cnn",
    num_bigram_bins: int | None = None,
    bigram_dim: int = 50,
    word_dropout: float = 0.0,
    dropout: float = 0.5,
) -> tuple[keras.KerasTensor | dict[str, keras.KerasTensor], keras.KerasTensor, keras.KerasTensor]:
    """Return the encoder of a tagger: all layers before its head.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        embedding_dim, hidden_dim, num_layers, cell, bidirectional, merge, skip_connections, layer_norm,
            num_input_layers, num_output_layers, channels, filter_width: as for `bilstm`.
        character_vocabulary_size, character_encoder, num_bigram_bins, bigram_dim, word_dropout: as for `word_features`.
        dropout: in [0, 1), as for `bilstm`.

    Returns:
        (inputs of the model, mask bool [B, T], vectors float [B, T, H or 2H]), symbolic.

    Raises:
        InputError: if an argument is outside its range.
    """
    inputs, mask, vectors = word_features(
        vocabulary_size,
        embedding_dim=embedding_dim,
        channels=channels,
        character_vocabulary_size=character_vocabulary_size,
        character_encoder=character_encoder,
        num_bigram_bins=num_bigram_bins,
        bigram_dim=bigram_dim,
        word_dropout=word_dropout,
        dropout=dropout,
    )
    if filter_width is not None:
        vectors = _convolution(vectors, mask, vectors.shape[-1], filter_width)
    layers = _stack(hidden_dim, num_layers, cell, bidirectional, merge, dropout)
    layers |= layers_between(num_layers, skip_connections, layer_norm)
    layers |= dense_layers(hidden_dim, num_input_layers, num_output_layers)
    outputs, _ = read_stack(layers, vectors, mask)
    outputs = keras.layers.SpatialDropout1D(dropout, name="dropout")(outputs)
    return inputs, mask, read_dense(layers, "output", outputs)


with_tagger_arguments = partial(builder, base=tagger_encoder)


@with_tagger_arguments
def bilstm_tagger(vocabulary_size: int, num_classes: int, **encoder: Unpack[TaggerArguments]) -> keras.Model:
    """Build a recurrent tagger, which predicts a label for every word from the complete sentence.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        num_classes: C, number of tags.
        **encoder: other arguments of `tagger_encoder`.

    Returns:
        `keras.Model`: token_ids int [B, T], or {"token_ids": [B, T], "character_ids": [B, T, L]} with characters
        -> logits float [B, T, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = bilstm_tagger(vocabulary_size=1000, num_classes=9, hidden_dim=16)
    >>> model(np.array([[4, 8, 15, 0]])).shape
    TensorShape([1, 4, 9])

    References: Huang et al. 2015, "Bidirectional LSTM-CRF Models for Sequence Tagging", section 2.2; Lample et al.
    2016 and Ma and Hovy 2016 for the letters.
    """
    inputs, _, vectors = tagger_encoder(vocabulary_size, **encoder)
    logits = keras.layers.Dense(num_classes, name="logits")(vectors)
    return keras.Model(inputs, logits, name="bilstm_tagger")


def _convolution(
    vectors: keras.KerasTensor, mask: keras.KerasTensor, num_filters: int, filter_width: int
) -> keras.KerasTensor:
    """Return a vector of the window around every word: [B, T, num_filters]."""
    require_positive(filter_width=filter_width)
    return TextConvolution(num_filters, filter_width, padding="same", name="convolution")(vectors, mask=mask)


def _stack(hidden_dim: int, num_layers: int, cell: Cell, bidirectional: bool, merge: Merge, dropout: float) -> Layers:
    """Return the recurrent layers and the dropout before each of them, for `read_stack`."""
    layers: Layers = {}
    for number in range(num_layers):
        layers[f"dropout_{number}"] = keras.layers.SpatialDropout1D(dropout, name=f"dropout_{number}")
        layers[f"recurrent_{number}"] = Recurrent(hidden_dim, cell, bidirectional, merge, name=f"recurrent_{number}")
    return layers


def _joined(vectors: Sequence[keras.KerasTensor], merge: Merge, name: str) -> keras.KerasTensor:
    """Return the vectors of one or two directions, combined as in the recurrent layers."""
    if len(vectors) == 1:
        return vectors[0]
    return keras.layers.Concatenate(name=name)(vectors) if merge == "concat" else keras.layers.Add(name=name)(vectors)
