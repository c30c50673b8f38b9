"""Calibration of a classifier: predictions with a confidence of 80% should be right in 80% of the cases.

Shapes: N examples, C classes.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np


def calibration_bins(
    probabilities: np.ndarray, labels: Sequence[int] | np.ndarray, num_bins: int = 15
) -> list[dict[str, float]]:
    """Return confidence and accuracy of the examples in each confidence bin.

    Args:
        probabilities: float array [N, C].
        labels: int [N].
        num_bins: number of equal bins between 0 and 1.

    Returns:
        a dict for each bin with examples: their confidence is > `above` and <= `up_to`; `confidence` is their mean
        confidence, `accuracy` their accuracy, and `share` the share of the bin in all examples.

    Example:

    >>> calibration_bins(np.array([[0.75, 0.25]] * 4), np.array([0, 0, 1, 1]), num_bins=2)
    [{'above': 0.5, 'up_to': 1.0, 'confidence': 0.75, 'accuracy': 0.5, 'share': 1.0}]

    Reference: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 2.
    """
    confidences = np.max(probabilities, axis=1).astype("float64")
    correct = np.argmax(probabilities, axis=1) == np.asarray(labels)
    # The bins are ((i - 1) / n, i / n], as in the paper.
    places = np.clip(np.ceil(confidences * num_bins).astype(int) - 1, 0, num_bins - 1)
    return [
        {
            "above": place / num_bins,
            "up_to": (place + 1) / num_bins,
            "confidence": float(confidences[places == place].mean()),
            "accuracy": float(correct[places == place].mean()),
            "share": float(np.mean(places == place)),
        }
        for place in np.unique(places).tolist()
    ]


def expected_calibration_error(bins: Iterable[Mapping[str, float]]) -> float:
    """Return the mean of |accuracy - confidence| over bins, weighted by their share.

    Args:
        bins: result of `calibration_bins`.

    Returns:
        number in [0, 1]; 0 for perfect calibration.

    Example:

    >>> expected_calibration_error(calibration_bins(np.array([[0.75, 0.25]] * 4), np.array([0, 0, 0, 1])))
    0.0

    Reference: Guo et al. 2017, equation 3.
    """
    return sum(box["share"] * abs(box["accuracy"] - box["confidence"]) for box in bins)
