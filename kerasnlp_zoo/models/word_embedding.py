"""Word vectors as a model: the content of an entry of word vectors.

Shapes: B batch, T length, D embedding width, V vocabulary.
"""

import keras
import numpy as np

from kerasnlp_zoo.layers import AddBias, SharedEmbedding, ZeroMasked
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.embedding_inputs import embed_words

OUTPUT, CONTEXTS = "output_embedding", "context_logits"  # names of the layers with the output vectors and the bias


@builder
def word_embedding(vocabulary_size: int, embedding_dim: int, *, has_output_vectors: bool = False) -> keras.Model:
    """Build the model that looks up the vector of every word.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        embedding_dim: D, width of a word vector.
        has_output_vectors: whether the model also has the output vectors u of word2vec, and a bias b for each of them.
            It then predicts the contexts c of a word w: P(c | w) = softmax(u_c . v_w + b_c).

    Returns:
        `keras.Model`: token_ids int [B, T] -> vectors float [B, T, D], 0 at padding. Its only weight is in the layer
        "token_embedding"; `set_word_vectors` assigns it. With output vectors, the model returns {"vectors": float
        [B, T, D], "context_logits": float [B, T, V]}; `set_output_vectors` assigns the other weights.

    Raises:
        InputError: if a size is not positive.

    Example:

    >>> import numpy as np
    >>> word_embedding(vocabulary_size=1000, embedding_dim=50)(np.array([[4, 8, 0]])).shape
    TensorShape([1, 3, 50])

    Reference: Mikolov et al. 2013, "Distributed Representations of Words and Phrases", equation 2: u is v' there.
    """
    token_ids, mask, vectors = embed_words(vocabulary_size, embedding_dim, "random")
    vectors = ZeroMasked(name="vectors")(vectors, mask=mask)
    if not has_output_vectors:
        return keras.Model(token_ids, vectors, name="word_embedding")
    scores = SharedEmbedding(vocabulary_size, embedding_dim, name=OUTPUT)(vectors, reverse=True)  # [B, T, V]
    outputs = {"vectors": vectors, "context_logits": AddBias(name=CONTEXTS)(scores)}
    return keras.Model(token_ids, outputs, name="word_embedding")


def set_output_vectors(model: keras.Model, vectors: np.ndarray, bias: np.ndarray) -> None:
    """Assign the output vectors of a model from `word_embedding`.

    Args:
        model: a model with output vectors.
        vectors: float [V, D], a row per token id.
        bias: float [V], such as the result of `word2vec_bias`.
    """
    model.get_layer(OUTPUT).embeddings.assign(vectors)
    model.get_layer(CONTEXTS).bias.assign(bias)
