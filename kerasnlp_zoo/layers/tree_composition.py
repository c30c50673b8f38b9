"""From the leaves of trees to their roots, whatever their shapes: what every recursive layer shares.

The nodes of a forest (one tree, or the two of a pair) stand in rows, as `text.tree_schedules` puts them: a node
always below its parent, roots in the first row. Each row has `INNER_PLACES` for nodes with children, so that a loop
over the rows, from the last to the first, meets every node after its children, in all trees of a batch at once; and
`LEAF_PLACES` for nodes without, which are computed together before the loop. An empty place disturbs nobody.

A node sends its parent a message into one of the K inboxes that every inner place has; `parents` holds its number:

    1 + (row of the parent * INNER_PLACES + place of the parent) * K + inbox

or 0 where there is no parent. Messages into one inbox add up.

Shapes: B batch, R rows, P = INNER_PLACES + LEAF_PLACES, D width of a vector, G width of a projected one, K inboxes of a
node, M width of a message, H units; n = B x INNER_PLACES inner places of a row over the batch, L leaf places of all.
"""

from keras import ops

from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.layers.masking import MaskedLayer, zero_masked

# Two nodes a step: measured on SNLI's pairs, 3% of those places stay empty, and 10 steps do where the height alone asks
# for 8; a row as wide as the widest level of any tree would be empty for the most part.
INNER_PLACES, LEAF_PLACES = 2, 3


class TreeComposition(MaskedLayer):
    """Compute a state for every node of a forest from its word and the messages of its children.

    A subclass says what a message is (`project`, `message`, `state`) and, because the loop over the rows has a
    gradient of its own, how to go back through one (`message_gradients`). That gradient touches each message once:
    autodiff passes over all messages of the batch at every row, which took more than ten times as long on a CPU.

    Args:
        units: int >= 1, H.
        num_roots: int, return the states of this many roots alone; None for those of all nodes.

    Call arguments:
        inputs: float tensor [B, R, P, D], the words' vectors.
        parents: int tensor [B, R, P], the inbox that a node's message goes to, counted from 1; 0 for none.
        mask: bool tensor [B, R, P], True where a node has a word; None for everywhere.

    Returns:
        float tensor [B, R, P, H], or [B, num_roots, H].

    Raises:
        InputError: if an argument is outside its range.
    """

    num_inboxes = 1  # K

    def __init__(self, units, num_roots=None, **kwargs):
        super().__init__(**kwargs)
        require_positive(units=units, **({} if num_roots is None else {"num_roots": num_roots}))
        self.units = units
        self.num_roots = num_roots

    @property
    def message_dim(self):
        """Width of a message, M."""
        return 2 * self.units

    def project(self, inputs, mask, parent_places):
        """Return what a node's message needs beside its inboxes, for inner nodes and for leaves.

        Args:
            inputs: pair of float tensors [R * n, D] and [L, D], zeros where there is no word.
            mask: pair of bool tensors [R * n] and [L], True where there is a word.
            parent_places: pair of int tensors [R * n] and [L], the row of the parent among the inner nodes.

        Returns:
            pair of float tensors [R * n, G] and [L, G].
        """
        raise NotImplementedError(f"{type(self).__name__} must define project(inputs, mask, parent_places)")

    def message(self, projected, inbox, *weights):
        """Return (messages [N, M], what `message_gradients` needs); `inbox` [N, K, M] is None for leaves."""
        raise NotImplementedError(f"{type(self).__name__} must define message(projected, inbox, *weights)")

    def message_gradients(self, kept, d_message, *weights):
        """Return the gradients (of projected [N, G], of the inbox [N, K, M]) for those of messages [N, M]."""
        raise NotImplementedError(f"{type(self).__name__} must define message_gradients(kept, d_message, *weights)")

    def weight_gradients(self, kept, d_projected):
        """Return the gradient of each of `recurrent_weights`."""
        return ()

    def recurrent_weights(self):
        """Return the weights that `message` takes, as a list of tensors."""
        return []

    def state(self, message):
        """Return the states [N, H] that belong to messages [N, M]."""
        return message[:, : self.units]

    def call(self, inputs, parents, mask=None):
        """Compute leaves, then fill all inboxes row by row, then the states that are asked for."""
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
        if self.num_roots is not None:  # of the first row, as all roots are
            messages, _ = self.message(inner[:per_row], inboxes[:per_row], *weights)
            return ops.reshape(self.state(messages), (batch, INNER_PLACES, self.units))[:, : self.num_roots]
        messages, _ = self.message(inner, inboxes, *weights)
        states = [
            ops.reshape(self.state(part), (rows, batch, count, self.units))
            for part, count in ((messages, INNER_PLACES), (leaf_messages, LEAF_PLACES))
        ]
        return ops.transpose(ops.concatenate(states, axis=2), (1, 0, 2, 3))

    def _filled(self, inner, leaf_messages, weights, boxes, rows, per_row):
        """Return every inbox, float [R * n, K, M], after all messages have been sent."""
        inner_boxes, leaf_boxes = boxes
        count, width = self.num_inboxes, self.message_dim
        in_a_row = per_row * count  # inboxes

        def of_row(values, row, size):
            return ops.slice(values, (row * size, *[0] * (len(values.shape) - 1)), (size, *values.shape[1:]))

        def added(inboxes, numbers, messages):
            return ops.scatter_update(inboxes, numbers[:, None], messages, reduction="add")

        @ops.custom_gradient
        def fill(inner, leaf_messages, *weights):
            def send(row, inboxes):
                inbox = ops.reshape(of_row(inboxes, row, in_a_row), (per_row, count, width))
                messages, _ = self.message(of_row(inner, row, per_row), inbox, *weights)
                return row - 1, added(inboxes, of_row(inner_boxes, row, per_row), messages)

            # The last inbox is nobody's: messages of roots and of empty places go there.
            inboxes = ops.zeros((rows * in_a_row + 1, width), inner.dtype)
            inboxes = added(inboxes, leaf_boxes, leaf_messages)
            _, inboxes = ops.while_loop(lambda row, _: row > 0, send, (rows - 1, inboxes))
            inboxes = ops.reshape(inboxes[:-1], (rows * per_row, count, width))

            def gradients(*args, upstream=None):
                d_inboxes = args[0] if upstream is None else upstream
                d_inboxes = ops.reshape(d_inboxes, (rows * in_a_row, width))
                d_inboxes = ops.concatenate([d_inboxes, ops.zeros_like(d_inboxes[:1])], axis=0)
                _, kept = self.message(inner, inboxes, *weights)

                def receive(row, d_inboxes):
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

    def compute_output_shape(self, inputs_shape, parents_shape=None, mask_shape=None):
        """Return the shape of the states."""
        if self.num_roots is not None:
            return (inputs_shape[0], self.num_roots, self.units)
        return (*inputs_shape[:-1], self.units)

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "units": self.units, "num_roots": self.num_roots}


def _inbox_numbers(parents, rows, batch, num_inboxes):
    """Turn `parents` [B, R, P] into places among all inboxes [R, B, INNER_PLACES, K]; the last, one more, for none."""
    in_a_row = INNER_PLACES * num_inboxes
    row, inbox = (parents - 1) // in_a_row, (parents - 1) % in_a_row
    numbers = (row * batch + ops.arange(batch, dtype="int32")[:, None, None]) * in_a_row + inbox
    return ops.where(parents > 0, numbers, rows * batch * in_a_row)


def _inner_and_leaves(values):
    """Part what belongs to nodes [B, R, P, ...] into inner places [R * n, ...] and leaf places [L, ...], rows first."""
    rest = range(2, len(values.shape))
    values = ops.transpose(values, (1, 0, *rest))
    parts = values[:, :, :INNER_PLACES], values[:, :, INNER_PLACES:]
    return [ops.reshape(part, (-1, *values.shape[3:])) for part in parts]
