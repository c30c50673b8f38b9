"""The devices that a model is trained on: one device, or several devices with a copy of the model each."""

import functools
from typing import Literal, TypeAlias, get_args

import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_choice

StrategyName: TypeAlias = Literal["auto", "none", "mirrored"]
STRATEGIES: tuple[str, ...] = get_args(StrategyName)


def make_strategy(name: StrategyName) -> tf.distribute.Strategy:
    """Return the `tf.distribute` strategy of that name.

    Args:
        name: "none" uses one device. "mirrored" uses all GPUs of this machine, or its logical CPU devices if
            it has no GPU. "auto" is "mirrored" on two or more GPUs and "none" otherwise.

    Raises:
        InputError: if the name is unknown, or if "mirrored" finds only one device.

    Example:

    >>> make_strategy("none").num_replicas_in_sync
    1
    """
    require_choice("strategy", name, STRATEGIES)
    gpus = tf.config.list_logical_devices("GPU")
    if name == "none" or (name == "auto" and len(gpus) < 2):
        return tf.distribute.get_strategy()
    devices = tuple(device.name for device in gpus or tf.config.list_logical_devices("CPU"))
    if len(devices) < 2:
        raise InputError(
            "Strategy 'mirrored' trains on several devices of one machine. Expected at least 2 GPUs. "
            f"Received: {', '.join(devices)}. Use --strategy none, or split the CPU for a test with "
            "tf.config.set_logical_device_configuration"
        )
    return _mirrored(devices)


@functools.cache
def _mirrored(devices: tuple[str, ...]) -> tf.distribute.Strategy:
    """Return the only strategy of this process. The collective keys of a second strategy would collide with its own."""
    return tf.distribute.MirroredStrategy(devices)
