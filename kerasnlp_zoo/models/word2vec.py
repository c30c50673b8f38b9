"""word2vec as plain Keras models: skip-gram predicts the contexts of a word, CBOW the word from its contexts.

`training.Word2VecTrainer` trains the same vectors faster. These models are short, work with any optimizer and each of
four losses, and are the reference in the trainer's tests.

Shapes: B batch, C contexts, V vocabulary, D width of a vector.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import keras
import numpy as np

from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.layers import (
    FullSoftmax,
    HierarchicalSoftmax,
    NegativeSampling,
    NoiseContrastiveEstimation,
)
from kerasnlp_zoo.layers.word_prediction import NOISE_POWER
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.embedding_inputs import embed_words
from kerasnlp_zoo.models.pooling import pooling_layer

LOSSES = {
    "negative_sampling": NegativeSampling,
    "nce": NoiseContrastiveEstimation,
    "hierarchical_softmax": HierarchicalSoftmax,
    "full_softmax": FullSoftmax,
}
WORD_LOSSES = ("negative_sampling", "nce", "full_softmax")  # the losses with an output vector for each word
POOLINGS = ("mean", "sum")
Loss: TypeAlias = Literal["negative_sampling", "nce", "hierarchical_softmax", "full_softmax"]
Pooling: TypeAlias = Literal["mean", "sum"]


@builder
def skip_gram(
    vocabulary_size: int,
    *,
    embedding_dim: int = 100,
    loss: Loss = "negative_sampling",
    num_negatives: int = 5,
    counts: Sequence[float] | None = None,
) -> keras.Model:
    """Build the model that predicts each context of a word.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        embedding_dim: D, width of a word vector.
        loss: "negative_sampling", "nce", "hierarchical_softmax" or "full_softmax".
        num_negatives: number of negative samples for each context; for the first two losses.
        counts: V numbers, the count of each word; None for Zipf's law.

    Returns:
        `keras.Model`: {"token_ids": int [B, 1], the words; "words": int [B, C], their contexts, 0 for padding}
        -> losses float [B, C], 0 at padding. Train it with `training.identity_loss`; its
        "token_embedding" contains the vectors.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = skip_gram(vocabulary_size=1000)
    >>> model({"token_ids": np.array([[4]]), "words": np.array([[8, 15, 0]])}).shape
    TensorShape([1, 3])

    Reference: Mikolov et al. 2013, "Efficient Estimation of Word Representations", section 3.2.
    """
    return _word2vec("skip_gram", vocabulary_size, embedding_dim, loss, num_negatives, counts, "sum")


@builder
def cbow(
    vocabulary_size: int,
    *,
    embedding_dim: int = 100,
    loss: Loss = "negative_sampling",
    num_negatives: int = 5,
    counts: Sequence[float] | None = None,
    pooling: Pooling = "mean",
) -> keras.Model:
    """Build the model that predicts a word from the mean or sum of its contexts.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        embedding_dim: D, width of a word vector.
        loss: "negative_sampling", "nce", "hierarchical_softmax" or "full_softmax".
        num_negatives: number of negative samples for each word; for the first two losses.
        counts: V numbers, the count of each word; None for Zipf's law.
        pooling: "mean" or "sum" of the contexts.

    Returns:
        `keras.Model`: {"token_ids": int [B, C], the contexts, 0 for padding; "words": int [B, 1], the words}
        -> losses float [B, 1].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = cbow(vocabulary_size=1000)
    >>> model({"token_ids": np.array([[8, 15, 0]]), "words": np.array([[4]])}).shape
    TensorShape([1, 1])

    Reference: Mikolov et al. 2013, "Efficient Estimation of Word Representations", section 3.1.
    """
    require_choice("pooling", pooling, POOLINGS)
    return _word2vec("cbow", vocabulary_size, embedding_dim, loss, num_negatives, counts, pooling)


def word2vec_bias(loss: Loss, counts: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the bias b with which the vectors of word2vec predict contexts: P(c | w) = softmax(u_c . v_w + b_c).

    With negative sampling, u_c . v_w approximates log P(c | w) - log(K P_n(c)), so the bias is the logarithm of the
    noise distribution P_n. With the softmax and NCE, it is 0.

    Args:
        loss: "negative_sampling", "nce" or "full_softmax".
        counts: V numbers, the count of each word. A count below 1 counts as 1, because every word needs a logarithm.

    Returns:
        float32 array [V].

    Raises:
        InputError: for "hierarchical_softmax", which has vectors of the inner nodes of a tree instead of words.

    Example:

    >>> word2vec_bias("negative_sampling", [0, 0, 16, 1]).round(2)
    array([-2.4 , -2.4 , -0.32, -2.4 ], dtype=float32)

    Reference: Levy and Goldberg 2014, "Neural Word Embedding as Implicit Matrix Factorization", section 3.1.
    """
    require_choice("loss", loss, WORD_LOSSES)
    if loss != "negative_sampling":
        return np.zeros(len(counts), "float32")
    noise = np.maximum(counts, 1) ** NOISE_POWER
    return np.log(noise / noise.sum()).astype("float32")


def _word2vec(
    name: str,
    vocabulary_size: int,
    embedding_dim: int,
    loss: Loss,
    num_negatives: int,
    counts: Sequence[float] | None,
    pooling: Pooling,
) -> keras.Model:
    """Return the model that pools the vectors of some words and predicts other words."""
    require_choice("loss", loss, tuple(LOSSES))
    require_positive(num_negatives=num_negatives)
    token_ids, mask, vectors = embed_words(vocabulary_size, embedding_dim, "random")
    words = keras.Input((None,), dtype="int32", name="words")
    hidden = pooling_layer(pooling, name="pooling")(vectors, mask=mask)  # [B, D]
    hidden = keras.layers.Reshape((1, embedding_dim), name="hidden")(hidden)
    sampled = {"num_negatives": num_negatives} if loss in ("negative_sampling", "nce") else {}
    losses = LOSSES[loss](vocabulary_size, counts=counts, name="word_prediction", **sampled)(hidden, words)
    return keras.Model({"token_ids": token_ids, "words": words}, losses, name=name)
