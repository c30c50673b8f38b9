"""Recurrent networks over padded sequences: simple RNN, GRU and LSTM, in one or both directions.

Shapes: B batch, T time, D width of a vector, H units, S = 1 or 2 states of a cell, two directions' worth if both run.

References: Elman 1990, "Finding Structure in Time"; Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"; Cho et
al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder"; Schuster and Paliwal 1997, "Bidirectional
Recurrent Neural Networks".
"""

import keras
from keras import ops

from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.layers.masking import MaskedLayer, zero_masked

if keras.backend.backend() == "tensorflow":
    from kerasnlp_zoo.layers.recurrent_tensorflow import has_gpu, read_sequence

CELLS = {"rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}
NUM_STATES = {"rnn": 1, "gru": 1, "lstm": 2}  # an LSTM carries its cell beside its output
MERGES = ("concat", "sum")


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class Recurrent(MaskedLayer):
    """One layer of a recurrent network; padding changes neither outputs nor states.

    A padded position gives zeros and leaves the state as it was, so the state after the last position is that
    after the last word; backwards, that before the first.

    On TensorFlow the loop is that of recurrent_tensorflow.py. Only in training on a GPU does Keras take over, with
    cuDNN; then padding must follow the words. Answers never come from cuDNN, whose graphs run on no CPU, so a model
    trained on a GPU exports as it is.

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
        outputs, state = self._read(self.forward, inputs, mask, first, training)
        if self.bidirectional:
            backward_outputs, more = self._read(self.backward, inputs, mask, second, training)
            outputs = self._merged(outputs, backward_outputs)
            state = [*state, *more]
        return outputs, state

    def _read(self, layer, inputs, mask, initial_state, training):
        """Run one direction; return its outputs in the order of the inputs, and its last state."""
        if keras.backend.backend() == "tensorflow" and not (training and has_gpu()):
            return read_sequence(self.cell, layer, inputs, mask, initial_state, training)
        return read_with_keras(layer, inputs, mask, initial_state, training)

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


def read_with_keras(layer, inputs, mask, initial_state, training):
    """Read padded sequences in one direction with a Keras layer: on any backend, and with cuDNN on a GPU.

    cuDNN refuses a row without a single word, such as those that fill up a batch: they are given one, and
    what comes of it is taken back.

    Args:
        layer: `keras.layers.RNN`, built, that returns sequences and state.
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], or None; for cuDNN padding must follow the words.
        initial_state: list of float tensors [B, H], or None for zeros.
        training: bool.

    Returns:
        (outputs, state): float tensor [B, T, H] in the order of the inputs, 0 where the mask is False; and the
        list of the state's tensors [B, H] after the last step.
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
