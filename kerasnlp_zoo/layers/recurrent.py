"""Recurrent networks over padded sequences, with any cell of cells_by_name.py, in one or both directions.

Shapes: B batch, T length, D width of a vector, H units, S states: the parts of the cell's state in each direction.

References: Elman 1990, "Finding Structure in Time"; Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"; Cho et
al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder"; Schuster and Paliwal 1997, "Bidirectional
Recurrent Neural Networks".
"""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_choice, require_fraction, require_positive
from kerasnlp_zoo.layers.cells_by_name import CELLS, FORCED, Cell
from kerasnlp_zoo.layers.masking import MaskedLayer, zero_masked
from kerasnlp_zoo.types import Config, Tensor, TensorShape

if keras.backend.backend() == "tensorflow":
    from kerasnlp_zoo.layers.recurrent_tensorflow import CELLS as FAST_CELLS
    from kerasnlp_zoo.layers.recurrent_tensorflow import has_gpu, read_sequence

Merge: TypeAlias = Literal["concat", "sum"]
MERGES: tuple[Merge, ...] = ("concat", "sum")


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class Recurrent(MaskedLayer):
    """One recurrent layer; padding changes neither outputs nor states.

    The output at a padded position is 0, and the state does not change there. Therefore the last state of the forward
    direction is the state after the last word, and the last state of the backward direction is the state after the
    first word.

    On TensorFlow, "lstm", "gru" and "rnn" run the loop of recurrent_tensorflow.py. Only training on a GPU uses the
    layers of Keras, with cuDNN; then padding must follow the words. Inference does not use cuDNN, because its graphs do
    not run on a CPU. A model trained on a GPU can therefore be exported. All other cells, and all cells on other
    backends, run the loop of Keras.

    Args:
        units: H of each direction (>= 1).
        cell: name of the recurrent cell, see `cells_by_name`.
        bidirectional: whether a second network reads the sequence from its end.
        merge: whether the outputs of both directions are concatenated or added.
        recurrent_dropout: fraction of the state that is dropped between steps in training, in [0, 1). Each sequence
            drops the same units at every step (variational dropout). Only for the cells of Keras.
        teacher_forcing: whether training replaces the output of the step before by the correct one, for the cell
            "output_recurrent" in one direction. The steps are then independent, and no loop runs. A step receives only
            the direction of the output before it.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True at real positions; None for all True.
        initial_state: S float tensors [B, H]; None for zeros.
        training: whether to apply the dropout, and to force the outputs.
        previous_outputs: float tensor [B, T, H], the correct outputs of the steps before, for teacher forcing.

    Returns:
        (outputs, state): float tensor [B, T, H], or [B, T, 2H] for two concatenated directions, and a list of S states
        [B, H] after the last step: h, and for an LSTM c. The states of the backward direction are last.

    Raises:
        InputError: if an argument is outside its range, or the cell has no recurrent dropout or no output to force.

    Example:

    >>> outputs, state = Recurrent(units=4, bidirectional=True)(ops.ones((1, 3, 8)))
    >>> outputs.shape, len(state)
    (TensorShape([1, 3, 8]), 4)

    References: Gal and Ghahramani 2016, "A Theoretically Grounded Application of Dropout in Recurrent Neural
    Networks", for the dropout; Williams and Zipser 1989, "A Learning Algorithm for Continually Running Fully Recurrent
    Neural Networks", section 3, for teacher forcing.
    """

    def __init__(
        self,
        units: int,
        cell: Cell = "lstm",
        bidirectional: bool = False,
        merge: Merge = "concat",
        recurrent_dropout: float = 0.0,
        teacher_forcing: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        require_positive(units=units)
        require_choice("cell", cell, tuple(CELLS))
        if teacher_forcing and (cell != "output_recurrent" or bidirectional):
            raise InputError(
                "teacher_forcing replaces the output of the step before, so it needs cell='output_recurrent' in one "
                f"direction. Set it to False, or change the cell. Received: cell={cell!r}, "
                f"bidirectional={bidirectional}"
            )
        require_choice("merge", merge, MERGES)
        require_fraction(recurrent_dropout=recurrent_dropout)
        self.units = units
        self.cell = cell
        self.bidirectional = bidirectional
        self.merge = merge
        self.recurrent_dropout = recurrent_dropout
        self.teacher_forcing = teacher_forcing
        self.forward_layer = self._direction("forward")
        self.backward_layer = self._direction("backward", go_backwards=True) if bidirectional else None

    def _direction(self, name: str, **arguments: Any) -> keras.layers.RNN:
        kind = FORCED if self.teacher_forcing else CELLS[self.cell]
        return kind.make(
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
        self.forward_layer.build(inputs_shape)
        if self.backward_layer is not None:
            self.backward_layer.build(inputs_shape)

    def call(
        self,
        inputs: Tensor,
        mask: Tensor | None = None,
        initial_state: Sequence[Tensor] | None = None,
        training: bool | None = None,
        previous_outputs: Tensor | None = None,
    ) -> tuple[Tensor, list[Tensor]]:
        """Run each direction and merge the outputs."""
        mask = None if mask is None else ops.cast(mask, "bool")
        if self.teacher_forcing and training:
            return self._forced(inputs, mask, previous_outputs)
        count = len(CELLS[self.cell].state)
        first, second = (None, None) if initial_state is None else (initial_state[:count], initial_state[count:])
        outputs, state = self._read(self.forward_layer, inputs, mask, first, training)
        if self.backward_layer is not None:
            backward_outputs, backward_state = self._read(self.backward_layer, inputs, mask, second, training)
            outputs = self._merged(outputs, backward_outputs)
            state = [*state, *backward_state]
        return outputs, state

    def step(
        self, inputs: Tensor, state: Sequence[Tensor], training: bool | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Compute one step of the forward direction: (output [B, H], new state) from inputs [B, D]."""
        return self.forward_layer.cell(inputs, state, training=training)

    def _forced(
        self, inputs: Tensor, mask: Tensor | None, previous_outputs: Tensor | None
    ) -> tuple[Tensor, list[Tensor]]:
        """Compute all steps at once, from the correct outputs of the steps before."""
        if previous_outputs is None:
            raise InputError("Teacher forcing needs the correct outputs in training. Received: previous_outputs=None")
        outputs = self.forward_layer.cell.output_after(inputs, previous_outputs)
        if mask is None:
            return outputs, [outputs[:, -1]]
        places = ops.arange(ops.shape(mask)[1])
        last = ops.max(ops.where(mask, places, -1), axis=1, keepdims=True)  # [B, 1]; -1 in a row without words
        at_last = zero_masked(outputs, ops.equal(places, last)[:, :, None])
        return zero_masked(outputs, mask[:, :, None]), [ops.sum(at_last, axis=1)]

    def _read(
        self,
        layer: keras.layers.RNN,
        inputs: Tensor,
        mask: Tensor | None,
        initial_state: Sequence[Tensor] | None,
        training: bool | None,
    ) -> tuple[Tensor, list[Tensor]]:
        """Run one direction; return the outputs in the order of the inputs, and the last state."""
        is_fast = keras.backend.backend() == "tensorflow" and self.cell in FAST_CELLS
        if is_fast and not (training and has_gpu()):
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
        previous_outputs: Tensor | None = None,
    ) -> tuple[keras.KerasTensor, list[keras.KerasTensor]]:
        """Return the symbolic outputs and states."""
        batch, time, _ = inputs.shape
        directions = 1 + self.bidirectional
        width = self.units * (directions if self.merge == "concat" else 1)
        state = [
            keras.KerasTensor((batch, self.units), dtype=self.compute_dtype)
            for _ in range(directions * len(CELLS[self.cell].state))
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
            "teacher_forcing": self.teacher_forcing,
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
