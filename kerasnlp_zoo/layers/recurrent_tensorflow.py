"""The steps of a recurrent network in TensorFlow operations, for CPUs and for every exported graph.

Three things make it quicker than Keras' loop, and give the same numbers:

- what the inputs say to the gates is one product for all steps, before the loop;
- the way back carries the gradients of the state alone, and leaves those of the gates behind: the gradients of
  the weights are one product each, after the loop;
- each direction is a loop of its own, and TensorFlow runs both at once, each on a core with its own weights.

Nothing is compiled for a shape, so any batch and any length may follow another.

Shapes: B batch, T time, D width of a vector, H units, G gates.
"""

import tensorflow as tf


class LstmCell:
    """The equations of an LSTM, forth and back; gates in Keras' order: input, forget, candidate, output."""

    num_states, num_kept, num_said = 2, 5, 1

    @staticmethod
    def step(inputs, recurrent, hidden, carry):
        """Return the new state, and what the way back needs of this step."""
        i, f, g, o = tf.split(inputs + recurrent, 4, axis=1)
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        carry = f * carry + i * g
        squashed = tf.tanh(carry)
        return (o * squashed, carry), (i, f, g, o, squashed)

    @staticmethod
    def back(kept, state, d_hidden, d_carry):
        """Return the gradients of what the inputs and what the state said, and those of the state itself."""
        i, f, g, o, squashed = kept
        d_o = _sigmoid_gradient(o, d_hidden * squashed)
        d_carry += _tanh_gradient(squashed, d_hidden * o)
        d_i, d_g = _sigmoid_gradient(i, d_carry * g), _tanh_gradient(g, d_carry * i)
        d_f = _sigmoid_gradient(f, d_carry * state[1])
        d_gates = tf.concat([d_i, d_f, d_g, d_o], axis=1)
        return (d_gates,), (None, d_carry * f)


class GruCell:
    """The equations of a GRU that resets after the product; gates in Keras' order: update, reset, candidate."""

    num_states, num_kept, num_said = 1, 4, 2

    @staticmethod
    def step(inputs, recurrent, hidden):
        """Return the new state, and what the way back needs of this step."""
        x_z, x_r, x_g = tf.split(inputs, 3, axis=1)
        h_z, h_r, h_g = tf.split(recurrent, 3, axis=1)
        z, r = tf.sigmoid(x_z + h_z), tf.sigmoid(x_r + h_r)
        g = tf.tanh(x_g + r * h_g)
        return (g + z * (hidden - g),), (z, r, g, h_g)

    @staticmethod
    def back(kept, state, d_hidden):
        """Return the gradients of what the inputs and what the state said, and that of the state itself."""
        z, r, g, h_g = kept
        d_z = _sigmoid_gradient(z, d_hidden * (state[0] - g))
        d_g = _tanh_gradient(g, d_hidden * (1 - z))
        d_r = _sigmoid_gradient(r, d_g * h_g)
        return (tf.concat([d_z, d_r, d_g], axis=1), tf.concat([d_z, d_r, d_g * r], axis=1)), (d_hidden * z,)


class RnnCell:
    """The equation of a simple RNN, forth and back."""

    num_states, num_kept, num_said = 1, 1, 1

    @staticmethod
    def step(inputs, recurrent, hidden):
        """Return the new state, which is all that the way back needs."""
        hidden = tf.tanh(inputs + recurrent)
        return (hidden,), (hidden,)

    @staticmethod
    def back(kept, state, d_hidden):
        """Return the gradient of what the inputs, and likewise the state, said."""
        return (_tanh_gradient(kept[0], d_hidden),), (None,)


CELLS = {"lstm": LstmCell, "gru": GruCell, "rnn": RnnCell}


def has_gpu():
    """Return whether TensorFlow sees a GPU, where Keras' layers train with cuDNN."""
    return bool(tf.config.list_logical_devices("GPU"))


def read_sequence(name, layer, inputs, mask, initial_state, training):
    """Read padded sequences in one direction, with the weights of a Keras layer.

    Args:
        name: "lstm", "gru" or "rnn".
        layer: that `keras.layers.RNN`, built; its `go_backwards` says where to begin.
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], or None.
        initial_state: list of float tensors [B, H], or None for zeros.
        training: bool; otherwise nothing is kept for a way back, and gradients take TensorFlow's own, longer one.

    Returns:
        (outputs, state): float tensor [B, T, H] in the order of the inputs, 0 where the mask is False; and the
        list of the state's tensors [B, H] after the last step.
    """
    cell, patterns = layer.cell, _dropout_patterns(layer, inputs, training)
    time_first = tf.transpose(inputs, (1, 0, 2))
    kernel, recurrent_kernel, bias = (tf.convert_to_tensor(w) for w in (cell.kernel, cell.recurrent_kernel, cell.bias))
    # A GRU has a second bias, for what the state says: the reset gate closes it off as well.
    bias, *recurrent_bias = tf.unstack(bias) if name == "gru" else [bias]
    projected = tf.nn.bias_add(tf.matmul(_rows(time_first), kernel), bias)
    # What is known of the shape stays known, as LiteRT needs it.
    batch, time = (tf.shape(inputs)[i] if size is None else size for i, size in enumerate(inputs.shape[:2]))
    projected = tf.reshape(projected, (time, batch, kernel.shape[1]))
    if initial_state is None:
        initial_state = [tf.zeros((batch, layer.units), projected.dtype)] * CELLS[name].num_states
    loop = _Loop(CELLS[name], mask, layer.go_backwards, patterns)
    run = loop.with_way_back if training else loop.forth
    initial_state = [tf.cast(part, projected.dtype) for part in initial_state]
    outputs, *state = run(projected, recurrent_kernel, *initial_state, *recurrent_bias)
    outputs = tf.transpose(outputs, (1, 0, 2))
    outputs.set_shape((*inputs.shape[:2], layer.units))
    return outputs, state


class _Loop:
    """The steps over a batch of sequences, and the way back through them."""

    def __init__(self, cell, mask, goes_backwards, patterns):
        self.cell = cell
        self.mask = mask
        self.goes_backwards = goes_backwards
        self.patterns = patterns

    def forth(self, projected, kernel, *state_and_bias):
        """Return the outputs [T, B, H] and each tensor of the last state [B, H]."""
        (outputs,), state = self._steps(projected, kernel, *self._parted(state_and_bias), keeps=False)
        return (outputs.stack(), *state)

    @property
    def with_way_back(self):
        """The same, with gradients of our own."""
        return tf.custom_gradient(self._forth_and_back)

    def _forth_and_back(self, projected, kernel, *state_and_bias):
        state, bias = self._parted(state_and_bias)
        (outputs, *arrays), last = self._steps(projected, kernel, state, bias, keeps=True)
        before, kept = arrays[: len(state)], arrays[len(state) :]

        def back(d_outputs, *d_state):
            d_said, d_state = self._steps_back(kernel, before, kept, d_outputs, d_state)
            d_projected, d_recurrent = d_said[0], d_said[-1]
            d_kernel = _kernel_gradient(before[0].stack(), d_recurrent, self.patterns)
            return (d_projected, d_kernel, *d_state, *(tf.reduce_sum(d_recurrent, axis=(0, 1)) for _ in bias))

        return (outputs.stack(), *last), back

    def _steps(self, projected, kernel, state, bias, keeps):
        """Run the loop; return arrays of outputs and, if they are kept, states before a step and values in it."""
        kernels = tf.split(kernel, len(self.patterns), axis=1)
        inputs = _unstacked(projected)
        time = tf.shape(projected)[0]
        count = 1 + (len(state) + self.cell.num_kept if keeps else 0)
        arrays = tuple(_array(state[0].dtype, time, state[0].shape) for _ in range(count))

        def step(number, state, arrays):
            place = self._place(number, time)
            parts = [tf.matmul(_dropped(state[0], p), k) for p, k in zip(self.patterns, kernels, strict=True)]
            recurrent = sum(bias, start=_joined(parts))
            new, kept = self.cell.step(inputs.read(place), recurrent, *state)
            output = new[0]
            if self.mask is not None:
                is_real = tf.gather(self.mask, place, axis=1)  # [B]
                output = _chosen(is_real, output, tf.zeros_like(output))
                new = tuple(_chosen(is_real, *pair) for pair in zip(new, state, strict=True))
            values = (output, *state, *kept)[:count]
            return number + 1, new, tuple(a.write(place, value) for a, value in zip(arrays, values, strict=True))

        _, state, arrays = tf.while_loop(lambda number, *_: number < time, step, (0, state, arrays))
        return arrays, state

    def _steps_back(self, kernel, before, kept, d_outputs, d_state):
        """Run the loop from its end.

        Returns:
            (d_said, d_state): gradients [T, B, G * H] of what the inputs said and, where it is something else, of
            what the state said; and the gradients of the initial state.
        """
        kernels = [tf.transpose(part) for part in tf.split(kernel, len(self.patterns), axis=1)]
        d_outputs_at = _unstacked(d_outputs)
        time = tf.shape(d_outputs)[0]
        arrays = tuple(_array(d_outputs.dtype, time, (None, kernel.shape[1])) for _ in range(self.cell.num_said))

        def step(number, d_state, arrays):
            place = self._place(time - 1 - number, time)
            d_hidden, *rest = d_state
            d_new = (d_hidden + d_outputs_at.read(place), *rest)
            if self.mask is not None:
                is_real = tf.gather(self.mask, place, axis=1)  # [B]
                d_new = tuple(_chosen(is_real, d, tf.zeros_like(d)) for d in d_new)
            d_said, (direct, *d_rest) = self.cell.back(
                [array.read(place) for array in kept], [array.read(place) for array in before], *d_new
            )
            parts = tf.split(d_said[-1], len(kernels), axis=1)
            through = [_dropped(tf.matmul(d, k), p) for d, k, p in zip(parts, kernels, self.patterns, strict=True)]
            d_hidden = tf.add_n([*through, *([] if direct is None else [direct])])
            d_before = (d_hidden, *d_rest)
            if self.mask is not None:
                d_before = tuple(_chosen(is_real, *pair) for pair in zip(d_before, d_state, strict=True))
            return number + 1, d_before, tuple(a.write(place, d) for a, d in zip(arrays, d_said, strict=True))

        _, d_state, arrays = tf.while_loop(lambda number, *_: number < time, step, (0, d_state, arrays))
        return [array.stack() for array in arrays], d_state

    def _parted(self, state_and_bias):
        return state_and_bias[: self.cell.num_states], state_and_bias[self.cell.num_states :]

    def _place(self, number, time):
        return time - 1 - number if self.goes_backwards else number


def _kernel_gradient(hidden, d_recurrent, patterns):
    """Return the gradient of the kernel; hidden [T, B, H] is the state before each step."""
    parts = zip(patterns, tf.split(_rows(d_recurrent), len(patterns), axis=1), strict=True)
    return _joined([tf.matmul(_rows(_dropped(hidden, pattern)), d, transpose_a=True) for pattern, d in parts])


def _dropout_patterns(layer, inputs, training):
    """Return what multiplies a state on its way to each gate, or to all of them: None where nothing is dropped."""
    if not (training and layer.cell.recurrent_dropout):
        return [None]
    layer.cell.reset_recurrent_dropout_mask()
    patterns = layer.cell.get_recurrent_dropout_mask(tf.zeros((tf.shape(inputs)[0], layer.units), inputs.dtype))
    layer.cell.reset_recurrent_dropout_mask()
    return patterns if isinstance(patterns, list) else [patterns]


def _dropped(hidden, pattern):
    return hidden if pattern is None else hidden * pattern


def _rows(values):
    """Return [T, B, D] as [T * B, D]."""
    return tf.reshape(values, (-1, values.shape[-1]))


def _joined(parts):
    return parts[0] if len(parts) == 1 else tf.concat(parts, axis=1)


def _chosen(is_real, new, old):
    """Take whole rows; this older operation does so several times faster than `tf.where`."""
    return tf.raw_ops.Select(condition=is_real, x=new, y=old)


def _array(dtype, time, shape):
    return tf.TensorArray(dtype, time, element_shape=shape, clear_after_read=False)


def _unstacked(values):
    """Return an array of the steps of a tensor [T, ...], which shares its memory."""
    return tf.TensorArray(values.dtype, tf.shape(values)[0]).unstack(values)


def _sigmoid_gradient(output, gradient):
    return tf.raw_ops.SigmoidGrad(y=output, dy=gradient)


def _tanh_gradient(output, gradient):
    return tf.raw_ops.TanhGrad(y=output, dy=gradient)
