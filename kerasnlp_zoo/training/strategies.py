"""Where a model is trained: one device, or the same model on several with gradients added up."""

import functools

import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_choice

STRATEGIES = ("auto", "none", "mirrored")


def make_strategy(name):
    """Return the `tf.distribute` strategy of that name.

    Args:
        name: "none" for one device; "mirrored" for all GPUs of this machine, or for its logical CPU
            devices when it has no GPU; "auto" for mirrored with two GPUs or more, else none.

    Returns:
        `tf.distribute.Strategy`.

    Raises:
        InputError: if "mirrored" finds only one device.

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
            "Strategy 'mirrored' trains on several devices of one machine. Expected 2 GPUs or more. "
            f"Received: {', '.join(devices)}. Use --strategy none, or split the CPU for a trial with "
            "tf.config.set_logical_device_configuration"
        )
    return _mirrored(devices)


@functools.cache
def _mirrored(devices):
    """Return the one strategy of this process: a second one numbers its collectives alike, and they collide."""
    return tf.distribute.MirroredStrategy(devices)
