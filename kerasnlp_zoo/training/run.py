"""The common part of all recipes: flags, devices, callbacks and the output folder."""

import contextlib
import datetime
import functools
import os
import platform
import shlex
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

import keras
import tensorflow as tf

from kerasnlp_zoo import durable, files, plots
from kerasnlp_zoo.datasets.class_weights import ClassWeights
from kerasnlp_zoo.interruption import sigterm_interrupts
from kerasnlp_zoo.objectives.gradient_norm import GradientNorm
from kerasnlp_zoo.tasks import Task
from kerasnlp_zoo.text.batches import EpochNumber
from kerasnlp_zoo.training.callbacks import EpochBackup, EpochSeed, FollowChief, HistoryFile, KeepBest, StopOnDivergence
from kerasnlp_zoo.training.continued_entry import ContinuedEntryOptions
from kerasnlp_zoo.training.input_speed import InputSpeed
from kerasnlp_zoo.training.run_folder import STATE, open_folder, unlock_folder
from kerasnlp_zoo.training.run_options import ModelRunOptions, RunConfig, RunOptions, command_line
from kerasnlp_zoo.training.run_state import DataT, RunState, flags_of
from kerasnlp_zoo.training.step_backup import NotTheEnd, StepBackup
from kerasnlp_zoo.training.strategies import make_strategy
from kerasnlp_zoo.training.workers import LostWorkerError, WorkerEnded, Workers
from kerasnlp_zoo.versions import versions

SMOKE_EPOCHS = 2


class Examples(Protocol):
    """Texts with their labels, as `Task.dataset` takes them."""

    @property
    def texts(self) -> Sequence[Any]:
        """N texts, or other inputs of the task."""

    @property
    def labels(self) -> Any:
        """N labels."""


ConfigT = TypeVar("ConfigT", bound=RunOptions, covariant=True)


class Run(Generic[ConfigT]):
    """One training run: from flags to an output folder.

    The folder contains history.csv, metrics.json, their plots, TensorBoard logs, `export/` (SavedModel) and `entry/`
    (for `zoo.load`).

    Args:
        recipe: name of the recipe, such as "text_cnn".
        config: the flags of the run and of the data.
        fold: index of the cross-validation fold that this run tests on; None for an ordinary run.

    Raises:
        InputError: for invalid flags, for other flags than those of the resumed run, or if the output folder contains a
            run, is in use by another process or cannot be written.
    """

    def __init__(self, recipe: str, config: ConfigT, fold: int | None = None) -> None:
        self.started = time.time()
        self.recipe = recipe
        self.config = config
        self.fold = fold
        self.facts: dict[str, int] = {}  # for metrics.json
        plots.require_matplotlib()
        self.strategy = make_strategy(config.strategy)
        self.workers = Workers(self.strategy)
        self.workers.require_same({"recipe": recipe, **flags_of(config), **versions()}, "flags and versions")
        config.check(self.strategy.num_replicas_in_sync)
        if self.workers.count > 1:
            print(shares_of_workers(self.workers, config), flush=True)
        if isinstance(config, ContinuedEntryOptions):
            config.check_entry()
        self.folder = self.workers.shared_folder(lambda: open_folder(recipe, config))
        self.remembered = RunState(self.folder, self.folder / STATE / "facts.json", self.workers.is_chief)
        self.remembered.remember_flags(config)
        if config.deterministic:
            tf.config.experimental.enable_op_determinism()
        self.history = HistoryFile(self.folder / "history.csv")

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """Set devices, precision and seed for the block in which the model is built and compiled."""
        self.workers.require_same(self.remembered.facts, "data")  # others would build another model
        # The seed is set here because preparing a data set also draws from the generators of initial weights.
        keras.utils.set_random_seed(self.config.seed)
        before = keras.config.dtype_policy()
        if self.config.mixed_precision != "none":
            keras.config.set_dtype_policy(f"mixed_{self.config.mixed_precision}")
        try:
            with self.workers.watched(), self.strategy.scope():
                yield
        finally:
            keras.config.set_dtype_policy(before)

    def fit(
        self: "Run[RunConfig]",
        task: Task,
        train: Examples,
        validation: Examples,
        monitor: str = "val_cross_entropy",
        class_weights: ClassWeights | None = None,
        scores: Sequence[keras.callbacks.Callback] = (),
    ) -> dict[str, Any]:
        """Train until the validation score stops improving, then restore the best weights.

        Args:
            task: a task with a compiled model.
            train: training examples.
            validation: validation examples.
            monitor: column of history.csv that selects the best epoch. Higher is better for val_accuracy and
                val_f1, lower is better for every other column.
            class_weights: weights of the classes in training and validation, for a task that has classes: the best
                epoch is the best for the objective that is trained.
            scores: callbacks that add columns to history.csv, such as `ValidationScore`.

        Returns:
            The history row of the best epoch.

        Raises:
            InputError: if the resumed run had another vocabulary.
            KeyboardInterrupt: after printing the command that resumes the run.
        """
        config = self.config
        self.facts["train_examples"] = len(train.texts)
        self.remembered.remember_vocabulary(task.preprocessor.vocabulary)
        mode: Literal["max", "min"] = "max" if monitor in ("val_accuracy", "val_f1") else "min"
        tie_breaker = "val_loss" if monitor == "val_f1" else None  # a small validation set often has equal F1
        best = KeepBest(self.history, self.state / "best.safetensors", monitor, mode, config.patience, tie_breaker)
        weighting: dict[str, Any] = {} if class_weights is None else {"class_weights": class_weights}
        self.train(
            task.model,
            task.dataset(train.texts, train.labels, config.batch_size, training=True, seed=config.seed, **weighting),
            [*scores, self.history, best],
            finished=best.out_of_patience,
            validation_data=task.dataset(validation.texts, validation.labels, config.batch_size, **weighting),
        )
        return best.best_row()

    def train(
        self,
        model: keras.Model,
        dataset: tf.data.Dataset,
        callbacks: Sequence[keras.callbacks.Callback],
        finished: Callable[[int], bool] = lambda epoch: False,
        uniform_loss: float | None = None,
        **arguments: Any,
    ) -> None:
        """Fit a model and save its state after every epoch; with --resume, continue after the last complete epoch.

        Args:
            model: a compiled model.
            dataset: training batches; it decides their order.
            callbacks: callbacks that run before the callbacks that save and log.
            finished: returns whether training had already stopped after a given epoch.
            uniform_loss: loss of uniform prediction. Training stops far above it. With None, training stops only at a
                loss that is not finite.
            **arguments: further arguments of `model.fit`.

        Raises:
            InputError: if the loss diverges, or the resumed run started from other weights, such as another encoder.
            KeyboardInterrupt: after printing the command that resumes the run.
        """
        epochs = self.epochs
        self.remembered.remember_initial_weights(model)
        backup, exploded = EpochBackup(self.state), StopOnDivergence(uniform_loss)
        within = StepBackup(self.state, self.config.save_steps if self.workers.is_chief else None)
        first_epoch = backup.restore(model)
        first_step = within.restore(model, first_epoch)
        if finished(first_epoch - 1):
            first_epoch, first_step = epochs, 0
        first = {"first epoch": first_epoch, "first step": first_step}
        self.workers.require_same({**self.remembered.facts, **first}, "data and initial weights")
        if first_epoch or first_step:
            steps = f" and {first_step:,} steps" if first_step else ""
            print(f"Resuming after epoch {first_epoch}{steps} of at most {epochs}")
        # What has an effect on the training, or adds numbers of all workers. Only the chief scores, saves and logs.
        used = [EpochSeed(self.config.seed), exploded, GradientNorm()]
        if self.workers.is_chief:
            used += [*callbacks, backup, InputSpeed(dataset), *_tensorboard(self.folder)]
        used += [within, FollowChief(self.workers)]

        def fit(rest: tf.data.Dataset, first: int, end: int, listening: Sequence[keras.callbacks.Callback]) -> None:
            model.fit(
                rest,
                epochs=end,
                initial_epoch=first,
                callbacks=list(listening),
                shuffle=False,
                verbose=0 if not self.workers.is_chief else 1 if sys.stdout.isatty() or in_notebook() else 2,
                **arguments,
            )

        # Keras warns after every epoch about a data set of unknown length.
        warnings.filterwarnings("ignore", message="Your input ran out of data")
        try:
            with self.workers.watched(), sigterm_interrupts():
                if first_step:
                    fit(dataset.skip(first_step), first_epoch, first_epoch + 1, list(map(NotTheEnd, used)))
                    first_epoch = epochs if model.stop_training else first_epoch + 1
                fit(dataset, first_epoch, epochs, used)
                if not self.workers.is_chief:
                    raise WorkerEnded(self.workers.exchange(None)[0])  # `finish` of the chief sends the metrics
        except BaseException as error:
            unlock_folder(self.folder)  # a notebook's process goes on, but another one may resume the run
            again = f"{self.command()} --resume --output-dir {shlex.quote(str(self.folder))}"
            if isinstance(error, LostWorkerError):
                raise LostWorkerError(f"{error}. When all workers can start again, continue with: {again}") from error
            if isinstance(error, KeyboardInterrupt) and not self.config.is_trial:
                print(f"\nInterrupted. Continue with: {again}", file=sys.stderr)
            raise
        finally:
            EpochNumber.value = None

    @contextlib.contextmanager
    def chief_first(self) -> Iterator[None]:
        """Let the chief run the block before the other workers, which find the files that it has written."""
        if not self.workers.is_chief:
            self.workers.exchange(None)
        yield
        if self.workers.is_chief:
            self.workers.exchange(None)

    @property
    def epochs(self) -> int:
        """Maximum number of epochs of this run."""
        return SMOKE_EPOCHS if self.config.smoke else self.config.epochs

    def total_steps(self: "Run[ModelRunOptions]", num_examples: int) -> int:
        """Return the number of batches of all epochs, for the learning rate schedule.

        A smoke run has fewer epochs, but the schedule of the complete run.
        """
        return self.config.epochs * -(-num_examples // self.config.batch_size)

    @functools.cached_property
    def state(self) -> Path:
        """Folder of the files that resuming needs."""
        self.remembered.save()
        return self.remembered.path.parent

    def same_data(self, data: DataT) -> DataT:
        """Return the data of the run. A resumed run must have the same data.

        The labels keep the order of the resumed run, or of the entry whose training continues.

        Args:
            data: data for training, validation and test.

        Raises:
            InputError: if the data or the labels of the resumed run were different; the message says which split.
        """
        known: Sequence[str] = self.config.entry_labels() if isinstance(self.config, ContinuedEntryOptions) else []
        return self.remembered.same_data(data, known)

    def load_entry(self, language: str, labels: Sequence[str] = (), has_pairs: bool = False) -> Any:
        """Return the task of --from-entry, see `ContinuedEntryOptions.load_entry`; None without the flag."""
        assert isinstance(self.config, ContinuedEntryOptions)
        with self.scope():
            return self.config.load_entry(language, labels, has_pairs)

    def command(self) -> str:
        """Return the command line that repeats this run."""
        return command_line(self.recipe, self.config)

    def note_smoke(self) -> None:
        """Print a warning that the scores of a smoke run are meaningless; print nothing for other runs."""
        if self.config.smoke:
            print("This was a smoke run on a few examples: its scores are meaningless")

    def describe(self, metrics: Mapping[str, Any]) -> dict[str, Any]:
        """Return the content of metrics.json: the metrics, and the facts that are needed to reproduce them.

        Args:
            metrics: the scores and other numbers of the task.
        """
        from_entry = getattr(self.config, "from_entry", None)
        return {
            "recipe": self.recipe,
            "dataset": self.config.data_name(),
            **({} if from_entry is None else {"from_entry": from_entry}),
            **self.facts,
            **metrics,
            "seconds": round(time.time() - self.started, 1),
            "seed": self.config.seed,
            "command": self.command(),
            "versions": versions(),
            "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores, "
            f"{len(tf.config.list_physical_devices('GPU'))} GPUs",
            "date": datetime.date.today().isoformat(),
        }

    def finish_trial(self, scores: Mapping[str, Any]) -> dict[str, Any]:
        """Write the validation score of a trial of `kerasnlp-zoo tune`; return the content of metrics.json.

        Args:
            scores: "metric" and "score" of the validation data, as `Task.evaluate` returns them.
        """
        metrics = self.describe({"metric": scores["metric"], "validation_score": scores["score"]})
        print(f"Validation {scores['metric']} {scores['score']:.2f}", flush=True)
        self.finish(metrics)
        return metrics

    def finish(self, metrics: Mapping[str, Any]) -> None:
        """Write metrics.json and delete the state for resuming. Call it last."""
        files.write_json(self.folder / "metrics.json", metrics)
        durable.remove_folder(self.state)  # a part of it could not be resumed
        unlock_folder(self.folder)
        with contextlib.suppress(LostWorkerError):  # everything is written: the others are needed no more
            self.workers.exchange(metrics)


def shares_of_workers(workers: Workers, config: RunOptions) -> str:
    """Return a line about the workers and their shares of a batch."""
    line = f"Worker {workers.index} of {workers.count}, at {workers.addresses[workers.index]}"
    if isinstance(config, ModelRunOptions):
        line += f": --batch-size {config.batch_size} for all workers, {config.batch_size // workers.count} for each"
    return line


def _tensorboard(folder: Path) -> list[keras.callbacks.Callback]:
    """Return the callback that writes TensorBoard logs, in a list; an empty list if TensorBoard is not installed."""
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        print('TensorBoard logs are not written. To write them: pip install "kerasnlp-zoo[recipes]"', file=sys.stderr)
        return []
    return [keras.callbacks.TensorBoard(folder / "tensorboard", write_graph=False)]


def in_notebook() -> bool:
    """Return whether this process runs a notebook, which draws progress bars."""
    return "ipykernel" in sys.modules
