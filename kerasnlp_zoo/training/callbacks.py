"""Callbacks that make a run repeatable and resumable. The state of a run is (seed, epoch, history, weights)."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
from safetensors.numpy import save

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_file
from kerasnlp_zoo.tasks.task import Task, Texts
from kerasnlp_zoo.text.batches import EpochNumber
from kerasnlp_zoo.training.workers import Workers
from kerasnlp_zoo.types import FilePath
from kerasnlp_zoo.weights import load_weights, read_weights, save_weights

DIVERGENCE_FACTOR = 10  # training has diverged if the loss is this many times the loss of uniform prediction
STEPS_BETWEEN_CHECKS = 20


class EpochSeed(keras.callbacks.Callback):
    """Make shuffling and dropout depend only on (seed, epoch). A resumed run then repeats them exactly.

    Args:
        seed: random seed of the run.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dropout(0.5)])
    >>> callback = EpochSeed(seed=1)
    >>> callback.set_model(model)
    >>> callback.on_epoch_begin(epoch=3)
    >>> EpochNumber.value
    3
    >>> callback.on_train_end()
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Set the epoch number for data sets, and seed every layer that draws random numbers."""
        EpochNumber.value = epoch
        for number, generator in enumerate(generators_of(self.model)):
            state = np.random.SeedSequence((self.seed, epoch, number)).generate_state(2, "uint32")
            generator.state.assign(state)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Reset the epoch number. Data sets then count their own passes again."""
        EpochNumber.value = None


class HistoryFile(keras.callbacks.Callback):
    """Write one row of history.csv per epoch. A resumed run continues after the last row.

    Args:
        path: the CSV file; rows of epochs that are trained again are replaced.
    """

    def __init__(self, path: FilePath) -> None:
        super().__init__()
        self.path = Path(path)

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows written so far: an int for `epoch`, a float for every other column."""
        if not self.path.exists():
            return []
        with open(self.path, newline="") as file:
            rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
        return [{**row, "epoch": int(row["epoch"])} for row in rows]

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Rewrite the file with this epoch's row at its end."""
        rows = [row for row in self.rows() if row["epoch"] < epoch]
        rows.append({"epoch": epoch, **{name: float(value) for name, value in (logs or {}).items()}})
        with atomic_file(self.path) as temporary, open(temporary, "w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[-1]))
            writer.writeheader()
            writer.writerows(rows)


class ValidationScore(keras.callbacks.Callback):
    """After every epoch, answer validation texts and add a score of the answers to the logs.

    Keras' own metrics score the outputs of the model, such as the accuracy of tags. This score is that of the answers,
    such as the F1 of names, or BLEU.

    Args:
        task: task with the model that is trained.
        texts: validation texts.
        references: their references, as `task.evaluate` takes them.
        metric: name of the score in the result of `task.evaluate`, such as "f1"; in the logs it is "val_f1". List this
            callback before the history.
    """

    def __init__(self, task: Task, texts: Texts, references: Sequence[Any], metric: str) -> None:
        super().__init__()
        self.task, self.texts, self.references, self.metric = task, texts, references, metric

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add the score to the logs."""
        if logs is not None:
            logs[f"val_{self.metric}"] = self.task.evaluate(self.texts, self.references)[self.metric]


class KeepBest(keras.callbacks.Callback):
    """Stop when the validation score stops improving, and restore the weights of the best epoch.

    Its state is in `history` and in the file of the best weights. A resumed run therefore stops at the same
    epoch as an uninterrupted one.

    Args:
        history: the history; list it before this callback.
        path: file for the best weights, *.safetensors.
        monitor: column of the history. Cross entropy varies less by chance than accuracy, and the probabilities
            of its best epoch are better calibrated.
        mode: whether the highest ("max") or the lowest ("min") value is the best.
        patience: epochs without improvement before training stops.
        tie_breaker: column that decides between equal values of `monitor`, lower is better; None for the first epoch.
    """

    def __init__(
        self,
        history: HistoryFile,
        path: FilePath,
        monitor: str = "val_cross_entropy",
        mode: Literal["max", "min"] = "min",
        patience: int = 3,
        tie_breaker: str | None = None,
    ) -> None:
        super().__init__()
        self.history = history
        self.path = Path(path)
        self.monitor = monitor
        self.tie_breaker = tie_breaker
        self.sign = {"max": 1, "min": -1}[mode]
        self.patience = patience

    def best_row(self) -> dict[str, Any]:
        """Return the history row of the best epoch, the first of equal ones. It is empty before the first epoch."""
        return max(self.history.rows(), key=self._goodness, default={})

    def _goodness(self, row: Mapping[str, Any]) -> tuple[float, float]:
        """Return numbers that are higher for better values of `monitor` and `tie_breaker`, and lowest for NaN."""
        if self.monitor not in row:
            raise InputError(
                f"The best epoch is selected by the column {self.monitor!r}, which the history does not have. "
                f"Expected one of its columns. Received only: {', '.join(row)}"
            )
        second = 0.0 if self.tie_breaker is None else -row[self.tie_breaker]
        return (-np.inf if np.isnan(row[self.monitor]) else self.sign * row[self.monitor], second)

    def out_of_patience(self, last_epoch: int) -> bool:
        """Return whether training stops after epoch `last_epoch`."""
        best = self.best_row()
        return bool(best) and last_epoch - best["epoch"] >= self.patience

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Save the weights if this epoch is the best so far; otherwise stop training after `patience` epochs."""
        if self.best_row()["epoch"] == epoch:
            save_weights(self.model, self.path)
        elif self.out_of_patience(epoch):
            self.model.stop_training = True

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Restore the best weights."""
        load_weights(self.model, self.path)


class FollowChief(keras.callbacks.Callback):
    """Stop on all workers when the chief stops, whose callbacks decide. List it last.

    Args:
        workers: the workers of the run.
    """

    def __init__(self, workers: Workers) -> None:
        super().__init__()
        self.workers = workers

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Wait until the chief has scored and saved the epoch, and take its decision."""
        self.model.stop_training = self.workers.from_chief(lambda: self.model.stop_training)


class DivergenceError(InputError):
    """Training has diverged; other flags may not diverge."""


class StopOnDivergence(keras.callbacks.Callback):
    """Stop with advice when the loss is not finite, or far above the loss of uniform prediction.

    Args:
        uniform_loss: loss of uniform prediction; None if it is not known.

    Raises:
        DivergenceError: from `fit`, before the state of the epoch is saved.
    """

    def __init__(self, uniform_loss: float | None = None) -> None:
        super().__init__()
        self.uniform_loss = uniform_loss

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Check the mean loss of the epoch every 20 steps, because each check waits for the accelerator."""
        if batch % STEPS_BETWEEN_CHECKS == 0:
            self._check((logs or {})["loss"], f"after {batch + 1} steps of the epoch")

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Check the mean loss of the epoch."""
        self._check((logs or {})["loss"], f"after epoch {epoch + 1}")

    def _check(self, loss: float, when: str) -> None:
        uniform = self.uniform_loss
        if np.isfinite(loss) and (uniform is None or loss <= DIVERGENCE_FACTOR * uniform):
            return
        expected = "a finite number" if uniform is None else f"at most {uniform:.1f}, the loss of uniform prediction"
        raise DivergenceError(
            f"Training diverged: the loss is {loss:.4g} {when}. Expected {expected}. Lower --learning-rate or, if the "
            "recipe has it, --clip-norm. If every learning rate diverges in the first steps, check the pretrained "
            "weights or word vectors for extreme numbers"
        )


class EpochBackup(keras.callbacks.Callback):
    """Save all variables of model and optimizer after every epoch, and restore them.

    This callback avoids two faults of Keras' BackupAndRestore. Keras writes weights and epoch number to two files, so a
    process killed between the two resumes with the weights of another epoch. Here the epoch number is part of the file
    name. Keras saves the product of the LoRA factors, which cannot be trained further. Here every variable is saved
    unchanged.

    Args:
        folder: folder of the backup.
    """

    def __init__(self, folder: FilePath) -> None:
        super().__init__()
        self.folder = Path(folder)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Write the state of this epoch, then delete the older ones."""
        path = self.folder / f"after-epoch-{epoch:05d}.safetensors"
        older = [backup for backup in self._backups() if backup != path]
        write_variables(path, state_of(self.model))
        for backup in older:
            backup.unlink()

    def restore(self, model: keras.Model) -> int:
        """Load the newest backup into a compiled model.

        Returns:
            The epoch to continue with, for `fit(initial_epoch=...)`; 0 without a backup.
        """
        if not (backups := self._backups()):
            return 0
        load_state(model, backups[-1])
        return int(backups[-1].name.split(".")[0].rpartition("-")[2]) + 1

    def _backups(self) -> list[Path]:
        return sorted(self.folder.glob("after-epoch-*.safetensors"))


def generators_of(model: keras.Model) -> list[keras.random.SeedGenerator]:
    """Return the generators of random numbers of the layers of a model, such as those of dropout."""
    return [generator for layer in model._flatten_layers() for generator in getattr(layer, "_seed_generators", [])]


def state_of(model: keras.Model) -> dict[str, keras.Variable]:
    """Return all variables of model and optimizer, keyed by their index.

    Paths cannot be the keys: they contain numbers that Keras counts per process, and a resumed run is another process.
    """
    return {str(index): variable for index, variable in enumerate([*model.weights, *model.optimizer.variables])}


def write_variables(path: Path, variables: Mapping[str, keras.Variable]) -> None:
    """Write variables as safetensors."""
    values = {name: np.array(variable.value, order="C") for name, variable in variables.items()}
    with atomic_file(path) as temporary:
        temporary.write_bytes(save(values))


def load_state(model: keras.Model, path: Path) -> dict[str, np.ndarray]:
    """Assign the variables of `state_of` from a file to a compiled model, and return all arrays of the file."""
    with model.distribute_strategy.scope():
        model.optimizer.build(model.trainable_variables)
    saved = read_weights(path)
    for name, variable in state_of(model).items():
        variable.assign(saved[name])
    return saved
