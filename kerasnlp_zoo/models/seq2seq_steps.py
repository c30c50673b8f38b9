"""The recurrent sequence-to-sequence model that writes one token at a time: what `decoding` needs of it.

Shapes: B batch, S time of the source, H units, V vocabulary, W hypotheses of a source, R = B W rows.
"""

import keras
from keras import ops

from kerasnlp_zoo.layers import PaddingMask
from kerasnlp_zoo.models.output_projection import OutputProjection


class Seq2SeqSteps:
    """A sequence-to-sequence model with the states of its decoder.

    The state is a flat dict of tensors, batch first: what is known of the sources, once for all hypotheses, and the
    recurrent states of every hypothesis.

    Args:
        model: `keras.Model` from `seq2seq`.

    Example:

    >>> from kerasnlp_zoo.decoding import generate, greedy
    >>> from kerasnlp_zoo.models import seq2seq
    >>> steps = Seq2SeqSteps(seq2seq(vocabulary_size=50, embedding_dim=8, hidden_dim=8))
    >>> state = steps.start(ops.convert_to_tensor([[5, 6, 3]]), beam_width=1, max_length=4)
    >>> generate(steps.step, state, ops.convert_to_tensor([2]), greedy, max_length=4, end_id=3).shape
    TensorShape([1, 4])
    """

    max_sequence_length = None  # it has no positions that could run out

    def __init__(self, model):
        self.model, self.table = model, OutputProjection(model)
        self.decoder = model.get_layer("decoder")
        bridges = [layer.output for layer in model.layers if layer.name.startswith("bridge_")]
        self.encoder = keras.Model(model.input["source_ids"], [model.get_layer("memory").output, *bridges])
        self.names = [f"state_{number}" for number in range(len(bridges))]

    def start(self, source_ids, beam_width, max_length):
        """Read the sources.

        Args:
            source_ids: int tensor [B, S].
            beam_width: int, W.
            max_length: int, most tokens to write; any number.

        Returns:
            dict, the state before the first token.
        """
        memory, *states = self.encoder(source_ids, training=False)
        return {
            "memory": memory,
            "projected": self.decoder.project_memory(memory),
            "memory_mask": PaddingMask()(source_ids),
            "table": self.table.turned(ops.shape(source_ids)[0] * beam_width),
            **{name: ops.repeat(part, beam_width, axis=0) for name, part in zip(self.names, states, strict=True)},
        }

    def step(self, state, ids):
        """Read one more token of every hypothesis.

        Args:
            state: dict from `start` or `step`.
            ids: int tensor [R].

        Returns:
            (logits, state): float32 [R, V] of the tokens that follow, and the new state.
        """
        hidden, parts = self.decoder.step(
            self.table.embedding(ids),
            [state[name] for name in self.names],
            state["projected"],
            state["memory"],
            state["memory_mask"],
        )
        return self.table.logits(hidden, state["table"]), {**state, **dict(zip(self.names, parts, strict=True))}

    def alignments(self, source_ids, target_ids):
        """Return the weights with which a known target looks at its source.

        Args:
            source_ids: int tensor [B, S].
            target_ids: int tensor [B, T], from `[START]` on.

        Returns:
            float tensor [B, 1, 1, T, S], as of one layer with one head.
        """
        memory, *states = self.encoder(source_ids, training=False)
        vectors = self.table.embedding(target_ids)
        _, weights = self.decoder(
            vectors, memory, states, PaddingMask()(source_ids), return_attention_scores=True, training=False
        )
        return weights[:, None, None]

    def reorder(self, state, rows):
        """Let hypothesis r go on from hypothesis `rows[r]`, int32 [R]."""
        return {**state, **{name: ops.take(state[name], rows, axis=0) for name in self.names}}
