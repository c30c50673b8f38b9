"""The layout keeps neighbours together, and each equation equals a slow loop."""

import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.plots.t_sne import (
    conditional_probabilities,
    joint_probabilities,
    kl_divergence,
    kl_gradient,
    principal_components,
    t_sne,
)


def clusters(random, num_clusters=4, size=10, dim=20):
    """Return shuffled points around distant centres, and the index of the centre of each point."""
    labels = random.permutation(np.repeat(np.arange(num_clusters), size))
    return 8 * np.eye(num_clusters, dim)[labels] + random.normal(size=(len(labels), dim)), labels


@pytest.mark.parametrize("perplexity", [1.5, 5, 13, 38])
def test_every_point_has_the_given_perplexity(perplexity, random):
    for points in (random.normal(size=(40, 10)), clusters(random)[0], 1e6 * random.normal(size=(40, 2)) + 1e9):
        probabilities = conditional_probabilities(points, perplexity)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
        np.testing.assert_array_equal(np.diag(probabilities), 0)
        received = [2 ** -sum(p * np.log2(p) for p in row if p > 0) for row in probabilities]
        np.testing.assert_allclose(received, perplexity, rtol=1e-4)


def test_nearer_points_have_a_higher_probability(random):
    points = random.normal(size=(12, 3))
    for row, probabilities in enumerate(conditional_probabilities(points, 4)):
        distances = [np.linalg.norm(points[row] - point) for point in points]
        assert np.argsort(-probabilities)[:11].tolist() == np.argsort(distances)[1:].tolist()


def slow_kl(wanted, places):
    closeness = [[1 / (1 + np.sum((a - b) ** 2)) if a is not b else 0 for b in places] for a in places]
    total = np.sum(closeness)
    pairs = [(i, j) for i in range(len(places)) for j in range(len(places)) if i != j]
    return sum(wanted[i, j] * np.log(wanted[i, j] / (closeness[i][j] / total)) for i, j in pairs)


def test_divergence_and_gradient_equal_a_slow_loop(random):
    wanted, places = joint_probabilities(random.normal(size=(7, 4)), 3), random.normal(size=(7, 2))
    assert wanted.sum() == pytest.approx(1)
    np.testing.assert_allclose(wanted, wanted.T)
    assert kl_divergence(wanted, places) == pytest.approx(slow_kl(wanted, list(places)))
    gradient = kl_gradient(wanted, places)
    for place in np.ndindex(places.shape):
        step = np.zeros_like(places)
        step[place] = 1e-5
        by_difference = (slow_kl(wanted, list(places + step)) - slow_kl(wanted, list(places - step))) / 2e-5
        assert gradient[place] == pytest.approx(by_difference, rel=1e-4, abs=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_clusters_stay_separate(seed):
    points, labels = clusters(np.random.default_rng(seed))
    places = t_sne(points, seed=seed)
    distances = np.linalg.norm(places[:, None] - places, axis=2)
    same = labels[:, None] == labels
    assert distances[same].max() < distances[~same].min()


def test_the_divergence_decreases(random):
    points = random.normal(size=(40, 10))
    wanted = joint_probabilities(points, 13)
    start, short, long = (kl_divergence(wanted, t_sne(points, 13, steps=steps)) for steps in (0, 300, 750))
    assert start > short > long
    assert long < 0.8 * start


def test_the_same_seed_repeats_the_layout(random):
    points = random.normal(size=(10, 3))
    np.testing.assert_array_equal(t_sne(points), t_sne(points))
    assert np.any(t_sne(points) != t_sne(points, seed=1))


@pytest.mark.parametrize("points", [np.zeros((5, 3)), np.eye(4), np.repeat(np.eye(2), 10, axis=0)])
def test_identical_points_are_allowed(points):
    assert np.isfinite(t_sne(points)).all()


@pytest.mark.parametrize("perplexity", [0.5, 9, 30, float("nan")])
def test_a_perplexity_outside_its_range_is_refused(perplexity, random):
    with pytest.raises(InputError, match=r"at least 1 and less than 9. Received: perplexity="):
        t_sne(random.normal(size=(10, 3)), perplexity)


def test_fewer_than_four_points_are_refused():
    with pytest.raises(InputError, match="at least 4 points. Received: 3"):
        t_sne(np.eye(3))


def test_principal_components_equal_those_of_the_covariance_matrix(random):
    points = random.normal(size=(30, 6)) @ random.normal(size=(6, 6))
    places, shares = principal_components(points)
    values, directions = np.linalg.eigh(np.cov(points.T))
    np.testing.assert_allclose(shares, (values / values.sum())[::-1][:2])
    expected = (points - points.mean(axis=0)) @ directions[:, ::-1][:, :2]
    np.testing.assert_allclose(np.abs(places), np.abs(expected))  # the sign of a component is arbitrary


@pytest.mark.parametrize("points", [np.zeros((3, 5)), [[1.0], [2.0], [4.0]], [[1.0, 2.0], [3.0, 4.0]]])
def test_missing_principal_components_are_zero(points):
    places, shares = principal_components(points)
    assert places.shape == (len(points), 2)
    assert np.isfinite(places).all()
    np.testing.assert_array_equal(places[:, 1], 0)
    assert shares[1] == 0
