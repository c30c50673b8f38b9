"""GloVe's fast trainer equals a slow loop over the cells and behaves as a Keras model."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import sparse

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.glove_cells import cell_batch_dataset, cell_dataset
from kerasnlp_zoo.training import EpochBackup, EpochSeed, GloveLoss, GloveTrainer, make_strategy
from kerasnlp_zoo.training.table_trainer import Table
from tests.oracles import counts_glove_can_fit

WORDS, DIM, RATE = 30, 4, 0.5
SIZES = {"minibatch": 16, "chunk": 256}  # 28 x 28 cells are a little more than 3 chunks


@pytest.fixture
def counts(random):
    return counts_glove_can_fit(random, WORDS, DIM)


def test_every_nonzero_count_occurs_once_in_an_order_given_by_seed_and_epoch(counts):
    def cells(dataset):
        parts = [{name: values.numpy().ravel() for name, values in batch.items()} for batch in dataset]
        words, contexts, values = (np.concatenate([p[n] for p in parts]) for n in ("words", "contexts", "counts"))
        assert sum(int(part["minibatches"][0]) for part in parts) == 49  # 784 cells
        return np.stack([words, contexts, values])[:, values > 0]

    dataset = cell_dataset(counts, seed=3, **SIZES)
    first, second = cells(dataset), cells(dataset)
    assert len(dataset) == 4
    for received in (first, second):
        rows, columns, values = received
        again = sparse.coo_array((values, (rows.astype(int), columns.astype(int))), shape=counts.shape)
        np.testing.assert_allclose(again.toarray(), counts.toarray(), rtol=1e-6)
        assert len(values) == counts.nnz
    assert not np.array_equal(first, second)
    again = cell_dataset(counts, seed=3, **SIZES)
    np.testing.assert_array_equal(cells(again), first)
    assert not np.array_equal(cells(cell_dataset(counts, seed=4, **SIZES)), first)
    batches = list(cell_batch_dataset(counts, batch_size=100, chunk=256))
    assert [len(labels) for _, labels in batches] == [100] * 7 + [84]
    assert len(cell_batch_dataset(counts, batch_size=100, chunk=256)) == 8


def slow_step(tables, batch, x_max, alpha):
    """Return the tables and the sum of the losses after row-wise Adagrad over a minibatch, cell by cell."""
    (words, word_sums), (contexts, context_sums), (b, b_sums), (c, c_sums) = tables
    steps, loss = [], 0.0
    for i, j, count in zip(batch["words"], batch["contexts"], batch["counts"], strict=True):
        if count == 0:
            continue
        weight = min(1.0, count / x_max) ** alpha
        error = words[i] @ contexts[j] + b[i, 0] + c[j, 0] - np.log(count)
        loss += weight * error**2
        slope = 2 * weight * error
        for values, sums, row, gradient in (
            (words, word_sums, i, slope * contexts[j]),
            (contexts, context_sums, j, slope * words[i]),
            (b, b_sums, i, np.array([slope])),
            (c, c_sums, j, np.array([slope])),
        ):
            sums[row] += np.mean(gradient**2)
            steps.append((values, sums, row, gradient))
    for values, sums, row, gradient in steps:
        values[row] -= RATE * gradient / np.sqrt(sums[row])
    return loss


def test_a_step_equals_a_loop_over_the_cells(counts, random):
    trainer = GloveTrainer(WORDS, DIM, x_max=10, alpha=0.6)
    tables = [[random.normal(size=t.vectors.shape), random.random(t.accumulators.shape) + 0.1] for t in trainer.tables]
    batches = list(cell_dataset(counts, **SIZES))[-1]
    batch = {name: values[0, 0].numpy() for name, values in batches.items() if name != "minibatches"}
    batch["counts"][-3:] = 0  # a minibatch that is not full
    after, loss, number = trainer.minibatch(
        [Table(*(tf.constant(part, tf.float32) for part in table)) for table in tables],
        {name: tf.constant(values) for name, values in batch.items()},
        tf.constant(RATE),
    )
    assert float(loss) == pytest.approx(slow_step(tables, batch, 10, 0.6), rel=1e-4)
    assert number == 13
    for received, expected in zip(after, tables, strict=True):
        for part, slow in zip(received, expected, strict=True):
            np.testing.assert_allclose(part, slow, atol=1e-4, rtol=1e-4)


def test_the_loss_falls_to_zero_on_counts_that_can_be_fitted(counts):
    trainer = GloveTrainer(WORDS, DIM)
    trainer.compile(RATE)
    losses = trainer.fit(cell_dataset(counts, **SIZES), epochs=20, shuffle=False, verbose=0).history["loss"]
    assert losses[-1] < 1e-5 * losses[0]
    words, contexts, word_biases, context_biases = (np.asarray(table.vectors) for table in trainer.tables)
    predictions = words @ contexts.T + word_biases + context_biases.T
    np.testing.assert_allclose(predictions[2:, 2:], np.log(counts.toarray()[2:, 2:]), atol=0.05)
    np.testing.assert_array_equal(trainer.vectors, words + contexts)
    assert not trainer.vectors[:2].any()  # [PAD] and [UNK]


@pytest.mark.slow
def test_a_resumed_run_is_bit_identical_to_an_uninterrupted_one(counts, tmp_path):
    def fit(folder, epochs):
        folder.mkdir(exist_ok=True)
        trainer = GloveTrainer(WORDS, DIM)
        trainer.compile(keras.optimizers.schedules.PolynomialDecay(RATE, 16, 0.001))
        backup = EpochBackup(folder)
        first = backup.restore(trainer)
        callbacks = [EpochSeed(1), backup]
        dataset = cell_dataset(counts, **SIZES)
        trainer.fit(dataset, epochs=epochs, initial_epoch=first, callbacks=callbacks, shuffle=False, verbose=0)
        return trainer.vectors

    uninterrupted = fit(tmp_path / "uninterrupted", 4)
    fit(tmp_path / "cut", 2)
    np.testing.assert_array_equal(fit(tmp_path / "cut", 4), uninterrupted)


@pytest.mark.slow
def test_replicas_stay_equal_and_learn(counts):
    with make_strategy("mirrored").scope():
        trainer = GloveTrainer(WORDS, DIM)
        trainer.compile(RATE)
    dataset = cell_dataset(counts, replicas=2, **SIZES)
    losses = trainer.fit(dataset, epochs=8, shuffle=False, verbose=0).history["loss"]
    for table in trainer.tables:
        for variable in table:
            first, second = (np.asarray(part) for part in variable.value.values)
            np.testing.assert_array_equal(first, second)
    assert losses[-1] < 0.05 * losses[0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((3, 3)), "All counts are 0"),
        (np.ones((3, 2)), "square"),
        ([[0.0, -1.0], [1.0, 0.0]], "negative"),
        ([[0.0, np.nan], [1.0, 0.0]], "NaN"),
    ],
)
@pytest.mark.parametrize("make", [cell_dataset, cell_batch_dataset])
def test_invalid_counts_are_refused(make, values, message):
    with pytest.raises(InputError, match=message):
        make(sparse.csr_array(values))


def test_arguments_outside_their_range_are_refused():
    for arguments in ({"x_max": 0}, {"alpha": -1}, {"x_max": float("nan")}):
        with pytest.raises(InputError, match="min"):
            GloveLoss(**arguments)
