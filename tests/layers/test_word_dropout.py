"""WordDropout replaces the right share of the words, and no padding."""

import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import WordDropout
from kerasnlp_zoo.models import bilstm_tagger

IDS = np.where(np.arange(60) < 40, np.arange(60) + 5, 0)[None, :].repeat(200, axis=0)


def test_the_given_share_of_words_is_replaced_in_training_only():
    layer = WordDropout(0.3, token_id=1, seed=1)
    np.testing.assert_array_equal(layer(IDS), IDS)
    found = np.asarray(layer(IDS, training=True))
    is_replaced = found != IDS
    assert np.all(found[is_replaced] == 1)
    assert not is_replaced[IDS == 0].any()
    assert abs(is_replaced[IDS > 0].mean() - 0.3) < 0.02
    assert np.any(np.asarray(layer(IDS, training=True)) != found)  # other words in each step


def test_a_rate_of_0_replaces_nothing():
    np.testing.assert_array_equal(WordDropout(0.0, token_id=1)(IDS, training=True), IDS)


@pytest.mark.parametrize("arguments", [(1.0, 1), (-0.1, 1), (0.1, 0), (0.1, 0.5)])
def test_arguments_outside_their_range_are_refused(arguments):
    with pytest.raises(InputError, match="Received"):
        WordDropout(*arguments)


def test_a_tagger_drops_words_of_its_embedding_only_in_training():
    model = bilstm_tagger(80, 3, embedding_dim=4, hidden_dim=4, num_layers=1, dropout=0.0, word_dropout=0.5)
    np.testing.assert_array_equal(model(IDS[:2]), model(IDS[:2]))
    trained = [np.asarray(model(IDS[:2], training=True)) for _ in range(2)]
    assert np.any(trained[0] != trained[1])
    assert "word_dropout" not in [layer.name for layer in bilstm_tagger(80, 3, hidden_dim=4).layers]
