"""The tests of significance: known numbers, and how often they are wrong when nothing differs."""

import math

import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.significance import mcnemar, paired_bootstrap


def mean(rows):
    return float(rows.mean())


def test_mcnemar_is_the_sum_of_binomial_probabilities():
    first = np.array([True] * 15 + [False] * 5 + [True] * 30 + [False] * 7)
    second = np.array([False] * 15 + [True] * 5 + [True] * 30 + [False] * 7)
    found = mcnemar(first, second)
    expected = 2 * sum(math.comb(20, k) for k in range(6)) / 2**20
    assert (found["only_first"], found["only_second"]) == (15, 5)
    assert found["p_value"] == pytest.approx(expected)


def test_equal_answers_are_no_difference():
    right = np.array([True, False, True])
    assert mcnemar(right, right)["p_value"] == 1
    rows = right[:, np.newaxis].astype(float)
    found = paired_bootstrap(rows, rows, mean)
    assert (found["difference"], found["low"], found["high"], found["p_value"]) == (0, 0, 0, 1)


def test_the_interval_is_that_of_the_normal_distribution_for_many_texts():
    random = np.random.default_rng(0)
    first = random.normal(0, 1, (2000, 1))
    second = first + random.normal(0.05, 0.5, (2000, 1))
    found = paired_bootstrap(first, second, mean, resamples=4000)
    differences = second - first
    error = differences.std() / math.sqrt(2000)
    assert found["difference"] == pytest.approx(differences.mean())
    assert found["low"] == pytest.approx(differences.mean() - 1.96 * error, abs=0.1 * error)
    assert found["high"] == pytest.approx(differences.mean() + 1.96 * error, abs=0.1 * error)


def test_equally_good_models_seldom_differ_significantly():
    random = np.random.default_rng(1)
    p_values = []
    for seed in range(200):
        first, second = (random.random((300, 1)) < 0.7 for _ in range(2))
        p_values.append(paired_bootstrap(first.astype(float), second.astype(float), mean, 200, seed)["p_value"])
    assert 0.01 < np.mean(np.array(p_values) < 0.05) < 0.1


def test_the_order_of_the_models_turns_the_sign_only():
    random = np.random.default_rng(2)
    first, second = random.random((50, 1)), random.random((50, 1)) + 0.2
    forward, backward = paired_bootstrap(first, second, mean), paired_bootstrap(second, first, mean)
    assert forward["difference"] == -backward["difference"]
    assert (forward["low"], forward["high"]) == pytest.approx((-backward["high"], -backward["low"]))
    assert forward["p_value"] == backward["p_value"] < 0.01


@pytest.mark.parametrize(("numbers", "options"), [((3, 4), {}), ((0, 0), {}), ((3, 3), {"resamples": 0})])
def test_texts_that_are_not_pairs_are_refused(numbers, options):
    with pytest.raises(InputError, match="Received"):
        paired_bootstrap(*(np.zeros((number, 1)) for number in numbers), mean, **options)


def test_scores_that_are_never_a_number_are_refused():
    with pytest.raises(InputError, match="Use more texts"):
        paired_bootstrap(np.zeros((3, 1)), np.zeros((3, 1)), lambda rows: math.nan)
