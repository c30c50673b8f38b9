"""Stacked recurrent layers: layer normalization and skip connections between them, dense layers before and after them.

With all of them, layer n reads and returns

    x_n = x_{n-1} + recurrent_n(dropout(norm(x_{n-1})))

where x_0 is the output of the first layer, which has neither norm nor skip connection.

Shapes: B batch, T length, D width of a vector, H units.

References: Pascanu et al. 2014, "How to Construct Deep Recurrent Neural Networks", section 3, for dense layers between
input, state and output; Wu et al. 2016, "Google's Neural Machine Translation System", section 3.1, for skip
connections; Ba et al. 2016, "Layer Normalization".
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import keras

from kerasnlp_zoo.errors import InputError

Layers: TypeAlias = dict[str, keras.layers.Layer]  # by name


def layers_between(num_layers: int, skip_connections: bool, layer_norm: bool, prefix: str = "") -> Layers:
    """Return the layers norm_n and skip_n that `read_stack` applies at each recurrent layer n after the first.

    The names of the Keras layers begin with `prefix`.

    Raises:
        InputError: if there is only one recurrent layer.
    """
    if num_layers == 1 and (skip_connections or layer_norm):
        raise InputError(
            "skip_connections and layer_norm are between stacked layers, so they need num_layers of at least 2. "
            f"Received: num_layers=1, skip_connections={skip_connections}, layer_norm={layer_norm}"
        )
    layers: Layers = {}
    for number in range(1, num_layers):
        if layer_norm:
            layers[f"norm_{number}"] = keras.layers.LayerNormalization(name=f"{prefix}norm_{number}")
        if skip_connections:
            layers[f"skip_{number}"] = keras.layers.Add(name=f"{prefix}skip_{number}")
    return layers


def dense_layers(units: int, num_input_layers: int, num_output_layers: int, output_units: int | None = None) -> Layers:
    """Return dense layers with tanh before and after the stack, input_n and output_n, for `read_dense`.

    Args:
        units: width of the layers before the stack.
        num_input_layers: number of layers before the stack (>= 0).
        num_output_layers: number of layers after the stack (>= 0).
        output_units: width of the layers after the stack; None for `units`.

    Raises:
        InputError: if a number is not an integer of at least 0.
    """
    layers: Layers = {}
    for side, count, width in (
        ("input", num_input_layers, units),
        ("output", num_output_layers, output_units or units),
    ):
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise InputError(
                f"num_{side}_layers must be an integer of at least 0. Received: num_{side}_layers={count!r}"
            )
        for number in range(count):
            name = f"{side}_{number}"
            layers[name] = keras.layers.Dense(width, activation="tanh", name=name)
    return layers


def read_dense(layers: Mapping[str, keras.layers.Layer], side: str, vectors: keras.KerasTensor) -> keras.KerasTensor:
    """Apply the dense layers of one side, "input" or "output", to vectors [..., D]."""
    number = 0
    while f"{side}_{number}" in layers:
        vectors = layers[f"{side}_{number}"](vectors)
        number += 1
    return vectors


def read_stack(
    layers: Mapping[str, keras.layers.Layer],
    vectors: keras.KerasTensor,
    mask: keras.KerasTensor,
    initial_states: Sequence[Sequence[keras.KerasTensor] | None] | None = None,
    previous_outputs: keras.KerasTensor | None = None,
) -> tuple[keras.KerasTensor, list[list[keras.KerasTensor]]]:
    """Apply the layers below and in a stack.

    Args:
        layers: by name: dropout_n and recurrent_n, n from 0 on; and those of `dense_layers` and `layers_between`.
        vectors: float [B, T, D].
        mask: bool [B, T].
        initial_states: the state of each recurrent layer, see `Recurrent`; None for zeros.
        previous_outputs: float [B, T, H], for the teacher forcing of the layers that have it.

    Returns:
        (outputs, states): float [B, T, H or 2H], and the last state of each recurrent layer.
    """
    vectors = read_dense(layers, "input", vectors)
    states: list[list[keras.KerasTensor]] = []
    while f"recurrent_{(number := len(states))}" in layers:
        recurrent = layers[f"recurrent_{number}"]
        hidden = layers[f"norm_{number}"](vectors) if f"norm_{number}" in layers else vectors
        hidden = layers[f"dropout_{number}"](hidden)
        forced = {"previous_outputs": previous_outputs} if recurrent.teacher_forcing else {}
        start = None if initial_states is None else initial_states[number]
        outputs, state = recurrent(hidden, mask=mask, initial_state=start, **forced)
        vectors = layers[f"skip_{number}"]([vectors, outputs]) if f"skip_{number}" in layers else outputs
        states.append(state)
    return vectors, states
