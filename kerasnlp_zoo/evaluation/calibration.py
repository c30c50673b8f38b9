"""Whether a classifier that says 80% is right 80% of the time.

Shapes: N examples, C classes.
"""

import numpy as np


def calibration_bins(probabilities, labels, num_bins=15):
    """Sort examples into bins by confidence, and compare each bin's confidence with its accuracy.

    Args:
        probabilities: float array [N, C].
        labels: int array [N].
        num_bins: int, equal bins between 0 and 1.

    Returns:
        list of dict, one for each bin that holds an example: confidence > `above` and <= `up_to`, their mean
        `confidence`, `accuracy`, and the bin's `share` of all examples.

    Example:

    >>> calibration_bins(np.array([[0.75, 0.25]] * 4), np.array([0, 0, 1, 1]), num_bins=2)
    [{'above': 0.5, 'up_to': 1.0, 'confidence': 0.75, 'accuracy': 0.5, 'share': 1.0}]

    Reference: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 2.
    """
    confidences = np.max(probabilities, axis=1).astype("float64")
    correct = np.argmax(probabilities, axis=1) == np.asarray(labels)
    # Bins are ((i - 1) / n, i / n], as in the paper.
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


def expected_calibration_error(bins):
    """Average |accuracy - confidence| over bins, weighted by their size.

    Args:
        bins: list of dict, from `calibration_bins`.

    Returns:
        float in [0, 1], 0 for perfect calibration.

    Example:

    >>> expected_calibration_error(calibration_bins(np.array([[0.75, 0.25]] * 4), np.array([0, 0, 0, 1])))
    0.0

    Reference: Guo et al. 2017, equation 3.
    """
    return sum(box["share"] * abs(box["accuracy"] - box["confidence"]) for box in bins)
