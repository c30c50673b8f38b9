import pytest

from kerasnlp_zoo.datasets.sts_benchmark import load_sts_benchmark
from kerasnlp_zoo.errors import InputError


@pytest.mark.parametrize(
    ("language", "sizes", "whole"), [("en", [5749, 1500, 1379], False), ("zh", [5231, 1458, 1361], True)]
)
def test_the_published_splits_are_whole(language, sizes, whole):
    data = load_sts_benchmark(language)
    assert list(data) == ["train", "validation", "test"]
    assert list(map(len, data.values())) == sizes
    for pairs in data.values():
        assert len(pairs.first) == len(pairs.second) == len(pairs.scores)
        assert all(pairs.first)
        assert all(pairs.second)
        assert not any("\t" in sentence for sentence in pairs.first + pairs.second)
        assert (pairs.scores.min(), pairs.scores.max()) == (0, 5)
        assert (pairs.scores % 1 == 0).all() == whole


def test_another_language_is_refused():
    with pytest.raises(InputError, match="language must be one of 'en', 'zh'"):
        load_sts_benchmark("de")
