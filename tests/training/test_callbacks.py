from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training import (
    EpochBackup,
    EpochSeed,
    HistoryFile,
    KeepBest,
    LazyAdam,
    StopOnDivergence,
    ValidationScore,
    make_strategy,
)
from kerasnlp_zoo.weights import load_weights, save_weights


@pytest.fixture
def model():
    model = dense_model(3, "a")
    model.compile("adam", "mse")
    return model


def dense_model(width, *names):
    inputs = outputs = keras.Input((width,))
    for name in names:
        outputs = keras.layers.Dense(2, name=name)(outputs)
    return keras.Model(inputs, keras.layers.Dropout(0.5)(outputs))


def run_epochs(callbacks, model, scores, first=0):
    """Call the callbacks as `fit` does, with given scores. The weights contain the number of the epoch."""
    trained = []
    for callback in callbacks:
        callback.set_model(model)
    model.stop_training = False
    for epoch, score in enumerate(scores, start=first):
        if model.stop_training:
            break
        model.layers[1].bias.assign([epoch, epoch])
        for callback in callbacks:
            callback.on_epoch_end(epoch, {"loss": 1 / 3, "val_cross_entropy": score})
        trained.append(epoch)
    for callback in callbacks:
        callback.on_train_end()
    return trained


def test_dropout_depends_only_on_seed_and_epoch(model):
    def draw(seed, epoch):
        callback = EpochSeed(seed)
        callback.set_model(model)
        callback.on_epoch_begin(epoch)
        drawn = np.array(model(np.ones((4, 3)), training=True))
        callback.on_train_end()
        return drawn

    first = draw(1, 1)
    np.testing.assert_array_equal(draw(1, 1), first)
    assert np.any(draw(1, 2) != first)
    assert np.any(draw(2, 1) != first)


def test_history_continues_and_replaces_repeated_epochs(model, tmp_path):
    history = HistoryFile(tmp_path / "history.csv")
    assert history.rows() == []
    run_epochs([history], model, [0.1, 0.2, 0.3])
    run_epochs([HistoryFile(tmp_path / "history.csv")], model, [0.9, 1.0], first=2)
    scores = [(row["epoch"], row["val_cross_entropy"]) for row in history.rows()]
    assert scores == [
        (0, 0.1),
        (1, 0.2),
        (2, 0.9),
        (3, 1.0),
    ]
    assert history.rows()[0]["loss"] == 1 / 3  # every digit is kept


def test_early_stopping_restores_the_first_best_weights(model, tmp_path):
    history = HistoryFile(tmp_path / "history.csv")
    best = KeepBest(history, tmp_path / "best.safetensors", patience=2)
    assert run_epochs([history, best], model, [0.5, 0.2, 0.3, 0.2, 0.1]) == [0, 1, 2, 3]
    assert model.layers[1].bias.numpy().tolist() == [1, 1]
    assert best.best_row()["epoch"] == 1


def test_patience_continues_after_an_interruption(model, tmp_path):
    for part, first in (([0.5, 0.2], 0), ([0.3, 0.4, 0.1], 2)):
        history = HistoryFile(tmp_path / "history.csv")
        best = KeepBest(history, tmp_path / "best.safetensors", patience=2)
        trained = run_epochs([history, best], model, part, first)
    assert trained == [2, 3]
    assert best.out_of_patience(3)
    assert model.layers[1].bias.numpy().tolist() == [1, 1]


def test_a_metric_can_be_maximised(model, tmp_path):
    history = HistoryFile(tmp_path / "history.csv")
    best = KeepBest(history, tmp_path / "best.safetensors", mode="max", patience=1)
    run_epochs([history, best], model, [0.5, 0.7, 0.6])
    assert model.layers[1].bias.numpy().tolist() == [1, 1]


def test_a_score_of_nan_is_never_the_best(model, tmp_path):
    history = HistoryFile(tmp_path / "history.csv")
    best = KeepBest(history, tmp_path / "best.safetensors", patience=2)
    run_epochs([history, best], model, [float("nan"), 0.5, float("nan")])
    assert best.best_row()["epoch"] == 1


def test_a_missing_score_is_named_in_the_error(model, tmp_path):
    history = HistoryFile(tmp_path / "history.csv")
    best = KeepBest(history, tmp_path / "best.safetensors", monitor="val_f1")
    with pytest.raises(InputError, match="'val_f1', which .* Received only: epoch, loss, val_cross_entropy"):
        run_epochs([history, best], model, [0.5])


def test_backup_restores_weights_optimizer_and_epoch(model, tmp_path):
    data = np.random.default_rng(0).normal(size=(8, 3)), np.ones((8, 2))
    backup = EpochBackup(tmp_path)
    assert backup.restore(model) == 0
    model.fit(*data, epochs=3, verbose=0, callbacks=[backup])
    assert [path.name for path in tmp_path.iterdir()] == ["after-epoch-00002.safetensors"]
    other = keras.models.clone_model(model)
    other.compile("adam", "mse")
    assert EpochBackup(tmp_path).restore(other) == 3
    for mine, theirs in zip(model.optimizer.variables, other.optimizer.variables, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    for mine, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_full_disk_keeps_the_last_backup_intact(model, tmp_path, monkeypatch):
    backup = EpochBackup(tmp_path)
    model.optimizer.build(model.trainable_variables)
    run_epochs([backup], model, [0.5])

    def half_write(path, data):
        with open(path, "wb") as file:
            file.write(data[:4])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half_write)
    with pytest.raises(OSError, match="No space"):
        run_epochs([backup], model, [0.6], first=1)
    assert [path.name for path in tmp_path.iterdir()] == ["after-epoch-00000.safetensors"]
    assert backup.restore(model) == 1


def test_weights_file_has_variable_paths_as_keys_and_is_validated(model, tmp_path):
    path = tmp_path / "model.safetensors"
    save_weights(model, path)
    expected = model.get_weights()
    model.layers[1].kernel.assign(np.zeros((3, 2)))
    assert load_weights(model, path) == []
    np.testing.assert_array_equal(model.get_weights()[0], expected[0])
    assert load_weights(model, path, skip=("a/",)) == ["a/kernel", "a/bias"]

    with pytest.raises(
        InputError, match=r"missing b/kernel; missing b/bias; a/kernel is \[3, 2\] in the file, \[4, 2\]"
    ):
        load_weights(dense_model(4, "a", "b"), path)
    with pytest.raises(InputError, match="unknown a/kernel"):
        load_weights(dense_model(3, "c"), path)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(InputError, match="no readable weights"):
        load_weights(model, path)


def fit_with_learning_rate(model, learning_rate, uniform_loss=None):
    model.compile(keras.optimizers.SGD(learning_rate), "mse")
    inputs = np.arange(8.0).reshape(4, 2)
    model.fit(inputs, inputs[:, :1], batch_size=1, epochs=50, verbose=0, callbacks=[StopOnDivergence(uniform_loss)])


def test_an_exploding_loss_stops_with_advice():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with pytest.raises(
        InputError, match=r"diverged: the loss is \S+ after .* Expected at most 30.0, .* --learning-rate"
    ):
        fit_with_learning_rate(model, learning_rate=0.1, uniform_loss=30.0)


def test_a_loss_that_is_not_finite_stops_with_advice_and_saves_nothing(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.layers[0].bias.assign([np.nan])
    with pytest.raises(InputError, match="diverged: the loss is nan after 1 steps of the epoch. Expected a finite"):
        model.fit(np.ones((2, 2)), np.ones((2, 1)), verbose=0, callbacks=[StopOnDivergence(), EpochBackup(tmp_path)])
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_training_with_a_falling_loss_continues():
    fit_with_learning_rate(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), 0.01, uniform_loss=30.0)


def test_the_score_of_the_answers_is_a_column_before_the_history(tmp_path):
    class Scored:
        scores = iter([50.0, 75.0, 60.0])

        def evaluate(self, texts, references):
            assert (texts, references) == (["a text"], ["a reference"])
            return {"score": 1.0, "metric": "accuracy", "f1": next(self.scores)}

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile("sgd", "mse")
    history = HistoryFile(tmp_path / "history.csv")
    best = KeepBest(history, tmp_path / "best.safetensors", "val_f1", mode="max", patience=9)
    score = ValidationScore(Scored(), ["a text"], ["a reference"], "f1")
    data = np.ones((4, 1))
    model.fit(data, data, epochs=3, verbose=0, callbacks=[score, history, best])
    assert [row["val_f1"] for row in history.rows()] == [50, 75, 60]
    assert best.best_row()["epoch"] == 1


def test_of_equal_epochs_the_one_with_the_lower_loss_is_kept(tmp_path):
    history = HistoryFile(tmp_path / "history.csv")
    for epoch, (f1, loss) in enumerate([(0.5, 3.0), (0.9, 2.0), (0.9, 1.0), (0.9, 1.5)]):
        history.on_epoch_end(epoch, {"val_f1": f1, "val_loss": loss})
    kept = {"monitor": "val_f1", "mode": "max"}
    assert KeepBest(history, tmp_path / "best.safetensors", **kept).best_row()["epoch"] == 1
    assert KeepBest(history, tmp_path / "best.safetensors", **kept, tie_breaker="val_loss").best_row()["epoch"] == 2


def test_a_backup_is_restored_into_the_copies_of_all_replicas(tmp_path):
    def made():
        keras.utils.set_random_seed(1)
        with make_strategy("mirrored").scope():
            model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            model.compile(LazyAdam(0.1), "mse")
        return model

    batches = tf.data.Dataset.from_tensor_slices((np.eye(2, dtype="float32"), np.ones((2, 1)))).batch(2)
    first, second, backup = made(), made(), EpochBackup(tmp_path)
    first.fit(batches, epochs=3, callbacks=[backup], verbose=0)
    assert backup.restore(second) == 3
    for model in (first, second):
        model.fit(batches, verbose=0)
    for found, expected in zip(second.get_weights(), first.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
