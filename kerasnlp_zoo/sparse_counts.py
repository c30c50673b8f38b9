"""Validation of sparse arrays of counts, such as co-occurrence counts."""

import numpy as np
from scipy import sparse

from kerasnlp_zoo.errors import InputError


def require_counts(counts: sparse.sparray) -> None:
    """Raise InputError unless all counts of a sparse array are finite and not negative.

    Example:

    >>> require_counts(sparse.csr_array([[0.0, 1.5]]))
    """
    require_finite_sparse(counts)
    if counts.nnz and counts.data.min() < 0:
        raise InputError(f"Counts cannot be negative. Received: {counts.data.min()} as the smallest count")


def require_finite_sparse(matrix: sparse.sparray) -> None:
    """Raise InputError unless `matrix` is a sparse array of finite numbers."""
    if not sparse.issparse(matrix):
        raise InputError(f"Expected a scipy.sparse array, such as sparse.csr_array(values). Received: {type(matrix)}")
    if not np.isfinite(matrix.data).all():
        raise InputError("The array contains NaN or infinity. Expected finite numbers")
