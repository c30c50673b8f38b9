"""Which positions are real words: the only home of masks and their constants.

A mask is a bool tensor [B, T], True where a position is kept. It travels as an explicit `mask`
argument, so padding never changes an answer, whatever the amount.

Shapes: B batch, T time, D width of a vector, W width of a window.
"""

import functools

import keras
from keras import ops

# float16 ends at 65504; the others share float32's range.
LOWEST = {"float16": -65504.0, "bfloat16": -3.3e38, "float32": -3.4e38, "float64": -3.4e38}
IMPOSSIBLE = -1e30  # score, in float32, of what may not be: sums of many stay finite, and swallow any other score


def mask_scores(scores, mask):
    """Put the lowest finite value of the dtype where `mask` is False.

    The value is finite, so that a row without any real position stays free of NaN in a softmax or a
    maximum; callers then zero such rows with `zero_masked`.

    Args:
        scores: float tensor of any shape.
        mask: bool tensor that broadcasts to `scores`.

    Returns:
        Tensor like `scores`.

    Example:

    >>> scores = ops.convert_to_tensor([1.0, 2.0])
    >>> bool(ops.all(mask_scores(scores, ops.convert_to_tensor([True, False])) == [1.0, LOWEST["float32"]]))
    True
    """
    dtype = keras.backend.standardize_dtype(scores.dtype)
    return ops.where(mask, scores, ops.cast(LOWEST[dtype], dtype))


def mask_bias(mask):
    """Return what to add to float32 scores so that a softmax gives 0 where `mask` is False.

    The lowest number swallows any score that it is added to. As a bias of one row of scores it broadcasts over
    all the others in the one pass that adds it, where `mask_scores` would pass over them once more.

    Args:
        mask: bool tensor.

    Returns:
        float32 tensor like `mask`: 0 or the lowest number.

    Example:

    >>> ops.softmax(ops.convert_to_tensor([5.0, 9.0]) + mask_bias(ops.convert_to_tensor([True, False]))).numpy()
    array([1., 0.], dtype=float32)
    """
    return ops.where(mask, 0.0, ops.cast(LOWEST["float32"], "float32"))


def zero_masked(values, mask):
    """Put zeros where `mask` is False.

    `where`, not a product: a NaN or infinity at a padded position must not survive.

    Args:
        values: float tensor of any shape.
        mask: bool tensor that broadcasts to `values`, or None to keep everything.

    Returns:
        Tensor like `values`.

    Example:

    >>> zero_masked(ops.convert_to_tensor([1.0, 2.0]), ops.convert_to_tensor([True, False])).numpy()
    array([1., 0.], dtype=float32)
    """
    return values if mask is None else ops.where(mask, values, ops.zeros_like(values))


class MaskedLayer(keras.layers.Layer):
    """A layer that takes `mask` as an argument and hands no hidden mask on.

    Keras would attach a mask to tensors and apply it behind the scenes, in later layers and in the
    loss; here every consumer is given its mask, or weights, by name.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_mask(self, inputs, previous_mask):
        """Attach nothing to the outputs."""
        return


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class PaddingMask(keras.layers.Layer):
    """Tell real tokens from padding: True where the token id is not 0.

    Call arguments:
        token_ids: int tensor [B, T]; 0 is `[PAD]`.

    Returns:
        bool tensor [B, T].

    Example:

    >>> PaddingMask()(ops.convert_to_tensor([[5, 3, 0]])).numpy()
    array([[ True,  True, False]])
    """

    def call(self, token_ids):
        """Compare with the padding id."""
        return ops.not_equal(token_ids, 0)

    def compute_output_spec(self, token_ids):
        """Return the symbolic output: bool, the shape of the ids."""
        return keras.KerasTensor(token_ids.shape, dtype="bool")


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class ZeroMasked(MaskedLayer):
    """Put zeros at the positions that the mask leaves out.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True keeps a position; None keeps all.

    Returns:
        float tensor [B, T, D].

    Example:

    >>> ZeroMasked()(ops.convert_to_tensor([[[1.0], [5.0]]]), mask=[[True, False]]).numpy().tolist()
    [[[1.0], [0.0]]]
    """

    def call(self, inputs, mask=None):
        """Keep or replace whole positions."""
        return zero_masked(inputs, None if mask is None else ops.cast(mask, "bool")[:, :, None])

    def compute_output_shape(self, inputs_shape):
        """Return the shape of the inputs."""
        return inputs_shape


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class MaskScores(MaskedLayer):
    """Put the lowest float32 at the positions that the mask leaves out, so that a softmax gives them 0.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool or 0/1 tensor [B, T], True keeps a position; None keeps all.

    Returns:
        float32 tensor [B, T, D].

    Example:

    >>> MaskScores()(ops.convert_to_tensor([[[1.0], [5.0]]]), mask=[[True, False]]).numpy()[0, :, 0] > 0
    array([ True, False])
    """

    def call(self, inputs, mask=None):
        """Keep or replace whole positions."""
        inputs = ops.cast(inputs, "float32")
        return inputs if mask is None else mask_scores(inputs, ops.cast(mask, "bool")[:, :, None])

    def compute_output_spec(self, inputs, mask=None):
        """Return the symbolic output: float32, the shape of the inputs."""
        return keras.KerasTensor(inputs.shape, dtype="float32")


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class WindowMask(keras.layers.Layer):
    """Keep the windows of a `TextConvolution` that touch at least one real token.

    A sentence of n tokens has n + W - 1 such windows, however much padding follows, and a sentence
    shorter than the window still has some.

    Args:
        width: int >= 1, W, tokens in a window.

    Call arguments:
        mask: bool tensor [B, T], True at real tokens.

    Returns:
        bool tensor [B, T + W - 1].

    Raises:
        ValueError: if `width` < 1.

    Example:

    >>> WindowMask(width=2)(ops.convert_to_tensor([[True, True, False, False]])).numpy()
    array([[ True,  True,  True, False, False]])
    """

    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        if width < 1:
            raise ValueError(f"A window spans at least 1 token. Received: width={width}")
        self.width = width

    def call(self, mask):
        """Combine the W shifted copies of the mask with a logical or."""
        edge = self.width - 1
        padded = ops.pad(mask, [[0, 0], [edge, edge]], constant_values=False)  # [B, T + 2(W - 1)]
        length = ops.shape(mask)[1] + edge
        shifted = [padded[:, start : start + length] for start in range(self.width)]
        return functools.reduce(ops.logical_or, shifted)

    def compute_output_spec(self, mask):
        """Return the symbolic output: bool, W - 1 positions longer than the mask."""
        batch, time = mask.shape
        return keras.KerasTensor((batch, None if time is None else time + self.width - 1), dtype="bool")

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "width": self.width}
