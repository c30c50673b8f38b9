"""The plain GloVe model computes the paper's loss, fits exact counts, and trains as the fast trainer does."""

import keras
import numpy as np
import pytest

from kerasnlp_zoo.models import glove, glove_vectors
from kerasnlp_zoo.text.glove_cells import cell_batch_dataset, cell_dataset
from kerasnlp_zoo.training import GloveLoss, GloveTrainer, WeightedMeanLoss
from tests.oracles import counts_glove_can_fit

WORDS, DIM = 12, 3


@pytest.fixture
def counts(random):
    return counts_glove_can_fit(random, WORDS, DIM)


def weights_of(model):
    layers = ("token_embedding", "context_embedding", "token_bias", "context_bias")
    return [np.asarray(model.get_layer(name).embeddings) for name in layers]


def test_predictions_and_loss_equal_those_of_the_paper(random):
    model = glove(WORDS, embedding_dim=DIM)
    model.set_weights([random.normal(size=weight.shape) for weight in model.weights])
    words, contexts, word_biases, context_biases = weights_of(model)
    token_ids, others = random.integers(0, WORDS, (2, 5, 1))
    received = np.asarray(model({"token_ids": token_ids, "words": others}))
    for i, j, prediction in zip(token_ids[:, 0], others[:, 0], received[:, 0], strict=True):
        expected = words[i] @ contexts[j] + word_biases[i, 0] + context_biases[j, 0]
        assert prediction == pytest.approx(expected, abs=1e-5)
    np.testing.assert_array_equal(glove_vectors(model), words + contexts)

    values = random.uniform(0.1, 200, (5, 1))
    losses = [min(1, x / 100) ** 0.75 * (p - np.log(x)) ** 2 for x, p in zip(values[:, 0], received[:, 0], strict=True)]
    loss = WeightedMeanLoss(GloveLoss(x_max=100))
    assert float(loss(values, received)) == pytest.approx(np.mean(losses), rel=1e-5)
    again = WeightedMeanLoss.from_config(loss.get_config())
    assert float(again(values, received)) == float(loss(values, received))


@pytest.mark.slow
def test_the_model_fits_counts_of_its_rank_and_its_first_update_equals_that_of_the_fast_trainer(counts):
    model, trainer = glove(WORDS, embedding_dim=DIM), GloveTrainer(WORDS, DIM)
    model.compile(keras.optimizers.SGD(1.0), WeightedMeanLoss(GloveLoss()))
    trainer.compile(1.0)
    for weight, table in zip(weights_of(model), trainer.tables, strict=True):
        table.vectors.assign(weight)
        table.accumulators.assign(np.full(table.accumulators.shape, 1e12))  # so large that all updates are parallel
    before = weights_of(model)
    shown = model.fit(cell_batch_dataset(counts, batch_size=100), shuffle=False, verbose=0).history["loss"][0]
    trainer.compile(1e6 / counts.nnz)  # the plain model's loss is a mean over the cells
    fast = trainer.fit(cell_dataset(counts, minibatch=100, chunk=100), shuffle=False, verbose=0).history["loss"][0]
    assert fast == pytest.approx(shown, rel=1e-5)
    for old, weight, table in zip(before, weights_of(model), trainer.tables, strict=True):
        np.testing.assert_allclose(np.asarray(table.vectors) - old, weight - old, atol=1e-5, rtol=1e-3)

    model.compile(keras.optimizers.Adagrad(0.3, epsilon=1e-10), WeightedMeanLoss(GloveLoss()))
    losses = model.fit(cell_batch_dataset(counts, batch_size=10), epochs=25, shuffle=False, verbose=0).history["loss"]
    assert losses[-1] < 0.05 * losses[0]
