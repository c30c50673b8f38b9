"""Convolution over the words of a sentence, independent of padding.

Shapes: B batch, T length, D width of a vector, W width of the window, F filters.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.layers.masking import PADDINGS, MaskedLayer, Padding, num_windows, zero_masked
from kerasnlp_zoo.types import Config, Tensor, TensorShape


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class TextConvolution(MaskedLayer):
    """Apply filters to every window of words: c_i = f(w . x_{i:i+W-1} + b).

    Padded positions are zeros, like the positions before and after the sentence. Therefore the features of a sentence
    do not depend on the amount of padding.

    Args:
        filters: number of filters, F (>= 1).
        kernel_size: words in a window, W (>= 1).
        padding: "full" adds W - 1 zeros on each side, which includes every window with at least one word, also in short
            sentences (as Kim's code for its widest filter); "same" computes one feature per word, for taggers; "valid"
            adds no zeros, so every window consists of W words. A sentence that is shorter than a "valid" window has
            one window, which ends with zeros.
        activation: a Keras activation or its name; None for none.
        dilation_rate: distance d between neighbours in a window (>= 1): the window of x_i is x_i, x_{i+d}, x_{i+2d}...
        kernel_regularizer: regularizer of w, or None.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True at real words; None for all True.

    Returns:
        float tensor [B, T + W - 1, F] for "full", [B, T, F] for "same", [B, max(T - W + 1, 1), F] for "valid". With a
        dilation rate d, W - 1 is replaced by (W - 1) d.

    Raises:
        InputError: if `filters`, `kernel_size` or `dilation_rate` is not a positive integer, or `padding` is unknown.

    Example:

    >>> TextConvolution(filters=100, kernel_size=5)(ops.ones((2, 8, 300))).shape
    TensorShape([2, 12, 100])
    >>> TextConvolution(filters=100, kernel_size=5, padding="valid")(ops.ones((2, 8, 300))).shape
    TensorShape([2, 4, 100])

    References: Kim 2014, "Convolutional Neural Networks for Sentence Classification", equation 2; Yu and Koltun 2016,
    "Multi-Scale Context Aggregation by Dilated Convolutions", equation 2.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        padding: Padding = "full",
        activation: str | Callable[[Tensor], Tensor] | None = "relu",
        dilation_rate: int = 1,
        kernel_regularizer: str | Config | keras.regularizers.Regularizer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        require_positive(filters=filters, kernel_size=kernel_size, dilation_rate=dilation_rate)
        require_choice("padding", padding, PADDINGS)
        self.filters = filters
        self.kernel_size = kernel_size
        self.padding: Padding = padding
        self.activation = keras.activations.get(activation)
        self.dilation_rate = dilation_rate
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.reach = (kernel_size - 1) * dilation_rate

    def build(self, inputs_shape: TensorShape) -> None:
        """Create kernel [W, D, F] and bias [F]."""
        kernel_shape = (self.kernel_size, inputs_shape[-1], self.filters)
        self.kernel = self.add_weight(
            name="kernel", shape=kernel_shape, initializer="glorot_uniform", regularizer=self.kernel_regularizer
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Multiply every word by all W positions of the kernel at once, then add the products of each window.

        The word x_t is at position w of the window t + (W - 1 - w) d. On a CPU, training is about 15% faster than with
        `ops.conv`, which also multiplies the zeros around the sentence.
        """
        if mask is not None:
            inputs = zero_masked(inputs, ops.expand_dims(mask, -1))
        width, rate = self.kernel_size, self.dilation_rate
        kernel = ops.reshape(ops.transpose(self.kernel, (1, 0, 2)), (inputs.shape[-1], width * self.filters))
        products = ops.split(ops.matmul(inputs, kernel), width, axis=-1)  # W x [B, T, F]
        features = sum(
            ops.pad(product, [[0, 0], [self.reach - w * rate, w * rate], [0, 0]]) for w, product in enumerate(products)
        )  # [B, T + (W - 1) d, F], the windows of "full"
        if self.padding != "full":
            first = self.reach if self.padding == "valid" else self.reach - self.reach // 2
            features = features[:, first : first + num_windows(ops.shape(inputs)[1], self.padding, self.reach)]
        return self.activation(features + self.bias)

    def compute_output_shape(self, inputs_shape: TensorShape) -> TensorShape:
        """Return [B, number of windows, F]."""
        batch, time, _ = inputs_shape
        return (batch, num_windows(time, self.padding, self.reach), self.filters)

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "padding": self.padding,
            "activation": keras.activations.serialize(self.activation),
            "dilation_rate": self.dilation_rate,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
