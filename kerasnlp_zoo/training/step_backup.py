"""Save the state of training within an epoch, and continue there: for epochs that take hours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasnlp_zoo.training.callbacks import generators_of, load_state, state_of, write_variables
from kerasnlp_zoo.types import FilePath

SUMS, SEEDS = "sum-", "seed-"  # begin the names of the sums of metrics, and of the states of dropout


class StepBackup(keras.callbacks.Callback):
    """Save the state every N steps of an epoch, and restore it.

    The state is that of `EpochBackup`, with the sums of the metrics and the states of dropout. The data set of the
    epoch continues after as many batches as were trained, so that the weights and the history are those of a run that
    was not interrupted. List it after `EpochSeed` and `EpochBackup`.

    Args:
        folder: folder of the backup.
        steps: N; None to save only after epochs.
    """

    def __init__(self, folder: FilePath, steps: int | None) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.steps = steps
        self.done = 0  # steps of the epoch that an earlier process has trained
        self.restored: Mapping[str, np.ndarray] = {}

    def restore(self, model: keras.Model, epoch: int) -> int:
        """Load the newest state within an epoch into a compiled model.

        Args:
            model: the model.
            epoch: the epoch to continue with, as `EpochBackup.restore` returns it.

        Returns:
            The number of steps of this epoch that are trained already; 0 without a backup.
        """
        if not (backups := sorted(self.folder.glob(f"within-epoch-{epoch:05d}-*.safetensors"))):
            return 0
        self.restored = load_state(model, backups[-1])
        self.done = int(backups[-1].stem.rpartition("-")[2])
        return self.done

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Restore the states of dropout, which `EpochSeed` has set to those of the first step."""
        self.epoch = epoch
        for name, variable in self._named(SEEDS, [generator.state for generator in generators_of(self.model)]).items():
            if name in self.restored:
                variable.assign(self.restored[name])

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Save the state, if it is time to. After the first step, which creates the metrics, restore their sums."""
        sums = self._named(SUMS, sums_of(self.model)) if self.restored or self._is_due(batch) else {}
        if self.restored:
            for name, variable in sums.items():
                variable.assign_add(self.restored[name])
            self.restored = {}
        if self._is_due(batch):
            seeds = self._named(SEEDS, [generator.state for generator in generators_of(self.model)])
            path = self.folder / f"within-epoch-{self.epoch:05d}-{self.done + batch + 1:08d}.safetensors"
            older = list(self.folder.glob("within-epoch-*.safetensors"))
            write_variables(path, {**state_of(self.model), **sums, **seeds})
            for backup in older:
                backup.unlink()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Delete the states within the epoch; the state after it is saved."""
        self.done = 0
        for backup in self.folder.glob(f"within-epoch-{epoch:05d}-*.safetensors"):
            backup.unlink(missing_ok=True)  # another worker may have deleted it

    def _is_due(self, batch: int) -> bool:
        return self.steps is not None and (self.done + batch + 1) % self.steps == 0

    @staticmethod
    def _named(prefix: str, variables: list[keras.Variable]) -> dict[str, keras.Variable]:
        return {f"{prefix}{index}": variable for index, variable in enumerate(variables)}


def sums_of(model: keras.Model) -> list[keras.Variable]:
    """Return the variables of the metrics of an epoch: sums over its steps. They exist after the first step."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    measured = [optimizer.gradient_norm] if hasattr(optimizer, "gradient_norm") else []
    return [variable for metric in [*model.metrics, *measured] for variable in metric.variables]


class NotTheEnd(keras.callbacks.Callback):
    """Pass everything on to a callback, but not the end of `fit`, because another `fit` continues the training.

    Args:
        callback: the callback.
    """

    def __init__(self, callback: keras.callbacks.Callback) -> None:
        super().__init__()
        self.callback = callback
        for name in dir(keras.callbacks.Callback):
            if name.startswith(("on_", "set_")) and name != "on_train_end":
                setattr(self, name, getattr(callback, name))
