"""Bengio's neural probabilistic language model: the concatenated vectors of the last words, and one hidden layer.

Shapes: B batch, T length, D embedding width, H hidden units, L words of context, V vocabulary.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import keras
from keras import ops

from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.layers import FirstPositions
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.embedding_inputs import embed_words
from kerasnlp_zoo.models.output_layer import Output, output_layer
from kerasnlp_zoo.models.token_window import append_tokens, last_tokens

Activation: TypeAlias = Literal["tanh", "relu"]
PREVIOUS = "previous_ids"  # the state: the last L tokens


@builder
def nnlm(
    vocabulary_size: int,
    *,
    embedding_dim: int = 100,
    hidden_dim: int = 100,
    context_size: int = 4,
    activation: Activation = "tanh",
    direct_connections: bool = False,
    output: Output = "softmax",
    dropout: float = 0.2,
) -> keras.Model:
    """Build a model that predicts the next word from the previous `context_size` words.

    y = b + U tanh(d + H x), and with direct connections y = b + W x + U tanh(d + H x), where x is the
    concatenation of the vectors of these words. U and W are one matrix here, applied to the concatenation of the
    hidden layer and x.

    Args:
        vocabulary_size: V, number of token ids.
        embedding_dim: D, width of a word vector.
        hidden_dim: H, units of the hidden layer.
        context_size: L, number of previous words, one less than the order n of an n-gram model.
        activation: "tanh" or "relu", of the hidden layer.
        direct_connections: whether the word vectors are also connected to the logits directly.
        output: "softmax", or "hierarchical_softmax" for the log-probabilities of a Huffman tree.
        dropout: in [0, 1), fraction of x and of the hidden layer to drop in training.

    Returns:
        `keras.Model`: token_ids int [B, T], of which the first L are used, in the order of the text -> logits float [B,
        V] of the next word.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> nnlm(vocabulary_size=1000, context_size=3)(np.array([[4, 8, 15]])).shape
    TensorShape([1, 1000])

    Reference: Bengio, Ducharme, Vincent and Jauvin 2003, "A Neural Probabilistic Language Model", equation 1.
    """
    require_positive(context_size=context_size)
    require_choice("activation", activation, ("tanh", "relu"))
    token_ids, mask, vectors = embed_words(vocabulary_size, embedding_dim, "random")
    context = FirstPositions(context_size, name="context")(vectors, mask=mask)  # [B, L x D]
    context = keras.layers.Dropout(dropout, name="dropout_context")(context)
    features = keras.layers.Dense(hidden_dim, activation, name="hidden")(context)  # [B, H]
    features = keras.layers.Dropout(dropout, name="dropout_hidden")(features)
    if direct_connections:
        features = keras.layers.Concatenate(name="direct_connections")([features, context])
    return keras.Model(token_ids, output_layer(vocabulary_size, output)(features), name="nnlm")


def nnlm_state_spec(model: keras.Model) -> dict[str, tuple[tuple[int, ...], str]]:
    """Return {name: ((L,), dtype)} of the last L tokens; 0 is a place before the first token."""
    return {PREVIOUS: ((model.get_layer("context").length,), "int32")}


def read_windows(
    model: keras.Model, token_ids: keras.KerasTensor, state: Mapping[str, keras.KerasTensor]
) -> dict[str, keras.KerasTensor]:
    """Return {"hidden", "logits", state} after the tokens [B, T], each with the L - 1 tokens before it."""
    layers = {layer.name: layer for layer in model.layers}
    length = layers["context"].length
    vectors = layers["token_embedding"](append_tokens(state[PREVIOUS], token_ids))  # [B, L + T, D]
    starts = range(1, length + 1)
    context = ops.concatenate(
        [vectors[:, start : start - length or None] for start in starts], axis=-1
    )  # [B, T, L x D]
    context = layers["dropout_context"](context)  # [B, T, L x D]
    hidden = layers["dropout_hidden"](layers["hidden"](context))
    if "direct_connections" in layers:
        hidden = layers["direct_connections"]([hidden, context])
    return {
        "hidden": hidden,
        "logits": layers["logits"](hidden),
        PREVIOUS: last_tokens(state[PREVIOUS], token_ids),
    }
