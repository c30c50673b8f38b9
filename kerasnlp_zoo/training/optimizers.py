"""The flags of every recipe that trains a network: optimizer, learning rate schedule, clipping, decay and smoothing."""

import dataclasses
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import keras

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.objectives.gradient_norm import MeasuresGradient
from kerasnlp_zoo.objectives.lazy_adam import LazyAdam
from kerasnlp_zoo.objectives.losses import ElementLoss, SmoothedCrossEntropy, cross_entropy
from kerasnlp_zoo.training.schedules import (
    WarmupConstant,
    WarmupCosineDecay,
    WarmupInverseSquareRoot,
    WarmupLinearDecay,
)

OptimizerName: TypeAlias = Literal["lazy_adam", "adam", "adamw", "rmsprop", "momentum", "sgd"]
ScheduleName: TypeAlias = Literal["constant", "linear", "cosine", "inverse_square_root"]
LearningRate: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule

ADAMW_DECAY = 0.01  # as in Loshchilov and Hutter's code and in PyTorch
MOMENTUM = 0.9
NOT_DECAYED = ("bias", "gamma", "beta", "embeddings")


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class Adam(MeasuresGradient, keras.optimizers.Adam):
    """`keras.optimizers.Adam` that measures the norm of the gradient."""


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class RMSprop(MeasuresGradient, keras.optimizers.RMSprop):
    """`keras.optimizers.RMSprop` that measures the norm of the gradient."""


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class SGD(MeasuresGradient, keras.optimizers.SGD):
    """`keras.optimizers.SGD` that measures the norm of the gradient."""


ADAMS: dict[str, Callable[..., keras.optimizers.Optimizer]] = {"lazy_adam": LazyAdam, "adam": Adam, "adamw": Adam}
OTHERS: dict[str, Callable[..., keras.optimizers.Optimizer]] = {"rmsprop": RMSprop, "momentum": SGD, "sgd": SGD}


@dataclasses.dataclass
class OptimizerOptions:
    """The flags that decide how the weights are updated. A recipe sets its own defaults."""

    learning_rate: float = 1e-3
    """Maximum learning rate."""
    optimizer: OptimizerName = "lazy_adam"
    """lazy_adam: Adam that updates only the vectors of the words in a batch. adamw: Adam with a weight decay of 0.01.
    momentum: SGD with momentum 0.9. rmsprop, momentum and sgd need other learning rates than Adam."""
    schedule: ScheduleName = "constant"
    """Learning rate after the warm-up: constant; linear or cosine, decreasing to 0 over --epochs; or
    inverse_square_root of the number of steps, as in the Transformer paper."""
    warmup_steps: float = 0
    """Number of steps in which the learning rate increases to its maximum; a number below 1 is a share of all
    steps."""
    clip_norm: float | None = None
    """Maximum norm of the gradient of all weights together. Default: no limit."""
    weight_decay: float | None = None
    """Weight decay of the kernels, relative to the learning rate; biases and embeddings do not decay. Default: 0.01
    for adamw, otherwise none."""
    accumulate_steps: int = 1
    """Number of batches whose gradients are averaged for one step: a larger effective batch size with the same
    memory."""
    label_smoothing: float = 0.0
    """Share of the target probability that is distributed over all classes."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined."""
        require_positive(accumulate_steps=self.accumulate_steps)
        is_share_or_whole = self.warmup_steps < 1 or float(self.warmup_steps).is_integer()
        for name, is_valid, expected in (
            ("learning_rate", self.learning_rate >= 0, "a number of at least 0"),
            ("warmup_steps", self.warmup_steps >= 0 and is_share_or_whole, "a whole number, or a share in [0, 1)"),
            ("clip_norm", self.clip_norm is None or self.clip_norm > 0, "a positive number; omit it for no limit"),
            ("weight_decay", self.weight_decay is None or self.weight_decay >= 0, "a number of at least 0"),
            ("label_smoothing", 0 <= self.label_smoothing < 1, "a number in [0, 1)"),
        ):
            if not is_valid:
                flag = "--" + name.replace("_", "-")
                raise InputError(f"{flag} must be {expected}. Received: {flag} {getattr(self, name)}")
        if self.schedule == "inverse_square_root" and not self.warmup_steps:
            raise InputError("--schedule inverse_square_root needs --warmup-steps of at least 1. Received: 0")

    def make_schedule(self, total_steps: int) -> LearningRate:
        """Return the learning rate of every step of a run of `total_steps` steps."""
        warmup = int(self.warmup_steps if self.warmup_steps >= 1 else self.warmup_steps * total_steps)
        if self.schedule == "inverse_square_root":
            return WarmupInverseSquareRoot(self.learning_rate, max(warmup, 1))
        warmup = min(warmup, total_steps // 2)  # a short run also reaches the maximum and decreases
        if self.schedule == "constant":
            return WarmupConstant(self.learning_rate, warmup) if warmup else self.learning_rate
        decay = {"linear": WarmupLinearDecay, "cosine": WarmupCosineDecay}[self.schedule]
        return decay(self.learning_rate, warmup, total_steps)

    def make_optimizer(self, total_steps: int, **of_adam: Any) -> keras.optimizers.Optimizer:
        """Return the optimizer of a run.

        Args:
            total_steps: number of batches of all epochs, for the schedule.
            **of_adam: arguments of Adam, such as `beta_2`; other optimizers ignore them.

        Example:

        >>> optimizer = OptimizerOptions(optimizer="adamw", schedule="cosine").make_optimizer(total_steps=100)
        >>> type(optimizer).__name__, optimizer.weight_decay, round(float(optimizer.learning_rate), 6)
        ('Adam', 0.01, 0.001)

        References: Kingma and Ba 2015; Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization"; the weights
            without decay are those of the code of Devlin et al. 2019.
        """
        decay = ADAMW_DECAY if self.weight_decay is None and self.optimizer == "adamw" else self.weight_decay
        own: dict[str, Any] = of_adam if self.optimizer in ADAMS else {}
        if self.optimizer == "momentum":
            own = {"momentum": MOMENTUM}
        optimizer = {**ADAMS, **OTHERS}[self.optimizer](
            self.make_schedule(max(1, total_steps // self.accumulate_steps)),
            weight_decay=decay or None,
            global_clipnorm=self.clip_norm,
            gradient_accumulation_steps=self.accumulate_steps if self.accumulate_steps > 1 else None,
            **own,
        )
        if decay:
            optimizer.exclude_from_weight_decay(var_names=list(NOT_DECAYED))
        return optimizer

    def smoothed_cross_entropy(self) -> ElementLoss:
        """Return cross entropy with the label smoothing of the flags."""
        return SmoothedCrossEntropy(self.label_smoothing) if self.label_smoothing else cross_entropy

    def refuse_label_smoothing(self, reason: str) -> None:
        """Raise InputError if labels are smoothed, for a loss without classes."""
        if self.label_smoothing:
            raise InputError(
                f"--label-smoothing cannot be used here: {reason}. Received: --label-smoothing {self.label_smoothing}. "
                "Omit it"
            )
