"""A text as the bag of its words, and a dense layer over such bags.

The bag is a vector x [V] of weights, nearly all zero. It is never formed: a text is kept as its
different words and their weights, and x W is the weighted sum of as many rows of W.

Shapes: B batch, T time, V vocabulary, U units.
"""

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.layers.masking import MaskedLayer

WEIGHTINGS = ("binary", "count", "tf_idf")


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class BagOfWords(MaskedLayer):
    """List the different words of every text, each with its weight in the bag.

    Args:
        vocabulary_size: int, V, number of token ids; 0 is `[PAD]` and in no bag.
        weighting: "binary": 1 for a word that occurs; "count": how often it occurs; "tf_idf": count
            times inverse document frequency, the whole bag scaled to length 1. The frequencies are a
            weight of the layer, 1 until `set_inverse_document_frequencies` is called.

    Call arguments:
        token_ids: int tensor [B, T].

    Returns:
        (words int [B, T], weights float32 [B, T]): a word stands once, in no particular order; other
        places hold word 0 with weight 0.

    Raises:
        InputError: if `vocabulary_size` is not a positive integer or `weighting` is unknown.

    Example:

    >>> words, weights = BagOfWords(9, weighting="count")(ops.convert_to_tensor([[5, 3, 5, 0]]))
    >>> words.numpy(), weights.numpy()
    (array([[0, 3, 5, 0]], dtype=int32), array([[0., 1., 2., 0.]], dtype=float32))

    Reference: Salton and Buckley 1988, "Term-weighting approaches in automatic text retrieval".
    """

    def __init__(self, vocabulary_size, weighting="binary", **kwargs):
        super().__init__(**kwargs)
        require_positive(vocabulary_size=vocabulary_size)
        require_choice("weighting", weighting, WEIGHTINGS)
        self.vocabulary_size = vocabulary_size
        self.weighting = weighting

    def build(self, token_ids_shape):
        """Create the inverse document frequencies [V], if they are used."""
        if self.weighting == "tf_idf":
            self.inverse_document_frequencies = self.add_weight(
                name="inverse_document_frequencies",
                shape=(self.vocabulary_size,),
                initializer="ones",
                trainable=False,
                autocast=False,
            )

    def set_inverse_document_frequencies(self, values):
        """Set the weights of the words for "tf_idf".

        Args:
            values: float array [V], such as `text.inverse_document_frequencies` gives.

        Raises:
            InputError: if the layer does not use them.
        """
        if self.weighting != "tf_idf":
            raise InputError(f"Only weighting='tf_idf' uses document frequencies. Received: {self.weighting!r}")
        self.inverse_document_frequencies.assign(values)

    def call(self, token_ids):
        """Sort the words of a text: equal ones then stand together and can be counted."""
        sorted_ids = ops.sort(token_ids, axis=1)
        before = ops.pad(sorted_ids[:, :-1], [[0, 0], [1, 0]], constant_values=-1)
        is_first = ops.not_equal(sorted_ids, before)  # [B, T], where a run of equal words begins
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

    def compute_output_spec(self, token_ids):
        """Return the symbolic outputs, both [B, T]."""
        return keras.KerasTensor(token_ids.shape, token_ids.dtype), keras.KerasTensor(token_ids.shape, "float32")

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "vocabulary_size": self.vocabulary_size, "weighting": self.weighting}


def _run_lengths(is_first):
    """Return [B, T]: at every place the length of the run of equal words it belongs to."""
    batch, time = ops.shape(is_first)[0], ops.shape(is_first)[1]
    # Every text begins with a run, so numbering the runs of the whole batch keeps the texts apart.
    runs = ops.cumsum(ops.cast(ops.reshape(is_first, (-1,)), "int32")) - 1  # [B x T]
    lengths = ops.segment_sum(ops.ones_like(runs), runs, num_segments=batch * time)
    return ops.cast(ops.reshape(ops.take(lengths, runs), (batch, time)), "float32")


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class BagOfWordsDense(MaskedLayer):
    """A dense layer over bags of words: x W + b, by adding up the rows of W of the words in the bag.

    The sum is formed in float32. Its gradient names the rows that were used, so an optimiser such as
    `training.LazyAdam` does work for those alone.

    Args:
        vocabulary_size: int, V, rows of W.
        units: int, U, columns of W.
        kernel_initializer: name of a Keras initializer, or one.
        kernel_regularizer: Keras regularizer of W, or None. It makes the gradient cover all of W.

    Call arguments:
        words: int tensor [B, T].
        weights: float tensor [B, T], the weight of each word in the bag; None for 1, of `[PAD]` 0.

    Returns:
        float tensor [B, U].

    Raises:
        InputError: if `vocabulary_size` or `units` is not a positive integer.

    Example:

    >>> layer = BagOfWordsDense(vocabulary_size=9, units=1, kernel_initializer="ones")
    >>> layer(ops.convert_to_tensor([[3, 5]]), ops.convert_to_tensor([[1.0, 2.0]])).numpy()
    array([[3.]], dtype=float32)
    """

    def __init__(self, vocabulary_size, units, kernel_initializer="glorot_uniform", kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        require_positive(vocabulary_size=vocabulary_size, units=units)
        self.vocabulary_size = vocabulary_size
        self.units = units
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, words_shape):
        """Create kernel [V, U], kept in float32 so that a look-up's gradient stays a list of rows, and bias [U]."""
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.vocabulary_size, self.units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            autocast=False,
        )
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros", autocast=False)

    def call(self, words, weights=None):
        """Add up the weighted rows."""
        if weights is None:
            weights = ops.not_equal(words, 0)
        rows = ops.take(self.kernel, words, axis=0)  # [B, T, U]
        total = ops.einsum("btu,bt->bu", rows, ops.cast(weights, rows.dtype)) + self.bias
        return ops.cast(total, self.compute_dtype)

    def compute_output_shape(self, words_shape, weights_shape=None):
        """Return [B, U]."""
        return (words_shape[0], self.units)

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "units": self.units,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
