"""After the first epoch, one line says how fast the input is."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.training.input_speed import InputSpeed, read_alone

IDS = np.array([[4, 8, 15], [16, 0, 0], [23, 42, 0], [1, 1, 1]])


@pytest.mark.parametrize(
    ("inputs", "padding"),
    [
        (IDS, 3 / 12),
        ({"token_ids": IDS, "segment_ids": np.zeros_like(IDS)}, 3 / 12),
        ({"source_ids": IDS, "target_ids": IDS[:, :1]}, 3 / 16),
        ({"words": np.zeros(4)}, 0),
    ],
)
def test_padding_is_counted_in_token_ids_only(inputs, padding):
    dataset = tf.data.Dataset.from_tensor_slices((inputs, np.zeros(4))).batch(2)
    speed, share = read_alone(dataset, seconds=10)
    assert share == pytest.approx(padding)
    assert speed > 0


def test_reading_stops_after_the_time_limit():
    endless = tf.data.Dataset.from_tensors(IDS).repeat()
    assert read_alone(endless, seconds=0.01)[1] == pytest.approx(3 / 12)


def test_one_line_is_printed_after_the_first_epoch(capsys):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    dataset = tf.data.Dataset.from_tensor_slices((IDS, np.zeros(4))).batch(2)
    model.fit(dataset, epochs=3, verbose=0, callbacks=[InputSpeed(dataset)])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  input")]
    assert len(lines) == 1
    assert re.search(r"25.0% .* padding; batches a second: [\d,]+ without training, [\d,]+ with it; .* waits", lines[0])
