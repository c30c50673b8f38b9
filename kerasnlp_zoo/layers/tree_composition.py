"""Base of the recursive layers, which compute states of trees of any shape from the leaves to the roots.

A forest is one tree, or the two trees of a pair. `text.tree_schedules` arranges its nodes in rows: a node is in a later
row than its parent, and roots are in the first row. Each row has `INNER_PLACES` places for nodes with children and
`LEAF_PLACES` places for leaves. All leaves are computed together. Then a loop over the rows, from the last to the
first, computes every inner node after its children, in all trees of a batch at once. Empty places change no result.

A node sends a message to its parent, into one of the K inboxes of the parent's place. `parents` is the number of this
inbox:

    1 + (row of the parent * INNER_PLACES + place of the parent) * K + inbox

or 0 without a parent. An inbox contains the sum of its messages.

Shapes: B batch, R rows, P = INNER_PLACES + LEAF_PLACES, D width of a vector, G width of a projected vector, K inboxes
of a node, M width of a message, H units, n = B x INNER_PLACES, L = R x B x LEAF_PLACES.
"""

from collections.abc import Callable, Sequence
from typing import Any

from keras import ops

from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.layers.masking import MaskedLayer, zero_masked
from kerasnlp_zoo.types import Config, Tensor, TensorShape

# With two inner nodes per row, 3% of the inner places of SNLI's pairs are empty, and a pair needs 10 rows; its height
# alone would need 8. With rows as wide as the widest level of any tree, most places would be empty.
INNER_PLACES, LEAF_PLACES = 2, 3


class TreeComposition(MaskedLayer):
    """Compute a state for every node of a forest from its word and the messages of its children.

    A subclass defines the messages (`project`, `message`, `state`) and their gradients (`message_gradients`), because
    the loop over the rows has a custom gradient. The custom gradient processes each message once. Automatic
    differentiation would process all messages of the batch at every row, and take more than ten times as long on a CPU.

    Args:
        units: H (>= 1).
        num_roots: number of roots whose states are returned; None for the states of all nodes.

    Call arguments:
        inputs: float tensor [B, R, P, D], word vectors.
        parents: int tensor [B, R, P], the inbox of the parent for each node's message, from 1; 0 for none.
        mask: bool tensor [B, R, P], True where a node has a word; None for all True.

    Returns:
        float tensor [B, R, P, H], or [B, num_roots, H].

    Raises:
        InputError: if an argument is outside its range.
    """

    def __init__(self, units: int, num_roots: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        require_positive(units=units, **({} if num_roots is None else {"num_roots": num_roots}))
        self.units = units
        self.num_roots = num_roots

    @property
    def num_inboxes(self) -> int:
        """Inboxes of an inner place, K."""
        return 1

    @property
    def message_dim(self) -> int:
        """Width of a message, M."""
        return 2 * self.units

    def project(
        self, inputs: Sequence[Tensor], mask: Sequence[Tensor], parent_places: Sequence[Tensor]
    ) -> list[Tensor]:
        """Project the word vectors of inner nodes and of leaves.

        Args:
            inputs: float tensors [R * n, D] and [L, D], zeros where there is no word.
            mask: bool tensors [R * n] and [L], True where there is a word.
            parent_places: int tensors [R * n] and [L], the index of the parent among the inner places.

        Returns:
            float tensors [R * n, G] and [L, G], from which `message` computes a message with the inboxes of the node.
        """
        raise NotImplementedError(f"{type(self).__name__} must define project(inputs, mask, parent_places)")

    def message(self, projected: Tensor, inbox: Tensor | None, *weights: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return (messages [N, M], tensors that `message_gradients` needs); `inbox` [N, K, M] is None for leaves."""
        raise NotImplementedError(f"{type(self).__name__} must define message(projected, inbox, *weights)")

    def message_gradients(self, kept: Sequence[Tensor], d_message: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gradients of `projected` [N, G] and `inbox` [N, K, M] from the gradients of messages [N, M]."""
        raise NotImplementedError(f"{type(self).__name__} must define message_gradients(kept, d_message, *weights)")

    def weight_gradients(self, kept: Sequence[Tensor], d_projected: Tensor) -> Sequence[Tensor]:
        """Return the gradient of each of `recurrent_weights`."""
        return ()

    def recurrent_weights(self) -> list[Tensor]:
        """Return the weights that `message` needs."""
        return []

    def state(self, message: Tensor) -> Tensor:
        """Return the states [N, H] from messages [N, M]."""
        return message[:, : self.units]

    def call(self, inputs: Tensor, parents: Tensor, mask: Tensor | None = None) -> Tensor:
        """Compute the leaves, then all inboxes row by row, then the states."""
        batch, rows = ops.shape(inputs)[0], ops.shape(inputs)[1]
        mask = ops.ones(ops.shape(parents), "bool") if mask is None else ops.cast(mask, "bool")
        per_row = batch * INNER_PLACES  # n
        boxes = _inbox_numbers(ops.cast(parents, "int32"), rows, batch, self.num_inboxes)
        boxes = _inner_and_leaves(boxes)
        places = [ops.minimum(numbers // self.num_inboxes, rows * per_row - 1) for numbers in boxes]
        vectors = _inner_and_leaves(zero_masked(inputs, mask[..., None]))
        inner, leaves = self.project(vectors, _inner_and_leaves(mask), places)
        weights = self.recurrent_weights()
        leaf_messages, _ = self.message(leaves, None, *weights)
        inboxes = self._filled(inner, leaf_messages, weights, boxes, rows, per_row)
        if self.num_roots is not None:  # roots are in the first row
            messages, _ = self.message(inner[:per_row], inboxes[:per_row], *weights)
            return ops.reshape(self.state(messages), (batch, INNER_PLACES, self.units))[:, : self.num_roots]
        messages, _ = self.message(inner, inboxes, *weights)
        states = [
            ops.reshape(self.state(part), (rows, batch, count, self.units))
            for part, count in ((messages, INNER_PLACES), (leaf_messages, LEAF_PLACES))
        ]
        return ops.transpose(ops.concatenate(states, axis=2), (1, 0, 2, 3))

    def _filled(
        self,
        inner: Tensor,
        leaf_messages: Tensor,
        weights: Sequence[Tensor],
        boxes: Sequence[Tensor],
        rows: int | Tensor,
        per_row: int | Tensor,
    ) -> Tensor:
        """Return all inboxes, float [R * n, K, M], after all messages have been sent."""
        inner_boxes, leaf_boxes = boxes
        count, width = self.num_inboxes, self.message_dim
        in_a_row = per_row * count  # inboxes

        def of_row(values: Tensor, row: int | Tensor, size: int | Tensor) -> Tensor:
            return ops.slice(values, (row * size, *[0] * (len(values.shape) - 1)), (size, *values.shape[1:]))

        def added(inboxes: Tensor, numbers: Tensor, messages: Tensor) -> Tensor:
            return ops.scatter_update(inboxes, numbers[:, None], messages, reduction="add")

        @ops.custom_gradient
        def fill(
            inner: Tensor, leaf_messages: Tensor, *weights: Tensor
        ) -> tuple[Tensor, Callable[..., tuple[Tensor, ...]]]:
            def send(row: int | Tensor, inboxes: Tensor) -> tuple[int | Tensor, Tensor]:
                inbox = ops.reshape(of_row(inboxes, row, in_a_row), (per_row, count, width))
                messages, _ = self.message(of_row(inner, row, per_row), inbox, *weights)
                return row - 1, added(inboxes, of_row(inner_boxes, row, per_row), messages)

            # The last inbox belongs to no node. It receives the messages of roots and of empty places.
            inboxes = ops.zeros((rows * in_a_row + 1, width), inner.dtype)
            inboxes = added(inboxes, leaf_boxes, leaf_messages)
            _, inboxes = ops.while_loop(lambda row, _: row > 0, send, (rows - 1, inboxes))
            inboxes = ops.reshape(inboxes[:-1], (rows * per_row, count, width))

            def gradients(*args: Tensor, upstream: Tensor | None = None) -> tuple[Tensor, ...]:
                d_inboxes = args[0] if upstream is None else upstream
                d_inboxes = ops.reshape(d_inboxes, (rows * in_a_row, width))
                d_inboxes = ops.concatenate([d_inboxes, ops.zeros_like(d_inboxes[:1])], axis=0)
                _, kept = self.message(inner, inboxes, *weights)

                def receive(row: int | Tensor, d_inboxes: Tensor) -> tuple[int | Tensor, Tensor]:
                    d_messages = ops.take(d_inboxes, of_row(inner_boxes, row, per_row), axis=0)
                    kept_of_row = [of_row(values, row, per_row) for values in kept]
                    _, d_inbox = self.message_gradients(kept_of_row, d_messages, *weights)
                    numbers = row * in_a_row + ops.arange(in_a_row, dtype="int32")
                    return row + 1, added(d_inboxes, numbers, ops.reshape(d_inbox, (in_a_row, width)))

                _, d_inboxes = ops.while_loop(lambda row, _: row < rows, receive, (1, d_inboxes))
                d_messages = ops.take(d_inboxes, inner_boxes, axis=0)
                d_inner, _ = self.message_gradients(kept, d_messages, *weights)
                d_leaves = ops.take(d_inboxes, leaf_boxes, axis=0)
                return (d_inner, d_leaves, *self.weight_gradients(kept, d_inner))

            return inboxes, gradients

        return fill(inner, leaf_messages, *weights)

    def compute_output_shape(
        self, inputs_shape: TensorShape, parents_shape: TensorShape | None = None, mask_shape: TensorShape | None = None
    ) -> TensorShape:
        """Return [B, R, P, H], or [B, num_roots, H]."""
        if self.num_roots is not None:
            return (inputs_shape[0], self.num_roots, self.units)
        return (*inputs_shape[:-1], self.units)

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "units": self.units, "num_roots": self.num_roots}


def _inbox_numbers(parents: Tensor, rows: int | Tensor, batch: int | Tensor, num_inboxes: int) -> Tensor:
    """Convert `parents` [B, R, P] to indices of inboxes [R, B, INNER_PLACES, K]; R B INNER_PLACES K means no parent."""
    in_a_row = INNER_PLACES * num_inboxes
    row, inbox = (parents - 1) // in_a_row, (parents - 1) % in_a_row
    numbers = (row * batch + ops.arange(batch, dtype="int32")[:, None, None]) * in_a_row + inbox
    return ops.where(parents > 0, numbers, rows * batch * in_a_row)


def _inner_and_leaves(values: Tensor) -> list[Tensor]:
    """Split values of nodes [B, R, P, ...] into values of inner places [R * n, ...] and of leaf places [L, ...]."""
    rest = range(2, len(values.shape))
    values = ops.transpose(values, (1, 0, *rest))
    parts = values[:, :, :INNER_PLACES], values[:, :, INNER_PLACES:]
    return [ops.reshape(part, (-1, *values.shape[3:])) for part in parts]
