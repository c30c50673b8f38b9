"""Learning rate schedules."""

import math

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.types import Config, Tensor


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class WarmupLinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Increase the learning rate linearly to the peak, then decrease it linearly to 0.

    Args:
        peak: the highest learning rate.
        warmup_steps: steps until the peak (>= 0).
        total_steps: steps until the learning rate is 0.

    Raises:
        InputError: if `warmup_steps` is not below `total_steps`.

    Example:

    >>> schedule = WarmupLinearDecay(peak=1.0, warmup_steps=2, total_steps=6)
    >>> [round(float(schedule(step)), 2) for step in range(7)]
    [0.5, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0]

    Reference: Devlin et al. 2019, appendix A.2.
    """

    def __init__(self, peak: float, warmup_steps: int, total_steps: int) -> None:
        if not 0 <= warmup_steps < total_steps:
            raise InputError(
                "Expected 0 <= warmup_steps < total_steps. "
                f"Received: warmup_steps={warmup_steps}, total_steps={total_steps}"
            )
        self.peak, self.warmup_steps, self.total_steps = peak, warmup_steps, total_steps

    def __call__(self, step: Tensor | int) -> Tensor:
        """Return the learning rate of a step, counted from 0."""
        step = ops.cast(step, "float32")
        rising = (step + 1) / max(self.warmup_steps, 1)  # the first step already trains
        falling = (self.total_steps - step) / (self.total_steps - self.warmup_steps)
        return self.peak * ops.clip(ops.minimum(rising, falling), 0.0, 1.0)

    def get_config(self) -> Config:
        """Return the arguments that rebuild this schedule."""
        return {"peak": self.peak, "warmup_steps": self.warmup_steps, "total_steps": self.total_steps}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class WarmupCosineDecay(WarmupLinearDecay):
    """Increase the learning rate linearly to the peak, then decrease it to 0 along half a cosine.

    Args:
        peak: the highest learning rate.
        warmup_steps: steps until the peak (>= 0).
        total_steps: steps until the learning rate is 0.

    Raises:
        InputError: if `warmup_steps` is not below `total_steps`.

    Example:

    >>> schedule = WarmupCosineDecay(peak=1.0, warmup_steps=2, total_steps=6)
    >>> [round(float(schedule(step)), 2) for step in range(7)]
    [0.5, 1.0, 1.0, 0.85, 0.5, 0.15, 0.0]

    Reference: Loshchilov and Hutter 2017, "SGDR: Stochastic Gradient Descent with Warm Restarts", equation 5.
    """

    def __call__(self, step: Tensor | int) -> Tensor:
        """Return the learning rate of a step, counted from 0."""
        step = ops.cast(step, "float32")
        rising = ops.minimum((step + 1) / max(self.warmup_steps, 1), 1.0)
        done = ops.clip((step - self.warmup_steps) / (self.total_steps - self.warmup_steps), 0.0, 1.0)
        return self.peak * ops.minimum(rising, (1 + ops.cos(math.pi * done)) / 2)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class WarmupConstant(keras.optimizers.schedules.LearningRateSchedule):
    """Increase the learning rate linearly to the peak, then keep it.

    Args:
        peak: the highest learning rate.
        warmup_steps: steps until the peak (>= 1).

    Raises:
        InputError: if `warmup_steps` is not positive.

    Example:

    >>> schedule = WarmupConstant(peak=1.0, warmup_steps=4)
    >>> [float(schedule(step)) for step in (0, 1, 3, 15)]
    [0.25, 0.5, 1.0, 1.0]
    """

    def __init__(self, peak: float, warmup_steps: int) -> None:
        require_positive(warmup_steps=warmup_steps)
        self.peak, self.warmup_steps = peak, warmup_steps

    def __call__(self, step: Tensor | int) -> Tensor:
        """Return the learning rate of a step, counted from 0."""
        return self.peak * ops.minimum((ops.cast(step, "float32") + 1) / self.warmup_steps, 1.0)

    def get_config(self) -> Config:
        """Return the arguments that rebuild this schedule."""
        return {"peak": self.peak, "warmup_steps": self.warmup_steps}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class WarmupInverseSquareRoot(WarmupConstant):
    """Increase the learning rate linearly to the peak, then decrease it with the inverse square root of the step.

    The paper's schedule for hidden size D has `peak=(D * warmup_steps) ** -0.5`.

    Args:
        peak: the highest learning rate.
        warmup_steps: steps until the peak (>= 1).

    Raises:
        InputError: if `warmup_steps` is not positive.

    Example:

    >>> schedule = WarmupInverseSquareRoot(peak=1.0, warmup_steps=4)
    >>> [round(float(schedule(step)), 2) for step in (0, 1, 3, 15)]
    [0.25, 0.5, 1.0, 0.5]

    Reference: Vaswani et al. 2017, equation 3.
    """

    def __call__(self, step: Tensor | int) -> Tensor:
        """Return the learning rate of a step, counted from 0."""
        step = (ops.cast(step, "float32") + 1) / self.warmup_steps
        return self.peak * ops.minimum(step, ops.rsqrt(step))
