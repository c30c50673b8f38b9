"""Steps on the way from the simple RNN to the LSTM, one equation each: cells for `keras.layers.RNN`.

In all of them u_t = tanh([x_t, h_{t-1}] W + b) is what a simple RNN would take for its new state; they differ in
what becomes of it.

>>> outputs = keras.layers.RNN(CoupledGateCell(units=4), return_sequences=True)(keras.ops.ones((1, 3, 8)))
>>> outputs.shape
TensorShape([1, 3, 4])

Shapes: B batch, D width of an input, H units.
"""

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_positive


class RecurrentCell(keras.layers.Layer):
    """What the cells share: a state [B, H] that is also the output, and the candidate u_t for it.

    Args:
        units: int >= 1, H.

    Call arguments:
        inputs: float tensor [B, D], one step.
        states: list of the states before that step, float tensors [B, H].

    Returns:
        (output, states): float tensor [B, H], and the list of the states after the step.

    Raises:
        InputError: if an argument is outside its range.
    """

    dense_names = ("candidate",)  # the layers over [x_t, h_{t-1}]
    activations = {"candidate": "tanh", "forget_gate": "sigmoid"}

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        require_positive(units=units)
        self.units = self.state_size = self.output_size = units
        for name in self.dense_names:
            setattr(
                self,
                name,
                keras.layers.Dense(units, activation=self.activations[name], dtype=self.dtype_policy, name=name),
            )

    def build(self, inputs_shape, states_shape=None):
        """Make the weights."""
        for name in self.dense_names:
            getattr(self, name).build((None, inputs_shape[-1] + self.recurrent_width))

    @property
    def recurrent_width(self):
        """How many numbers of earlier steps a step looks at."""
        return self.units

    def call(self, inputs, states):
        """Take one step."""
        state = self.step(ops.concatenate([inputs, states[0]], axis=-1), states[0])
        return state, [state]

    def step(self, both, before):
        """Return h_t from [x_t, h_{t-1}] and h_{t-1}."""
        raise NotImplementedError(f"{type(self).__name__} must define step(both, before)")

    def get_config(self):
        """Return the arguments that rebuild this cell."""
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class AdditiveStateCell(RecurrentCell):
    """h_t = h_{t-1} + u_t: what is added to the state stays, and its gradient neither fades nor grows.

    Reference: Hochreiter and Schmidhuber 1997, "Long Short-Term Memory", section 3: the constant error carousel.
    """

    def step(self, both, before):
        """Add to the state."""
        return before + self.candidate(both)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class CoupledGateCell(RecurrentCell):
    """h_t = f_t * h_{t-1} + (1 - f_t) * u_t, with the gate f_t = sigmoid([x_t, h_{t-1}] W_f + b_f).

    As much as is forgotten is written: one gate where an LSTM has an input and a forget gate.

    Reference: Greff et al. 2017, "LSTM: A Search Space Odyssey", for coupled gates.
    """

    dense_names = ("candidate", "forget_gate")

    def step(self, both, before):
        """Let the gate divide the state between old and new."""
        forget = self.forget_gate(both)
        return forget * before + (1 - forget) * self.candidate(both)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class LeakyCell(RecurrentCell):
    """h_t = a * h_{t-1} + (1 - a) * u_t with a fixed a: a running mean of what a simple RNN would say.

    Args:
        units: int >= 1, H.
        leak: float in [0, 1], a; 0 is the simple RNN, near 1 the state changes slowly.

    Reference: Jaeger et al. 2007, "Optimization and applications of echo state networks with leaky-integrator
    neurons".
    """

    def __init__(self, units, leak=0.9, **kwargs):
        super().__init__(units, **kwargs)
        if not 0 <= leak <= 1:
            raise InputError(f"leak is the share of the old state that stays, from 0 to 1. Received: leak={leak!r}")
        self.leak = leak

    def step(self, both, before):
        """Move the state a little towards the new one."""
        return self.leak * before + (1 - self.leak) * self.candidate(both)

    def get_config(self):
        """Return the arguments that rebuild this cell."""
        return {**super().get_config(), "leak": self.leak}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class DeepTransitionCell(RecurrentCell):
    """h_t = u_t passed through further layers tanh(. W_k + b_k): a step from state to state is itself deep.

    Args:
        units: int >= 1, H.
        depth: int >= 1, layers in a step; 1 is the simple RNN.

    Reference: Pascanu et al. 2014, "How to Construct Deep Recurrent Neural Networks", section 3.3.1.
    """

    def __init__(self, units, depth=2, **kwargs):
        super().__init__(units, **kwargs)
        require_positive(depth=depth)
        self.depth = depth
        self.further = [
            keras.layers.Dense(units, activation="tanh", dtype=self.dtype_policy, name=f"transition_{number}")
            for number in range(2, depth + 1)
        ]

    def build(self, inputs_shape, states_shape=None):
        """Make the weights."""
        super().build(inputs_shape)
        for layer in self.further:
            layer.build((None, self.units))

    def step(self, both, before):
        """Go through all layers."""
        state = self.candidate(both)
        for layer in self.further:
            state = layer(state)
        return state

    def get_config(self):
        """Return the arguments that rebuild this cell."""
        return {**super().get_config(), "depth": self.depth}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class TimeSkipCell(RecurrentCell):
    """h_t = tanh([x_t, h_{t-1}, h_{t-k}] W + b): a gradient reaches a step far back in k times fewer steps.

    Args:
        units: int >= 1, H.
        skip: int >= 2, k; the state is the last k vectors, the latest first.

    Reference: Lin et al. 1996, "Learning Long-Term Dependencies in NARX Recurrent Neural Networks".
    """

    def __init__(self, units, skip=4, **kwargs):
        super().__init__(units, **kwargs)
        require_positive(skip=skip)
        if skip < 2:
            raise InputError(f"skip must be at least 2: one step back is there anyway. Received: skip={skip}")
        self.skip = skip
        self.state_size = [units] * skip

    @property
    def recurrent_width(self):
        """The states of one step and of k steps ago."""
        return 2 * self.units

    def call(self, inputs, states):
        """Take one step, and move the earlier states on by one."""
        state = self.candidate(ops.concatenate([inputs, states[0], states[-1]], axis=-1))
        return state, [state, *states[:-1]]

    def get_config(self):
        """Return the arguments that rebuild this cell."""
        return {**super().get_config(), "skip": self.skip}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class OutputRecurrentCell(RecurrentCell):
    """o_t = tanh([x_t, o_{t-1}] W + b) V + c: only the output goes on to the next step, not what is hidden.

    Where the right output is known in training, it can take the place of o_{t-1}, and every step is trained by
    itself (teacher forcing); the price is a state that holds no more than the output does.

    Args:
        units: int >= 1, H, of the hidden layer.
        output_dim: int >= 1, width of the output and state.

    Reference: Jordan 1986, "Serial Order: A Parallel Distributed Processing Approach".
    """

    def __init__(self, units, output_dim, **kwargs):
        super().__init__(units, **kwargs)
        require_positive(output_dim=output_dim)
        self.output_dim = self.state_size = self.output_size = output_dim
        self.output_layer = keras.layers.Dense(output_dim, dtype=self.dtype_policy, name="output")

    def build(self, inputs_shape, states_shape=None):
        """Make the weights."""
        super().build(inputs_shape)
        self.output_layer.build((None, self.units))

    @property
    def recurrent_width(self):
        """The output of one step ago."""
        return self.output_dim

    def step(self, both, before):
        """Return the output."""
        return self.output_layer(self.candidate(both))

    def get_config(self):
        """Return the arguments that rebuild this cell."""
        return {**super().get_config(), "output_dim": self.output_dim}
