import numpy as np
import pytest

from kerasnlp_zoo.text.spelling import closest_spellings, edit_distances


def slow_distance(a, b):
    """Return the fewest edits from a to b, by recursion over the last edit."""
    if not a or not b:
        return len(a) + len(b)
    choices = [
        slow_distance(a[:-1], b) + 1,
        slow_distance(a, b[:-1]) + 1,
        slow_distance(a[:-1], b[:-1]) + (a[-1] != b[-1]),
    ]
    if len(a) > 1 and len(b) > 1 and a[-1] == b[-2] and a[-2] == b[-1]:
        choices.append(slow_distance(a[:-2], b[:-2]) + 1)
    return min(choices)


@pytest.mark.parametrize("seed", range(5))
def test_distances_equal_a_slow_recursion(seed):
    random = np.random.default_rng(seed)
    word, *words = ["".join(random.choice(list("abé猫"), random.integers(1, 6))) for _ in range(30)]
    assert edit_distances(word, words).tolist() == [slow_distance(word, other) for other in words]


def test_closest_words_come_first_and_ties_are_ordered_by_frequency():
    words = ["kin", "sing", "king", "knight", "kings", "queen"]
    assert closest_spellings("kign", words) == ["kin", "king"]
    assert closest_spellings("kingz", words) == ["king", "kings"]
    assert closest_spellings("kings", words, count=2) == ["kings", "king"]
    assert closest_spellings("电影院子", ["电影院", "音乐"]) == ["电影院"]


@pytest.mark.parametrize("word", ["", "k", "ki", "xyzzyx", "word " * 3000])
def test_no_word_is_suggested_if_none_is_close(word):
    assert closest_spellings(word, ["king", "queen", "a", "of", "电"]) == []
    assert closest_spellings(word, []) == []


def test_a_word_is_found_in_a_large_vocabulary():
    random = np.random.default_rng(0)
    letters = random.integers(97, 123, (50_000, 8), dtype="uint32")
    words = letters.view("U8")[:, 0].tolist()
    found = closest_spellings(words[1234][:-1] + "z", words)
    assert words[1234] in found
    assert all(slow_distance(words[1234][:-1] + "z", word) <= 2 for word in found)
