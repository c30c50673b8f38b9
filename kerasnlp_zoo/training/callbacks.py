"""Callbacks that make a run repeatable and resumable: its state is (seed, epoch, history, weights)."""

import csv
from pathlib import Path

import keras
import numpy as np
from safetensors.numpy import save

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_file
from kerasnlp_zoo.text.batches import EpochNumber
from kerasnlp_zoo.weights import load_weights, read_weights, save_weights

DIVERGENCE_FACTOR = 10  # times the loss of a model that knows nothing
STEPS_BETWEEN_LOOKS = 20


class EpochSeed(keras.callbacks.Callback):
    """Make shuffling and dropout functions of (seed, epoch), so a resumed run repeats them exactly.

    Args:
        seed: int.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dropout(0.5)])
    >>> callback = EpochSeed(seed=1)
    >>> callback.set_model(model)
    >>> callback.on_epoch_begin(epoch=3)
    >>> EpochNumber.value
    3
    >>> callback.on_train_end()
    """

    def __init__(self, seed):
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch, logs=None):
        """Number the epoch for data sets, and seed every layer that draws random numbers."""
        EpochNumber.value = epoch
        generators = [g for layer in self.model._flatten_layers() for g in getattr(layer, "_seed_generators", [])]
        for place, generator in enumerate(generators):
            state = np.random.SeedSequence((self.seed, epoch, place)).generate_state(2, "uint32")
            generator.state.assign(state)

    def on_train_end(self, logs=None):
        """Let data sets count their own passes again."""
        EpochNumber.value = None


class HistoryFile(keras.callbacks.Callback):
    """Write one row of history.csv an epoch: a resumed run goes on where its epochs end.

    Args:
        path: the CSV file; rows of epochs that are trained again are replaced.
    """

    def __init__(self, path):
        super().__init__()
        self.path = Path(path)

    def rows(self):
        """Return the rows written so far as dicts of numbers."""
        if not self.path.exists():
            return []
        with open(self.path, newline="") as file:
            rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
        return [{**row, "epoch": int(row["epoch"])} for row in rows]

    def on_epoch_end(self, epoch, logs=None):
        """Rewrite the file with this epoch's row at its end."""
        rows = [row for row in self.rows() if row["epoch"] < epoch]
        rows.append({"epoch": epoch, **{name: float(value) for name, value in logs.items()}})
        with atomic_file(self.path) as temporary, open(temporary, "w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[-1]))
            writer.writeheader()
            writer.writerows(rows)


class KeepBest(keras.callbacks.Callback):
    """Stop when the validation score stops improving, and end with the best epoch's weights.

    All it knows stands in `history` and in the file of the best weights, so stopping and resuming
    changes nothing.

    Args:
        history: `HistoryFile`, listed before this callback.
        path: file for the best weights, *.safetensors.
        monitor: column of the history. Cross entropy moves less by chance than accuracy, and its best
            epoch gives probabilities that can be trusted.
        mode: "max" or "min", what counts as better.
        patience: int, epochs without improvement before training stops.
    """

    def __init__(self, history, path, monitor="val_cross_entropy", mode="min", patience=3):
        super().__init__()
        self.history = history
        self.path = Path(path)
        self.monitor = monitor
        self.sign = {"max": 1, "min": -1}[mode]
        self.patience = patience

    def best_row(self):
        """Return the history row of the best epoch, the first of equals; None before the first epoch."""
        return max(self.history.rows(), key=self._goodness, default=None)

    def _goodness(self, row):
        """Return a number that grows as the monitored score gets better; a score that is no number is worst."""
        if self.monitor not in row:
            raise ValueError(f"The best epoch is chosen by {self.monitor!r}. Received only: {', '.join(row)}")
        return -np.inf if np.isnan(row[self.monitor]) else self.sign * row[self.monitor]

    def out_of_patience(self, last_epoch):
        """Tell whether training ends with epoch `last_epoch`."""
        best = self.best_row()
        return best is not None and last_epoch - best["epoch"] >= self.patience

    def on_epoch_end(self, epoch, logs=None):
        """Save the weights if they are the best yet, else count patience."""
        if self.best_row()["epoch"] == epoch:
            save_weights(self.model, self.path)
        elif self.out_of_patience(epoch):
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        """Put the best weights back."""
        load_weights(self.model, self.path)


class StopOnDivergence(keras.callbacks.Callback):
    """Stop with advice when the loss is no finite number any more, or far above that of a model that knows nothing.

    Args:
        uniform_loss: float, the loss of a model that knows nothing; None where it is not known.

    Raises:
        InputError: from `fit`, before anything of the epoch is saved.
    """

    def __init__(self, uniform_loss=None):
        super().__init__()
        self.uniform_loss = uniform_loss

    def on_train_batch_end(self, batch, logs=None):
        """Look at the mean loss of the epoch so far, now and then: each look waits for an accelerator."""
        if batch % STEPS_BETWEEN_LOOKS == 0:
            self._look(logs["loss"], f"after {batch + 1} steps of the epoch")

    def on_epoch_end(self, epoch, logs=None):
        """Look at the mean loss of the epoch."""
        self._look(logs["loss"], f"after epoch {epoch + 1}")

    def _look(self, loss, when):
        ignorant = self.uniform_loss
        if np.isfinite(loss) and (ignorant is None or loss <= DIVERGENCE_FACTOR * ignorant):
            return
        expected = (
            "a finite number" if ignorant is None else f"at most {ignorant:.1f}, that of a model that knows nothing"
        )
        raise InputError(
            f"The loss exploded: it is {loss:.4g} {when}. Expected {expected}. Lower --learning-rate or, where the "
            "recipe has it, --clip-norm; if it happens in the first steps with any step size, look for extreme numbers "
            "in pretrained weights or vectors"
        )


class EpochBackup(keras.callbacks.Callback):
    """Save weights and optimiser after every epoch, and continue from there.

    Keras' BackupAndRestore writes weights and epoch number to two files: a process killed between them
    resumes with the weights of another epoch. Here the number is part of the one file's name. And Keras
    merges the factors of LoRA into what it saves, which could not be trained on; here every variable is
    saved as it is.

    Args:
        folder: where the backup lies.
    """

    def __init__(self, folder):
        super().__init__()
        self.folder = Path(folder)

    def on_epoch_end(self, epoch, logs=None):
        """Write this epoch's state, then drop the older ones."""
        older = self._backups()
        state = {name: np.array(variable.value, order="C") for name, variable in _state(self.model).items()}
        with atomic_file(self.folder / f"after-epoch-{epoch:05d}.safetensors") as temporary:
            temporary.write_bytes(save(state))
        for path in older:
            path.unlink()

    def restore(self, model):
        """Load the newest backup into a compiled model.

        Args:
            model: compiled `keras.Model`.

        Returns:
            int, the epoch to continue with, for `fit(initial_epoch=...)`; 0 without a backup.
        """
        if not (backups := self._backups()):
            return 0
        model.optimizer.build(model.trainable_variables)
        saved = read_weights(backups[-1])
        for name, variable in _state(model).items():
            variable.assign(saved[name])
        return int(backups[-1].name.split(".")[0].rpartition("-")[2]) + 1

    def _backups(self):
        return sorted(self.folder.glob("after-epoch-*.safetensors"))


def _state(model):
    """Return all variables that training changes, by their places.

    Not by their paths: Keras numbers the models and optimisers of a process in them, and a resumed run is
    another process.
    """
    return {str(place): variable for place, variable in enumerate([*model.weights, *model.optimizer.variables])}
