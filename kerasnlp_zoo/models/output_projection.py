"""The table of word vectors as it tells words, one token after the other.

Shapes: D width of a vector, V vocabulary, R rows.
"""

from keras import ops


class OutputProjection:
    """A table whose products with a vector are the logits of the words, made ready once for many tokens.

    Several rows are multiplied up to three times as quickly by a table that is turned round, a single row is not. What
    is quantized would otherwise be made float for every token.

    Args:
        model: `keras.Model` with layers "token_embedding", a `SharedEmbedding`, and "logits", an `AddBias`.

    Example:

    >>> from kerasnlp_zoo.models import rnn_language_model
    >>> table = OutputProjection(rnn_language_model(vocabulary_size=50, embedding_dim=4))
    >>> turned = table.turned(num_rows=2)
    >>> turned.shape, table.logits(ops.ones((2, 4)), turned).shape
    (TensorShape([4, 50]), TensorShape([2, 50]))
    """

    def __init__(self, model):
        self.embedding, self.bias = model.get_layer("token_embedding"), model.get_layer("logits")

    def turned(self, num_rows):
        """Return what `logits` multiplies so many rows, an int or int32 tensor, by: float [D, V]."""
        embedding, dtype = self.embedding, self.embedding.compute_dtype
        if embedding.quantization_mode and embedding.tie_weights:
            return ops.transpose(embedding(ops.arange(embedding.input_dim)))
        if embedding.quantization_mode:
            return embedding(ops.eye(embedding.output_dim, dtype=dtype), reverse=True)
        if not embedding.tie_weights:
            return ops.cast(embedding.reverse_embeddings, dtype)
        table = ops.cast(embedding.embeddings, dtype)
        # For a single row it is never read: a shape that costs nothing.
        unread = (table.shape[1], table.shape[0])
        return ops.cond(num_rows > 1, lambda: ops.transpose(table), lambda: ops.reshape(table, unread))

    def logits(self, hidden, turned):
        """Return the logits of the words that follow vectors [R, D]: float32 [R, V]."""

        def by_turned():
            return ops.matmul(hidden, turned)

        if self.embedding.quantization_mode or not self.embedding.tie_weights:
            products = by_turned()
        else:
            products = ops.cond(ops.shape(hidden)[0] > 1, by_turned, lambda: self.embedding(hidden, reverse=True))
        return ops.cast(self.bias(products), "float32")
