import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training import strategies
from kerasnlp_zoo.training.strategies import make_strategy


def devices(monkeypatch, gpus, cpus=1):
    found = {"GPU": [f"GPU:{n}" for n in range(gpus)], "CPU": [f"CPU:{n}" for n in range(cpus)]}
    named = {kind: [tf.config.LogicalDevice(name, kind) for name in names] for kind, names in found.items()}
    monkeypatch.setattr(strategies.tf.config, "list_logical_devices", named.get)
    monkeypatch.setattr(strategies, "_mirrored", lambda devices: devices)


@pytest.mark.parametrize("gpus", [0, 1])
def test_auto_uses_one_device_without_two_gpus(gpus, monkeypatch):
    devices(monkeypatch, gpus, cpus=4)
    assert make_strategy("auto") is tf.distribute.get_strategy()


def test_auto_uses_all_gpus(monkeypatch):
    devices(monkeypatch, gpus=3)
    assert make_strategy("auto") == ("GPU:0", "GPU:1", "GPU:2")


def test_mirrored_without_a_second_device_is_refused(monkeypatch):
    devices(monkeypatch, gpus=1)
    with pytest.raises(InputError, match="Received: GPU:0"):
        make_strategy("mirrored")


def test_mirrored_is_one_object_per_process():
    strategy = make_strategy("mirrored")
    assert strategy.num_replicas_in_sync == 2
    assert make_strategy("mirrored") is strategy


def test_an_unknown_strategy_is_refused():
    with pytest.raises(InputError, match="'auto', 'none', 'mirrored'"):
        make_strategy("tpu")
