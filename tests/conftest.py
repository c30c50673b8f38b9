"""Two logical CPU devices for every test, so that replicas can be tried without a GPU; one seed for all."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.small_data import write_reviews

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration() for _ in range(2)])


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


@pytest.fixture
def reviews_csv(tmp_path):
    return write_reviews(tmp_path)


@pytest.fixture
def random():
    return np.random.default_rng(0)
