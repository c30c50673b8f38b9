"""Two logical CPU devices for every test, so that replicas are tried without a GPU; one seed; shared processes."""

import contextlib

import hypothesis
import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.tasks import export, litert, onnx, speed
from kerasnlp_zoo.zoo.hub import forget
from tests.hub_stand_in import TOKEN, StandIn
from tests.memory import freeze_objects
from tests.small_data import write_reviews

# The same examples in every run: a failure can be repeated.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=60)
hypothesis.settings.load_profile("repeatable")

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration() for _ in range(2)])


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="module", autouse=True)
def frozen_objects():
    freeze_objects()


@pytest.fixture(scope="session", autouse=True)
def few_timed_sentences():
    """Measure the time per sentence on few sentences, because its precision is not tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speed, "TIMED_SENTENCES", 5)
        yield


@pytest.fixture(scope="session", autouse=True)
def shared_processes():
    """Check all exports of a test worker in one process of each kind, because TensorFlow takes seconds to import.

    A process answers from files alone, so that it can answer any number of exports.
    test_export.py checks exports in a new process each, as users do.
    """
    processes = {}

    def shared(start):
        def process(modules=()):
            key = start.__name__, modules
            if key not in processes:
                processes[key] = start(*[modules] * bool(modules))
            return contextlib.nullcontext(processes[key])

        process.start = start
        return process

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "serving_process", shared(export.serving_process))
        patch.setattr(litert, "interpreter_process", shared(litert.interpreter_process))
        patch.setattr(onnx, "runtime_process", shared(onnx.runtime_process))
        yield
    for process in processes.values():
        process.close()


@pytest.fixture
def new_processes(monkeypatch):
    """Check each export in a new process, as outside of the tests."""
    monkeypatch.setattr(export, "serving_process", export.serving_process.start)
    monkeypatch.setattr(litert, "interpreter_process", litert.interpreter_process.start)
    monkeypatch.setattr(onnx, "runtime_process", onnx.runtime_process.start)


@pytest.fixture
def reviews_csv(tmp_path):
    return write_reviews(tmp_path)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A stand-in of the Hugging Face Hub, which this process uses with empty caches and the token of a member."""
    pytest.importorskip("huggingface_hub", reason="the extra hub is not installed")
    stand_in = StandIn()
    template = stand_in.url + "/{repo_id}/resolve/{revision}/{filename}"
    settings = {
        "ENDPOINT": stand_in.url,
        "HUGGINGFACE_CO_URL_TEMPLATE": template,
        "HF_HUB_CACHE": str(tmp_path / "hub_cache"),
        "HF_HUB_DISABLE_XET": True,
        "HF_HUB_OFFLINE": False,
    }
    for name, value in settings.items():
        monkeypatch.setattr(f"huggingface_hub.constants.{name}", value)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KERASNLP_ZOO_LOCK", raising=False)
    forget()
    yield stand_in
    forget()
    stand_in.close()


@pytest.fixture
def random():
    return np.random.default_rng(0)
