"""The decoder of a recurrent sequence-to-sequence model, with or without attention to the outputs of the encoder.

Shapes: B batch, T length of the target, S length of the source, D width of an input, E width of the memory, H units, U
units of the attention; in step-by-step decoding W hypotheses of a source, R = B W rows.

References: Sutskever et al. 2014, "Sequence to Sequence Learning with Neural Networks"; Bahdanau et al. 2015; Luong et
al. 2015.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import keras
from keras import ops

from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.layers.attention import Attention, ScoreMode
from kerasnlp_zoo.layers.cells_by_name import CELLS, Cell
from kerasnlp_zoo.layers.masking import MaskedLayer
from kerasnlp_zoo.layers.recurrent import Recurrent
from kerasnlp_zoo.types import Config, Tensor, TensorShape

PLACEMENTS = ("luong", "bahdanau")
ATTENTIONS = ("soft", "hard", None)
Placement: TypeAlias = Literal["luong", "bahdanau"]
AttentionKind: TypeAlias = Literal["soft", "hard"]


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class RecurrentDecoder(MaskedLayer):
    """A stack of recurrent layers that reads the target so far, with attention to the memory of the source.

    The outputs are tanh(W [c_t; h_t]), where h_t is the output of the stack and c_t the context from attention.

    - "luong": the query of c_t is h_t. All steps of a known target are computed at once.
    - "bahdanau": the query of c_t is the previous output h_{t-1}, and c_t is also an input of the stack. The steps are
      computed one after the other.
    - Without attention, there is no c_t, and only the initial state depends on the source.

    Args:
        units: H of each layer (>= 1).
        output_dim: width of the outputs (>= 1).
        num_layers: number of recurrent layers (>= 1).
        cell: name of the recurrent cell, see `cells_by_name`.
        attention: "soft", "hard" or None.
        score_mode: score of the attention, one of `attention.SCORE_MODES`.
        placement: "luong" or "bahdanau".
        skip_connections: whether each recurrent layer after the first adds its inputs to its outputs.
        layer_norm: whether the inputs of each recurrent layer after the first are normalized.

    Call arguments:
        inputs: float tensor [B, T, D].
        memory: float tensor [B, S, E], the outputs of the encoder.
        initial_state: float tensors [B, H], layer by layer, the parts of each layer's state; None for zeros.
        memory_mask: bool tensor [B, S], True at real tokens; None for all True.
        return_attention_scores: whether to also return the weights.

    Returns:
        float tensor [B, T, output_dim]; with `return_attention_scores` also the weights, float32 [B, T, S]. They are 0
        without attention.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> decoder = RecurrentDecoder(units=4, output_dim=6)
    >>> decoder(ops.ones((2, 3, 8)), ops.ones((2, 5, 7)), [ops.zeros((2, 4))]).shape
    TensorShape([2, 3, 6])

    References: Bahdanau et al. 2015, equations 4 to 6; Luong et al. 2015, equation 5.
    """

    def __init__(
        self,
        units: int,
        output_dim: int,
        num_layers: int = 1,
        cell: Cell = "gru",
        attention: AttentionKind | None = "soft",
        score_mode: ScoreMode = "additive",
        placement: Placement = "luong",
        skip_connections: bool = False,
        layer_norm: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        require_positive(units=units, output_dim=output_dim, num_layers=num_layers)
        require_choice("cell", cell, tuple(CELLS))
        require_choice("attention", attention, ATTENTIONS)
        require_choice("placement", placement, PLACEMENTS)
        self.units = units
        self.output_dim = output_dim
        self.num_layers = num_layers
        self.cell = cell
        self.attention = attention
        self.score_mode = score_mode
        self.placement = placement
        self.skip_connections = skip_connections
        self.layer_norm = layer_norm
        self.recurrent = [
            Recurrent(units, cell, dtype=self.dtype_policy, name=f"recurrent_{number}") for number in range(num_layers)
        ]
        self.norms = [
            keras.layers.LayerNormalization(dtype=self.dtype_policy, name=f"norm_{number}")
            for number in range(1, num_layers if layer_norm else 1)
        ]
        self.attend = None
        if attention:
            self.attend = Attention(score_mode, is_hard=attention == "hard", dtype=self.dtype_policy, name="attention")
        self.readout = keras.layers.Dense(output_dim, activation="tanh", dtype=self.dtype_policy, name="readout")

    @property
    def feeds_context(self) -> bool:
        """Whether the context is an input of the stack."""
        return self.attention is not None and self.placement == "bahdanau"

    def build(self, inputs_shape: TensorShape, memory_shape: TensorShape, **other_shapes: Any) -> None:
        """Create the weights of the stack, the attention and the readout."""
        context = memory_shape[-1] if self.attention else 0
        width = inputs_shape[-1] + (context if self.feeds_context else 0)
        for layer in self.recurrent:
            layer.build((None, None, width))
            width = self.units
        for norm in self.norms:
            norm.build((None, None, self.units))
        if self.attend:
            self.attend.build((None, None, self.units), memory_shape)
        self.readout.build((None, None, self.units + context))

    def call(
        self,
        inputs: Tensor,
        memory: Tensor,
        initial_state: Sequence[Tensor] | None = None,
        memory_mask: Tensor | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Compute the outputs for a known target."""
        if initial_state is None:
            count = self.num_layers * len(CELLS[self.cell].state)
            initial_state = [ops.zeros((ops.shape(inputs)[0], self.units), self.compute_dtype)] * count
        context: Tensor | None
        weights: Tensor | None
        if self.feeds_context:
            hidden, context, look = self._one_by_one(inputs, memory, initial_state, memory_mask, training)
            weights = look() if return_attention_scores else None
        else:
            hidden = inputs
            for number, (layer, state) in enumerate(zip(self.recurrent, self._by_layer(initial_state), strict=True)):
                outputs, _ = layer(self._normalized(number, hidden), initial_state=state, training=training)
                hidden = self._skipped(number, hidden, outputs)
            context, weights = self._look(hidden, self.project_memory(memory), memory, memory_mask, training)
        outputs = self._read_out(hidden, context)
        return (outputs, weights) if return_attention_scores else outputs

    def project_memory(self, memory: Tensor) -> Tensor:
        """Return the projected keys for `step`, [B, S, U]; without attention the memory itself."""
        return self.attend.project_keys(memory) if self.attend else memory

    def step(
        self,
        inputs: Tensor,
        state: Sequence[Tensor],
        projected: Tensor,
        memory: Tensor,
        memory_mask: Tensor | None = None,
    ) -> tuple[Tensor, list[Tensor]]:
        """Compute the next step of every hypothesis.

        Args:
            inputs: float tensor [R, D], R = B W; the hypotheses of a source are adjacent.
            state: float tensors [R, H], as `initial_state`.
            projected: `project_memory(memory)`.
            memory: float tensor [B, S, E].
            memory_mask: bool tensor [B, S].

        Returns:
            (outputs, state): float tensor [R, output_dim], and the new state.
        """
        beams = (ops.shape(memory)[0], -1)
        hidden, context, state = self._step(inputs, state, projected, memory, memory_mask, None, beams)
        return self._read_out(hidden, context), state

    def _step(
        self,
        inputs: Tensor,
        state: Sequence[Tensor],
        projected: Tensor,
        memory: Tensor,
        memory_mask: Tensor | None,
        training: bool | None,
        beams: tuple[int | Tensor, int],
    ) -> tuple[Tensor, Tensor | None, list[Tensor]]:
        """Compute one step; return the output [R, H], the context [R, E] or None, and the new state."""

        def look(hidden: Tensor) -> Tensor | None:
            query = ops.reshape(hidden, (*beams, self.units))
            context, _ = self._look(query, projected, memory, memory_mask, training)
            return None if context is None else ops.reshape(context, (-1, memory.shape[-1]))

        states = self._by_layer(state)
        if self.feeds_context:
            context = look(states[-1][0])
            inputs = ops.concatenate([inputs, context], axis=-1)
        hidden, new_state = inputs, []
        for number, (layer, before) in enumerate(zip(self.recurrent, states, strict=True)):
            outputs, after = layer.step(self._normalized(number, hidden), before, training)
            hidden = self._skipped(number, hidden, outputs)
            new_state += after
        if not self.feeds_context:
            context = look(hidden)
        return hidden, context, new_state

    def _one_by_one(
        self,
        inputs: Tensor,
        memory: Tensor,
        initial_state: Sequence[Tensor],
        memory_mask: Tensor | None,
        training: bool | None,
    ) -> tuple[Tensor, Tensor, Callable[[], Tensor]]:
        """Compute steps that depend on each other.

        Returns:
            (outputs, contexts, look): [B, T, H], [B, T, E], and a function that returns the weights [B, T, S].
        """
        projected = self.project_memory(memory)

        # On TensorFlow, the outputs of a scan must have the structure of the carried state, so the state includes all.
        def step(carried: Sequence[Tensor], step_inputs: Tensor) -> tuple[list[Tensor], list[Tensor]]:
            hidden, context, state = self._step(
                step_inputs, carried[:-2], projected, memory, memory_mask, training, (-1, 1)
            )
            carried = [*state, hidden, context]
            return carried, carried

        start = [ops.cast(part, self.compute_dtype) for part in initial_state]
        top = -len(CELLS[self.cell].state)  # place of the output of the last layer
        _, states = ops.scan(step, [*start, start[top] * 0, memory[:, 0] * 0], ops.transpose(inputs, (1, 0, 2)))
        *state, hidden, context = (ops.transpose(values, (1, 0, 2)) for values in states)
        query = ops.concatenate([start[top][:, None], state[top][:, :-1]], axis=1)  # the output before each step
        return hidden, context, lambda: self._look(query, projected, memory, memory_mask, training)[1]

    def _normalized(self, number: int, vectors: Tensor) -> Tensor:
        """Return the inputs of a recurrent layer from the vectors below it."""
        return self.norms[number - 1](vectors) if number and self.norms else vectors

    def _skipped(self, number: int, vectors: Tensor, outputs: Tensor) -> Tensor:
        """Return the outputs of a recurrent layer, with those below it if a connection skips it."""
        return outputs + vectors if number and self.skip_connections else outputs

    def _look(
        self, query: Tensor, projected: Tensor, memory: Tensor, memory_mask: Tensor | None, training: bool | None
    ) -> tuple[Tensor | None, Tensor]:
        """Return contexts and weights for queries [B, T, H]; without attention None and zeros."""
        if self.attend is None:
            return None, ops.zeros((*ops.shape(query)[:2], ops.shape(memory)[1]))
        context, weights = self.attend.attend(query, projected, memory, memory_mask, True, training)
        return context, weights

    def _read_out(self, hidden: Tensor, context: Tensor | None) -> Tensor:
        """Return the outputs tanh(W [c_t; h_t])."""
        return self.readout(hidden if context is None else ops.concatenate([context, hidden], axis=-1))

    def _by_layer(self, state: Sequence[Tensor]) -> list[list[Tensor]]:
        """Split a state into the states of the layers."""
        count = len(CELLS[self.cell].state)
        return [list(state[start : start + count]) for start in range(0, len(state), count)]

    def compute_output_spec(
        self,
        inputs: Tensor,
        memory: Tensor,
        initial_state: Sequence[Tensor] | None = None,
        memory_mask: Tensor | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
    ) -> keras.KerasTensor | tuple[keras.KerasTensor, keras.KerasTensor]:
        """Return the symbolic outputs."""
        outputs = keras.KerasTensor((*inputs.shape[:2], self.output_dim), dtype=self.compute_dtype)
        weights = keras.KerasTensor((*inputs.shape[:2], memory.shape[1]), dtype="float32")
        return (outputs, weights) if return_attention_scores else outputs

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "units": self.units,
            "output_dim": self.output_dim,
            "num_layers": self.num_layers,
            "cell": self.cell,
            "attention": self.attention,
            "score_mode": self.score_mode,
            "placement": self.placement,
            "skip_connections": self.skip_connections,
            "layer_norm": self.layer_norm,
        }
