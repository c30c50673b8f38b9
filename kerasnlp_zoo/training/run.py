"""The common part of all recipes: flags, devices, callbacks and the output folder."""

import contextlib
import dataclasses
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
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

import keras
import tensorflow as tf

from kerasnlp_zoo import durable, files, plots
from kerasnlp_zoo.datasets.class_weights import ClassWeights
from kerasnlp_zoo.datasets.options import DataOptions
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.flags import PathFlags
from kerasnlp_zoo.objectives.gradient_norm import GradientNorm
from kerasnlp_zoo.tasks import Task
from kerasnlp_zoo.text.batches import EpochNumber
from kerasnlp_zoo.training.callbacks import EpochBackup, EpochSeed, HistoryFile, KeepBest, StopOnDivergence
from kerasnlp_zoo.training.continued_entry import ContinuedEntryOptions
from kerasnlp_zoo.training.optimizers import OptimizerOptions
from kerasnlp_zoo.training.run_folder import STATE, open_folder, unlock_folder
from kerasnlp_zoo.training.run_state import DataT, RunState
from kerasnlp_zoo.training.strategies import StrategyName, make_strategy
from kerasnlp_zoo.versions import versions

SMOKE_EPOCHS = 2


@dataclasses.dataclass
class RunOptions(PathFlags):
    """The flags of every recipe. A recipe combines them with the flags of its data.

    `smoke` and `data_name()` come from the flags of the data, such as `DataOptions`.
    """

    epochs: int = 20
    """Maximum number of passes over the training data."""
    strategy: StrategyName = "auto"
    """auto: all GPUs of this machine. none: one device. mirrored: a copy of the model on each of at least two
    devices."""
    seed: int = 1
    """Random seed for the initial weights, shuffling and dropout."""
    resume: bool = False
    """Continue the interrupted run in the output folder after its last complete epoch."""
    output_dir: Path | None = None
    """Output folder. Default: runs/<recipe>_<dataset>, with a number if that folder is in use."""

    mixed_precision = "none"  # not flags here; recipes that support them define flags for these two
    deterministic = False
    is_trial = False  # no flag: `kerasnlp-zoo tune` sets it; the run ends with its validation score

    if TYPE_CHECKING:
        smoke: bool = False

        def data_name(self) -> str:
            """Return the name of the data as part of a file name."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        require_positive(epochs=self.epochs)


@dataclasses.dataclass
class ModelRunOptions(OptimizerOptions, RunOptions):
    """The flags of recipes that train a Keras model in batches."""

    batch_size: int = 50
    """Number of texts in a batch, for all replicas together."""
    mixed_precision: Literal["none", "float16", "bfloat16"] = "none"
    """Compute in half precision; weights and losses stay in float32."""
    jit: bool = False
    """Compile the model with XLA; not with several replicas or --deterministic."""
    deterministic: bool = False
    """Make results bit-identical also on a GPU; training is slower."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        RunOptions.check(self, replicas)
        OptimizerOptions.check(self, replicas)
        require_positive(batch_size=self.batch_size)
        if self.jit and self.deterministic:
            raise InputError(
                "--jit and --deterministic cannot be used together: XLA does not use TensorFlow's deterministic "
                "kernels. Omit one of them"
            )
        if self.jit and replicas > 1:
            raise InputError(
                f"--jit cannot be used with {replicas} replicas: XLA cannot access the variables of another device. "
                "Use --strategy none, or omit --jit"
            )
        if self.batch_size % replicas:
            raise InputError(
                f"--batch-size {self.batch_size} cannot be divided equally among {replicas} replicas: "
                f"use {self.batch_size // replicas * replicas or replicas} or another multiple of {replicas}"
            )


@dataclasses.dataclass
class RunConfig(ModelRunOptions, DataOptions):
    """The flags of recipes that train on labelled texts."""

    patience: int = 3
    """Stop training after this many epochs without a better validation score."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        require_positive(patience=self.patience)


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
        config.check(self.strategy.num_replicas_in_sync)
        if isinstance(config, ContinuedEntryOptions):
            config.check_entry()
        self.folder = open_folder(recipe, config)
        self.remembered = RunState(self.folder, self.folder / STATE / "facts.json")
        self.remembered.remember_flags(config)
        if config.deterministic:
            tf.config.experimental.enable_op_determinism()
        self.history = HistoryFile(self.folder / "history.csv")

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """Set devices, precision and seed for the block in which the model is built and compiled."""
        # The seed is set here because preparing a data set also draws from the generators of initial weights.
        keras.utils.set_random_seed(self.config.seed)
        before = keras.config.dtype_policy()
        if self.config.mixed_precision != "none":
            keras.config.set_dtype_policy(f"mixed_{self.config.mixed_precision}")
        try:
            with self.strategy.scope():
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
        first_epoch = backup.restore(model)
        if finished(first_epoch - 1):
            first_epoch = epochs
        if first_epoch:
            print(f"Resuming after epoch {first_epoch} of at most {epochs}")
        first = [EpochSeed(self.config.seed), exploded, GradientNorm()]
        # Keras warns after every epoch about a data set of unknown length.
        warnings.filterwarnings("ignore", message="Your input ran out of data")
        try:
            model.fit(
                dataset,
                epochs=epochs,
                initial_epoch=first_epoch,
                callbacks=[*first, *callbacks, backup, *_tensorboard(self.folder)],
                shuffle=False,
                verbose=1 if sys.stdout.isatty() else 2,
                **arguments,
            )
        except BaseException as error:
            unlock_folder(self.folder)  # a notebook's process goes on, but another one may resume the run
            if isinstance(error, KeyboardInterrupt) and not self.config.is_trial:
                again = f"{self.command()} --resume --output-dir {shlex.quote(str(self.folder))}"
                print(f"\nInterrupted. Continue with: {again}", file=sys.stderr)
            raise
        finally:
            EpochNumber.value = None

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


def command_line(recipe: str, config: RunOptions) -> str:
    """Return the command line that runs a recipe with this config, quoted for a shell.

    Flags that have their default values are omitted.

    Args:
        recipe: name of the recipe.
        config: the flags of the run and of the data.
    """
    flags: list[str] = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.name in ("resume", "output_dir") or value == field.default:
            continue
        name = ("--no-" if value is False else "--") + field.name.replace("_", "-")
        values = [] if isinstance(value, bool) else value if isinstance(value, (tuple, list)) else [value]
        flags += [name, *map(str, values)]
    return shlex.join(["kerasnlp-zoo", "train", recipe, *flags])


def _tensorboard(folder: Path) -> list[keras.callbacks.Callback]:
    """Return the callback that writes TensorBoard logs, in a list; an empty list if TensorBoard is not installed."""
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        print('TensorBoard logs are not written. To write them: pip install "kerasnlp-zoo[recipes]"', file=sys.stderr)
        return []
    return [keras.callbacks.TensorBoard(folder / "tensorboard", write_graph=False)]
