"""Bytes of the gradients of all families, and how well their training scales over replicas.

    python -m recipes.benchmarks.scaling --output scaling.json --plot scaling.png
    python -m recipes.benchmarks.scaling --step-times gpu.json

The time of a step is measured here, or taken from the output of `recipes.benchmarks.gpu`. The time of the exchange is
estimated: see `kerasnlp_zoo.training.scaling`.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any, TypeAlias

import keras
import tensorflow as tf
import tyro

from kerasnlp_zoo import files, plots
from kerasnlp_zoo.training.scaling import Link, efficiency
from kerasnlp_zoo.versions import versions
from recipes.benchmarks.families import FAMILIES, Batch
from recipes.benchmarks.gpu import step_seconds

LINKS = {"10 Gb/s": Link(1.25e9), "100 Gb/s": Link(12.5e9), "NVLink, 300 GB/s": Link(300e9, 5e-6)}
REPLICAS = tuple(2**power for power in range(1, 11))  # 2 to 1,024
SHOWN = (8, 64, 1024)
INDEX_BYTES = 8
Row: TypeAlias = dict[str, Any]


@dataclasses.dataclass
class Config:
    """Measure the gradients of each family, and estimate how its training scales."""

    output: Path | None = None
    """JSON file for the rows."""
    plot: Path | None = None
    """PNG file for the efficiency over the number of replicas."""
    step_times: Path | None = None
    """Output of recipes.benchmarks.gpu, whose step times are used instead of those of this machine."""
    steps: int = 10
    """Number of measured steps; the median is used."""
    smoke: bool = False
    """Try it on tiny batches; the results are meaningless."""


def main(config: Config) -> list[Row]:
    """Measure, estimate and print the table; return its rows."""
    known = {} if config.step_times is None else json.loads(config.step_times.read_text("utf-8"))["rows"]
    times = {row["family"]: row["float32"] / 1000 for row in known}
    rows = []
    for name, family in FAMILIES.items():
        model = family.model(smoke=config.smoke)
        batches = family.batches(model, 2, config.smoke)
        seconds = times.get(name) or step_seconds(model, batches, config.steps)
        rows.append({"family": name, "seconds": seconds, **gradient_bytes(model, batches[0])})
        print(line(rows[-1]), flush=True)
    columns = ["family", "step", "dense", "rows of words", "the same as tables"]
    columns += [f"{link}, {count}" for link in LINKS for count in SHOWN]
    print("\n".join(["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns), *map(line, rows)]))
    if config.output is not None:
        files.write_json(config.output, {"rows": rows, "versions": versions()})
    if config.plot is not None:
        panels = {
            name: {str(row["family"]): [(count, efficiency_of(row, count, link)) for count in REPLICAS] for row in rows}
            for name, link in LINKS.items()
        }
        plots.efficiency_over_replicas(panels, config.plot, "share of the time in which replicas compute")
    return rows


def gradient_bytes(model: keras.Model, batch: Batch) -> dict[str, int]:
    """Return the bytes of the gradients of a batch.

    Returns:
        {"dense": of dense gradients, "sparse": of the rows of word vectors with their indices, "tables": of the tables
        that these rows belong to}.
    """
    inputs, labels, weights = batch
    with tf.GradientTape() as tape:
        loss = model.compute_loss(y=labels, y_pred=model(inputs, training=True), sample_weight=weights)
    counts = {"dense": 0, "sparse": 0, "tables": 0}
    for gradient, variable in zip(
        tape.gradient(loss, [weight.value for weight in model.trainable_variables]),
        model.trainable_variables,
        strict=True,
    ):
        size = int(keras.ops.size(variable)) * 4
        if isinstance(gradient, tf.IndexedSlices):
            counts["sparse"] += int(tf.size(gradient.values)) * 4 + int(tf.size(gradient.indices)) * INDEX_BYTES
            counts["tables"] += size
        elif gradient is not None:
            counts["dense"] += size
    return counts


def efficiency_of(row: Row, replicas: int, link: Link) -> float:
    """Return the efficiency of a family in percent."""
    return 100 * efficiency(row["seconds"], row["dense"], row["sparse"], replicas, link)


def line(row: Row) -> str:
    """Return a row of the table, as Markdown."""
    cells = [row["family"], f"{1000 * row['seconds']:.0f} ms"]
    cells += [f"{row[name] / 1e6:.2f} MB" for name in ("dense", "sparse", "tables")]
    cells += [f"{efficiency_of(row, count, link):.0f}%" for link in LINKS.values() for count in SHOWN]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main(tyro.cli(Config))
