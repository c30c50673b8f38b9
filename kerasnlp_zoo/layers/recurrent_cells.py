"""Recurrent cells between the simple RNN and the LSTM, for `keras.layers.RNN`.

All cells compute u_t = tanh([x_t, h_{t-1}] W + b), the new state of a simple RNN. They compute the new state h_t from
it in different ways.

>>> outputs = keras.layers.RNN(CoupledGateCell(units=4), return_sequences=True)(keras.ops.ones((1, 3, 8)))
>>> outputs.shape
TensorShape([1, 3, 4])

Shapes: B batch, D width of an input, H units.
"""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.layers.unit_length import UnitLength
from kerasnlp_zoo.types import Config, Tensor, TensorShape


class RecurrentCell(keras.layers.Layer):
    """Base of the cells: the candidate u_t, and a state [B, H] that is also the output.

    Args:
        units: H (>= 1).

    Call arguments:
        inputs: float tensor [B, D], one step.
        states: the states before the step, float tensors [B, H].
        training: not used; the cells have no dropout.

    Returns:
        (output, states): float tensor [B, H], and the states after the step.

    Raises:
        InputError: if an argument is outside its range.
    """

    dense_names: ClassVar[tuple[str, ...]] = ("candidate",)  # dense layers over [x_t, h_{t-1}]
    activations: ClassVar[dict[str, str]] = {"candidate": "tanh", "forget_gate": "sigmoid", "input_gate": "sigmoid"}
    state_size: int | list[int]

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        require_positive(units=units)
        self.units = self.state_size = self.output_size = units
        for name in self.dense_names:
            setattr(
                self,
                name,
                keras.layers.Dense(units, activation=self.activations[name], dtype=self.dtype_policy, name=name),
            )

    def build(self, inputs_shape: TensorShape, states_shape: Any = None) -> None:
        """Create the weights."""
        for name in self.dense_names:
            getattr(self, name).build((None, inputs_shape[-1] + self.recurrent_width))

    @property
    def recurrent_width(self) -> int:
        """Width of the part of the input that comes from earlier steps."""
        return self.units

    def call(
        self, inputs: Tensor, states: Sequence[Tensor], training: bool | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Compute one step."""
        state = self.step(ops.concatenate([inputs, states[0]], axis=-1), states[0])
        return state, [state]

    def step(self, both: Tensor, before: Tensor) -> Tensor:
        """Return h_t from [x_t, h_{t-1}] and h_{t-1}."""
        raise NotImplementedError(f"{type(self).__name__} must define step(both, before)")

    def get_config(self) -> Config:
        """Return the arguments that rebuild this cell."""
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class AdditiveStateCell(RecurrentCell):
    """h_t = h_{t-1} + u_t: the gradient of the state neither vanishes nor explodes.

    Reference: Hochreiter and Schmidhuber 1997, "Long Short-Term Memory", section 3: the constant error carousel.
    """

    def step(self, both: Tensor, before: Tensor) -> Tensor:
        """Add the candidate to the state."""
        return before + self.candidate(both)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class CoupledGateCell(RecurrentCell):
    """h_t = f_t * h_{t-1} + (1 - f_t) * u_t, with the gate f_t = sigmoid([x_t, h_{t-1}] W_f + b_f).

    One gate replaces the input gate and the forget gate of an LSTM.

    Reference: Greff et al. 2017, "LSTM: A Search Space Odyssey", for coupled gates.
    """

    dense_names = ("candidate", "forget_gate")

    def step(self, both: Tensor, before: Tensor) -> Tensor:
        """Interpolate between the old state and the candidate by the gate."""
        forget = self.forget_gate(both)
        return forget * before + (1 - forget) * self.candidate(both)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class SeparateGatesCell(RecurrentCell):
    """h_t = f_t * h_{t-1} + i_t * u_t, with the gates f_t and i_t = sigmoid([x_t, h_{t-1}] W + b).

    An LSTM adds an output gate, and with it a state that is not the output.

    Reference: Gers et al. 2000, "Learning to Forget: Continual Prediction with LSTM", for the forget gate.
    """

    dense_names = ("candidate", "forget_gate", "input_gate")

    def step(self, both: Tensor, before: Tensor) -> Tensor:
        """Add the old state and the candidate, each multiplied by its gate."""
        return self.forget_gate(both) * before + self.input_gate(both) * self.candidate(both)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class LeakyCell(RecurrentCell):
    """h_t = a * h_{t-1} + (1 - a) * u_t: an exponential moving average of the candidates.

    Args:
        units: H (>= 1).
        leak: a, in [0, 1]; 0 is the simple RNN, near 1 the state changes slowly.
        learns_leak: whether each unit learns its own a, with `leak` as the initial value, above 0 and below 1.

    References: Mozer 1992, "Induction of Multiscale Temporal Structure"; Jaeger et al. 2007, "Optimization and
    applications of echo state networks with leaky-integrator neurons".
    """

    def __init__(self, units: int, leak: float = 0.9, learns_leak: bool = False, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        if not 0 <= leak <= 1:
            raise InputError(f"leak, the weight of the old state, must be from 0 to 1. Received: leak={leak!r}")
        if learns_leak and leak in (0, 1):
            raise InputError(
                f"A learned leak must start above 0 and below 1, where it has a gradient. Received: leak={leak!r}"
            )
        self.leak = leak
        self.learns_leak = learns_leak

    def build(self, inputs_shape: TensorShape, states_shape: Any = None) -> None:
        """Create the weights."""
        super().build(inputs_shape)
        if self.learns_leak:
            logit = math.log(self.leak / (1 - self.leak))
            self.leak_logit = self.add_weight(
                shape=(self.units,), initializer=keras.initializers.Constant(logit), name="leak_logit"
            )

    def step(self, both: Tensor, before: Tensor) -> Tensor:
        """Interpolate between the old state and the candidate."""
        leak = ops.sigmoid(self.leak_logit) if self.learns_leak else self.leak
        return leak * before + (1 - leak) * self.candidate(both)

    def get_config(self) -> Config:
        """Return the arguments that rebuild this cell."""
        return {**super().get_config(), "leak": self.leak, "learns_leak": self.learns_leak}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class DeepTransitionCell(RecurrentCell):
    """h_t is u_t passed through more layers tanh(. W_k + b_k): the transition between states is a deep network.

    Args:
        units: H (>= 1).
        depth: number of layers of the transition (>= 1); 1 is the simple RNN.

    Reference: Pascanu et al. 2014, "How to Construct Deep Recurrent Neural Networks", section 3.3.1.
    """

    def __init__(self, units: int, depth: int = 2, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        require_positive(depth=depth)
        self.depth = depth
        self.further = [
            keras.layers.Dense(units, activation="tanh", dtype=self.dtype_policy, name=f"transition_{number}")
            for number in range(2, depth + 1)
        ]

    def build(self, inputs_shape: TensorShape, states_shape: Any = None) -> None:
        """Create the weights."""
        super().build(inputs_shape)
        for layer in self.further:
            layer.build((None, self.units))

    def step(self, both: Tensor, before: Tensor) -> Tensor:
        """Apply all layers."""
        state = self.candidate(both)
        for layer in self.further:
            state = layer(state)
        return state

    def get_config(self) -> Config:
        """Return the arguments that rebuild this cell."""
        return {**super().get_config(), "depth": self.depth}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class TimeSkipCell(RecurrentCell):
    """h_t = tanh([x_t, h_{t-1}, h_{t-k}] W + b): a gradient reaches distant steps through k times fewer steps.

    Args:
        units: H (>= 1).
        skip: k (>= 2); the state consists of the last k vectors, the latest first.
        has_short_edge: whether h_{t-1} is an input. Without it, h_t depends only on steps at distances of k, 2k, ...

    Reference: Lin et al. 1996, "Learning Long-Term Dependencies in NARX Recurrent Neural Networks".
    """

    def __init__(self, units: int, skip: int = 4, has_short_edge: bool = True, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        require_positive(skip=skip)
        if skip < 2:
            raise InputError(f"skip must be at least 2; with 1 the cell is the simple RNN. Received: skip={skip}")
        self.skip = skip
        self.has_short_edge = has_short_edge
        self.state_size = [units] * skip

    @property
    def recurrent_width(self) -> int:
        """Width of the earlier states that are inputs."""
        return self.units * (1 + self.has_short_edge)

    def call(
        self, inputs: Tensor, states: Sequence[Tensor], training: bool | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Compute one step, and shift the earlier states by one."""
        edges = [states[0], states[-1]] if self.has_short_edge else [states[-1]]
        state = self.candidate(ops.concatenate([inputs, *edges], axis=-1))
        # Copies: LiteRT computes wrong numbers if a loop returns one of its states unchanged in the place of another.
        return state, ops.split(ops.concatenate([state, *states[:-1]], axis=-1), self.skip, axis=-1)

    def get_config(self) -> Config:
        """Return the arguments that rebuild this cell."""
        return {**super().get_config(), "skip": self.skip, "has_short_edge": self.has_short_edge}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class OutputRecurrentCell(RecurrentCell):
    """o_t = tanh([x_t, o_{t-1}] W + b) V + c: the next step receives only the output, not the hidden layer.

    If the correct output is known in training, it can replace o_{t-1}, and the steps can be trained independently
    (teacher forcing). The disadvantage is a state that contains only the output.

    Args:
        units: width of the hidden layer, H (>= 1).
        output_dim: width of the output, which is the state (>= 1); None for H.
        feeds_direction: whether o_{t-1} / |o_{t-1}| replaces o_{t-1}. In training by teacher forcing, the outputs learn
            the direction of the correct vectors, but not their length.

    Reference: Jordan 1986, "Serial Order: A Parallel Distributed Processing Approach".
    """

    def __init__(self, units: int, output_dim: int | None = None, feeds_direction: bool = False, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        output_dim = units if output_dim is None else output_dim
        require_positive(output_dim=output_dim)
        self.output_dim = self.state_size = self.output_size = output_dim
        self.output_layer = keras.layers.Dense(output_dim, dtype=self.dtype_policy, name="output")
        self.feeds_direction = feeds_direction
        self.direction = UnitLength(dtype=self.dtype_policy, name="direction") if feeds_direction else None

    def build(self, inputs_shape: TensorShape, states_shape: Any = None) -> None:
        """Create the weights."""
        super().build(inputs_shape)
        self.output_layer.build((None, self.units))

    @property
    def recurrent_width(self) -> int:
        """Width of the output one step ago."""
        return self.output_dim

    def call(
        self, inputs: Tensor, states: Sequence[Tensor], training: bool | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Compute one step."""
        output = self.output_after(inputs, states[0])
        return output, [output]

    def output_after(self, inputs: Tensor, previous: Tensor) -> Tensor:
        """Return o_t [..., output_dim] from x_t [..., D] and o_{t-1} [..., output_dim], of one step or of all steps."""
        if self.direction is not None:
            previous = ops.cast(self.direction(previous), self.compute_dtype)
        return self.output_layer(self.candidate(ops.concatenate([inputs, previous], axis=-1)))

    def get_config(self) -> Config:
        """Return the arguments that rebuild this cell."""
        own = {"output_dim": self.output_dim, "feeds_direction": self.feeds_direction}
        return {**super().get_config(), **own}
