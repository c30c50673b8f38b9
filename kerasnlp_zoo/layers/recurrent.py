"""Recurrent networks over padded sequences: simple RNN, GRU and LSTM, in one or both directions.

Shapes: B batch, T time, D width of a vector, H units, S = 1 or 2 states of a cell, two directions' worth if both run.

References: Elman 1990, "Finding Structure in Time"; Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"; Cho et
al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder"; Schuster and Paliwal 1997, "Bidirectional
Recurrent Neural Networks".
"""

import keras
from keras import ops

from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.layers.masking import MaskedLayer

CELLS = {"rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}
NUM_STATES = {"rnn": 1, "gru": 1, "lstm": 2}  # an LSTM carries its cell beside its output
MERGES = ("concat", "sum")


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class Recurrent(MaskedLayer):
    """One layer of a recurrent network; padding changes neither outputs nor states.

    A padded position gives zeros and leaves the state as it was, so the state after the last position is that
    after the last word; backwards, that before the first.

    Args:
        units: int >= 1, H, of each direction.
        cell: "rnn", "gru" or "lstm".
        bidirectional: bool, whether a second network reads the sequence from its end.
        merge: "concat" or "sum", how the outputs of both directions are joined.
        recurrent_dropout: float in [0, 1), share of the units that each sequence loses on the way from one step
            to the next in training, the same ones at every step (variational dropout).

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True at real positions; None for everywhere.
        initial_state: list of S float tensors [B, H]; None for zeros.
        training: bool.

    Returns:
        (outputs, state): float tensor [B, T, H], or [B, T, 2H] for two concatenated directions, and the list of
        S states [B, H] after the last step: h, for an LSTM then c; the backward direction's follow the forward's.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> outputs, state = Recurrent(units=4, bidirectional=True)(ops.ones((1, 3, 8)))
    >>> outputs.shape, len(state)
    (TensorShape([1, 3, 8]), 4)

    References: Gal and Ghahramani 2016, "A Theoretically Grounded Application of Dropout in Recurrent Neural
    Networks", for the dropout.
    """

    def __init__(self, units, cell="lstm", bidirectional=False, merge="concat", recurrent_dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        require_positive(units=units)
        require_choice("cell", cell, tuple(CELLS))
        require_choice("merge", merge, MERGES)
        self.units = units
        self.cell = cell
        self.bidirectional = bidirectional
        self.merge = merge
        self.recurrent_dropout = recurrent_dropout
        self.forward = self._direction("forward")
        self.backward = self._direction("backward", go_backwards=True) if bidirectional else None

    def _direction(self, name, **arguments):
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

    def build(self, inputs_shape):
        """Make the weights of each direction."""
        self.forward.build(inputs_shape)
        if self.bidirectional:
            self.backward.build(inputs_shape)

    def call(self, inputs, mask=None, initial_state=None, training=None):
        """Run every direction and join what they say."""
        mask = None if mask is None else ops.cast(mask, "bool")
        count = NUM_STATES[self.cell]
        first, second = (None, None) if initial_state is None else (initial_state[:count], initial_state[count:])
        outputs, *state = self.forward(inputs, initial_state=first, mask=mask, training=training)
        if self.bidirectional:
            reversed_outputs, *more = self.backward(inputs, initial_state=second, mask=mask, training=training)
            outputs = self._merged(outputs, ops.flip(reversed_outputs, axis=1))
            state = [*state, *more]
        return outputs, state

    def _merged(self, forward, backward):
        return ops.concatenate([forward, backward], axis=-1) if self.merge == "concat" else forward + backward

    def compute_output_spec(self, inputs, mask=None, initial_state=None, training=None):
        """Return the symbolic outputs and states."""
        batch, time, _ = inputs.shape
        directions = 1 + self.bidirectional
        width = self.units * (directions if self.merge == "concat" else 1)
        state = [
            keras.KerasTensor((batch, self.units), dtype=self.compute_dtype)
            for _ in range(directions * NUM_STATES[self.cell])
        ]
        return keras.KerasTensor((batch, time, width), dtype=self.compute_dtype), state

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "units": self.units,
            "cell": self.cell,
            "bidirectional": self.bidirectional,
            "merge": self.merge,
            "recurrent_dropout": self.recurrent_dropout,
        }
