"""The Transformer that writes one token at a time: what `decoding` needs of it.

Shapes: B batch, S time of the source, D width, H heads, K width of a head, V vocabulary, W hypotheses of a source,
R = B W rows, L places for tokens.
"""

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import PaddingMask
from kerasnlp_zoo.layers.masking import LOWEST, mask_bias
from kerasnlp_zoo.layers.multi_head_attention import cache_rows
from kerasnlp_zoo.models.output_projection import OutputProjection


class TransformerSteps:
    """A Transformer with a cache of what its decoder has computed.

    The state is a flat dict of tensors. Keys and values of all hypotheses of a source lie side by side
    and stay where they were written. A hypothesis knows which of them are its own past, by a bias [R, L W] for the
    scores of all; that alone is put into another order when beams change theirs.

    Args:
        model: `keras.Model` from `transformer`.

    Example:

    >>> from kerasnlp_zoo.decoding import generate, greedy
    >>> from kerasnlp_zoo.models import transformer
    >>> steps = TransformerSteps(transformer(vocabulary_size=50, hidden_dim=8, num_layers=1))
    >>> state = steps.start(ops.convert_to_tensor([[5, 6, 3]]), beam_width=1, max_length=4)
    >>> generate(steps.step, state, ops.convert_to_tensor([2]), greedy, max_length=4, end_id=3).shape
    TensorShape([1, 4])
    """

    def __init__(self, model):
        self.model, self.table = model, OutputProjection(model)
        arguments = model.builder_config["arguments"]
        self.max_sequence_length = arguments["max_sequence_length"]
        self.encoder = keras.Model(model.input["source_ids"], model.get_layer("memory").output)
        self.blocks = [model.get_layer(f"decoder_{number}") for number in range(arguments["num_layers"])]
        names = {layer.name for layer in model.layers}
        self.positions, self.norm = (
            model.get_layer(name) if name in names else None for name in ("positions", "decoder_norm")
        )

    def start(self, source_ids, beam_width, max_length):
        """Read the sources.

        Args:
            source_ids: int tensor [B, S].
            beam_width: int, W.
            max_length: int or int32 tensor [], L; most tokens to write.

        Returns:
            dict, the state before the first token.

        Raises:
            InputError: if the model has no positions for so many tokens.
        """
        if self.positions is not None and isinstance(max_length, int) and max_length > self.max_sequence_length:
            raise InputError(
                f"The model was built for max_sequence_length={self.max_sequence_length} tokens. "
                f"Received: max_length={max_length}"
            )
        memory = self.encoder(source_ids, training=False)
        batch = ops.shape(source_ids)[0]
        state = {
            "place": ops.zeros((batch * beam_width,), "int32"),
            "bias": ops.full((batch * beam_width, max_length * beam_width), LOWEST["float32"]),
            "memory_bias": mask_bias(PaddingMask()(source_ids))[:, None, None, :],
            "table": self.table.turned(batch * beam_width),
        }
        for number, block in enumerate(self.blocks):
            cache = block.attention.empty_cache(batch, beam_width, max_length)
            projected = block.cross_attention.project_memory(memory)
            parts = ("keys", "values", "memory_keys", "memory_values")
            state.update(zip((f"{part}_{number}" for part in parts), (*cache, *projected), strict=True))
        return state

    def step(self, state, ids):
        """Read one more token of every hypothesis.

        Args:
            state: dict from `start` or `step`.
            ids: int tensor [R].

        Returns:
            (logits, state): float32 [R, V] of the tokens that follow, and the new state.
        """
        state, place = dict(state), state["place"][0]
        attention, batch = self.blocks[0].attention, ops.shape(state["memory_bias"])[0]
        beam_width = state["keys_0"].shape[-1] // attention.head_width
        slots = ops.shape(state["bias"])[1]
        rows = cache_rows(batch, attention.num_heads, slots // beam_width, place)
        own_slot = place * beam_width + ops.tile(ops.arange(beam_width), [batch])  # [R]
        state["bias"] = ops.where(ops.arange(slots) == own_slot[:, None], 0.0, state["bias"])
        bias = ops.reshape(state["bias"], (-1, 1, beam_width, slots))
        hidden = self._embed(ops.reshape(ids, (-1, beam_width)), place)  # [B, W, D]
        for number, block in enumerate(self.blocks):
            cache = state[f"keys_{number}"], state[f"values_{number}"]
            projected = state[f"memory_keys_{number}"], state[f"memory_values_{number}"]
            hidden, cache = block.step(hidden, cache, rows, bias, projected, state["memory_bias"])
            state[f"keys_{number}"], state[f"values_{number}"] = cache
        state["place"] = state["place"] + 1
        hidden = hidden if self.norm is None else self.norm(hidden)
        return self.table.logits(ops.reshape(hidden, (-1, hidden.shape[-1])), state["table"]), state

    def alignments(self, source_ids, target_ids):
        """Return the weights with which a known target looks at its source.

        Args:
            source_ids: int tensor [B, S].
            target_ids: int tensor [B, T], from `[START]` on.

        Returns:
            float tensor [B, layers, H, T, S].
        """
        memory, mask = self.encoder(source_ids, training=False), PaddingMask()(source_ids)
        hidden = self.model.get_layer("embedding_scale")(self.table.embedding(target_ids))
        hidden = hidden if self.positions is None else self.positions(hidden)
        weights = []
        for block in self.blocks:
            hidden, of_block = block(hidden, memory, memory_mask=mask, return_attention_scores=True, training=False)
            weights.append(of_block)
        return ops.stack(weights, axis=1)

    def _embed(self, ids, place):
        vectors = self.model.get_layer("embedding_scale")(self.table.embedding(ids))
        return vectors if self.positions is None else self.positions.at(vectors, place)

    @staticmethod
    def reorder(state, rows):
        """Let hypothesis r go on from hypothesis `rows[r]`, int32 [R]: its past is all that changes."""
        return {**state, "bias": ops.take(state["bias"], rows, axis=0)}
