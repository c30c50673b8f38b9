import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.language_model_batches import language_model_batches


@pytest.mark.parametrize(("size", "batch_size", "segment_length"), [(61, 4, 5), (60, 4, 5), (7, 7, 3), (9, 1, 4)])
def test_every_token_is_predicted_once_from_the_previous_token(size, batch_size, segment_length):
    ids = np.random.default_rng(0).integers(1, 50, size)
    batches = list(language_model_batches(ids, batch_size, segment_length))
    inputs = np.concatenate([features["token_ids"] for features, _, _ in batches], axis=1)
    words = np.concatenate([words for _, words, _ in batches], axis=1)
    weights = np.concatenate([weights for _, _, weights in batches], axis=1)
    assert inputs.shape == (batch_size, len(batches) * segment_length)
    np.testing.assert_array_equal(words[weights > 0], ids)
    np.testing.assert_array_equal(inputs[weights > 0], [3, *ids[:-1]])
    assert not words[weights == 0].any()
    assert not inputs[weights == 0].any()


def test_rows_continue_in_the_next_batch_and_start_once():
    batches = list(language_model_batches(np.arange(1, 25), batch_size=2, segment_length=5))
    assert [features["is_start"].numpy().tolist() for features, _, _ in batches] == [[1, 1], [0, 0], [0, 0]]
    for (_, earlier, _), (later, _, _) in zip(batches, batches[1:], strict=False):
        np.testing.assert_array_equal(later["token_ids"][:, 0], earlier[:, -1])
    for features, words, _ in batches:
        np.testing.assert_array_equal(features["words"], words)


def test_the_number_of_batches_is_known_and_every_epoch_is_the_same():
    dataset = language_model_batches(np.arange(1, 25), batch_size=2, segment_length=5)
    assert len(dataset) == 3
    for first, second in zip(dataset, dataset, strict=True):
        np.testing.assert_array_equal(first[1], second[1])


def test_a_text_shorter_than_the_batch_is_refused():
    with pytest.raises(InputError, match="3 tokens.*batch_size=4"):
        language_model_batches(np.ones(3, "int32"), batch_size=4, segment_length=5)
