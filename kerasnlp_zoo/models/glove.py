"""GloVe as a plain Keras model: the vectors and biases of two words predict the logarithm of their count.

`training.GloveTrainer` trains the same vectors faster. This model is short and works with any optimizer:

    model = glove(len(corpus.vocabulary))
    model.compile(keras.optimizers.Adagrad(0.2, initial_accumulator_value=1.0), WeightedMeanLoss(GloveLoss()))
    model.fit(cell_batch_dataset(counts), epochs=15)
    vectors = glove_vectors(model)

The printed loss is the paper's J divided by the number of cells of the count matrix.

Shapes: B batch, T cells, V vocabulary, D width of a vector.
"""

import keras
import numpy as np
from keras import ops

from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.embedding_inputs import TRAINED

CONTEXT = "context_embedding"  # name of the layer with the context vectors


@builder
def glove(vocabulary_size: int, *, embedding_dim: int = 100) -> keras.Model:
    """Build the model log X_ij = w_i . c_j + b_i + b_j of the counts X of words i and contexts j.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        embedding_dim: D, width of a word vector.

    Returns:
        `keras.Model`: {"token_ids": int [B, T], the words; "words": int [B, T], a context of each}
        -> predictions of log X float [B, T]. Train it with `training.GloveLoss`; `glove_vectors` returns the vectors.

    Raises:
        InputError: if a size is not positive.

    Example:

    >>> model = glove(vocabulary_size=1000)
    >>> model({"token_ids": np.array([[4]]), "words": np.array([[8]])}).shape
    TensorShape([1, 1])

    Reference: Pennington et al. 2014, "GloVe: Global Vectors for Word Representation", equation 8.
    """
    # The initial values of the published code.
    small = keras.initializers.RandomUniform(-0.5 / embedding_dim, 0.5 / embedding_dim)

    def look_up(ids: keras.KerasTensor, width: int, name: str) -> keras.KerasTensor:
        return keras.layers.Embedding(vocabulary_size, width, embeddings_initializer=small, name=name)(ids)

    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    words = keras.Input((None,), dtype="int32", name="words")
    vectors = [look_up(token_ids, embedding_dim, TRAINED), look_up(words, embedding_dim, CONTEXT)]
    products = ops.sum(keras.layers.Multiply(name="products")(vectors), axis=-1, keepdims=True)  # [B, T, 1]
    biases = [look_up(token_ids, 1, "token_bias"), look_up(words, 1, "context_bias")]
    predictions = keras.layers.Add(name="products_and_biases")([products, *biases])
    predictions = keras.layers.Reshape((-1,), name="log_counts")(predictions)
    return keras.Model({"token_ids": token_ids, "words": words}, predictions, name="glove")


def glove_vectors(model: keras.Model) -> np.ndarray:
    """Return the sum w + c of the two vectors of every word.

    With symmetric counts w and c differ only by their random initial values. Their sum reduces this noise, as an
    ensemble of two models does.

    Args:
        model: built by `glove`.

    Returns:
        float32 array [V, D].

    Example:

    >>> glove_vectors(glove(vocabulary_size=5, embedding_dim=3)).shape
    (5, 3)

    Reference: Pennington et al. 2014, section 4.2.
    """
    words, contexts = (np.asarray(model.get_layer(name).embeddings) for name in (TRAINED, CONTEXT))
    return words + contexts
