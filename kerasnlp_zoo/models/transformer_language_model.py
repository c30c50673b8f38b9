"""A Transformer language model: causal attention to the tokens before predicts the next token.

Shapes: B batch, T length, D width of a vector, H heads, K = D / H width of a head, W tokens of a window, V vocabulary.

References: Radford et al. 2018, "Improving Language Understanding by Generative Pre-Training"; Dai et al. 2019,
"Transformer-XL"; Press et al. 2022, "Train Short, Test Long: Attention with Linear Biases".
"""

import math
from collections.abc import Mapping
from typing import Literal, TypeAlias

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.layers import AddBias, PaddingMask, SharedEmbedding, SinusoidalPositions, WindowedTransformerBlock
from kerasnlp_zoo.layers.transformer import ACTIVATIONS, Activation
from kerasnlp_zoo.models.builder import builder

LanguageModelPositions: TypeAlias = Literal["linear_bias", "sinusoidal"]
MEMORY = ("keys", "values")
TABLE = 512  # positions whose sines and cosines are constants; those of later positions are computed from them
POSITIONS: tuple[LanguageModelPositions, ...] = ("linear_bias", "sinusoidal")


@builder
def transformer_language_model(
    vocabulary_size: int,
    *,
    hidden_dim: int = 256,
    num_layers: int = 4,
    num_heads: int = 4,
    intermediate_dim: int = 1024,
    attention_window: int = 128,
    positions: LanguageModelPositions = "linear_bias",
    activation: Activation = "relu",
    norm_first: bool = True,
    dropout: float = 0.2,
) -> keras.Model:
    """Build a decoder-only Transformer, whose output projection is the matrix of the embedding.

    A token attends to itself and to the tokens before it, `attention_window` in all. The keys and values of the last
    tokens are the state of the model. With this state, a text of any length can be read in segments: the logits are
    those of the complete text.

    Args:
        vocabulary_size: V, number of token ids.
        hidden_dim: D, width of a word vector and of the blocks.
        num_layers: number of blocks.
        num_heads: H, number of attention heads of each block; must divide D.
        intermediate_dim: width between the two dense layers of a block.
        attention_window: >= 1, W. Over all blocks, a prediction depends on `num_layers` x (W - 1) + 1 tokens.
        positions: positional encoding: "linear_bias" lowers the attention score in proportion to the distance of two
            tokens; "sinusoidal" adds sines and cosines of the position, counted from the beginning of the text.
        activation: "relu", "gelu" or "gelu_tanh".
        norm_first: whether a block normalizes its inputs instead of its outputs. The outputs of the last block are then
            also normalized.
        dropout: in [0, 1), fraction to drop in training.

    Returns:
        `keras.Model`: token_ids int [B, T], with padding only at the end -> logits float [B, T, V] of the next token
        at each position.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = transformer_language_model(vocabulary_size=1000, hidden_dim=64, num_layers=2)
    >>> model(np.array([[4, 8, 15]])).shape
    TensorShape([1, 3, 1000])
    """
    if hidden_dim % num_heads:
        raise InputError(
            f"hidden_dim must be a multiple of num_heads. Received: hidden_dim={hidden_dim}, num_heads={num_heads}"
        )
    require_positive(attention_window=attention_window)
    require_choice("positions", positions, POSITIONS)
    require_choice("activation", activation, tuple(ACTIVATIONS))
    layers: dict[str, keras.layers.Layer] = {
        "token_embedding": SharedEmbedding(
            vocabulary_size,
            hidden_dim,
            embeddings_initializer=keras.initializers.RandomNormal(stddev=hidden_dim**-0.5),
            name="token_embedding",
        ),
        # Vaswani et al. 2017, section 3.4: embeddings are multiplied by sqrt(D).
        "embedding_scale": keras.layers.Rescaling(math.sqrt(hidden_dim), name="embedding_scale"),
        "embedding_dropout": keras.layers.Dropout(dropout, name="embedding_dropout"),
        "output_dropout": keras.layers.Dropout(dropout, name="output_dropout"),
        "logits": AddBias(name="logits"),
    }
    if positions == "sinusoidal":
        layers["positions"] = SinusoidalPositions(TABLE, name="positions")
    for number in range(num_layers):
        layers[f"layer_{number}"] = WindowedTransformerBlock(
            num_heads,
            intermediate_dim,
            attention_window,
            linear_bias=positions == "linear_bias",
            dropout=dropout,
            activation=activation,
            norm_first=norm_first,
            name=f"layer_{number}",
        )
    if norm_first:
        layers["output_norm"] = keras.layers.LayerNormalization(epsilon=1e-5, name="output_norm")
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    return keras.Model(token_ids, _connect(layers, token_ids)["logits"], name="transformer_language_model")


def memory_spec(model: keras.Model) -> dict[str, tuple[tuple[int, ...], str]]:
    """Return {name: (shape, dtype)}: the number of tokens read, and the last W - 1 keys and values of each block."""
    arguments = model.builder_config["arguments"]
    heads, window = arguments["num_heads"], arguments["attention_window"]
    part = (heads, window - 1, arguments["hidden_dim"] // heads), "float32"
    blocks = {f"{name}_{number}": part for number in range(arguments["num_layers"]) for name in MEMORY}
    return {"num_read": ((), "int32"), **blocks}


def read_with_memory(
    model: keras.Model, token_ids: keras.KerasTensor, state: Mapping[str, keras.KerasTensor]
) -> dict[str, keras.KerasTensor]:
    """Return {"hidden", "logits", **state} after the tokens, which follow those of the given state."""
    return _connect({layer.name: layer for layer in model.layers}, token_ids, state)


def _connect(
    layers: Mapping[str, keras.layers.Layer],
    token_ids: keras.KerasTensor,
    state: Mapping[str, keras.KerasTensor] | None = None,
) -> dict[str, keras.KerasTensor]:
    """Apply the layers to token ids; return {"hidden", "logits"} and, with a state, the state after the tokens."""
    num_read = None if state is None else state["num_read"]
    mask = None if state is None else PaddingMask()(token_ids)
    new_state = {} if state is None else {"num_read": num_read + ops.sum(ops.cast(mask, "int32"), axis=1)}
    hidden = layers["embedding_scale"](layers["token_embedding"](token_ids))
    if "positions" in layers:
        hidden = layers["positions"](hidden, num_read=num_read)
    hidden = layers["embedding_dropout"](hidden)
    number = 0
    while f"layer_{number}" in layers:
        names = [f"{name}_{number}" for name in MEMORY]
        memory = None if state is None else tuple(state[name] for name in names)
        hidden, memory = layers[f"layer_{number}"](hidden, mask=mask, memory=memory, num_read=num_read)
        new_state.update(zip(names, memory, strict=True))
        number += 1
    if "output_norm" in layers:
        hidden = layers["output_norm"](hidden)
    hidden = layers["output_dropout"](hidden)
    logits = layers["logits"](layers["token_embedding"](hidden, reverse=True))
    return {"hidden": hidden, "logits": logits, **new_state}
