"""The decoder of a recurrent sequence-to-sequence model, with or without attention to what the encoder read.

Shapes: B batch, T time of the target, S time of the source, D width of an input, E of the memory, H units; in step-wise
decoding W hypotheses of a source, R = B W rows.

References: Sutskever et al. 2014, "Sequence to Sequence Learning with Neural Networks"; Bahdanau et al. 2015; Luong et
al. 2015.
"""

import keras
from keras import ops

from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.layers.attention import Attention
from kerasnlp_zoo.layers.masking import MaskedLayer
from kerasnlp_zoo.layers.recurrent import CELLS, NUM_STATES, Recurrent

PLACEMENTS = ("luong", "bahdanau")
ATTENTIONS = ("soft", "hard", None)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class RecurrentDecoder(MaskedLayer):
    """A stack of recurrent layers that reads the target so far, and looks at the memory of the source.

    - "luong": the stack's output h_t asks; what is told is made of tanh(W [c_t; h_t]), c_t the answer. All steps of a
      known target are computed at once.
    - "bahdanau": the output before, h_{t-1}, asks, and the answer c_t goes into the stack beside the input; what is
      told is made of tanh(W [c_t; h_t]). One step after the other.
    - without attention all that is known of the source is the state to begin with.

    Args:
        units: int >= 1, H, of each layer.
        output_dim: int >= 1, width of the outputs.
        num_layers: int >= 1.
        cell: "rnn", "gru" or "lstm".
        attention: "soft", "hard" or None.
        score: one of `attention.SCORE_MODES`.
        placement: "luong" or "bahdanau".

    Call arguments:
        inputs: float tensor [B, T, D].
        memory: float tensor [B, S, E].
        initial_state: list of float tensors [B, H], of each layer in turn: h, for an LSTM then c;
            None for zeros.
        memory_mask: bool tensor [B, S], True at real tokens; None for all.
        return_attention_scores: bool, whether the weights are wanted, too.

    Returns:
        float tensor [B, T, output_dim]; with `return_attention_scores` also the weights float32 [B, T, S], which
        without attention are 0.

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
        units,
        output_dim,
        num_layers=1,
        cell="gru",
        attention="soft",
        score="additive",
        placement="luong",
        **kwargs,
    ):
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
        self.score = score
        self.placement = placement
        self.recurrent = [
            Recurrent(units, cell, dtype=self.dtype_policy, name=f"recurrent_{number}") for number in range(num_layers)
        ]
        self.attend = None
        if attention:
            self.attend = Attention(score, is_hard=attention == "hard", dtype=self.dtype_policy, name="attention")
        self.readout = keras.layers.Dense(output_dim, activation="tanh", dtype=self.dtype_policy, name="readout")

    @property
    def feeds_context(self):
        """Whether the answer of attention goes into the stack."""
        return self.attention is not None and self.placement == "bahdanau"

    def build(self, inputs_shape, memory_shape, **other_shapes):
        """Create the weights of the stack, the attention and the readout."""
        context = memory_shape[-1] if self.attention else 0
        width = inputs_shape[-1] + (context if self.feeds_context else 0)
        for layer in self.recurrent:
            layer.build((None, None, width))
            width = self.units
        if self.attend:
            self.attend.build((None, None, self.units), memory_shape)
        self.readout.build((None, None, self.units + context))

    def call(self, inputs, memory, initial_state=None, memory_mask=None, return_attention_scores=False, training=None):
        """Read a known target."""
        if initial_state is None:
            count = self.num_layers * NUM_STATES[self.cell]
            initial_state = [ops.zeros((ops.shape(inputs)[0], self.units), self.compute_dtype)] * count
        if self.feeds_context:
            hidden, context, look = self._one_by_one(inputs, memory, initial_state, memory_mask, training)
            weights = look() if return_attention_scores else None
        else:
            hidden = inputs
            for layer, state in zip(self.recurrent, self._by_layer(initial_state), strict=True):
                hidden, _ = layer(hidden, initial_state=state, training=training)
            context, weights = self._look(hidden, self.project_memory(memory), memory, memory_mask, training)
        outputs = self._read_out(hidden, context)
        return (outputs, weights) if return_attention_scores else outputs

    def project_memory(self, memory):
        """Return what `step` compares with: [B, S, U], once for all steps; without attention the memory itself."""
        return self.attend.project_keys(memory) if self.attend else memory

    def step(self, inputs, state, projected, memory, memory_mask=None):
        """Read one more token of every hypothesis.

        Args:
            inputs: float tensor [R, D], R = B W: the hypotheses of a source side by side.
            state: list of float tensors [R, H], as `initial_state`.
            projected: `project_memory(memory)`.
            memory: float tensor [B, S, E].
            memory_mask: bool tensor [B, S].

        Returns:
            (outputs, state): float tensor [R, output_dim], and the new list.
        """
        beams = (ops.shape(memory)[0], -1)
        hidden, context, state = self._step(inputs, state, projected, memory, memory_mask, None, beams)
        return self._read_out(hidden, context), state

    def _step(self, inputs, state, projected, memory, memory_mask, training, beams):
        """Go one step; return output [R, H], context [R, E] or None, and the new state."""

        def look(hidden):
            query = ops.reshape(hidden, (*beams, self.units))
            context, _ = self._look(query, projected, memory, memory_mask, training)
            return None if context is None else ops.reshape(context, (-1, memory.shape[-1]))

        states = self._by_layer(state)
        if self.feeds_context:
            context = look(states[-1][0])
            inputs = ops.concatenate([inputs, context], axis=-1)
        hidden, new_state = inputs, []
        for layer, before in zip(self.recurrent, states, strict=True):
            hidden, after = layer.forward.cell(hidden, before, training=training)
            new_state += after
        if not self.feeds_context:
            context = look(hidden)
        return hidden, context, new_state

    def _one_by_one(self, inputs, memory, initial_state, memory_mask, training):
        """Take steps that depend on each other.

        Returns:
            (outputs, contexts, look): [B, T, H], [B, T, E], and a function that returns the weights [B, T, S].
        """
        projected = self.project_memory(memory)

        # What a scan tells of a step has, on TensorFlow, the form of what it carries on: so it carries it all.
        def go_on(carried, step_inputs):
            state = carried[:-1]
            _, context, state = self._step(step_inputs, state, projected, memory, memory_mask, training, (-1, 1))
            carried = [*state, context]
            return carried, carried

        start = [*(ops.cast(part, self.compute_dtype) for part in initial_state), memory[:, 0] * 0]
        _, told = ops.scan(go_on, start, ops.transpose(inputs, (1, 0, 2)))
        *state, context = (ops.transpose(values, (1, 0, 2)) for values in told)
        top = -NUM_STATES[self.cell]
        asking = ops.concatenate([start[top - 1][:, None], state[top][:, :-1]], axis=1)  # the outputs before each step
        return state[top], context, lambda: self._look(asking, projected, memory, memory_mask, training)[1]

    def _look(self, query, projected, memory, memory_mask, training):
        """Return contexts and weights for queries [B, Q, H]; without attention None and zeros."""
        if self.attend is None:
            return None, ops.zeros((*ops.shape(query)[:2], ops.shape(memory)[1]))
        return self.attend.attend(query, projected, memory, memory_mask, True, training)

    def _read_out(self, hidden, context):
        return self.readout(hidden if context is None else ops.concatenate([context, hidden], axis=-1))

    def _by_layer(self, state):
        count = NUM_STATES[self.cell]
        return [list(state[start : start + count]) for start in range(0, len(state), count)]

    def compute_output_spec(
        self, inputs, memory, initial_state=None, memory_mask=None, return_attention_scores=False, training=None
    ):
        """Return the symbolic outputs."""
        outputs = keras.KerasTensor((*inputs.shape[:2], self.output_dim), dtype=self.compute_dtype)
        weights = keras.KerasTensor((*inputs.shape[:2], memory.shape[1]), dtype="float32")
        return (outputs, weights) if return_attention_scores else outputs

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "units": self.units,
            "output_dim": self.output_dim,
            "num_layers": self.num_layers,
            "cell": self.cell,
            "attention": self.attention,
            "score": self.score,
            "placement": self.placement,
        }
