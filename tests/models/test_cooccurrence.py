"""Vectors from counts equal worked examples, slow formulas, and dense linear algebra."""

import numpy as np
import pytest
from scipy import sparse

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models.cooccurrence import cosine, one_hot, positive_pointwise_mutual_information, truncated_svd

ANIMALS, VEHICLES = (0, 1, 2), (3, 4)  # cat, dog, pet; car, bus
TOY = np.array([[0, 5, 8, 1, 0], [5, 0, 7, 0, 1], [8, 7, 0, 2, 1], [1, 0, 2, 0, 6], [0, 1, 1, 6, 0]], "float64")


@pytest.fixture
def counts(random):
    values = random.poisson(0.5, (30, 20)) * random.integers(1, 50, (30, 20)).astype("float64")
    values[3] = values[:, 5] = 0  # one word and one context never occur
    return sparse.csr_array(values)


def test_one_hot_vectors_are_orthogonal():
    np.testing.assert_array_equal((one_hot(5) @ one_hot(5).T).toarray(), np.eye(5))


@pytest.mark.parametrize(("smoothing", "shift"), [(1.0, 1.0), (0.75, 1.0), (0.75, 5.0)])
def test_ppmi_equals_a_slow_loop(counts, smoothing, shift):
    values = counts.toarray()
    contexts = values.sum(axis=0) ** smoothing
    expected = np.zeros(values.shape)
    for (row, column), count in np.ndenumerate(values):
        if count:
            p_word, p_context = values[row].sum() / values.sum(), contexts[column] / contexts.sum()
            expected[row, column] = max(0, np.log(count / values.sum() / (p_word * p_context)) - np.log(shift))
    received = positive_pointwise_mutual_information(counts, smoothing, shift)
    np.testing.assert_allclose(received.toarray(), expected, atol=1e-12)
    assert received.nnz == np.count_nonzero(expected)
    np.testing.assert_array_equal(counts.toarray(), values)  # the counts are not changed


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_svd_equals_the_dense_svd_and_its_signs_are_unique(counts, exponent):
    left, values, _ = np.linalg.svd(counts.toarray())
    expected = left[:, :6] * values[:6] ** exponent
    vectors = truncated_svd(counts, 6, exponent)
    np.testing.assert_allclose(np.abs(vectors), np.abs(expected), atol=1e-8)
    assert np.all(vectors[np.argmax(np.abs(vectors), axis=0), np.arange(6)] > 0)
    np.testing.assert_allclose(truncated_svd(counts, 6, exponent, seed=9), vectors, atol=1e-8)


def test_dimensions_beyond_the_rank_are_zero():
    vectors = truncated_svd(sparse.csr_array(np.outer([1.0, 2.0, 2.0, 0.0], [3.0, 0.0, 4.0])), 2, exponent=0.0)
    np.testing.assert_allclose(vectors, [[1 / 3, 0], [2 / 3, 0], [2 / 3, 0], [0, 0]], atol=1e-6)


def test_two_dimensions_separate_animals_from_vehicles_if_the_diagonal_is_filled():
    """The diagonal counts a word with itself as often as with its most frequent neighbour.

    With zeros on the diagonal, the second largest singular value is that of a negative eigenvalue, whose vector divides
    cat and dog from pet.
    """

    def cosines(values):
        vectors = truncated_svd(sparse.csr_array(values), 2, exponent=1.0)
        kinds = [ANIMALS, VEHICLES]
        within = [cosine(vectors[a], vectors[b]) for kind in kinds for a in kind for b in kind if a != b]
        return min(within), max(cosine(vectors[a], vectors[b]) for a in ANIMALS for b in VEHICLES)

    within, across = cosines(TOY + np.diag(TOY.max(axis=0)))
    assert within > 0.95
    assert across < 0.5
    within, across = cosines(TOY)
    assert within < across


def test_cosines_of_worked_examples():
    assert cosine([3, 1, 2], [3, 0, 2]) == pytest.approx(13 / np.sqrt(14 * 13))
    assert round(cosine([3, 1, 2], [3, 0, 2]), 3) == 0.964
    assert cosine([0, 0], [1, 0]) == 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1.0, -1.0]], "cannot be negative"),
        ([[1.0, np.nan]], "NaN"),
        ([[np.inf, 1.0]], "infinity"),
        ([[0.0]], "all 0"),
    ],
)
def test_ppmi_of_invalid_counts_is_refused(values, message):
    with pytest.raises(InputError, match=message):
        positive_pointwise_mutual_information(sparse.csr_array(values))


def test_arguments_outside_their_range_are_refused(counts):
    for arguments in ({"smoothing": 0}, {"smoothing": 1.5}, {"shift": 0.5}):
        with pytest.raises(InputError, match="smoothing must be above 0"):
            positive_pointwise_mutual_information(counts, **arguments)
    for dim in (20, 300):
        with pytest.raises(InputError, match=f"30 x 20. Received: dim={dim}"):
            truncated_svd(counts, dim)
    with pytest.raises(InputError, match="NaN"):
        truncated_svd(sparse.csr_array([[np.nan, 1.0], [1.0, 1.0]]), 1)
    with pytest.raises(InputError, match="scipy.sparse"):
        truncated_svd(np.eye(3), 2)
