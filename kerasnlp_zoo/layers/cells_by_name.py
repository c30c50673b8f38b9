"""The recurrent cells by name, as the argument `cell` of layers and builders takes them.

| name | state after step t; u_t = tanh([x_t, h_{t-1}] W + b) |
|---|---|
| lstm | h_t = o_t * tanh(c_t), c_t = f_t * c_{t-1} + i_t * u_t |
| gru | h_t = z_t * h_{t-1} + (1 - z_t) * tanh(x_t W + r_t * (h_{t-1} U + b)) |
| gru_reset_before | the same with (r_t * h_{t-1}) U, as Cho et al. 2014 write it |
| rnn, rnn_relu | u_t; with ReLU instead of tanh |
| additive | h_{t-1} + u_t |
| coupled_gate | f_t * h_{t-1} + (1 - f_t) * u_t |
| separate_gates | f_t * h_{t-1} + i_t * u_t |
| leaky, leaky_learned | a * h_{t-1} + (1 - a) * u_t with a = 0.9, or a learned by each unit |
| time_skip | tanh([x_t, h_{t-1}, h_{t-4}] W + b) |
| time_skip_only | tanh([x_t, h_{t-4}] W + b) |
| deep_transition | tanh(u_t V + c) |
| output_recurrent | u_t V + c, the output of the step |

References: Hochreiter and Schmidhuber 1997; Cho et al. 2014, equations 5 to 8; Elman 1990; for the others see
recurrent_cells.py.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

import keras

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers.recurrent_cells import (
    AdditiveStateCell,
    CoupledGateCell,
    DeepTransitionCell,
    LeakyCell,
    OutputRecurrentCell,
    RecurrentCell,
    SeparateGatesCell,
    TimeSkipCell,
)

Cell: TypeAlias = Literal[
    "lstm",
    "gru",
    "gru_reset_before",
    "rnn",
    "rnn_relu",
    "additive",
    "coupled_gate",
    "separate_gates",
    "leaky",
    "leaky_learned",
    "time_skip",
    "time_skip_only",
    "deep_transition",
    "output_recurrent",
]


class CellKind(NamedTuple):
    """How to make the layer of a cell, and the names of the parts of its state; the first part is the output."""

    make: Callable[..., keras.layers.RNN]
    state: tuple[str, ...] = ("h",)


def _loop_over(cell: type[RecurrentCell], **options: Any) -> Callable[..., keras.layers.RNN]:
    """Return a function that makes a layer with a cell of recurrent_cells.py."""

    def make(units: int, recurrent_dropout: float, dtype: Any, **arguments: Any) -> keras.layers.RNN:
        if recurrent_dropout:
            raise InputError(
                f"A {cell.__name__} has no recurrent dropout. Set recurrent_dropout=0, and use dropout between layers, "
                f"or a cell of Keras: {', '.join(OF_KERAS)}. Received: recurrent_dropout={recurrent_dropout}"
            )
        return keras.layers.RNN(cell(units, dtype=dtype, name="cell", **options), dtype=dtype, **arguments)

    return make


OF_KERAS: dict[Cell, CellKind] = {
    "lstm": CellKind(keras.layers.LSTM, ("h", "c")),
    "gru": CellKind(keras.layers.GRU),
    "gru_reset_before": CellKind(partial(keras.layers.GRU, reset_after=False)),
    "rnn": CellKind(keras.layers.SimpleRNN),
    "rnn_relu": CellKind(partial(keras.layers.SimpleRNN, activation="relu")),
}
EARLIER_STATES = ("h", "h_2", "h_3", "h_4")
CELLS: dict[Cell, CellKind] = {
    **OF_KERAS,
    "additive": CellKind(_loop_over(AdditiveStateCell)),
    "coupled_gate": CellKind(_loop_over(CoupledGateCell)),
    "separate_gates": CellKind(_loop_over(SeparateGatesCell)),
    "leaky": CellKind(_loop_over(LeakyCell)),
    "leaky_learned": CellKind(_loop_over(LeakyCell, learns_leak=True)),
    "time_skip": CellKind(_loop_over(TimeSkipCell, skip=len(EARLIER_STATES)), EARLIER_STATES),
    "time_skip_only": CellKind(
        _loop_over(TimeSkipCell, skip=len(EARLIER_STATES), has_short_edge=False), EARLIER_STATES
    ),
    "deep_transition": CellKind(_loop_over(DeepTransitionCell)),
    "output_recurrent": CellKind(_loop_over(OutputRecurrentCell)),
}
# The cell of teacher forcing; see OutputRecurrentCell for the difference from "output_recurrent".
FORCED = CellKind(_loop_over(OutputRecurrentCell, feeds_direction=True))
