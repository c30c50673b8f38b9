"""Learning rates that change from step to step."""

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_positive


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class WarmupLinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Rise in equal steps to the peak, then fall in equal steps to 0.

    Args:
        peak: float, the highest learning rate.
        warmup_steps: int >= 0, steps until it is reached.
        total_steps: int, steps until it is 0.

    Raises:
        InputError: if `warmup_steps` is not below `total_steps`.

    Example:

    >>> schedule = WarmupLinearDecay(peak=1.0, warmup_steps=2, total_steps=6)
    >>> [round(float(schedule(step)), 2) for step in range(7)]
    [0.5, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0]

    Reference: Devlin et al. 2019, appendix A.2.
    """

    def __init__(self, peak, warmup_steps, total_steps):
        if not 0 <= warmup_steps < total_steps:
            raise InputError(
                "The learning rate rises for fewer steps than there are. "
                f"Received: warmup_steps={warmup_steps}, total_steps={total_steps}"
            )
        self.peak, self.warmup_steps, self.total_steps = peak, warmup_steps, total_steps

    def __call__(self, step):
        """Return the learning rate of a step, counted from 0."""
        step = ops.cast(step, "float32")
        rising = (step + 1) / max(self.warmup_steps, 1)  # the first step already trains
        falling = (self.total_steps - step) / (self.total_steps - self.warmup_steps)
        return self.peak * ops.clip(ops.minimum(rising, falling), 0.0, 1.0)

    def get_config(self):
        """Return the arguments that rebuild this schedule."""
        return {"peak": self.peak, "warmup_steps": self.warmup_steps, "total_steps": self.total_steps}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class WarmupInverseSquareRoot(keras.optimizers.schedules.LearningRateSchedule):
    """Rise in equal steps to the peak, then fall with the square root of the steps.

    The paper's schedule for vectors of width D is that of `peak=(D * warmup_steps) ** -0.5`.

    Args:
        peak: float, the highest learning rate.
        warmup_steps: int >= 1, steps until it is reached.

    Raises:
        InputError: if `warmup_steps` is not positive.

    Example:

    >>> schedule = WarmupInverseSquareRoot(peak=1.0, warmup_steps=4)
    >>> [round(float(schedule(step)), 2) for step in (0, 1, 3, 15)]
    [0.25, 0.5, 1.0, 0.5]

    Reference: Vaswani et al. 2017, equation 3.
    """

    def __init__(self, peak, warmup_steps):
        require_positive(warmup_steps=warmup_steps)
        self.peak, self.warmup_steps = peak, warmup_steps

    def __call__(self, step):
        """Return the learning rate of a step, counted from 0."""
        step = (ops.cast(step, "float32") + 1) / self.warmup_steps
        return self.peak * ops.minimum(step, ops.rsqrt(step))

    def get_config(self):
        """Return the arguments that rebuild this schedule."""
        return {"peak": self.peak, "warmup_steps": self.warmup_steps}
