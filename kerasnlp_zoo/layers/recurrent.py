"""Recurrent networks over padded sequences: simple RNN, GRU and LSTM, in one or both directions.

Shapes: B batch, T length, D width of a vector, H units, S states: 1 or 2 of the cell in each direction.

References: Elman 1990, "Finding Structure in Time"; Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"; Cho et
al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder"; Schuster and Paliwal 1997, "Bidirectional
Recurrent Neural Networks".
"""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import keras
from keras import ops

from kerasnlp_zoo.errors import require_choice, require_fraction, require_positive
from kerasnlp_zoo.layers.masking import MaskedLayer, zero_masked
from kerasnlp_zoo.types import Config, Tensor, TensorShape

if keras.backend.backend() == "tensorflow":
    from kerasnlp_zoo.layers.recurrent_tensorflow import has_gpu, read_sequence

Cell: TypeAlias = Literal["rnn", "gru", "lstm"]
Merge: TypeAlias = Literal["concat", "sum"]
CELLS: dict[Cell, type[keras.layers.RNN]] = {
    "rnn": keras.layers.SimpleRNN,
    "gru": keras.layers.GRU,
    "lstm": keras.layers.LSTM,
}
NUM_STATES: dict[Cell, int] = {"rnn": 1, "gru": 1, "lstm": 2}  # an LSTM has a cell state in addition to its output
MERGES: tuple[Merge, ...] = ("concat", "sum")


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class Recurrent(MaskedLayer):
    """One recurrent layer; padding changes neither outputs nor states.

    The output at a padded position is 0, and the state does not change there. Therefore the last state of the forward
    direction is the state after the last word, and the last state of the backward direction is the state after the
    first word.

    On TensorFlow, the layer runs the loop of recurrent_tensorflow.py. Only training on a GPU uses the layers of Keras,
    with cuDNN; then padding must follow the words. Inference does not use cuDNN, because its graphs do not run on a
    CPU. A model trained on a GPU can therefore be exported.

    Args:
        units: H of each direction (>= 1).
        cell: "rnn", "gru" or "lstm".
        bidirectional: whether a second network reads the sequence from its end.
        merge: whether the outputs of both directions are concatenated or added.
        recurrent_dropout: fraction of the state that is dropped between steps in training, in [0, 1). Each sequence
            drops the same units at every step (variational dropout).

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True at real positions; None for all True.
        initial_state: S float tensors [B, H]; None for zeros.
        training: whether to apply the dropout.

    Returns:
        (outputs, state): float tensor [B, T, H], or [B, T, 2H] for two concatenated directions, and a list of S states
        [B, H] after the last step: h, and for an LSTM c. The states of the backward direction are last.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> outputs, state = Recurrent(units=4, bidirectional=True)(ops.ones((1, 3, 8)))
    >>> outputs.shape, len(state)
    (TensorShape([1, 3, 8]), 4)

    Reference: Gal and Ghahramani 2016, "A Theoretically Grounded Application of Dropout in Recurrent Neural
    Networks", for the dropout.
    """

    def __init__(
        self,
        units: int,
        cell: Cell = "lstm",
        bidirectional: bool = False,
        merge: Merge = "concat",
        recurrent_dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        require_positive(units=units)
        require_choice("cell", cell, tuple(CELLS))
        require_choice("merge", merge, MERGES)
        require_fraction(recurrent_dropout=recurrent_dropout)
        self.units = units
        self.cell = cell
        self.bidirectional = bidirectional
        self.merge = merge
        self.recurrent_dropout = recurrent_dropout
        self.forward = self._direction("forward")
        self.backward = self._direction("backward", go_backwards=True) if bidirectional else None

    def _direction(self, name: str, **arguments: Any) -> keras.layers.RNN:
        return CELLS[self.cell](
            self.units,
            recurrent_dropout=self.recurrent_dropout,
            return_sequences=True,
            return_state=True,
            zero_output_for_mask=True,
            dtype=self.dtype_policy,
            name=name,
            **arguments,
        )

    def build(self, inputs_shape: TensorShape) -> None:
        """Create the weights of each direction."""
        self.forward.build(inputs_shape)
        if self.backward is not None:
            self.backward.build(inputs_shape)

    def call(
        self,
        inputs: Tensor,
        mask: Tensor | None = None,
        initial_state: Sequence[Tensor] | None = None,
        training: bool | None = None,
    ) -> tuple[Tensor, list[Tensor]]:
        """Run each direction and merge the outputs."""
        mask = None if mask is None else ops.cast(mask, "bool")
        count = NUM_STATES[self.cell]
        first, second = (None, None) if initial_state is None else (initial_state[:count], initial_state[count:])
        outputs, state = self._read(self.forward, inputs, mask, first, training)
        if self.backward is not None:
            backward_outputs, backward_state = self._read(self.backward, inputs, mask, second, training)
            outputs = self._merged(outputs, backward_outputs)
            state = [*state, *backward_state]
        return outputs, state

    def _read(
        self,
        layer: keras.layers.RNN,
        inputs: Tensor,
        mask: Tensor | None,
        initial_state: Sequence[Tensor] | None,
        training: bool | None,
    ) -> tuple[Tensor, list[Tensor]]:
        """Run one direction; return the outputs in the order of the inputs, and the last state."""
        if keras.backend.backend() == "tensorflow" and not (training and has_gpu()):
            return read_sequence(self.cell, layer, inputs, mask, initial_state, training)
        return read_with_keras(layer, inputs, mask, initial_state, training)

    def _merged(self, forward: Tensor, backward: Tensor) -> Tensor:
        return ops.concatenate([forward, backward], axis=-1) if self.merge == "concat" else forward + backward

    def compute_output_spec(
        self,
        inputs: Tensor,
        mask: Tensor | None = None,
        initial_state: Sequence[Tensor] | None = None,
        training: bool | None = None,
    ) -> tuple[keras.KerasTensor, list[keras.KerasTensor]]:
        """Return the symbolic outputs and states."""
        batch, time, _ = inputs.shape
        directions = 1 + self.bidirectional
        width = self.units * (directions if self.merge == "concat" else 1)
        state = [
            keras.KerasTensor((batch, self.units), dtype=self.compute_dtype)
            for _ in range(directions * NUM_STATES[self.cell])
        ]
        return keras.KerasTensor((batch, time, width), dtype=self.compute_dtype), state

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "units": self.units,
            "cell": self.cell,
            "bidirectional": self.bidirectional,
            "merge": self.merge,
            "recurrent_dropout": self.recurrent_dropout,
        }


def read_with_keras(
    layer: keras.layers.RNN,
    inputs: Tensor,
    mask: Tensor | None,
    initial_state: Sequence[Tensor] | None,
    training: bool | None,
) -> tuple[Tensor, list[Tensor]]:
    """Read padded sequences in one direction with a Keras layer: on any backend, and with cuDNN on a GPU.

    cuDNN does not accept a row without words, such as a row that fills a batch. Such a row is given one word, and its
    outputs and state are reset after the call.

    Args:
        layer: a built layer that returns sequences and state.
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], or None; for cuDNN, padding must follow the words.
        initial_state: float tensors [B, H]; None for zeros.
        training: whether to apply the dropout.

    Returns:
        (outputs, state): float tensor [B, T, H] in the order of the inputs, 0 where the mask is False; and a list of
        the tensors [B, H] of the state after the last step.
    """
    if mask is None:
        outputs, *state = layer(inputs, initial_state=initial_state, training=training)
        return ops.flip(outputs, axis=1) if layer.go_backwards else outputs, state
    is_empty = ops.logical_not(ops.any(mask, axis=1, keepdims=True))  # [B, 1]
    is_first = ops.arange(ops.shape(mask)[1]) == 0
    filled = ops.logical_or(mask, ops.logical_and(is_empty, is_first))
    outputs, *state = layer(inputs, initial_state=initial_state, mask=filled, training=training)
    outputs = zero_masked(ops.flip(outputs, axis=1) if layer.go_backwards else outputs, mask[:, :, None])
    if initial_state is None:
        initial_state = [ops.zeros_like(after) for after in state]
    return outputs, [ops.where(is_empty, *pair) for pair in zip(initial_state, state, strict=True)]
