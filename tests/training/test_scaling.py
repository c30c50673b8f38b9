"""The estimate of the efficiency of many replicas agrees with a simulation of the ring, message by message."""

import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training.scaling import Link, efficiency, exchange_seconds


def simulated_ring(gradients):
    """Sum gradients [N, size] in a ring of N replicas; return the sums [N, size] and how many numbers each sends."""
    count = len(gradients)
    parts = [np.array_split(gradient.copy(), count) for gradient in gradients]
    sent = 0
    for is_sum in (True, False):  # first the parts are summed, then the sums are passed on
        for step in range(count - 1):
            first = 0 if is_sum else 1
            moved = [(replica, (replica + first - step) % count) for replica in range(count)]
            messages = [parts[replica][part].copy() for replica, part in moved]
            sent += max(message.size for message in messages)
            for (replica, part), message in zip(moved, messages, strict=True):
                receiver = parts[(replica + 1) % count]
                receiver[part] = receiver[part] + message if is_sum else message
    return np.array([np.concatenate(own) for own in parts]), sent


@pytest.mark.parametrize("replicas", [1, 2, 3, 8])
def test_the_seconds_are_those_of_the_messages_of_a_ring(replicas, random):
    gradients = random.normal(size=(replicas, replicas * 6))
    sums, sent = simulated_ring(gradients)
    np.testing.assert_allclose(sums, np.tile(gradients.sum(0), (replicas, 1)))
    link = Link(bytes_per_second=1000, latency=0.25)
    expected = sent * 4 / 1000 + 2 * (replicas - 1) * 0.25
    assert exchange_seconds(4 * gradients.shape[1], 0, replicas, link) == pytest.approx(expected)


def test_one_replica_is_perfect_and_more_replicas_or_less_bandwidth_are_worse():
    fast, slow = Link(1e10), Link(1e9)
    assert efficiency(0.1, 1e8, 1e5, 1, slow) == 1
    values = [efficiency(0.1, 1e8, 1e5, count, slow) for count in (1, 2, 4, 64, 1024)]
    assert values == sorted(values, reverse=True)
    assert efficiency(0.1, 1e8, 1e5, 64, fast) > efficiency(0.1, 1e8, 1e5, 64, slow)
    # Dense gradients cost nearly the same for many replicas; rows of words cost more with every replica.
    assert exchange_seconds(1e8, 0, 1024, Link(1e9, 0)) < 2 * exchange_seconds(1e8, 0, 2, Link(1e9, 0))
    assert exchange_seconds(0, 1e6, 1024, slow) == pytest.approx(1023 * exchange_seconds(0, 1e6, 2, slow))


def test_impossible_numbers_are_refused():
    with pytest.raises(InputError, match="replicas=0"):
        exchange_seconds(1, 1, 0, Link(1))
    with pytest.raises(InputError, match="step_seconds=0"):
        efficiency(0, 1, 1, 1, Link(1))
    with pytest.raises(InputError, match="bytes_per_second=0"):
        Link(0)
