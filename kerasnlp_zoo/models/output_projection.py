"""The output projection of a language model: its vectors, and a copy that is prepared once for a decoding loop.

Shapes: D width of a vector, V vocabulary, R rows.
"""

import keras
from keras import ops

from kerasnlp_zoo.layers import AddBias
from kerasnlp_zoo.types import Tensor


def output_vectors(model: keras.Model) -> tuple[Tensor, Tensor]:
    """Return the vectors [V, D] and the biases [V] whose products with a hidden vector are the logits.

    Args:
        model: model with a layer "logits", a `Dense`; or with layers "token_embedding", a `SharedEmbedding`, and
            "logits", an `AddBias`.

    Example:

    >>> from kerasnlp_zoo.models import nnlm
    >>> vectors, biases = output_vectors(nnlm(vocabulary_size=50, hidden_dim=4))
    >>> vectors.shape, biases.shape
    (TensorShape([50, 4]), TensorShape([50]))
    """
    output = model.get_layer("logits")
    biases = ops.convert_to_tensor(output.bias)
    if not isinstance(output, AddBias):
        return ops.transpose(output.kernel), biases
    embedding = model.get_layer("token_embedding")
    if embedding.tie_weights:
        return ops.convert_to_tensor(embedding.embeddings), biases
    return ops.transpose(embedding.reverse_embeddings), biases


class OutputProjection:
    """The matrix that projects hidden vectors to logits, prepared once for many steps of decoding.

    For several rows, the product with a transposed copy of the embedding is up to three times as fast; for a single
    row it is not. Quantized weights would otherwise be converted to float in every step.

    Args:
        model: model with layers "token_embedding", a `SharedEmbedding`, and "logits", an `AddBias`.

    Example:

    >>> from kerasnlp_zoo.models import rnn_language_model
    >>> projection = OutputProjection(rnn_language_model(vocabulary_size=50, embedding_dim=4))
    >>> prepared = projection.prepared(num_rows=2)
    >>> prepared.shape, projection.logits(ops.ones((2, 4)), prepared).shape
    (TensorShape([4, 50]), TensorShape([2, 50]))
    """

    @staticmethod
    def fits(model: keras.Model) -> bool:
        """Return whether a model has these layers."""
        return isinstance(model.get_layer("logits"), AddBias)

    def __init__(self, model: keras.Model) -> None:
        self.embedding, self.bias = model.get_layer("token_embedding"), model.get_layer("logits")

    def prepared(self, num_rows: int | Tensor) -> Tensor:
        """Return the matrix, float [D, V], that `logits` multiplies this number of rows by."""
        embedding, dtype = self.embedding, self.embedding.compute_dtype
        if embedding.quantization_mode and embedding.tie_weights:
            return ops.transpose(embedding(ops.arange(embedding.input_dim)))
        if embedding.quantization_mode:
            return embedding(ops.eye(embedding.output_dim, dtype=dtype), reverse=True)
        if not embedding.tie_weights:
            return ops.cast(embedding.reverse_embeddings, dtype)
        table = ops.cast(embedding.embeddings, dtype)
        # `logits` does not read it for a single row, so a reshaped view of the right shape is enough.
        unread = (table.shape[1], table.shape[0])
        return ops.cond(num_rows > 1, lambda: ops.transpose(table), lambda: ops.reshape(table, unread))

    def logits(self, hidden: Tensor, prepared: Tensor) -> Tensor:
        """Return logits of the next tokens, float32 [R, V], from hidden vectors [R, D]."""

        def by_prepared() -> Tensor:
            return ops.matmul(hidden, prepared)

        if self.embedding.quantization_mode or not self.embedding.tie_weights:
            products = by_prepared()
        else:
            products = ops.cond(ops.shape(hidden)[0] > 1, by_prepared, lambda: self.embedding(hidden, reverse=True))
        return ops.cast(self.bias(products), "float32")
