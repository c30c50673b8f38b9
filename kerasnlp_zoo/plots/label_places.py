"""Places for the labels of points, no label on another or on a point.

Shapes: N points, C candidates. A box is (left, bottom, right, top); all measures are pixels.
"""

import numpy as np

GAP = 2.0  # between a label and what is next to it
# Directions from the point, those that read best first: right, left, above, below, then between them.
ANGLES = np.radians([0, 180, 90, 270, 45, 315, 135, 225, *np.arange(22.5, 360, 45)])
NUM_RADII = 60


def label_boxes(points, sizes, radius, area):
    """Put every label as near to its point as there is room.

    One after the other, those whose points have the nearest neighbours first, each takes the first free of
    its candidates: around its point, then around it further and further away.

    Args:
        points: float array [N, 2].
        sizes: float array [N, 2], width and height of each label.
        radius: float, of a point.
        area: box that no label leaves.

    Returns:
        float array [N, 4], a box for each label. If there is no room at all, that which covers fewest others.

    Example:

    >>> label_boxes([[20.0, 50.0], [60.0, 50.0]], [[20.0, 10.0], [20.0, 10.0]], 3, (0, 0, 100, 100)).tolist()
    [[26.0, 45.0, 46.0, 55.0], [66.0, 45.0, 86.0, 55.0]]
    """
    points, sizes = np.asarray(points, "float64"), np.asarray(sizes, "float64")
    obstacles = np.concatenate([points - radius, points + radius], axis=1)  # then the labels that have a place
    area = grown(area, -GAP)
    boxes = np.zeros((len(points), 4))
    for row in np.argsort(_room(points), kind="stable"):
        candidates = _candidates(points[row], sizes[row], radius, area)
        covered = overlaps(grown(candidates, GAP), obstacles).sum(axis=1)
        boxes[row] = candidates[np.argmin(covered)]
        obstacles = np.concatenate([obstacles, boxes[row : row + 1]])
    return boxes


def _room(points):
    """Return how far each point is from the next one."""
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(distances, np.inf)
    return distances.min(axis=1)


def _candidates(point, size, radius, area):
    """Return the boxes [C, 4] in which a label may stand, the nearest first, all inside the area."""
    low, high = np.array(area[:2]), np.array(area[2:])
    away = np.append(0, np.geomspace(2, np.linalg.norm(high - low), NUM_RADII - 1))
    reach = size / 2 + radius + GAP + 1 + away[:, None]  # [radii, 2]
    directions = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
    centres = point + (reach[:, None] * directions).reshape(-1, 2)
    centres = np.clip(centres, low + size / 2, high - size / 2)
    return np.concatenate([centres - size / 2, centres + size / 2], axis=1)


def grown(boxes, margin):
    """Return boxes with a margin around them."""
    return np.asarray(boxes) + margin * np.array([-1, -1, 1, 1])


def overlaps(first, second):
    """Tell which boxes lie on which.

    Args:
        first: float array [N, 4].
        second: float array [M, 4].

    Returns:
        bool array [N, M].

    Example:

    >>> overlaps(np.array([[0, 0, 2, 2]]), np.array([[1, 1, 3, 3], [2, 0, 4, 2]]))
    array([[ True, False]])
    """
    left, bottom, right, top = np.asarray(first).T[:, :, None]
    return (left < second[:, 2]) & (second[:, 0] < right) & (bottom < second[:, 3]) & (second[:, 1] < top)
