"""Inverse document frequencies: a word that occurs in few texts gets a high weight.

Shapes: N texts, V vocabulary.
"""

import numpy as np
import tensorflow as tf
from scipy import sparse

from kerasnlp_zoo.sparse_counts import require_counts


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
    texts_with = np.bincount(pairs % vocabulary_size, minlength=vocabulary_size)
    return _smoothed(texts_with, int(token_ids.nrows())).astype("float32")


def tf_idf(counts: sparse.sparray) -> sparse.csr_array:
    """Return the counts of words in texts, each multiplied with the word's inverse document frequency.

    Args:
        counts: scipy.sparse array [V, N], such as the result of `term_document_counts`.

    Returns:
        `scipy.sparse.csr_array` float64 [V, N].

    Raises:
        InputError: if a count is negative, NaN or infinite.

    Example:

    >>> tf_idf(sparse.csr_array([[2.0, 1.0], [1.0, 0.0]])).toarray().round(2)
    array([[2.  , 1.  ],
           [1.41, 0.  ]])

    Reference: Salton and Buckley 1988; inverse document frequencies as in `inverse_document_frequencies`.
    """
    require_counts(counts)
    cells = sparse.csr_array(counts, dtype="float64", copy=True)
    cells.eliminate_zeros()
    texts_with = np.diff(cells.indptr)
    cells.data *= np.repeat(_smoothed(texts_with, cells.shape[1]), texts_with)
    return cells


def _smoothed(texts_with: np.ndarray, num_texts: int) -> np.ndarray:
    """Return the inverse document frequencies of words that occur in some of the texts."""
    return np.log((1 + num_texts) / (1 + texts_with)) + 1
