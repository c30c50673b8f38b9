"""The frame of a run: flags, devices, callbacks, and everything a run leaves behind."""

import contextlib
import dataclasses
import datetime
import functools
import json
import os
import platform
import shlex
import shutil
import sys
import time
import warnings
from pathlib import Path
from typing import Literal

import keras
import tensorflow as tf

from kerasnlp_zoo import files, plots
from kerasnlp_zoo.datasets.options import DataOptions
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.text.batches import EpochNumber
from kerasnlp_zoo.training.callbacks import EpochBackup, EpochSeed, HistoryFile, KeepBest, StopOnDivergence
from kerasnlp_zoo.training.strategies import make_strategy
from kerasnlp_zoo.versions import versions

SMOKE_EPOCHS = 2
STATE = "state"  # folder inside a run's, there until the run is finished


@dataclasses.dataclass
class RunOptions:
    """The flags every recipe has, beside those that choose the data."""

    epochs: int = 20
    """Most passes over the training data."""
    strategy: Literal["auto", "none", "mirrored"] = "auto"
    """Devices: auto takes all GPUs of this machine, mirrored insists on several, none takes one device."""
    seed: int = 1
    """Decides weights, shuffling and dropout."""
    resume: bool = False
    """Continue the interrupted run in the output folder where its last whole epoch ended."""
    output_dir: Path | None = None
    """Folder for everything the run leaves behind; by default runs/<recipe>_<data set>, numbered."""

    mixed_precision = "none"  # no flags here, but of those recipes that can
    deterministic = False

    def check(self, replicas):
        """Refuse flags that cannot go together, given the number of replicas."""
        require_positive(epochs=self.epochs)


@dataclasses.dataclass
class ModelRunOptions(RunOptions):
    """The flags of recipes that train a Keras model batch by batch."""

    batch_size: int = 50
    """Texts in a batch, over all replicas together."""
    mixed_precision: Literal["none", "float16", "bfloat16"] = "none"
    """Compute in half precision, with weights and losses in float32."""
    jit: bool = False
    """Compile the model with XLA; not together with several replicas or --deterministic."""
    deterministic: bool = False
    """Give bit-equal results on a GPU too, at some cost in speed."""

    def check(self, replicas):
        """Refuse flags that cannot go together, given the number of replicas."""
        super().check(replicas)
        require_positive(batch_size=self.batch_size)
        if self.jit and self.deterministic:
            raise InputError(
                "--jit and --deterministic exclude each other: TensorFlow's deterministic kernels do not reach into "
                "XLA. Leave one out"
            )
        if self.jit and replicas > 1:
            raise InputError(
                f"--jit cannot be used with {replicas} replicas: XLA cannot reach variables of another device. "
                "Use --strategy none, or leave out --jit"
            )
        if self.batch_size % replicas:
            raise InputError(
                f"--batch-size {self.batch_size} cannot be shared equally by {replicas} replicas: "
                f"use {self.batch_size // replicas * replicas or replicas} or another multiple of {replicas}"
            )


@dataclasses.dataclass
class RunConfig(ModelRunOptions, DataOptions):
    """The flags of recipes that train on labelled texts."""

    patience: int = 3
    """Epochs without a better validation score before training stops."""

    def check(self, replicas):
        """Refuse flags that cannot go together, given the number of replicas."""
        super().check(replicas)
        require_positive(patience=self.patience)


class Run:
    """One training run: from flags to an output folder.

    The folder holds history.csv, metrics.json, pictures of both, logs for TensorBoard, `export/`
    (SavedModel) and `entry/` (for `zoo.load`).

    Args:
        recipe: name of the recipe, such as "text_cnn".
        config: RunOptions, with the options of its data.
        fold: int, which fold of a cross-validation this run is; None for an ordinary run.

    Raises:
        InputError: for flags that cannot go together, or an output folder that is in use or not writable.
    """

    def __init__(self, recipe, config, fold=None):
        self.started = time.time()
        self.recipe = recipe
        self.config = config
        self.fold = fold
        plots.require_matplotlib()
        self.strategy = make_strategy(config.strategy)
        config.check(self.strategy.num_replicas_in_sync)
        self.folder = output_folder(recipe, config)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"Cannot write to the output folder {self.folder}: {error}. Use another --output-dir"
            ) from error
        if config.deterministic:
            tf.config.experimental.enable_op_determinism()
        self.history = HistoryFile(self.folder / "history.csv")

    @contextlib.contextmanager
    def scope(self):
        """Build and compile the model in here: on the chosen devices, in the chosen precision, from the seed."""
        # Only now: preparing a data set draws from the global generators that initial weights are drawn from.
        keras.utils.set_random_seed(self.config.seed)
        before = keras.config.dtype_policy()
        if self.config.mixed_precision != "none":
            keras.config.set_dtype_policy(f"mixed_{self.config.mixed_precision}")
        try:
            with self.strategy.scope():
                yield
        finally:
            keras.config.set_dtype_policy(before)

    def fit(self, task, train, validation, monitor="val_cross_entropy"):
        """Train until the validation score stops improving; end with the best weights.

        Args:
            task: Task whose model is compiled.
            train, validation: `Split`.
            monitor: column of history.csv that chooses the best epoch; the higher the better for
                val_accuracy, else the lower.

        Returns:
            dict, the history row of the best epoch.

        Raises:
            InputError: if the run being resumed had other flags.
            KeyboardInterrupt: after telling how to resume.
        """
        config = self.config
        mode = "max" if monitor == "val_accuracy" else "min"
        best = KeepBest(self.history, self.state / "best.safetensors", monitor, mode, config.patience)
        self.train(
            task.model,
            task.dataset(train.texts, train.labels, config.batch_size, training=True, seed=config.seed),
            [self.history, best],
            finished=best.out_of_patience,
            validation_data=task.dataset(validation.texts, validation.labels, config.batch_size),
        )
        return best.best_row()

    def train(self, model, dataset, callbacks, finished=lambda epoch: False, uniform_loss=None, **arguments):
        """Fit a model so that the run can be interrupted and goes on with --resume after its last whole epoch.

        Args:
            model: compiled `keras.Model`.
            dataset: `tf.data.Dataset`, in its own order.
            callbacks: list of Keras callbacks, before those that save and log.
            finished: function of an epoch, whether training had stopped after it.
            uniform_loss: float, the loss of a model that knows nothing, far above which training stops; None to
                stop only when the loss is no finite number.
            **arguments: what else `model.fit` takes.

        Raises:
            InputError: if the run being resumed had other flags, or the loss explodes.
            KeyboardInterrupt: after telling how to resume.
        """
        epochs = self.epochs
        self._remember_flags()
        backup, exploded = EpochBackup(self.state), StopOnDivergence(uniform_loss)
        first_epoch = backup.restore(model)
        if finished(first_epoch - 1):
            first_epoch = epochs
        if first_epoch:
            print(f"Resuming after epoch {first_epoch} of at most {epochs}")
        # Keras warns of a data set without known length at the end of every epoch.
        warnings.filterwarnings("ignore", message="Your input ran out of data")
        try:
            model.fit(
                dataset,
                epochs=epochs,
                initial_epoch=first_epoch,
                callbacks=[EpochSeed(self.config.seed), exploded, *callbacks, backup, *_tensorboard(self.folder)],
                shuffle=False,
                verbose=1 if sys.stdout.isatty() else 2,
                **arguments,
            )
        except KeyboardInterrupt:
            again = f"{self.command()} --resume --output-dir {shlex.quote(str(self.folder))}"
            print(f"\nInterrupted. Continue with: {again}", file=sys.stderr)
            raise
        finally:
            EpochNumber.value = None

    @property
    def epochs(self):
        """Most epochs of this run."""
        return SMOKE_EPOCHS if self.config.smoke else self.config.epochs

    @functools.cached_property
    def state(self):
        """The folder of what resuming needs."""
        folder = self.folder / STATE
        folder.mkdir(exist_ok=True)
        return folder

    def command(self):
        """Return the command line that repeats this run."""
        return command_line(self.recipe, self.config)

    def describe(self, metrics):
        """Add to a task's figures what is needed to repeat them.

        Args:
            metrics: dict.

        Returns:
            dict, what metrics.json is to hold.
        """
        return {
            "recipe": self.recipe,
            "dataset": self.config.data_name(),
            **metrics,
            "seconds": round(time.time() - self.started, 1),
            "seed": self.config.seed,
            "command": self.command(),
            "versions": versions(),
            "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores, "
            f"{len(tf.config.list_physical_devices('GPU'))} GPUs",
            "date": datetime.date.today().isoformat(),
        }

    def finish(self, metrics):
        """Write metrics.json, the last thing a run does, and drop the state for resuming."""
        files.write_json(self.folder / "metrics.json", metrics)
        shutil.rmtree(self.state)

    def _remember_flags(self):
        """Write the flags into the state; when resuming, refuse others, which would mix two runs."""
        path = self.state / "flags.json"
        flags = {
            "--" + field.name.replace("_", "-"): str(getattr(self.config, field.name))
            for field in dataclasses.fields(self.config)
            if field.name not in ("resume", "output_dir", "epochs", "patience")
        }
        if path.exists():
            before = json.loads(path.read_text("utf-8"))
            changed = [
                f"{n} {before.get(n)} (now {flags.get(n)})" for n in flags | before if flags.get(n) != before.get(n)
            ]
            if changed:
                raise InputError(
                    f"A run is resumed with its own flags. Expected for {self.folder}: {', '.join(changed)}. "
                    "Only --epochs and --patience may change; start a new run for other flags"
                )
        files.write_json(path, flags)


def output_folder(recipe, config):
    """Choose where a run writes: a new folder, or with --resume the interrupted one.

    Args:
        recipe: name of the recipe.
        config: RunOptions, with the options of its data.

    Returns:
        Path.

    Raises:
        InputError: if the chosen folder holds a run already, or there is none to resume.
    """
    chosen = config.output_dir
    base = chosen or Path("runs", f"{recipe}_{config.data_name()}")
    numbered = [base] if chosen else [base, *(base.with_name(f"{base.name}-{n}") for n in range(2, 1000))]
    taken = [folder for folder in numbered if folder.exists() and any(folder.iterdir())]
    if config.resume:
        if not taken or not any((taken[-1] / name).exists() for name in (STATE, "fold-1", "seed-1")):
            raise InputError(f"There is no interrupted run to resume in {taken[-1] if taken else base}")
        return taken[-1]
    if chosen and taken:
        raise InputError(
            f"The output folder {chosen} already holds a run. Use --resume to continue it, or another --output-dir"
        )
    return next(folder for folder in numbered if folder not in taken)


def command_line(recipe, config):
    """Return the command line that gives a recipe this config.

    Args:
        recipe: name of the recipe.
        config: RunOptions, with the options of its data.

    Returns:
        str, quoted for a shell; flags that have their defaults are left out.
    """
    flags = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.name in ("resume", "output_dir") or value == field.default:
            continue
        name = "--" + field.name.replace("_", "-")
        values = [] if value is True else value if isinstance(value, (tuple, list)) else [value]
        flags += [name, *map(str, values)]
    return shlex.join(["kerasnlp-zoo", "train", recipe, *flags])


def _tensorboard(folder):
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        print('No TensorBoard logs: pip install "kerasnlp-zoo[recipes]" to have them', file=sys.stderr)
        return []
    return [keras.callbacks.TensorBoard(folder / "tensorboard", write_graph=False)]
