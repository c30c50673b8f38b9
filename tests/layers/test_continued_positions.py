import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import ContinuedPositions
from kerasnlp_zoo.layers.positions import sinusoids


def test_positions_equal_those_of_the_complete_text():
    table, zeros = sinusoids(2000, 6), np.zeros((3, 5, 6), "float32")
    np.testing.assert_allclose(ContinuedPositions()(zeros)[0], table[:5], atol=1e-6)
    positions = ContinuedPositions()(zeros, num_read=np.array([0, 7, 1995], "int32"))
    np.testing.assert_allclose(positions, np.stack([table[:5], table[7:12], table[1995:]]), atol=1e-4)


def test_an_odd_width_is_refused():
    with pytest.raises(InputError, match="width must be even. Received: width=5"):
        ContinuedPositions()(np.zeros((1, 2, 5)))
