"""Decoding with the Transformer, one token per step.

Shapes: B batch, S length of the source, D width, H heads, K width of a head, V vocabulary, W hypotheses of a source, R
= B W rows, L maximum length of the output.
"""

import keras
from keras import ops

from kerasnlp_zoo.layers import PaddingMask
from kerasnlp_zoo.layers.masking import LOWEST, mask_bias
from kerasnlp_zoo.layers.multi_head_attention import cache_rows
from kerasnlp_zoo.models.output_projection import OutputProjection
from kerasnlp_zoo.types import Tensor


class TransformerSteps:
    """The decoder of `transformer` with a cache of keys and values, for `decoding.generate` and `decoding.beam_search`.

    The state is a flat dict of tensors. The keys and values of all hypotheses of a source share one array and are
    never moved. A bias [R, L W] of the attention scores marks the previous tokens of each hypothesis. When the beams
    are reordered, only this bias is reordered.

    Args:
        model: model from `transformer`.

    Example:

    >>> from kerasnlp_zoo.decoding import generate, greedy
    >>> from kerasnlp_zoo.models import transformer
    >>> steps = TransformerSteps(transformer(vocabulary_size=50, hidden_dim=8, num_layers=1))
    >>> state = steps.start(ops.convert_to_tensor([[5, 6, 3]]), beam_width=1, max_length=4)
    >>> generate(steps.step, state, ops.convert_to_tensor([2]), greedy, max_length=4, end_id=3).shape
    TensorShape([1, 4])
    """

    def __init__(self, model: keras.Model) -> None:
        self.model, self.output_projection = model, OutputProjection(model)
        arguments = model.builder_config["arguments"]
        self.encoder = keras.Model(model.input["source_ids"], model.get_layer("memory").output)
        self.blocks = [model.get_layer(f"decoder_{number}") for number in range(arguments["num_layers"])]
        names = {layer.name for layer in model.layers}
        self.positions, self.norm = (
            model.get_layer(name) if name in names else None for name in ("positions", "decoder_norm")
        )

    def start(self, source_ids: Tensor, beam_width: int, max_length: int | Tensor) -> dict[str, Tensor]:
        """Encode the sources, and return the state before the first token.

        Args:
            source_ids: int tensor [B, S].
            beam_width: W.
            max_length: L, maximum number of tokens to generate, int or int32 tensor [].

        Raises:
            InputError: if the model has learned positions, and `max_length` exceeds its maximum sequence length.
        """
        memory = self.encoder(source_ids, training=False)
        batch = ops.shape(source_ids)[0]
        state = {
            "place": ops.zeros((batch * beam_width,), "int32"),
            "bias": ops.full((batch * beam_width, max_length * beam_width), LOWEST["float32"]),
            "memory_bias": mask_bias(PaddingMask()(source_ids))[:, None, None, :],
            "table": self.output_projection.prepared(batch * beam_width),
        }
        if self.positions is not None:
            state["positions"] = ops.cast(self.positions.vectors(max_length), memory.dtype)
        for number, block in enumerate(self.blocks):
            cache = block.attention.empty_cache(batch, beam_width, max_length)
            projected = block.cross_attention.project_memory(memory)
            parts = ("keys", "values", "memory_keys", "memory_values")
            state.update(zip((f"{part}_{number}" for part in parts), (*cache, *projected), strict=True))
        return state

    def step(self, state: dict[str, Tensor], ids: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Read the next token of every hypothesis.

        Args:
            state: from `start` or `step`.
            ids: int tensor [R].

        Returns:
            (logits, state): float32 [R, V] of the tokens after these, and the new state.
        """
        state, place = dict(state), state["place"][0]
        attention, batch = self.blocks[0].attention, ops.shape(state["memory_bias"])[0]
        beam_width = state["keys_0"].shape[-1] // attention.key_width
        slots = ops.shape(state["bias"])[1]
        rows = cache_rows(batch, attention.num_groups, slots // beam_width, place)
        own_slot = place * beam_width + ops.tile(ops.arange(beam_width), [batch])  # [R]
        state["bias"] = ops.where(ops.arange(slots) == own_slot[:, None], 0.0, state["bias"])
        bias = ops.reshape(state["bias"], (-1, 1, beam_width, slots))
        embedded = self.output_projection.embedding(ops.reshape(ids, (-1, beam_width)))
        hidden = self.model.get_layer("embedding_scale")(embedded)  # [B, W, D]
        if self.positions is not None:
            hidden = hidden + ops.take(state["positions"], place, axis=0)
        for number, block in enumerate(self.blocks):
            cache = state[f"keys_{number}"], state[f"values_{number}"]
            projected = state[f"memory_keys_{number}"], state[f"memory_values_{number}"]
            hidden, cache = block.step(hidden, cache, rows, bias, projected, state["memory_bias"])
            state[f"keys_{number}"], state[f"values_{number}"] = cache
        state["place"] = state["place"] + 1
        hidden = hidden if self.norm is None else self.norm(hidden)
        return self.output_projection.logits(ops.reshape(hidden, (-1, hidden.shape[-1])), state["table"]), state

    def alignments(self, source_ids: Tensor, target_ids: Tensor) -> Tensor:
        """Return the attention weights of a known target over its source.

        Args:
            source_ids: int tensor [B, S].
            target_ids: int tensor [B, T], from `[START]` on.

        Returns:
            float tensor [B, layers, H, T, S].
        """
        memory, mask = self.encoder(source_ids, training=False), PaddingMask()(source_ids)
        hidden = self.model.get_layer("embedding_scale")(self.output_projection.embedding(target_ids))
        hidden = hidden if self.positions is None else self.positions(hidden)
        weights = []
        for block in self.blocks:
            hidden, of_block = block(hidden, memory, memory_mask=mask, return_attention_scores=True, training=False)
            weights.append(of_block)
        return ops.stack(weights, axis=1)

    @staticmethod
    def reorder(state: dict[str, Tensor], rows: Tensor) -> dict[str, Tensor]:
        """Return the state in which hypothesis r is the former hypothesis `rows[r]`, int32 [R]."""
        return {**state, "bias": ops.take(state["bias"], rows, axis=0)}
