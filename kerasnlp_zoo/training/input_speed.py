"""Whether training waits for its input: one line after the first epoch."""

import time
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

SHARE = 0.02  # of the duration of the epoch, in which the input is read alone


WAITING = 1.1  # training waits for the input if the input alone is less than so many times as fast


class InputSpeed(keras.callbacks.Callback):
    """After the first epoch, print the share of padding, and the speeds of the input alone and of training.

    The input is read again, without training, for 2% of the duration of the epoch.

    Args:
        dataset: the batches; the order of a pass must depend on the epoch only, see `EpochSeed`.

    Example:

    >>> dataset = tf.data.Dataset.from_tensors((tf.constant([[4, 8, 0, 0]]), tf.constant([1.0]))).repeat(3)
    >>> callback = InputSpeed(dataset)
    >>> callback.on_epoch_begin(epoch=0)
    >>> callback.on_train_batch_end(batch=0)
    >>> callback.on_epoch_end(epoch=0)  # doctest: +ELLIPSIS
      input         50.0% of the positions are padding; batches a second: ... without training, ... with it; ...
    """

    def __init__(self, dataset: tf.data.Dataset) -> None:
        super().__init__()
        self.dataset = dataset
        self.is_done = False
        self.batches, self.started, self.trained = 0, 0.0, 0.0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Start to measure."""
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Note the time of training; the validation after it does not count."""
        self.batches, self.trained = batch + 1, time.perf_counter() - self.started

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Read the input alone, and print the line; only after the first epoch of this process."""
        if not self.is_done:
            self.is_done = True
            training = self.batches / self.trained
            alone, padding = read_alone(self.dataset, SHARE * self.trained)
            waits = "training waits for the input" if alone < WAITING * training else "the input waits for training"
            print(
                f"  input         {padding:.1%} of the positions are padding; batches a second: {alone:,.0f} without "
                f"training, {training:,.0f} with it; {waits}"
            )


def read_alone(dataset: tf.data.Dataset, seconds: float) -> tuple[float, float]:
    """Return the batches a second of a data set, and the share of padding in their token ids.

    Args:
        dataset: batches (inputs, ...), or inputs alone.
        seconds: time limit; at least two batches are read.
    """
    batches = iter(dataset)
    ids = [token_ids(next(batches))]  # the first batch waits for the start of the pipeline
    started = time.perf_counter()
    for batch in batches:
        ids.append(token_ids(batch))
        if time.perf_counter() - started > seconds:
            break
    spent = time.perf_counter() - started
    padding = sum(np.sum(of_batch == 0) for of_batch in ids) / max(sum(of_batch.size for of_batch in ids), 1)
    return (len(ids) - 1) / spent, float(padding)


def token_ids(batch: Any) -> np.ndarray:
    """Return the token ids of a batch, where 0 is padding; an empty array if its inputs have no sequences."""
    inputs = batch[0] if isinstance(batch, tuple) else batch
    named = inputs if isinstance(inputs, Mapping) else {"token_ids": inputs}
    ids = [values for name, values in named.items() if name.endswith("ids") and name != "segment_ids"]
    return np.concatenate([np.ravel(values) for values in ids if len(values.shape) > 1] or [np.empty(0, "int32")])
