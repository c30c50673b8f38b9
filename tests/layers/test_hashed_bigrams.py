import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import HashedBigrams
from kerasnlp_zoo.layers.hashed_bigrams import FACTORS, PRIME


def test_ids_equal_the_hash_computed_with_python_integers(random):
    ids = random.integers(1, 2**31 - 1, (3, 7)).astype("int32")
    found = np.asarray(HashedBigrams(1000)(ids))
    for row, pairs in zip(ids.tolist(), found.tolist(), strict=True):
        expected = [
            (a * FACTORS[0] + b * FACTORS[1]) % PRIME % 999 + 1 for a, b in zip(row, [*row[1:], 0], strict=True)
        ]
        assert pairs == expected


def test_padding_has_no_pair_and_does_not_change_other_pairs():
    layer = HashedBigrams(1000)
    short, padded = (np.asarray(layer(np.array([ids]))) for ids in ([4, 5, 4, 5], [4, 5, 4, 5, 0, 0]))
    assert padded.tolist() == [[*short[0].tolist(), 0, 0]]
    assert short[0, 0] == short[0, 2] != short[0, 1]


def test_pairs_are_spread_evenly_over_all_ids(random):
    first, second = np.meshgrid(np.arange(1, 301), np.arange(1, 301))
    pairs = np.asarray(HashedBigrams(10001)(np.stack([first.ravel(), second.ravel()], axis=1)))[:, 0]
    counts = np.bincount(pairs, minlength=10001)[1:]
    assert counts.mean() == 9
    assert counts.max() < 40  # a count above 30 has a probability of 1 in a million


def test_too_few_ids_are_refused():
    with pytest.raises(InputError, match="num_bins must be at least 2.*Received: 1"):
        HashedBigrams(1)
    for wrong in (2.5, "9", None):
        with pytest.raises(InputError, match=f"num_bins must be an integer of at least 1.*={wrong!r}"):
            HashedBigrams(wrong)
