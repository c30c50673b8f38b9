"""t-SNE: project points to the plane and keep neighbours together.

Time and memory grow with the square of the number of points: use it for hundreds of points, not for thousands.

Reference: van der Maaten & Hinton 2008, "Visualizing Data using t-SNE".

Shapes: N points, D dimensions.
"""

import numpy as np
import numpy.typing as npt

from kerasnlp_zoo.errors import InputError

STEPS, EXAGGERATED_STEPS = 750, 150
EXAGGERATION = 4.0  # factor of P in the first steps: clusters form while there is space between them
MOMENTUM, FINAL_MOMENTUM = 0.5, 0.8  # momentum of the exaggerated steps, and of the others
LEAST_GAIN = 0.01
SMALLEST = 1e-12


def principal_components(points: npt.ArrayLike, count: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Project points to the directions with the largest variance.

    Args:
        points: float array [N, D].
        count: number of directions.

    Returns:
        The projected points, float array [N, count], and the share of the variance of each direction, float array
        [count]. If there are fewer directions, the rest is 0.

    Example:

    >>> places, shares = principal_components(np.array([[0.0, 0.0], [3.0, 4.0]]))
    >>> print(np.abs(places).round(3).tolist(), shares.tolist())
    [[2.5, 0.0], [2.5, 0.0]] [1.0, 0.0]
    """
    points = np.asarray(points, "float64")
    left, values, _ = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    values[values < 1e-9 * max(values[0], SMALLEST)] = 0
    places, shares = np.zeros((len(points), count)), np.zeros(count)
    known = min(count, len(values))
    places[:, :known] = left[:, :known] * values[:known]
    shares[:known] = values[:known] ** 2 / max(np.sum(values**2), SMALLEST)
    return places, shares


def t_sne(points: npt.ArrayLike, perplexity: float | None = None, seed: int = 0, steps: int = STEPS) -> np.ndarray:
    """Project points to the plane. Points that are near in D dimensions are near in the plane.

    The optimization starts from the two principal components, to preserve some of the large distances (Kobak & Berens
    2019). The result is deterministic for a seed.

    Args:
        points: float array [N, D], N at least 4.
        perplexity: effective number of neighbours of a point, at least 1 and less than N - 1; None for a third of
            the points, at most 30.
        seed: seed of the noise that separates equal points.
        steps: number of gradient descent steps.

    Returns:
        float array [N, 2] with mean 0.

    Raises:
        InputError: if there are too few points for the perplexity.

    Example:

    >>> corners = np.array([[0.0, 0.0], [0.1, 0.0], [9.0, 9.0], [9.1, 9.0]])
    >>> places = t_sne(corners, perplexity=1.5)
    >>> places.shape
    (4, 2)
    """
    points = np.asarray(points, "float64")
    if len(points) < 4:
        raise InputError(f"t-SNE needs at least 4 points. Received: {len(points)}. Give more words, or choose pca")
    perplexity = min(30.0, (len(points) - 1) / 3) if perplexity is None else perplexity
    wanted = joint_probabilities(points, perplexity)
    places, _ = principal_components(points)
    places *= 1e-4 / max(places[:, 0].std(), SMALLEST)
    places += np.random.default_rng(seed).normal(0, 1e-6, places.shape)
    speed, gains = np.zeros_like(places), np.ones_like(places)
    learning_rate = len(points) / EXAGGERATION / 4  # Belkina et al. 2019; their gradient lacks the factor 4
    for step in range(steps):
        early = step < EXAGGERATED_STEPS
        gradient = kl_gradient(EXAGGERATION * wanted if early else wanted, places)
        same_way = (gradient > 0) == (speed < 0)
        gains = np.maximum(np.where(same_way, gains + 0.2, gains * 0.8), LEAST_GAIN)  # Jacobs 1988
        speed = (MOMENTUM if early else FINAL_MOMENTUM) * speed - learning_rate * gains * gradient
        places = places + speed
        places -= places.mean(axis=0)
    return places


def conditional_probabilities(points: np.ndarray, perplexity: float) -> np.ndarray:
    """Return the probability p(j|i) that point i has j as its neighbour, equation 1.

    p(j|i) is proportional to exp(-b_i |x_i - x_j|^2). A bisection finds b_i: 2 to the power of the entropy of row i
    must be the perplexity.

    Args:
        points: float array [N, D].
        perplexity: effective number of neighbours.

    Returns:
        float array [N, N]; every row sums to 1, the diagonal is 0.

    Raises:
        InputError: if the perplexity is not between 1 and N - 1.
    """
    if not 1 <= perplexity < len(points) - 1:
        raise InputError(
            f"The perplexity of {len(points)} points must be at least 1 and less than {len(points) - 1}. "
            f"Received: perplexity={perplexity}"
        )
    distances = squared_distances(np.asarray(points, "float64"))
    distances /= max(distances.mean(), SMALLEST)
    np.fill_diagonal(distances, np.inf)
    distances -= distances.min(axis=1, keepdims=True)  # does not change the probabilities, and avoids rows of zeros
    low, high = np.full((len(points), 1), -30.0), np.full((len(points), 1), 30.0)  # bisection of log b_i
    for _ in range(60):
        middle = (low + high) / 2
        likelihoods = np.exp(-np.exp(middle) * distances)
        probabilities = likelihoods / likelihoods.sum(axis=1, keepdims=True)
        logs = np.log2(np.maximum(probabilities, SMALLEST))
        entropies = -np.sum(probabilities * logs, axis=1, keepdims=True)
        is_wide = entropies > np.log2(perplexity)
        low, high = np.where(is_wide, middle, low), np.where(is_wide, high, middle)
    return probabilities


def joint_probabilities(points: np.ndarray, perplexity: float) -> np.ndarray:
    """Return the symmetric probabilities p_ij = (p(j|i) + p(i|j)) / 2N, [N, N], with sum 1."""
    conditional = conditional_probabilities(points, perplexity)
    return (conditional + conditional.T) / (2 * len(points))


def layout_probabilities(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the similarities [N, N] of points in the plane, and the probabilities q_ij: similarities / sum, eq. 4."""
    closeness = 1 / (1 + squared_distances(places))
    np.fill_diagonal(closeness, 0)
    return closeness, closeness / closeness.sum()


def kl_divergence(wanted: np.ndarray, places: np.ndarray) -> float:
    """Return the loss of t-SNE, the sum of p_ij log(p_ij / q_ij).

    Args:
        wanted: p, the `joint_probabilities`, float array [N, N].
        places: points in the plane, float array [N, 2].
    """
    _, probabilities = layout_probabilities(places)
    return float(np.sum(wanted * np.log(np.maximum(wanted, SMALLEST) / np.maximum(probabilities, SMALLEST))))


def kl_gradient(wanted: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the gradient of `kl_divergence` with respect to `places`, equation 5: float array [N, 2]."""
    closeness, probabilities = layout_probabilities(places)
    forces = (wanted - probabilities) * closeness
    return 4 * (forces.sum(axis=1)[:, None] * places - forces @ places)


def squared_distances(points: np.ndarray) -> np.ndarray:
    """Return |x_i - x_j|^2 of all pairs: float array [N, N]."""
    squares = np.sum(points**2, axis=1)
    distances = np.maximum(squares[:, None] + squares - 2 * points @ points.T, 0)
    np.fill_diagonal(distances, 0)
    return distances
