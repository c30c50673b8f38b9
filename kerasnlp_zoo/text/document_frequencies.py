"""Inverse document frequencies: a word that occurs in few texts gets a high weight.

Shapes: N texts, V vocabulary.
"""

import numpy as np
import tensorflow as tf


def inverse_document_frequencies(token_ids: tf.RaggedTensor, vocabulary_size: int) -> np.ndarray:
    """Return ln((1 + N) / (1 + n_w)) + 1 for every word w, which occurs in n_w of N texts: float32 array [V].

    Adding 1 to both counts keeps the value finite for words that occur in no text.

    Args:
        token_ids: ragged int tensor [N, (length)].
        vocabulary_size: V.

    Example:

    >>> import tensorflow as tf
    >>> inverse_document_frequencies(tf.ragged.constant([[2, 3, 2], [2]]), vocabulary_size=4).round(2)
    array([2.1 , 2.1 , 1.  , 1.41], dtype=float32)

    Reference: Sparck Jones 1972; smoothed as in scikit-learn's TfidfTransformer.
    """
    texts = token_ids.value_rowids().numpy().astype("int64")
    pairs = np.unique(texts * vocabulary_size + token_ids.flat_values.numpy())
    num_texts = int(token_ids.nrows())
    texts_with = np.bincount(pairs % vocabulary_size, minlength=vocabulary_size)
    return (np.log((1 + num_texts) / (1 + texts_with)) + 1).astype("float32")
