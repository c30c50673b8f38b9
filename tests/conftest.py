"""Two logical CPU devices for every test, so that replicas can be tried without a GPU."""

import numpy as np
import pytest
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration() for _ in range(2)])


@pytest.fixture
def reviews_csv(tmp_path):
    """A small file of labelled sentences, enough of each class to hold some out."""
    rows = [f'"{opinion} {thing}",{label}' for opinion, label in OPINIONS for thing in THINGS]
    path = tmp_path / "reviews.csv"
    path.write_text("text,label\n" + "\n".join(rows) + "\n", "utf-8")
    return path


OPINIONS = [(words, "positive") for words in ("a wonderful", "a gripping", "I loved this", "such a lovely")]
OPINIONS += [(words, "negative") for words in ("a dull", "a clumsy", "I hated this", "such a boring")]
THINGS = [
    "film",
    "story",
    "cast",
    "ending",
    "script",
    "plot, again",
    "picture",
    "song",
    "scene",
    "hero",
    "idea",
    "joke",
]


@pytest.fixture
def random():
    return np.random.default_rng(0)
