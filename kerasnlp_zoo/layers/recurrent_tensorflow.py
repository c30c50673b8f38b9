"""The loop of a recurrent network in TensorFlow operations, for CPUs and for every exported graph.

It computes the same numbers as the loop of Keras and is faster, for three reasons:

- The inputs of all steps are projected to the gates by one matrix product before the loop.
- The backward loop passes only the gradient of the state from step to step. The gradient of each weight is one matrix
  product after the loop.
- Each direction is a separate loop, and TensorFlow runs both loops at once on different cores.

Nothing is compiled for fixed shapes, so the batch size and the length can change between calls.

Shapes: B batch, T length, D width of a vector, H units, G gates.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

import keras
import tensorflow as tf


class CellEquations:
    """The equations of a recurrent cell, and their gradients."""

    num_states: ClassVar[int]  # tensors of a state
    num_kept: ClassVar[int]  # tensors of a step that its gradient needs
    num_outputs: ClassVar[int]  # gradients of projections: 2 if inputs and state have different ones, otherwise 1

    @staticmethod
    def step(
        inputs: tf.Tensor, recurrent: tf.Tensor, *state: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, ...], tuple[tf.Tensor, ...]]:
        """Compute one step.

        Args:
            inputs: float tensor [B, G * H], the projected inputs.
            recurrent: float tensor [B, G * H], the projected state.
            *state: float tensors [B, H].

        Returns:
            (state, kept): the new state, and the tensors that `step_gradient` needs.
        """
        raise NotImplementedError("A subclass of CellEquations must define step")

    @staticmethod
    def step_gradient(
        kept: Sequence[tf.Tensor], state: Sequence[tf.Tensor], *d_state: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, ...], tuple[tf.Tensor | None, ...]]:
        """Compute the gradients of one step.

        Args:
            kept: the tensors that `step` returned.
            state: the state before the step.
            *d_state: gradients of the new state.

        Returns:
            (gradients of the projections, gradients of the state before the step, without the path through its
            projection; None for 0).
        """
        raise NotImplementedError("A subclass of CellEquations must define step_gradient")


class LstmCell(CellEquations):
    """The equations of an LSTM; the gates are in the order of Keras: input, forget, candidate, output."""

    num_states, num_kept, num_outputs = 2, 5, 1

    @staticmethod
    def step(
        inputs: tf.Tensor, recurrent: tf.Tensor, *state: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, ...], tuple[tf.Tensor, ...]]:
        """Compute one step of an LSTM."""
        _, carry = state
        i, f, g, o = tf.split(inputs + recurrent, 4, axis=1)
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        carry = f * carry + i * g
        squashed = tf.tanh(carry)
        return (o * squashed, carry), (i, f, g, o, squashed)

    @staticmethod
    def step_gradient(
        kept: Sequence[tf.Tensor], state: Sequence[tf.Tensor], *d_state: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, ...], tuple[tf.Tensor | None, ...]]:
        """Compute the gradients of one step of an LSTM."""
        d_hidden, d_carry = d_state
        i, f, g, o, squashed = kept
        d_o = _sigmoid_gradient(o, d_hidden * squashed)
        d_carry += _tanh_gradient(squashed, d_hidden * o)
        d_i, d_g = _sigmoid_gradient(i, d_carry * g), _tanh_gradient(g, d_carry * i)
        d_f = _sigmoid_gradient(f, d_carry * state[1])
        d_gates = tf.concat([d_i, d_f, d_g, d_o], axis=1)
        return (d_gates,), (None, d_carry * f)


class GruCell(CellEquations):
    """The equations of a GRU that resets after the product; the gates are in Keras' order: update, reset, candidate."""

    num_states, num_kept, num_outputs = 1, 4, 2

    @staticmethod
    def step(
        inputs: tf.Tensor, recurrent: tf.Tensor, *state: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, ...], tuple[tf.Tensor, ...]]:
        """Compute one step of a GRU."""
        (hidden,) = state
        x_z, x_r, x_g = tf.split(inputs, 3, axis=1)
        h_z, h_r, h_g = tf.split(recurrent, 3, axis=1)
        z, r = tf.sigmoid(x_z + h_z), tf.sigmoid(x_r + h_r)
        g = tf.tanh(x_g + r * h_g)
        return (g + z * (hidden - g),), (z, r, g, h_g)

    @staticmethod
    def step_gradient(
        kept: Sequence[tf.Tensor], state: Sequence[tf.Tensor], *d_state: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, ...], tuple[tf.Tensor | None, ...]]:
        """Compute the gradients of one step of a GRU."""
        (d_hidden,) = d_state
        z, r, g, h_g = kept
        d_z = _sigmoid_gradient(z, d_hidden * (state[0] - g))
        d_g = _tanh_gradient(g, d_hidden * (1 - z))
        d_r = _sigmoid_gradient(r, d_g * h_g)
        return (tf.concat([d_z, d_r, d_g], axis=1), tf.concat([d_z, d_r, d_g * r], axis=1)), (d_hidden * z,)


class RnnCell(CellEquations):
    """The equation of a simple RNN."""

    num_states, num_kept, num_outputs = 1, 1, 1

    @staticmethod
    def step(
        inputs: tf.Tensor, recurrent: tf.Tensor, *state: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, ...], tuple[tf.Tensor, ...]]:
        """Compute one step of a simple RNN."""
        hidden = tf.tanh(inputs + recurrent)
        return (hidden,), (hidden,)

    @staticmethod
    def step_gradient(
        kept: Sequence[tf.Tensor], state: Sequence[tf.Tensor], *d_state: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, ...], tuple[tf.Tensor | None, ...]]:
        """Compute the gradients of one step of a simple RNN."""
        (d_hidden,) = d_state
        return (_tanh_gradient(kept[0], d_hidden),), (None,)


CELLS: dict[str, type[CellEquations]] = {"lstm": LstmCell, "gru": GruCell, "rnn": RnnCell}


def has_gpu() -> bool:
    """Return whether TensorFlow has a GPU, on which the layers of Keras train with cuDNN."""
    return bool(tf.config.list_logical_devices("GPU"))


def read_sequence(
    name: str,
    layer: keras.layers.RNN,
    inputs: tf.Tensor,
    mask: tf.Tensor | None,
    initial_state: Sequence[tf.Tensor] | None,
    training: bool | None,
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Read padded sequences in one direction, with the weights of a Keras layer.

    Args:
        name: "lstm", "gru" or "rnn".
        layer: the built layer of this cell; its `go_backwards` is the direction.
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], or None.
        initial_state: float tensors [B, H]; None for zeros.
        training: whether to apply the dropout, and to keep tensors for the fast gradient. Without them, TensorFlow can
            still compute gradients, but more slowly.

    Returns:
        (outputs, state): float tensor [B, T, H] in the order of the inputs, 0 where the mask is False; and a list of
        the tensors [B, H] of the state after the last step.
    """
    cell, patterns = layer.cell, _dropout_patterns(layer, inputs, training)
    time_first = tf.transpose(inputs, (1, 0, 2))
    kernel, recurrent_kernel, bias = (tf.convert_to_tensor(w) for w in (cell.kernel, cell.recurrent_kernel, cell.bias))
    # A GRU has a second bias, added to the projected state before the reset gate is applied.
    bias, *recurrent_bias = tf.unstack(bias) if name == "gru" else [bias]
    projected = tf.nn.bias_add(tf.matmul(_rows(time_first), kernel), bias)
    # LiteRT needs known dimensions to stay known.
    batch, time = (tf.shape(inputs)[i] if size is None else size for i, size in enumerate(inputs.shape[:2]))
    projected = tf.reshape(projected, (time, batch, kernel.shape[1]))
    if initial_state is None:
        initial_state = [tf.zeros((batch, layer.units), projected.dtype)] * CELLS[name].num_states
    loop = _Loop(CELLS[name], mask, layer.go_backwards, patterns)
    run = loop.with_gradient if training else loop.forward
    initial_state = [tf.cast(part, projected.dtype) for part in initial_state]
    outputs, *state = run(projected, recurrent_kernel, *initial_state, *recurrent_bias)
    outputs = tf.transpose(outputs, (1, 0, 2))
    outputs.set_shape((*inputs.shape[:2], layer.units))
    return outputs, state


class _Loop:
    """The loop over the steps of a batch of sequences, and the backward loop of its gradient."""

    def __init__(
        self,
        cell: type[CellEquations],
        mask: tf.Tensor | None,
        goes_backwards: bool,
        patterns: Sequence[tf.Tensor | None],
    ) -> None:
        self.cell = cell
        self.mask = mask
        self.goes_backwards = goes_backwards
        self.patterns = patterns

    def forward(self, projected: tf.Tensor, kernel: tf.Tensor, *state_and_bias: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Return the outputs [T, B, H] and the tensors [B, H] of the last state."""
        (outputs,), state = self._steps(projected, kernel, *self._parted(state_and_bias), keeps=False)
        in_order_of_steps = outputs.stack()
        return (tf.reverse(in_order_of_steps, [0]) if self.goes_backwards else in_order_of_steps, *state)

    @property
    def with_gradient(self) -> Callable[..., tuple[tf.Tensor, ...]]:
        """The function `forward`, with the fast gradient."""
        return tf.custom_gradient(self._forward_and_gradient)

    def _forward_and_gradient(
        self, projected: tf.Tensor, kernel: tf.Tensor, *state_and_bias: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, ...], Callable[..., tuple[tf.Tensor, ...]]]:
        """Return the result of `forward`, and the function that computes its gradient."""
        state, bias = self._parted(state_and_bias)
        (outputs, *arrays), last = self._steps(projected, kernel, state, bias, keeps=True)
        before, kept = arrays[: len(state)], arrays[len(state) :]

        def gradient(d_outputs: tf.Tensor, *d_state: tf.Tensor) -> tuple[tf.Tensor, ...]:
            d_projections, d_initial = self._steps_back(kernel, before, kept, d_outputs, d_state)
            d_projected, d_recurrent = d_projections[0], d_projections[-1]
            d_kernel = _kernel_gradient(before[0].stack(), d_recurrent, self.patterns)
            return (d_projected, d_kernel, *d_initial, *(tf.reduce_sum(d_recurrent, axis=(0, 1)) for _ in bias))

        return (outputs.stack(), *last), gradient

    def _steps(
        self,
        projected: tf.Tensor,
        kernel: tf.Tensor,
        state: Sequence[tf.Tensor],
        bias: Sequence[tf.Tensor],
        keeps: bool,
    ) -> tuple[tuple[tf.TensorArray, ...], tuple[tf.Tensor, ...]]:
        """Run the loop.

        Returns:
            (arrays, state): an array of the outputs and, if `keeps`, arrays of the state before each step and of the
            tensors that its gradient needs; and the last state. Without `keeps`, the outputs are in the order of steps.
        """
        kernels = tf.split(kernel, len(self.patterns), axis=1)
        inputs = _unstacked(projected)
        time = tf.shape(projected)[0]
        count = 1 + (len(state) + self.cell.num_kept if keeps else 0)
        arrays = tuple(_array(state[0].dtype, time, state[0].shape) for _ in range(count))

        def step(
            number: int | tf.Tensor, state: tuple[tf.Tensor, ...], arrays: tuple[tf.TensorArray, ...]
        ) -> tuple[int | tf.Tensor, tuple[tf.Tensor, ...], tuple[tf.TensorArray, ...]]:
            at = self._index(number, time)
            parts = [tf.matmul(_dropped(state[0], p), k) for p, k in zip(self.patterns, kernels, strict=True)]
            recurrent = sum(bias, start=_joined(parts))
            new, kept = self.cell.step(inputs.read(at), recurrent, *state)
            output = new[0]
            if self.mask is not None:
                is_real = tf.gather(self.mask, at, axis=1)  # [B]
                output = _chosen(is_real, output, tf.zeros_like(output))
                new = tuple(_chosen(is_real, *pair) for pair in zip(new, state, strict=True))
            values = (output, *state, *kept)[:count]
            # Converters to ONNX only know loops that write step after step. A gradient reads at the places of the text.
            place = at if keeps else number
            return number + 1, new, tuple(a.write(place, value) for a, value in zip(arrays, values, strict=True))

        _, last, arrays = tf.while_loop(lambda number, *_: number < time, step, (0, state, arrays))
        return arrays, last

    def _steps_back(
        self,
        kernel: tf.Tensor,
        before: Sequence[tf.TensorArray],
        kept: Sequence[tf.TensorArray],
        d_outputs: tf.Tensor,
        d_state: tuple[tf.Tensor, ...],
    ) -> tuple[list[tf.Tensor], tuple[tf.Tensor, ...]]:
        """Run the backward loop, from the last step to the first.

        Returns:
            (d_projections, d_state): gradients [T, B, G * H] of the projected inputs and, if they differ, of the
            projected state; and the gradients of the initial state.
        """
        kernels = [tf.transpose(part) for part in tf.split(kernel, len(self.patterns), axis=1)]
        d_outputs_at = _unstacked(d_outputs)
        time = tf.shape(d_outputs)[0]
        arrays = tuple(_array(d_outputs.dtype, time, (None, kernel.shape[1])) for _ in range(self.cell.num_outputs))

        def step(
            number: int | tf.Tensor, d_state: tuple[tf.Tensor, ...], arrays: tuple[tf.TensorArray, ...]
        ) -> tuple[int | tf.Tensor, tuple[tf.Tensor, ...], tuple[tf.TensorArray, ...]]:
            at = self._index(time - 1 - number, time)
            d_hidden, *rest = d_state
            d_new = (d_hidden + d_outputs_at.read(at), *rest)
            if self.mask is not None:
                is_real = tf.gather(self.mask, at, axis=1)  # [B]
                d_new = tuple(_chosen(is_real, d, tf.zeros_like(d)) for d in d_new)
            d_projections, (direct, *d_rest) = self.cell.step_gradient(
                [array.read(at) for array in kept], [array.read(at) for array in before], *d_new
            )
            parts = tf.split(d_projections[-1], len(kernels), axis=1)
            through = [_dropped(tf.matmul(d, k), p) for d, k, p in zip(parts, kernels, self.patterns, strict=True)]
            d_hidden = tf.add_n([*through, *([] if direct is None else [direct])])
            d_before = (d_hidden, *d_rest)
            if self.mask is not None:
                d_before = tuple(_chosen(is_real, *pair) for pair in zip(d_before, d_state, strict=True))
            written = tuple(a.write(at, d) for a, d in zip(arrays, d_projections, strict=True))
            return number + 1, d_before, written

        _, d_state, arrays = tf.while_loop(lambda number, *_: number < time, step, (0, d_state, arrays))
        return [array.stack() for array in arrays], d_state

    def _parted(self, state_and_bias: tuple[tf.Tensor, ...]) -> tuple[tuple[tf.Tensor, ...], tuple[tf.Tensor, ...]]:
        """Split the state from the bias."""
        return state_and_bias[: self.cell.num_states], state_and_bias[self.cell.num_states :]

    def _index(self, number: int | tf.Tensor, time: int | tf.Tensor) -> int | tf.Tensor:
        return time - 1 - number if self.goes_backwards else number


def _kernel_gradient(hidden: tf.Tensor, d_recurrent: tf.Tensor, patterns: Sequence[tf.Tensor | None]) -> tf.Tensor:
    """Return the gradient of the recurrent kernel; hidden [T, B, H] is the state before each step."""
    parts = zip(patterns, tf.split(_rows(d_recurrent), len(patterns), axis=1), strict=True)
    return _joined([tf.matmul(_rows(_dropped(hidden, pattern)), d, transpose_a=True) for pattern, d in parts])


def _dropout_patterns(layer: keras.layers.RNN, inputs: tf.Tensor, training: bool | None) -> Sequence[tf.Tensor | None]:
    """Return the dropout masks of the state for each gate, or one for all gates; None without dropout."""
    if not (training and layer.cell.recurrent_dropout):
        return [None]
    layer.cell.reset_recurrent_dropout_mask()
    patterns = layer.cell.get_recurrent_dropout_mask(tf.zeros((tf.shape(inputs)[0], layer.units), inputs.dtype))
    layer.cell.reset_recurrent_dropout_mask()
    return patterns if isinstance(patterns, list) else [patterns]


def _dropped(hidden: tf.Tensor, pattern: tf.Tensor | None) -> tf.Tensor:
    return hidden if pattern is None else hidden * pattern


def _rows(values: tf.Tensor) -> tf.Tensor:
    """Return [T, B, D] as [T * B, D]."""
    return tf.reshape(values, (-1, values.shape[-1]))


def _joined(parts: Sequence[tf.Tensor]) -> tf.Tensor:
    return parts[0] if len(parts) == 1 else tf.concat(parts, axis=1)


def _chosen(is_real: tf.Tensor, new: tf.Tensor, old: tf.Tensor) -> tf.Tensor:
    """Return rows of `new` or `old`; for rows, this older operation is several times faster than `tf.where`."""
    return tf.raw_ops.Select(condition=is_real, x=new, y=old)


def _array(dtype: tf.DType, time: int | tf.Tensor, shape: Sequence[int | None]) -> tf.TensorArray:
    return tf.TensorArray(dtype, time, element_shape=shape, clear_after_read=False)


def _unstacked(values: tf.Tensor) -> tf.TensorArray:
    """Return an array of the steps of a tensor [T, ...]; it shares the memory of the tensor."""
    return tf.TensorArray(values.dtype, tf.shape(values)[0]).unstack(values)


def _sigmoid_gradient(output: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.SigmoidGrad(y=output, dy=gradient)


def _tanh_gradient(output: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.TanhGrad(y=output, dy=gradient)
