"""Limits that make no sense are refused."""

import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.serving.limits import Limits


@pytest.mark.parametrize(
    "limit",
    [
        {"max_batch_size": 0},
        {"max_delay_ms": -1.0},
        {"max_delay_ms": float("nan")},
        {"max_body_kb": 0},
        {"max_texts": -5},
        {"max_characters": 0},
        {"max_waiting": 0},
        {"client_timeout": 0.0},
        {"client_timeout": float("inf")},
    ],
    ids=str,
)
def test_limits_are_numbers_above_zero(limit):
    with pytest.raises(InputError, match=next(iter(limit))):
        Limits(**limit)


def test_a_request_need_not_wait_for_others():
    assert Limits(max_delay_ms=0).max_body_bytes == 4 * 2**20
