"""Decoding with the recurrent sequence-to-sequence model, one token per step.

Shapes: B batch, S length of the source, H units, V vocabulary, W hypotheses of a source, R = B W rows.
"""

import keras
from keras import ops

from kerasnlp_zoo.layers import PaddingMask
from kerasnlp_zoo.models.output_projection import OutputProjection
from kerasnlp_zoo.types import Tensor


class Seq2SeqSteps:
    """The decoder of `seq2seq` with its state, for `decoding.generate` and `decoding.beam_search`.

    The state is a flat dict of tensors, batch first: the encoded sources, which the hypotheses of a source share, and
    the recurrent states of every hypothesis.

    Args:
        model: model from `seq2seq`.

    Example:

    >>> from kerasnlp_zoo.decoding import generate, greedy
    >>> from kerasnlp_zoo.models import seq2seq
    >>> steps = Seq2SeqSteps(seq2seq(vocabulary_size=50, embedding_dim=8, hidden_dim=8))
    >>> state = steps.start(ops.convert_to_tensor([[5, 6, 3]]), beam_width=1, max_length=4)
    >>> generate(steps.step, state, ops.convert_to_tensor([2]), greedy, max_length=4, end_id=3).shape
    TensorShape([1, 4])
    """

    max_sequence_length: int | None = None  # unlimited: the model has no positional encoding

    def __init__(self, model: keras.Model) -> None:
        self.model, self.output_projection = model, OutputProjection(model)
        self.decoder = model.get_layer("decoder")
        bridges = [layer.output for layer in model.layers if layer.name.startswith("bridge_")]
        self.names = [f"state_{number}" for number in range(len(bridges))]
        encoded = {"memory": model.get_layer("memory").output, **dict(zip(self.names, bridges, strict=True))}
        self.feeds_source_vector = model.builder_config["arguments"]["feed_source_vector"]
        if self.feeds_source_vector:
            encoded["first_input"] = model.get_layer("first_input").output
            self.replace_start = model.get_layer("start_replacement")
        self.encoder = keras.Model(model.input["source_ids"], encoded)

    def start(self, source_ids: Tensor, beam_width: int, max_length: int | Tensor) -> dict[str, Tensor]:
        """Encode the sources, and return the state before the first token.

        Args:
            source_ids: int tensor [B, S].
            beam_width: W.
            max_length: maximum number of tokens to generate; not used.
        """
        encoded = self.encoder(source_ids, training=False)
        memory = encoded.pop("memory")
        return {
            "memory": memory,
            "projected": self.decoder.project_memory(memory),
            "memory_mask": PaddingMask()(source_ids),
            "table": self.output_projection.prepared(ops.shape(source_ids)[0] * beam_width),
            **{name: ops.repeat(part, beam_width, axis=0) for name, part in encoded.items()},
        }

    def step(self, state: dict[str, Tensor], ids: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Read the next token of every hypothesis.

        Args:
            state: from `start` or `step`.
            ids: int tensor [R].

        Returns:
            (logits, state): float32 [R, V] of the tokens after these, and the new state.
        """
        hidden, parts = self.decoder.step(
            self._inputs(ids[:, None], state)[:, 0],
            [state[name] for name in self.names],
            state["projected"],
            state["memory"],
            state["memory_mask"],
        )
        return self.output_projection.logits(hidden, state["table"]), {
            **state,
            **dict(zip(self.names, parts, strict=True)),
        }

    def alignments(self, source_ids: Tensor, target_ids: Tensor) -> Tensor:
        """Return the attention weights of a known target over its source.

        Args:
            source_ids: int tensor [B, S].
            target_ids: int tensor [B, T], from `[START]` on.

        Returns:
            float tensor [B, 1, 1, T, S], as for one layer with one head.
        """
        encoded = self.encoder(source_ids, training=False)
        _, weights = self.decoder(
            self._inputs(target_ids, encoded),
            encoded["memory"],
            [encoded[name] for name in self.names],
            PaddingMask()(source_ids),
            return_attention_scores=True,
            training=False,
        )
        return weights[:, None, None]

    def _inputs(self, ids: Tensor, state: dict[str, Tensor]) -> Tensor:
        """Return the inputs of the decoder, float [R, T, D], for ids [R, T]."""
        vectors = self.output_projection.embedding(ids)
        return self.replace_start(vectors, ids, state["first_input"]) if self.feeds_source_vector else vectors

    def reorder(self, state: dict[str, Tensor], rows: Tensor) -> dict[str, Tensor]:
        """Return the state in which hypothesis r is the former hypothesis `rows[r]`, int32 [R]."""
        return {**state, **{name: ops.take(state[name], rows, axis=0) for name in self.names}}
