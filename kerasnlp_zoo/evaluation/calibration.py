"""Whether a classifier that says 80% is right 80% of the time.

Shapes: N examples, C classes.
"""

import numpy as np


def expected_calibration_error(probabilities, labels, num_bins=15):
    """Average |accuracy - confidence| over bins of confidence, weighted by their size.

    Args:
        probabilities: float array [N, C].
        labels: int array [N].
        num_bins: int, equal bins between 0 and 1.

    Returns:
        float in [0, 1], 0 for perfect calibration.

    Example:

    >>> expected_calibration_error(np.array([[0.75, 0.25]] * 4), np.array([0, 0, 0, 1]))
    0.0

    Reference: Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3.
    """
    confidences = np.max(probabilities, axis=1).astype("float64")
    correct = np.argmax(probabilities, axis=1) == np.asarray(labels)
    # Bins are ((i - 1) / n, i / n], as in the paper.
    bins = np.clip(np.ceil(confidences * num_bins).astype(int) - 1, 0, num_bins - 1)
    gaps = np.bincount(bins, weights=correct - confidences, minlength=num_bins)
    return float(np.abs(gaps).sum() / len(confidences))
