"""Masks and their constants.

A mask is a bool tensor [B, T], True where a position is kept. Layers take it as an explicit `mask` argument, and the
amount of padding never changes an output.

Shapes: B batch, T length, D width of a vector, W width of a window.
"""

import functools
from typing import Any, Literal, TypeAlias

import keras
from keras import ops

from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.types import Config, Tensor, TensorShape

Padding: TypeAlias = Literal["full", "same", "valid"]
PADDINGS: tuple[Padding, ...] = ("full", "same", "valid")

# The largest float16 is 65504; the other types have at least about the range of float32.
LOWEST = {"float16": -65504.0, "bfloat16": -3.3e38, "float32": -3.4e38, "float64": -3.4e38}
IMPOSSIBLE = -1e30  # float32 score of an impossible event: sums of many remain finite and far below all other scores


def mask_scores(scores: Tensor, mask: Tensor) -> Tensor:
    """Replace scores by the lowest finite value of their dtype where `mask` is False.

    The value is finite. Therefore the softmax or maximum of a row without real positions is not NaN. Callers set such
    rows to 0 with `zero_masked`.

    Args:
        scores: float tensor of any shape.
        mask: bool tensor that broadcasts to `scores`.

    Returns:
        Tensor of the shape and dtype of `scores`.

    Example:

    >>> scores = ops.convert_to_tensor([1.0, 2.0])
    >>> bool(ops.all(mask_scores(scores, ops.convert_to_tensor([True, False])) == [1.0, LOWEST["float32"]]))
    True
    """
    dtype = keras.backend.standardize_dtype(scores.dtype)
    return ops.where(mask, scores, ops.cast(LOWEST[dtype], dtype))


def mask_bias(mask: Tensor) -> Tensor:
    """Return a bias for float32 scores that makes their softmax 0 where `mask` is False.

    The sum of any score and the lowest number is the lowest number. The bias can have the shape of one row of scores
    and broadcast over the others. Then it is faster than `mask_scores`.

    Args:
        mask: bool tensor.

    Returns:
        float32 tensor of the shape of `mask`: 0 where it is True, otherwise the lowest number.

    Example:

    >>> ops.softmax(ops.convert_to_tensor([5.0, 9.0]) + mask_bias(ops.convert_to_tensor([True, False]))).numpy()
    array([1., 0.], dtype=float32)
    """
    return ops.where(mask, 0.0, ops.cast(LOWEST["float32"], "float32"))


def zero_masked(values: Tensor, mask: Tensor | None) -> Tensor:
    """Replace values by 0 where `mask` is False.

    A product with the mask would keep NaN and infinity at padded positions.

    Args:
        values: float tensor of any shape.
        mask: bool tensor that broadcasts to `values`; None keeps all values.

    Returns:
        Tensor of the shape and dtype of `values`.

    Example:

    >>> zero_masked(ops.convert_to_tensor([1.0, 2.0]), ops.convert_to_tensor([True, False])).numpy()
    array([1., 0.], dtype=float32)
    """
    return values if mask is None else ops.where(mask, values, ops.zeros_like(values))


class MaskedLayer(keras.layers.Layer):
    """A layer that takes its mask as an argument and attaches no mask to its outputs.

    Keras attaches masks to tensors, and applies them implicitly in later layers and in the loss. In this package,
    masks and sample weights are explicit arguments.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_mask(self, inputs: Any, previous_mask: Any) -> None:
        """Return None: no mask is attached to the outputs."""
        return


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class PaddingMask(keras.layers.Layer):
    """Compute the mask of real tokens: True where the token id is not 0.

    Call arguments:
        token_ids: int tensor [B, T]; 0 is `[PAD]`.

    Returns:
        bool tensor [B, T].

    Example:

    >>> PaddingMask()(ops.convert_to_tensor([[5, 3, 0]])).numpy()
    array([[ True,  True, False]])
    """

    def call(self, token_ids: Tensor) -> Tensor:
        """Compare the ids with the padding id."""
        return ops.not_equal(token_ids, 0)

    def compute_output_spec(self, token_ids: Tensor) -> keras.KerasTensor:
        """Return the symbolic output: bool, of the shape of the ids."""
        return keras.KerasTensor(token_ids.shape, dtype="bool")


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class ZeroMasked(MaskedLayer):
    """Set the vectors of masked positions to 0.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True keeps a position; None keeps all.

    Returns:
        float tensor [B, T, D].

    Example:

    >>> ZeroMasked()(ops.convert_to_tensor([[[1.0], [5.0]]]), mask=[[True, False]]).numpy().tolist()
    [[[1.0], [0.0]]]
    """

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Keep or replace the vectors."""
        return zero_masked(inputs, None if mask is None else ops.cast(mask, "bool")[:, :, None])

    def compute_output_shape(self, inputs_shape: TensorShape) -> TensorShape:
        """Return the shape of the inputs."""
        return inputs_shape


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class MaskScores(MaskedLayer):
    """Set the scores of masked positions to the lowest float32; their softmax is then 0.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool or 0/1 tensor [B, T], True keeps a position; None keeps all.

    Returns:
        float32 tensor [B, T, D].

    Example:

    >>> MaskScores()(ops.convert_to_tensor([[[1.0], [5.0]]]), mask=[[True, False]]).numpy()[0, :, 0] > 0
    array([ True, False])
    """

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Keep or replace the scores."""
        inputs = ops.cast(inputs, "float32")
        return inputs if mask is None else mask_scores(inputs, ops.cast(mask, "bool")[:, :, None])

    def compute_output_spec(self, inputs: Tensor, mask: Tensor | None = None) -> keras.KerasTensor:
        """Return the symbolic output: float32, of the shape of the inputs."""
        return keras.KerasTensor(inputs.shape, dtype="float32")


def num_windows(time: Any, padding: Padding, reach: int) -> Any:
    """Return the number of windows of a text.

    Args:
        time: T, int, int tensor or None.
        padding: "full", "same" or "valid".
        reach: distance of the last word of a window from its first, (W - 1) x dilation rate.

    Returns:
        T + reach for "full"; T for "same"; T - reach for "valid", but at least 1. None if `time` is None.

    Example:

    >>> num_windows(8, "valid", reach=4), num_windows(3, "valid", reach=4), num_windows(3, "full", reach=2)
    (4, 1, 5)
    """
    if time is None or padding == "same":
        return time
    if padding == "full":
        return time + reach
    return max(time - reach, 1) if isinstance(time, int) else ops.maximum(time - reach, 1)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class WindowMask(keras.layers.Layer):
    """Compute the mask of the windows of a `TextConvolution` that belong to the text.

    For "full", these are the windows with at least one real token; for "same", the windows of real tokens; for "valid",
    the windows with only real tokens. A text that is shorter than a "valid" window has one window, its first. So a
    text of n > 0 tokens has n + W - 1, n, or max(n - W + 1, 1) such windows, for any amount of padding.

    Args:
        width: tokens in a window, W (>= 1).
        padding: "full", "same" or "valid", as in `TextConvolution`.
        dilation_rate: distance between neighbours in a window (>= 1).

    Call arguments:
        mask: bool tensor [B, T], True at real tokens, which come first.

    Returns:
        bool tensor [B, T + W - 1] for "full", [B, T] for "same", [B, max(T - W + 1, 1)] for "valid". With a dilation
        rate d, W - 1 is replaced by (W - 1) d.

    Raises:
        InputError: if `width` or `dilation_rate` is not a positive integer, or `padding` is unknown.

    Example:

    >>> mask = ops.convert_to_tensor([[True, True, False, False]])
    >>> WindowMask(width=2)(mask).numpy()
    array([[ True,  True,  True, False, False]])
    >>> WindowMask(width=2, padding="valid")(mask).numpy()
    array([[ True, False, False]])
    """

    def __init__(self, width: int, padding: Padding = "full", dilation_rate: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        require_positive(width=width, dilation_rate=dilation_rate)
        require_choice("padding", padding, PADDINGS)
        self.width = width
        self.padding: Padding = padding
        self.dilation_rate = dilation_rate
        self.reach = (width - 1) * dilation_rate

    def call(self, mask: Tensor) -> Tensor:
        """Compute the logical or, for "valid" the logical and, of W shifted copies of the mask."""
        if self.padding == "same":
            return mask
        before = self.reach if self.padding == "full" else 0
        padded = ops.pad(mask, [[0, 0], [before, self.reach]], constant_values=False)
        length = num_windows(ops.shape(mask)[1], self.padding, self.reach)
        starts = range(0, self.reach + 1, self.dilation_rate)
        shifted = [padded[:, start : start + length] for start in starts]
        if self.padding == "full":
            return functools.reduce(ops.logical_or, shifted)
        first = ops.any(mask, axis=1, keepdims=True)
        return ops.concatenate([first, functools.reduce(ops.logical_and, shifted)[:, 1:]], axis=1)

    def compute_output_spec(self, mask: Tensor) -> keras.KerasTensor:
        """Return the symbolic output: bool, with a position for each window."""
        batch, time = mask.shape
        return keras.KerasTensor((batch, num_windows(time, self.padding, self.reach)), dtype="bool")

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "width": self.width,
            "padding": self.padding,
            "dilation_rate": self.dilation_rate,
        }
