import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training import WarmupConstant, WarmupCosineDecay, WarmupInverseSquareRoot, WarmupLinearDecay


def test_the_learning_rate_rises_and_falls_linearly():
    rates = np.array([float(WarmupLinearDecay(2.0, 4, 12)(step)) for step in range(13)])
    np.testing.assert_allclose(rates[:4], [0.5, 1.0, 1.5, 2.0], atol=1e-6)
    np.testing.assert_allclose(np.diff(rates[4:]), -0.25, atol=1e-6)
    assert rates[12] == 0


def test_without_warmup_the_learning_rate_starts_at_the_peak():
    assert float(WarmupLinearDecay(0.1, 0, 10)(0)) == pytest.approx(0.1)


def test_a_warmup_as_long_as_training_is_refused():
    with pytest.raises(InputError, match="warmup_steps=5, total_steps=5"):
        WarmupLinearDecay(0.1, 5, 5)


@pytest.mark.parametrize("step", [1, 100, 4000, 4001, 100_000])
def test_inverse_square_root_decay_equals_the_formula_of_the_paper(step):
    width, warmup_steps = 512, 4000
    expected = width**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)  # steps counted from 1
    schedule = WarmupInverseSquareRoot((width * warmup_steps) ** -0.5, warmup_steps)
    assert float(schedule(step - 1)) == pytest.approx(expected, rel=1e-5)


def test_a_warmup_of_zero_steps_is_refused():
    with pytest.raises(InputError, match="warmup_steps"):
        WarmupInverseSquareRoot(0.1, 0)


def test_the_learning_rate_falls_along_half_a_cosine():
    rates = np.array([float(WarmupCosineDecay(2.0, 4, 12)(step)) for step in range(14)])
    np.testing.assert_allclose(rates[:4], [0.5, 1.0, 1.5, 2.0], atol=1e-6)
    np.testing.assert_allclose(rates[4:13], 1 + np.cos(np.pi * np.arange(9) / 8), atol=1e-6)
    assert rates[13] == pytest.approx(0, abs=1e-6)


def test_the_learning_rate_is_constant_after_the_warmup():
    assert [float(WarmupConstant(2.0, 4)(step)) for step in range(6)] == [0.5, 1.0, 1.5, 2.0, 2.0, 2.0]
