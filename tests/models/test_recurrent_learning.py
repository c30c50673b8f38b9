"""Short trainings of every recurrent cell."""

import keras
import numpy as np
import pytest

from kerasnlp_zoo.layers.cells_by_name import CELLS
from kerasnlp_zoo.models import bilstm_tagger, rnn_language_model
from kerasnlp_zoo.training import WeightedMeanLoss, cross_entropy

DELAY, SYMBOLS, LENGTH = 4, 3, 9
QUICK = ("leaky_learned", "time_skip_only")


def repetition(random, count):
    """Return symbols, the symbol DELAY steps before each, and weights 0 where there is none."""
    ids = random.integers(2, 2 + SYMBOLS, (count, LENGTH))
    labels, weights = np.zeros_like(ids), np.zeros(ids.shape, "float32")
    labels[:, DELAY:], weights[:, DELAY:] = ids[:, :-DELAY] - 2, 1
    return ids, labels, weights


@pytest.mark.slow
@pytest.mark.parametrize("cell", [c if c in QUICK else pytest.param(c, marks=pytest.mark.slow) for c in CELLS])
def test_every_cell_learns_to_repeat_a_symbol_after_four_steps(cell, random):
    keras.utils.set_random_seed(1)
    arguments = {"num_layers": 1, "bidirectional": False, "dropout": 0.0}
    model = bilstm_tagger(2 + SYMBOLS, SYMBOLS, embedding_dim=8, hidden_dim=32, cell=cell, **arguments)
    model.compile(keras.optimizers.Adam(1e-2, global_clipnorm=1.0), WeightedMeanLoss(cross_entropy))
    ids, labels, weights = repetition(random, 4096)
    model.fit(ids, labels, sample_weight=weights, batch_size=64, epochs=3, verbose=0)
    ids, labels, weights = repetition(random, 500)
    correct = np.argmax(model(ids), axis=-1) == labels
    assert correct[weights > 0].mean() > 0.6  # random guessing: 0.33


def test_a_network_trained_on_correct_outputs_predicts_well_from_its_own(random):
    keras.utils.set_random_seed(1)
    arguments = {"cell": "output_recurrent", "teacher_forcing": True, "num_layers": 1, "dropout": 0.0}
    model = rnn_language_model(9, embedding_dim=16, **arguments)
    model.compile(keras.optimizers.Adam(1e-2), WeightedMeanLoss(cross_entropy))
    text = 4 + (random.integers(0, 5, (512, 1)) + np.arange(7)) % 5  # 4 5 6 7 8 4 5 ...
    before = model.evaluate(text[:, :-1], text[:, 1:], verbose=0)
    model.fit(text[:, :-1], text[:, 1:], epochs=8, verbose=0)
    after = model.evaluate(text[:, :-1], text[:, 1:], verbose=0)
    assert before > np.log(5)
    assert after < 0.5
