"""Find positions for the labels of points. Labels must not overlap each other or the points.

Shapes: N points, C candidates. A box is (left, bottom, right, top). All lengths are in pixels.
"""

import numpy as np
import numpy.typing as npt

GAP = 2.0  # distance between a label and other labels or points
# Directions from the point, in order of preference: right, left, above, below, then between them.
ANGLES = np.radians([0, 180, 90, 270, 45, 315, 135, 225, *np.arange(22.5, 360, 45)])
NUM_RADII = 60


def label_boxes(points: npt.ArrayLike, sizes: npt.ArrayLike, radius: float, area: npt.ArrayLike) -> np.ndarray:
    """Return a box for every label, in the free space nearest to its point.

    The labels are placed one after the other, starting with the points that have the nearest neighbours. Each label
    takes its first free candidate. Candidates are sorted by the distance from the point.

    Args:
        points: float array [N, 2].
        sizes: width and height of each label, float array [N, 2].
        radius: radius of a point.
        area: box that contains all labels.

    Returns:
        float array [N, 4]. A label without a free candidate takes the candidate that covers the fewest labels and
        points.

    Example:

    >>> label_boxes([[20.0, 50.0], [60.0, 50.0]], [[20.0, 10.0], [20.0, 10.0]], 3, (0, 0, 100, 100)).tolist()
    [[26.0, 45.0, 46.0, 55.0], [66.0, 45.0, 86.0, 55.0]]
    """
    points, sizes = np.asarray(points, "float64"), np.asarray(sizes, "float64")
    obstacles = np.concatenate([points - radius, points + radius], axis=1)  # placed labels are added later
    area = grown(area, -GAP)
    boxes = np.zeros((len(points), 4))
    for row in np.argsort(_room(points), kind="stable"):
        candidates = _candidates(points[row], sizes[row], radius, area)
        covered = overlaps(grown(candidates, GAP), obstacles).sum(axis=1)
        boxes[row] = candidates[np.argmin(covered)]
        obstacles = np.concatenate([obstacles, boxes[row : row + 1]])
    return boxes


def _room(points: np.ndarray) -> np.ndarray:
    """Return the distance of each point from its nearest neighbour, [N]."""
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(distances, np.inf)
    return distances.min(axis=1)


def _candidates(point: np.ndarray, size: np.ndarray, radius: float, area: np.ndarray) -> np.ndarray:
    """Return the candidate boxes of a label, [C, 4], the nearest first, all inside the area."""
    low, high = np.array(area[:2]), np.array(area[2:])
    away = np.append(0, np.geomspace(2, np.linalg.norm(high - low), NUM_RADII - 1))
    reach = size / 2 + radius + GAP + 1 + away[:, None]  # [radii, 2]
    directions = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
    centres = point + (reach[:, None] * directions).reshape(-1, 2)
    centres = np.clip(centres, low + size / 2, high - size / 2)
    return np.concatenate([centres - size / 2, centres + size / 2], axis=1)


def grown(boxes: npt.ArrayLike, margin: float) -> np.ndarray:
    """Return boxes enlarged by a margin on every side."""
    return np.asarray(boxes) + margin * np.array([-1, -1, 1, 1])


def overlaps(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return whether each box of `first` [N, 4] overlaps each box of `second` [M, 4]: bool array [N, M].

    Example:

    >>> overlaps(np.array([[0, 0, 2, 2]]), np.array([[1, 1, 3, 3], [2, 0, 4, 2]]))
    array([[ True, False]])
    """
    left, bottom, right, top = np.asarray(first).T[:, :, None]
    return (left < second[:, 2]) & (second[:, 0] < right) & (bottom < second[:, 3]) & (second[:, 1] < top)
