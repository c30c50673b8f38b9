"""What all translators share that write one token at a time: the table of vectors, which also tells the tokens.

Shapes: B batch, D width, V vocabulary, W hypotheses of a source, R = B W rows.
"""

from keras import ops


class TranslatorSteps:
    """A translator whose logits are products with the table of its word vectors.

    Several rows are multiplied by that table up to three times as quickly when it is turned round, once for all tokens;
    a single row is not.

    Args:
        model: `keras.Model` with layers "token_embedding", a `SharedEmbedding`, and "logits", an `AddBias`.
    """

    def __init__(self, model):
        self.model = model
        self.embedding = model.get_layer("token_embedding")

    def turned_table(self, num_rows):
        """Return what the state holds of the table for so many rows: {"table": float [D, V]}."""
        if self.embedding.quantization_mode:  # made float once, not for every token
            return {"table": ops.transpose(self.embedding(ops.arange(self.embedding.input_dim)))}
        table = ops.cast(self.embedding.embeddings, self.embedding.compute_dtype)
        # For a single row it is never read: a shape that costs nothing.
        unread = (table.shape[1], table.shape[0])
        return {"table": ops.cond(num_rows > 1, lambda: ops.transpose(table), lambda: ops.reshape(table, unread))}

    def logits(self, hidden, state):
        """Tell the tokens that follow, from vectors float [R, D]: float32 [R, V]."""

        def by_turned_table():
            return ops.matmul(hidden, state["table"])

        if self.embedding.quantization_mode:
            products = by_turned_table()
        else:
            is_turned = ops.shape(hidden)[0] > 1
            products = ops.cond(is_turned, by_turned_table, lambda: self.embedding(hidden, reverse=True))
        return ops.cast(self.model.get_layer("logits")(products), "float32")
