"""The flags of every run, and the command line that they make."""

import dataclasses
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kerasnlp_zoo.datasets.options import DataOptions
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.flags import PathFlags
from kerasnlp_zoo.training.optimizers import OptimizerOptions
from kerasnlp_zoo.training.strategies import StrategyName


@dataclasses.dataclass
class RunOptions(PathFlags):
    """The flags of every recipe. A recipe combines them with the flags of its data.

    `smoke` and `data_name()` come from the flags of the data, such as `DataOptions`.
    """

    epochs: int = 20
    """Maximum number of passes over the training data."""
    strategy: StrategyName = "auto"
    """auto: all GPUs of this machine. none: one device. mirrored: a copy of the model on each of at least two
    devices. multi_worker: all devices of several processes or machines, which TF_CONFIG or Slurm describes."""
    seed: int = 1
    """Random seed for the initial weights, shuffling and dropout."""
    resume: bool = False
    """Continue the interrupted run in the output folder after its last complete epoch, or after its last saved step
    (--save-steps)."""
    output_dir: Path | None = None
    """Output folder. Default: runs/<recipe>_<dataset>, with a number if that folder is in use."""

    mixed_precision = "none"  # not flags here; recipes that support them define flags for these two
    deterministic = False
    save_steps: int | None = None
    """Also save the state after every N steps within an epoch; --resume then continues there. Default: only after each
    epoch."""
    is_trial = False  # no flag: `kerasnlp-zoo tune` sets it; the run ends with its validation score

    if TYPE_CHECKING:
        smoke: bool = False

        def data_name(self) -> str:
            """Return the name of the data as part of a file name."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        require_positive(epochs=self.epochs, save_steps=1 if self.save_steps is None else self.save_steps)


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
        if self.mixed_precision == "float16" and self.strategy == "multi_worker":
            raise InputError(
                "--mixed-precision float16 cannot be used with --strategy multi_worker: each worker would decide alone "
                "to skip a step whose gradient is not finite. Use --mixed-precision bfloat16, which skips no steps"
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
