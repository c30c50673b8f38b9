"""Bags of words, and a dense layer over them.

A bag is a vector x [V] of weights. Nearly all weights are 0, so the layers do not create this vector. They use the
distinct words of a text and their weights, and compute x W as the weighted sum of the rows of W for these words.

Shapes: B batch, T length, V vocabulary, U units.
"""

from typing import Any, Literal, TypeAlias

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.layers.masking import MaskedLayer
from kerasnlp_zoo.types import Config, Initializer, Tensor, TensorShape

WEIGHTINGS = ("binary", "count", "tf_idf")
Weighting: TypeAlias = Literal["binary", "count", "tf_idf"]


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class BagOfWords(MaskedLayer):
    """List the distinct words of every text, each with its weight in the bag.

    Args:
        vocabulary_size: number of token ids, V; 0 is `[PAD]`, which is not part of a bag.
        weighting: "binary": 1 for each word of the text; "count": the number of occurrences; "tf_idf": count times
            inverse document frequency, with the bag scaled to length 1. The inverse document frequencies are a weight
            of the layer. They are 1 until `set_inverse_document_frequencies` is called.

    Call arguments:
        token_ids: int tensor [B, T].

    Returns:
        (words int [B, T], weights float32 [B, T]): each word of the text once, in undefined order. All other
        positions have the word 0 and the weight 0.

    Raises:
        InputError: if `vocabulary_size` is not a positive integer or `weighting` is unknown.

    Example:

    >>> words, weights = BagOfWords(9, weighting="count")(ops.convert_to_tensor([[5, 3, 5, 0]]))
    >>> words.numpy(), weights.numpy()
    (array([[0, 3, 5, 0]], dtype=int32), array([[0., 1., 2., 0.]], dtype=float32))

    Reference: Salton and Buckley 1988, "Term-weighting approaches in automatic text retrieval".
    """

    def __init__(self, vocabulary_size: int, weighting: Weighting = "binary", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        require_positive(vocabulary_size=vocabulary_size)
        require_choice("weighting", weighting, WEIGHTINGS)
        self.vocabulary_size = vocabulary_size
        self.weighting = weighting

    def build(self, token_ids_shape: TensorShape) -> None:
        """Create the inverse document frequencies [V] for "tf_idf"."""
        if self.weighting == "tf_idf":
            self.inverse_document_frequencies = self.add_weight(
                name="inverse_document_frequencies",
                shape=(self.vocabulary_size,),
                initializer="ones",
                trainable=False,
                autocast=False,
            )

    def set_inverse_document_frequencies(self, values: Tensor) -> None:
        """Set the inverse document frequencies of the words.

        Args:
            values: float array [V], such as the result of `text.inverse_document_frequencies`.

        Raises:
            InputError: if the weighting is not "tf_idf".
        """
        if self.weighting != "tf_idf":
            raise InputError(
                "Only a layer with weighting='tf_idf' uses document frequencies. "
                f"Received: weighting={self.weighting!r}"
            )
        self.inverse_document_frequencies.assign(values)

    def call(self, token_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Sort the words of each text, then count each run of equal words."""
        sorted_ids = ops.sort(token_ids, axis=1)
        before = ops.pad(sorted_ids[:, :-1], [[0, 0], [1, 0]], constant_values=-1)
        is_first = ops.not_equal(sorted_ids, before)  # [B, T], True where a run of equal words begins
        is_word = ops.logical_and(is_first, ops.not_equal(sorted_ids, 0))
        words = ops.where(is_word, sorted_ids, ops.zeros_like(sorted_ids))
        weights = ops.cast(is_word, "float32")
        if self.weighting != "binary":
            weights = weights * _run_lengths(is_first)
        if self.weighting == "tf_idf":
            weights = weights * ops.take(self.inverse_document_frequencies, words)
            norm = ops.sqrt(ops.sum(ops.square(weights), axis=1, keepdims=True))
            weights = ops.divide_no_nan(weights, norm)
        return words, weights

    def compute_output_spec(self, token_ids: Tensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        """Return the symbolic outputs, both [B, T]."""
        return keras.KerasTensor(token_ids.shape, token_ids.dtype), keras.KerasTensor(token_ids.shape, "float32")

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "vocabulary_size": self.vocabulary_size, "weighting": self.weighting}


def _run_lengths(is_first: Tensor) -> Tensor:
    """Return the length of the run of equal words at every position: [B, T]."""
    batch, time = ops.shape(is_first)[0], ops.shape(is_first)[1]
    # Each text begins with a new run, so the runs of all texts can be numbered together.
    runs = ops.cumsum(ops.cast(ops.reshape(is_first, (-1,)), "int32")) - 1  # [B x T]
    lengths = ops.segment_sum(ops.ones_like(runs), runs, num_segments=batch * time)
    return ops.cast(ops.reshape(ops.take(lengths, runs), (batch, time)), "float32")


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class BagOfWordsDense(MaskedLayer):
    """A dense layer over bags of words: x W + b, computed as the weighted sum of the rows of W.

    The sum is in float32. The gradient is sparse: an optimizer such as `training.LazyAdam` updates only the rows that
    were used.

    Args:
        vocabulary_size: rows of W, V.
        units: columns of W, U.
        kernel_initializer: initializer of W.
        kernel_regularizer: regularizer of W, or None. A regularizer makes the gradient dense.

    Call arguments:
        words: int tensor [B, T].
        weights: float tensor [B, T], the weight of each word in the bag; None for 1 (0 for `[PAD]`).

    Returns:
        float tensor [B, U].

    Raises:
        InputError: if `vocabulary_size` or `units` is not a positive integer.

    Example:

    >>> layer = BagOfWordsDense(vocabulary_size=9, units=1, kernel_initializer="ones")
    >>> layer(ops.convert_to_tensor([[3, 5]]), ops.convert_to_tensor([[1.0, 2.0]])).numpy()
    array([[3.]], dtype=float32)
    """

    def __init__(
        self,
        vocabulary_size: int,
        units: int,
        kernel_initializer: Initializer = "glorot_uniform",
        kernel_regularizer: str | Config | keras.regularizers.Regularizer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        require_positive(vocabulary_size=vocabulary_size, units=units)
        self.vocabulary_size = vocabulary_size
        self.units = units
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, words_shape: TensorShape) -> None:
        """Create kernel [V, U] and bias [U]; they stay float32, because a cast would make the gradient dense."""
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.vocabulary_size, self.units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            autocast=False,
        )
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros", autocast=False)

    def call(self, words: Tensor, weights: Tensor | None = None) -> Tensor:
        """Add the weighted rows."""
        if weights is None:
            weights = ops.not_equal(words, 0)
        rows = ops.take(self.kernel, words, axis=0)  # [B, T, U]
        total = ops.einsum("btu,bt->bu", rows, ops.cast(weights, rows.dtype)) + self.bias
        return ops.cast(total, self.compute_dtype)

    def compute_output_shape(self, words_shape: TensorShape, weights_shape: TensorShape | None = None) -> TensorShape:
        """Return [B, U]."""
        return (words_shape[0], self.units)

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "units": self.units,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
