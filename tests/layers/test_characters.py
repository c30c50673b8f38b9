import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import WordCharacters
from tests import oracles


def some_words(random):
    """Return letters [B, T, L] of words of different lengths; one word has no letters."""
    ids = random.integers(1, 9, (2, 3, 6)).astype("int32")
    return ids * (np.arange(6) < np.array([[6, 2, 0], [1, 3, 5]])[:, :, None])


def test_cnn_equals_convolution_and_maximum_word_by_word(random):
    ids, layer = some_words(random), WordCharacters(9, "cnn", embedding_dim=4, output_dim=5)
    layer.build(ids.shape)
    layer.convolution.bias.assign(random.normal(size=5))
    table, kernel, bias = map(np.asarray, layer.weights)
    words = ids.reshape(6, 6)
    windows = oracles.text_convolution(table[words], words > 0, kernel, bias, "full")
    expected = oracles.pool(windows, oracles.window_mask(words > 0, 3), "max")
    np.testing.assert_allclose(layer(ids), expected.reshape(2, 3, 5), atol=1e-5)


def test_lstm_returns_the_last_states_of_both_directions(random):
    ids, layer = some_words(random), WordCharacters(9, "lstm", embedding_dim=4, output_dim=6)
    output = layer(ids)
    table = np.asarray(layer.embedding.embeddings)
    for row, place in np.ndindex(2, 3):
        letters = ids[row, place][ids[row, place] > 0]
        if len(letters):
            outputs, _ = layer.recurrent(table[letters][None])
            expected = np.append(outputs[0, -1, :3], outputs[0, 0, 3:])
            np.testing.assert_allclose(output[row, place], expected, atol=1e-6)
        else:
            np.testing.assert_array_equal(output[row, place], np.zeros(6))


@pytest.mark.parametrize("character_encoder", ["cnn", "lstm"])
def test_longer_words_in_the_batch_do_not_change_a_word(character_encoder, random):
    ids, layer = some_words(random), WordCharacters(9, character_encoder, output_dim=4)
    complete = layer(ids)
    np.testing.assert_allclose(layer(ids[1:, :2, :3]), complete[1:, :2], atol=1e-6)
    np.testing.assert_allclose(layer(np.pad(ids, [(0, 0), (0, 0), (0, 4)])), complete, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vocabulary_size": 0}, "vocabulary_size=0"),
        ({"character_encoder": "gru"}, "character_encoder='gru'"),
        ({"character_encoder": "lstm", "output_dim": 5}, "half of output_dim.*output_dim=5"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        WordCharacters(**{"vocabulary_size": 9, **arguments})
