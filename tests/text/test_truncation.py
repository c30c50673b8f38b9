import itertools

import pytest
import tensorflow as tf

from kerasnlp_zoo.text.truncation import longest_first


@pytest.mark.parametrize("room", [0, 1, 2, 5, 8])
def test_the_longer_text_is_truncated_first(room):
    lengths = list(itertools.product(range(10), repeat=2))
    first, second = (tf.constant(side) for side in zip(*lengths, strict=True))
    kept = zip(*(side.numpy().tolist() for side in longest_first(first, second, room)), strict=True)
    for (a, b), (kept_a, kept_b) in zip(lengths, kept, strict=True):
        assert kept_a + kept_b == min(a + b, room)
        assert kept_a <= a
        assert kept_b <= b
        if kept_a < a:
            assert kept_a >= kept_b - room % 2
        if kept_b < b:
            assert kept_b >= kept_a - room % 2
        if kept_a != kept_b and kept_a < a and kept_b < b:
            assert (kept_a > kept_b) == (a > b)  # the odd position
