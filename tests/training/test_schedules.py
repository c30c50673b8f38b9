import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training import WarmupLinearDecay


def test_the_learning_rate_rises_and_falls_by_equal_steps():
    rates = np.array([float(WarmupLinearDecay(2.0, 4, 12)(step)) for step in range(13)])
    np.testing.assert_allclose(rates[:4], [0.5, 1.0, 1.5, 2.0], atol=1e-6)
    np.testing.assert_allclose(np.diff(rates[4:]), -0.25, atol=1e-6)
    assert rates[12] == 0


def test_without_warm_up_it_starts_at_the_peak():
    assert float(WarmupLinearDecay(0.1, 0, 10)(0)) == pytest.approx(0.1)


def test_steps_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="warmup_steps=5, total_steps=5"):
        WarmupLinearDecay(0.1, 5, 5)
