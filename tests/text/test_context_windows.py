import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.batches import EpochNumber
from kerasnlp_zoo.text.context_windows import context_windows


def test_every_word_occurs_once_with_the_words_before_it(random):
    ids = random.integers(3, 99, 50)
    dataset = context_windows(ids, context_size=3, batch_size=8)
    batches = list(dataset)
    assert len(batches) == len(dataset) == 7
    found = []
    for inputs, words, weights in batches:
        contexts = inputs["token_ids"]
        np.testing.assert_array_equal(inputs["words"], words)
        assert contexts.shape == (8, 3)
        for context, word, weight in zip(contexts.numpy(), words.numpy(), weights.numpy(), strict=True):
            if weight:
                found.append((*context, word))
            else:
                assert not context.any()
                assert word == 0
    padded = [2, 2, 2, *ids]
    assert sorted(found) == sorted(tuple(padded[n : n + 4]) for n in range(50))


def test_the_order_depends_only_on_seed_and_epoch(monkeypatch):
    ids = np.arange(3, 103)

    def words(seed, epoch):
        monkeypatch.setattr(EpochNumber, "value", epoch)
        return np.concatenate([words for _, words, _ in context_windows(ids, 2, 10, seed)]).tolist()

    assert words(1, 4) == words(1, 4)
    assert words(1, 4) != words(1, 5)
    assert words(1, 4) != words(2, 4)


def test_an_empty_text_is_refused():
    with pytest.raises(InputError, match="text is empty"):
        context_windows([], 2, 10)
