"""Step times and memory of all families on a GPU, and the agreement of two GPUs with one.

    python -m recipes.benchmarks.gpu --output gpu.json

It takes less than ten minutes on a GPU. Without a GPU it measures the CPU, without the memory. Two devices are compared
if the machine has two GPUs: the same model, batches and seed, with dropout 0, on one device and on two.
"""

import dataclasses
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf
import tyro

from kerasnlp_zoo import files
from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.training import make_strategy
from kerasnlp_zoo.versions import versions
from recipes.benchmarks.families import FAMILIES, Batch, Family

PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")
COLUMNS = ("family", *PRECISIONS, "memory", "two devices differ by")
Row: TypeAlias = dict[str, Any]


@dataclasses.dataclass
class Config:
    """Measure a training step of each family on the GPUs of this machine."""

    output: Path | None = None
    """JSON file for the rows."""
    families: tuple[str, ...] = tuple(FAMILIES)
    """Names of the families to measure."""
    steps: int = 20
    """Number of measured steps; the median is reported."""
    smoke: bool = False
    """Try it on tiny batches; the results are meaningless."""


def main(config: Config) -> list[Row]:
    """Measure and print the table; return its rows."""
    require_positive(steps=config.steps)
    for name in config.families:
        require_choice("families", name, tuple(FAMILIES))
    gpus = tf.config.list_logical_devices("GPU")
    print(f"{len(gpus)} GPUs: {', '.join(map(describe, gpus))}" if gpus else "There is no GPU: this measures the CPU")
    rows = []
    for name in config.families:
        rows.append(measured(name, FAMILIES[name], config))
        print(line(rows[-1]), flush=True)
    print("\n".join(["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS), *map(line, rows)]))
    if config.output is not None:
        files.write_json(config.output, {"rows": rows, "gpus": [describe(gpu) for gpu in gpus], "versions": versions()})
    return rows


def describe(gpu: Any) -> str:
    """Return the name of a GPU."""
    devices = tf.config.list_physical_devices("GPU")
    details = tf.config.experimental.get_device_details(devices[int(gpu.name.rsplit(":", 1)[1]) % len(devices)])
    return str(details.get("device_name", gpu.name))


def measured(name: str, family: Family, config: Config) -> Row:
    """Return the row of a family: milliseconds a step by precision, peak megabytes, and the difference of weights."""
    row: Row = {"family": name, "memory": None, "difference": None}
    for precision in PRECISIONS:
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(precision)
        try:
            reset_memory()
            model = family.model(smoke=config.smoke)
            row[precision] = 1000 * step_seconds(model, family.batches(model, 4, config.smoke), config.steps)
            if precision == "float32":
                row["memory"] = peak_megabytes()
        finally:
            keras.config.set_dtype_policy(before)
    if len(tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")) > 1:
        row["difference"] = difference_of_two_devices(family, config)
    return row


def step_seconds(model: keras.Model, batches: Sequence[Batch], steps: int) -> float:
    """Return the median seconds of a training step, after some steps to warm up."""

    def step(number: int) -> float:
        start = time.perf_counter()
        model.train_on_batch(*batches[number % len(batches)])  # it returns the loss, so it waits for the device
        return time.perf_counter() - start

    for number in range(3):
        step(number)
    return statistics.median(step(number) for number in range(steps))


def reset_memory() -> None:
    """Start a new measurement of the peak memory."""
    if tf.config.list_logical_devices("GPU"):
        tf.config.experimental.reset_memory_stats("GPU:0")


def peak_megabytes() -> float | None:
    """Return the peak memory of the first GPU since the last reset, in MB; None without a GPU."""
    if not tf.config.list_logical_devices("GPU"):
        return None
    return tf.config.experimental.get_memory_info("GPU:0")["peak"] / 1e6


def difference_of_two_devices(family: Family, config: Config) -> float:
    """Return the largest difference of a weight after five steps on one device and on two, with dropout 0."""
    weights = []
    for strategy in (make_strategy("none"), make_strategy("mirrored")):
        keras.utils.set_random_seed(1)
        with strategy.scope():
            model = family.model(dropout=0.0, smoke=config.smoke)
        batches = family.batches(model, 5, config.smoke)
        stacked = tf.nest.map_structure(lambda *values: np.concatenate(values), *batches)
        dataset = tf.data.Dataset.from_tensor_slices(stacked).batch(len(batches[0][1]), drop_remainder=True)
        model.fit(dataset, shuffle=False, verbose=0)
        weights.append(model.get_weights())
    return max(float(np.max(np.abs(one - two))) for one, two in zip(*weights, strict=True))


def line(row: Row) -> str:
    """Return a row of the table, as Markdown."""
    memory = "" if row["memory"] is None else f"{row['memory']:.0f} MB"
    difference = "" if row["difference"] is None else f"{row['difference']:.1e}"
    cells = [row["family"], *(f"{row[precision]:.1f} ms" for precision in PRECISIONS), memory, difference]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main(tyro.cli(Config))
