"""The penalty of large weights that builders add to the loss."""

import keras

from kerasnlp_zoo.errors import InputError


def l1_l2(l1: float, l2: float) -> keras.regularizers.Regularizer | None:
    """Return the regularizer l1 x sum of |w| + l2 x sum of w^2 of the weights of a kernel.

    Args:
        l1, l2: >= 0.

    Returns:
        A Keras regularizer; None if both factors are 0, because the gradient of an embedding is sparse only without
        a regularizer.

    Raises:
        InputError: if a factor is negative.

    Example:

    >>> float(l1_l2(0.5, 0.25)(keras.ops.convert_to_tensor([-2.0, 0.0])))
    2.0
    """
    if l1 < 0 or l2 < 0:
        raise InputError(f"l1 and l2 must be at least 0. Received: l1={l1}, l2={l2}")
    return keras.regularizers.L1L2(l1, l2) if l1 or l2 else None
