"""Tree-LSTM: an LSTM over the children of a node instead of the previous word, with a forget gate for each child.

Shapes: B batch, R rows, P places of a row (see `tree_composition`), D width of a vector, G width of a projected vector,
H units, K children of a node, N nodes.

Reference: Tai, Socher and Manning 2015, "Improved Semantic Representations From Tree-Structured Long Short-Term Memory
Networks".
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.layers.tree_composition import TreeComposition
from kerasnlp_zoo.types import Config, Tensor, TensorShape


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class ChildSumTreeLSTM(TreeComposition):
    """Child-sum Tree-LSTM: adds the outputs of any number of children in any order, for example of dependency trees.

    For a node with the vector x and the children k (equations 2 to 8):

        i, o = sigmoid(W x + U sum(h_k) + b)     u = tanh(W x + U sum(h_k) + b)
        f_k  = sigmoid(W x + U h_k + b)          a forget gate for each child
        c    = i u + sum(f_k c_k)                h = o tanh(c)

    The forget gate f_k depends only on h_k and on x of the parent. Therefore the child computes it, and the message to
    the parent is h_k and f_k c_k.

    Args:
        units: H (>= 1).
        num_roots: number of roots whose states are returned; None for the states of all nodes.

    Call arguments:
        inputs: float tensor [B, R, P, D], word vectors.
        parents: int tensor [B, R, P], the place of each node's parent, from 1; 0 for none.
        mask: bool tensor [B, R, P], True where a node has a word; None for all True.

    Returns:
        float tensor [B, R, P, H], or [B, num_roots, H].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> parents = ops.convert_to_tensor([[[0, 0, 1, 1, 0]]])  # two leaves of the first root
    >>> ChildSumTreeLSTM(units=4)(ops.ones((1, 1, 5, 8)), parents).shape
    TensorShape([1, 1, 5, 4])

    Reference: Tai et al. 2015, section 3.1.
    """

    def build(
        self, inputs_shape: TensorShape, parents_shape: TensorShape | None = None, mask_shape: TensorShape | None = None
    ) -> None:
        """Create the weights; the gates are in the order i, o, u, f."""
        _add_weights(self, inputs_shape[-1], self.units, 4 * self.units)

    def project(
        self, inputs: Sequence[Tensor], mask: Sequence[Tensor], parent_places: Sequence[Tensor]
    ) -> list[Tensor]:
        """Return W x + b of i, o, u of each node, and of f of its parent."""
        split = 3 * self.units
        kernel, bias = self.kernel[:, split:], self.bias[split:]
        forget = ops.matmul(inputs[0], kernel) + bias  # [R * n, H], of inner nodes: leaves are not parents
        return [
            ops.concatenate(
                [ops.matmul(vectors, self.kernel[:, :split]) + self.bias[:split], ops.take(forget, places, axis=0)],
                axis=-1,
            )
            for vectors, places in zip(inputs, parent_places, strict=True)
        ]

    def message(self, projected: Tensor, inbox: Tensor | None, *weights: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return h and f c."""
        (kernel,) = weights
        units = self.units
        past: Tensor | float = 0.0
        gates, children = projected[:, : 3 * units], ops.zeros_like(projected[:, :units])
        if inbox is not None:
            children, past = inbox[:, 0, :units], inbox[:, 0, units:]  # sum(h_k), sum(f_k c_k)
            gates = gates + ops.matmul(children, kernel[:, : 3 * units])
        i, o, u = _activated(gates, units)
        cell = i * u + past
        squashed = ops.tanh(cell)
        output = o * squashed
        f = ops.sigmoid(projected[:, 3 * units :] + ops.matmul(output, kernel[:, 3 * units :]))
        return ops.concatenate([output, f * cell], axis=-1), [i, o, u, f, cell, squashed, output, children]

    def message_gradients(self, kept: Sequence[Tensor], d_message: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gradients by the chain rule, from the last equation to the first."""
        (kernel,) = weights
        units = self.units
        i, o, u, f, cell, squashed, _, _ = kept
        d_output, d_past = d_message[:, :units], d_message[:, units:]
        d_f = d_past * cell * f * (1 - f)
        d_output = d_output + ops.matmul(d_f, ops.transpose(kernel[:, 3 * units :]))
        d_cell = d_past * f + d_output * o * (1 - squashed * squashed)
        d_gates = _gate_gradients(i, o, u, squashed, d_output, d_cell)
        d_children = ops.matmul(d_gates, ops.transpose(kernel[:, : 3 * units]))
        d_inbox = ops.concatenate([d_children, d_cell], axis=-1)[:, None]
        return ops.concatenate([d_gates, d_f], axis=-1), d_inbox

    def weight_gradients(self, kept: Sequence[Tensor], d_projected: Tensor) -> Sequence[Tensor]:
        """Return the gradient of the recurrent kernel."""
        output, children = kept[-2:]
        split = 3 * self.units
        d_gates, d_f = d_projected[:, :split], d_projected[:, split:]
        return [ops.concatenate([_outer(children, d_gates), _outer(output, d_f)], axis=-1)]

    def recurrent_weights(self) -> list[Tensor]:
        """Return U [H, 4H]."""
        return [ops.copy(self.recurrent_kernel)]


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class NaryTreeLSTM(TreeComposition):
    """N-ary Tree-LSTM: separate weights for each of at most K children, for example for binarized parse trees.

    For a node with the vector x and the children k = 1 ... K (equations 9 to 14; h and c of a missing child are 0):

        i, o = sigmoid(W x + sum(U_k h_k) + b)        u = tanh(W x + sum(U_k h_k) + b)
        f_k  = sigmoid(W x + sum(U_kl h_l) + b)       a forget gate for each child, from h_l of all children
        c    = i u + sum(f_k c_k)                     h = o tanh(c)

    Args:
        units: H (>= 1).
        num_children: maximum number of children of a node, K (>= 1).
        num_roots: number of roots whose states are returned; None for the states of all nodes.

    Call arguments:
        inputs: float tensor [B, R, P, D], word vectors.
        parents: int tensor [B, R, P], the place of each node's parent and the number of the child, as in
            `tree_composition`, from 1; 0 for none.
        mask: bool tensor [B, R, P], True where a node has a word; None for all True.

    Returns:
        float tensor [B, R, P, H], or [B, num_roots, H].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> parents = ops.convert_to_tensor([[[0, 0, 1, 2, 0]]])  # the left and the right child of the first root
    >>> NaryTreeLSTM(units=4, num_roots=1)(ops.ones((1, 1, 5, 8)), parents).shape
    TensorShape([1, 1, 4])

    Reference: Tai et al. 2015, section 3.2.
    """

    def __init__(self, units: int, num_children: int = 2, num_roots: int | None = None, **kwargs: Any) -> None:
        super().__init__(units, num_roots, **kwargs)
        require_positive(num_children=num_children)
        self.num_children = num_children

    @property
    def num_inboxes(self) -> int:
        """One inbox for each child, K."""
        return self.num_children

    def build(
        self, inputs_shape: TensorShape, parents_shape: TensorShape | None = None, mask_shape: TensorShape | None = None
    ) -> None:
        """Create the weights. The gates are in the order i, o, u, f; in U, the order is i, o, u, f_1 ... f_K."""
        _add_weights(self, inputs_shape[-1], self.num_children * self.units, (3 + self.num_children) * self.units)

    def project(
        self, inputs: Sequence[Tensor], mask: Sequence[Tensor], parent_places: Sequence[Tensor]
    ) -> list[Tensor]:
        """Return W x + b of all gates; all forget gates of a node have the same W x + b."""
        split = 3 * self.units
        projected = [ops.matmul(vectors, self.kernel) + self.bias for vectors in inputs]
        return [ops.concatenate([gates, *[gates[:, split:]] * (self.num_children - 1)], axis=-1) for gates in projected]

    def message(self, projected: Tensor, inbox: Tensor | None, *weights: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return h and c."""
        (kernel,) = weights
        units, count = self.units, self.num_children
        if inbox is None:
            i, o, u = _activated(projected[:, : 3 * units], units)
            cell, more = i * u, []
        else:
            outputs = ops.reshape(inbox[:, :, :units], (-1, count * units))  # h_1 ... h_K
            cells = ops.reshape(inbox[:, :, units:], (-1, count * units))
            gates = projected + ops.matmul(outputs, kernel)
            i, o, u = _activated(gates[:, : 3 * units], units)
            f = ops.sigmoid(gates[:, 3 * units :])
            cell = i * u + ops.sum(ops.reshape(f * cells, (-1, count, units)), axis=1)
            more = [f, cells, outputs]
        squashed = ops.tanh(cell)
        return ops.concatenate([o * squashed, cell], axis=-1), [i, o, u, squashed, *more]

    def message_gradients(self, kept: Sequence[Tensor], d_message: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gradients by the chain rule, from the last equation to the first."""
        (kernel,) = weights
        units, count = self.units, self.num_children
        i, o, u, squashed, f, cells, _ = kept
        d_output = d_message[:, :units]
        d_cell = d_message[:, units:] + d_output * o * (1 - squashed * squashed)
        repeated = ops.tile(d_cell, (1, count))
        d_f = repeated * cells * f * (1 - f)
        d_gates = ops.concatenate([_gate_gradients(i, o, u, squashed, d_output, d_cell), d_f], axis=-1)
        d_outputs = ops.matmul(d_gates, ops.transpose(kernel))
        parts = [ops.reshape(values, (-1, count, units)) for values in (d_outputs, repeated * f)]
        return d_gates, ops.concatenate(parts, axis=-1)

    def weight_gradients(self, kept: Sequence[Tensor], d_projected: Tensor) -> Sequence[Tensor]:
        """Return the gradient of the recurrent kernel."""
        return [_outer(kept[-1], d_projected)]

    def recurrent_weights(self) -> list[Tensor]:
        """Return U [K H, (3 + K) H]."""
        return [ops.copy(self.recurrent_kernel)]

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "num_children": self.num_children}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class TreeMean(TreeComposition):
    """Return the mean of tanh(W x + b) over the words of each subtree, independent of the shape of the tree.

    This is a baseline for Tree-LSTMs, on the same batches.

    Args:
        units: H (>= 1).
        num_roots: number of roots whose states are returned; None for the states of all nodes.

    Call arguments:
        inputs: float tensor [B, R, P, D], word vectors.
        parents: int tensor [B, R, P], the place of each node's parent, from 1; 0 for none.
        mask: bool tensor [B, R, P], True where a node has a word; None for all True.

    Returns:
        float tensor [B, R, P, H], or [B, num_roots, H].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> parents = ops.convert_to_tensor([[[0, 0, 1, 1, 0]]])
    >>> TreeMean(units=4, num_roots=2)(ops.ones((1, 1, 5, 8)), parents).shape
    TensorShape([1, 2, 4])

    Reference: Bowman et al. 2015, "A large annotated corpus for learning natural language inference", section 3.
    """

    @property
    def message_dim(self) -> int:
        """Width of a sum of vectors and their number."""
        return self.units + 1

    def build(
        self, inputs_shape: TensorShape, parents_shape: TensorShape | None = None, mask_shape: TensorShape | None = None
    ) -> None:
        """Create the weights."""
        self.kernel = self.add_weight(shape=(inputs_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def project(
        self, inputs: Sequence[Tensor], mask: Sequence[Tensor], parent_places: Sequence[Tensor]
    ) -> list[Tensor]:
        """Return the vector of a node's word and the number 1, or zeros without a word."""
        projected = []
        for vectors, is_word in zip(inputs, mask, strict=True):
            is_word = ops.cast(is_word, vectors.dtype)[:, None]
            hidden = ops.tanh(ops.matmul(vectors, self.kernel) + self.bias)
            projected.append(ops.concatenate([hidden * is_word, is_word], axis=-1))
        return projected

    def message(self, projected: Tensor, inbox: Tensor | None, *weights: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the sum over all nodes of the subtree."""
        return (projected if inbox is None else projected + inbox[:, 0]), []

    def message_gradients(self, kept: Sequence[Tensor], d_message: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gradient of a sum for each of its parts."""
        return d_message, d_message[:, None]

    def state(self, message: Tensor) -> Tensor:
        """Divide the sums by the counts."""
        return message[:, : self.units] / ops.maximum(message[:, self.units :], 1.0)


def _add_weights(layer: TreeComposition, inputs_dim: int, recurrent_dim: int, gates_dim: int) -> None:
    """Create W [D, 4H], U and b [4H] of a Tree-LSTM; the bias of f is initially 1, so the gates are mostly open."""
    units = layer.units

    def open_forget_gates(shape: TensorShape, dtype: str | None = None) -> Tensor:
        return ops.concatenate([ops.zeros((3 * units,), dtype), ops.ones((units,), dtype)])

    layer.kernel = layer.add_weight(shape=(inputs_dim, 4 * units), name="kernel")
    layer.recurrent_kernel = layer.add_weight(shape=(recurrent_dim, gates_dim), name="recurrent_kernel")
    layer.bias = layer.add_weight(shape=(4 * units,), initializer=open_forget_gates, name="bias")


def _activated(gates: Tensor, units: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return i, o, u [N, H] from their inputs [N, 3H]."""
    return (
        ops.sigmoid(gates[:, :units]),
        ops.sigmoid(gates[:, units : 2 * units]),
        ops.tanh(gates[:, 2 * units :]),
    )


def _gate_gradients(i: Tensor, o: Tensor, u: Tensor, squashed: Tensor, d_output: Tensor, d_cell: Tensor) -> Tensor:
    """Return the gradient of the inputs [N, 3H] of i, o and u."""
    parts = [d_cell * u * i * (1 - i), d_output * squashed * o * (1 - o), d_cell * i * (1 - u * u)]
    return ops.concatenate(parts, axis=-1)


def _outer(left: Tensor, right: Tensor) -> Tensor:
    """Return the gradient of a kernel [A, C] from its inputs [N, A] and the gradient [N, C] of its outputs."""
    return ops.matmul(ops.transpose(left), right)
