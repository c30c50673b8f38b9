import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasnlp_zoo.text.windows import joined, overlapping_windows, windows_around

LENGTHS = st.lists(st.integers(0, 40), min_size=1, max_size=5)
SIZES = st.integers(1, 12)


def split(lengths, size):
    """Return the windows of overlapping_windows, with loops: pairs (text, flat places)."""
    found, before = [], 0
    for text, length in enumerate(lengths):
        first = 0
        while first + size < length:
            found.append((text, list(range(before + first, before + first + size))))
            first += (size + 1) // 2
        last = max(0, length - size)
        found.append((text, list(range(before + last, before + length))))
        before += length
    return found


@settings(max_examples=40, deadline=None)
@given(LENGTHS, SIZES)
def test_windows_equal_a_loop_over_every_text(lengths, size):
    windows = overlapping_windows(tf.constant(lengths, tf.int64), size)
    assert list(zip(windows.text.numpy().tolist(), windows.places.to_list(), strict=True)) == split(lengths, size)
    assert sorted(set(windows.places.values.numpy())) == list(range(sum(lengths)))


@settings(max_examples=40, deadline=None)
@given(LENGTHS, SIZES)
def test_a_token_takes_the_value_of_the_window_in_which_it_has_most_context(lengths, size):
    windows = overlapping_windows(tf.constant(lengths, tf.int64), size)
    values = np.arange(len(windows.places.values))
    best = {}
    for index, (place, context) in enumerate(
        (place, min(before, len(places) - 1 - before))
        for places in windows.places.to_list()
        for before, place in enumerate(places)
    ):
        if place not in best or context > best[place][0]:
            best[place] = context, values[index]
    expected = [best[place][1] for place in range(sum(lengths))]
    found = joined(windows, tf.constant(values), tf.constant(sum(lengths), tf.int64))
    assert found.numpy().tolist() == expected


@pytest.mark.parametrize(("place", "expected"), [(0, [0, 1, 2, 3]), (5, [3, 4, 5, 6]), (9, [6, 7, 8, 9])])
def test_a_window_around_a_token_stays_inside_the_text(place, expected):
    windows = windows_around(tf.constant([10], tf.int64), 4, tf.constant([place], tf.int64))
    assert windows.places.to_list() == [expected]
