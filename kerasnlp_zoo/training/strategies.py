"""The devices that a model is trained on: one device, or several, also of several machines, with a copy each."""

import functools
from typing import Literal, TypeAlias, get_args

import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.training.cluster import find_cluster, refuse_unused_cluster
from kerasnlp_zoo.training.keras_multi_worker import MultiWorkerStrategy
from kerasnlp_zoo.training.rendezvous import meet

StrategyName: TypeAlias = Literal["auto", "none", "mirrored", "multi_worker"]
STRATEGIES: tuple[str, ...] = get_args(StrategyName)


def make_strategy(name: StrategyName) -> tf.distribute.Strategy:
    """Return the `tf.distribute` strategy of that name.

    Args:
        name: "none" uses one device. "mirrored" uses all GPUs of this machine, or its logical CPU devices if
            it has no GPU. "auto" is "mirrored" on two or more GPUs and "none" otherwise. "multi_worker" uses the
            devices of all processes of a cluster, and waits until all of them have started.

    Raises:
        InputError: if the name is unknown, if "mirrored" finds only one device, if "multi_worker" finds no cluster or a
            worker does not start, or if TF_CONFIG describes a cluster for another strategy.

    Example:

    >>> make_strategy("none").num_replicas_in_sync
    1
    """
    require_choice("strategy", name, STRATEGIES)
    if name == "multi_worker":
        return _multi_worker()
    refuse_unused_cluster(f"--strategy {name}")
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
def _multi_worker() -> MultiWorkerStrategy:
    """Return the only strategy of this process over a cluster. TensorFlow must not have started before."""
    cluster = find_cluster()
    meet(cluster.addresses, cluster.index)
    return MultiWorkerStrategy(cluster)


@functools.cache
def _mirrored(devices: tuple[str, ...]) -> tf.distribute.Strategy:
    """Return the only strategy of this process. The collective keys of a second strategy would collide with its own."""
    return tf.distribute.MirroredStrategy(devices)
