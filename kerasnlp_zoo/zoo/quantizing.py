"""Write a copy of an entry with int8 weights, and score both entries."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models.quantization import QUANTIZATION, quantize_model
from kerasnlp_zoo.tasks import TASKS
from kerasnlp_zoo.tasks.speed import milliseconds_per_sentence
from kerasnlp_zoo.types import FilePath
from kerasnlp_zoo.weights import assign_weights, read_weights, round_weights, rounded_arrays
from kerasnlp_zoo.zoo.addresses import is_address
from kerasnlp_zoo.zoo.cards import read_metrics
from kerasnlp_zoo.zoo.folders import exact_name, find, megabytes, read_config
from kerasnlp_zoo.zoo.loading import load_entry, with_base
from kerasnlp_zoo.zoo.pins import require_pinned
from kerasnlp_zoo.zoo.saving import Changes, save

CARRIED = ("data", "weights_licence", "commercial_use", "command", "seed", "versions")  # copied from config to config
STILL_TRUE = ("curves", "alignment")  # plots that int8 weights do not change visibly
# Metrics that are not copied, because they were measured with the float weights.
NOT_CARRIED = (
    "pictures",
    "export_difference",
    "macro_f1",
    "expected_calibration_error",
    "calibration_bins",
    "confusion_matrix",
    "per_class",
)


def require_quantizable(name_or_folder: FilePath, folder: FilePath) -> None:
    """Raise InputError if an entry is already quantized, its task has no score, or the new folder is in use."""
    config = read_config(name_or_folder)
    if TASKS[config["task"]].main_metric is None:
        scored = ", ".join(name for name, task in TASKS.items() if task.main_metric is not None)
        raise InputError(
            f"{config['name']}, {config['task']}, has no score to compare before and after quantization. "
            f"Expected an entry of {scored}"
        )
    if {"quantization", "quantized_from"} & set(config):
        raise InputError(
            f"{config['name']} is already quantized ({QUANTIZATION}). "
            f"Give the entry it was made from{': ' + config['quantized_from'] if 'quantized_from' in config else ''}"
        )
    folder = Path(folder)
    if folder.is_file() or any(folder.glob("*")):
        raise InputError(f"The quantized entry needs a folder of its own, but {folder} is in use. Give a new folder")


def quantize_entry(
    name_or_folder: FilePath, folder: FilePath, texts: Sequence[Any], references: Sequence[Any] | None, dataset: str
) -> dict[str, Any]:
    """Write an entry with int8 weights, with the scores of both entries.

    If LoRA trained the entry, only its changes are rounded to int8. The base entry is not copied and does not change.

    Args:
        name_or_folder: name or folder of the entry to quantize.
        folder: folder of the new entry.
        texts: test examples, the first argument of the task's `evaluate`.
        references: the second argument of the task's `evaluate`.
        dataset: name of the data set of the texts.

    Returns:
        The metrics of the new entry: test_score and megabytes, and the same for the float entry.

    Raises:
        InputError: if the entry is already quantized or cannot be quantized, or the folder is in use.
    """
    require_quantizable(name_or_folder, folder)
    require_pinned(name_or_folder)
    source = find(name_or_folder)
    config, metrics = read_config(source), read_metrics(source)
    task = load_entry(source)
    before = task.evaluate(texts, references)
    changes = None
    if "base" in config:
        changes = Changes(config["base"]["name"], read_weights(source / "model.safetensors"))
        rounded = with_base(source, config, rounded_arrays(changes.weights, QUANTIZATION), task.model)
        assign_weights(task.model, rounded, source)
    else:
        quantize_model(task.model)
        round_weights(task.model, QUANTIZATION)  # weights that Keras cannot quantize, such as recurrent kernels
    # The compiled function of the old task has the float weights.
    task = type(task)(task.model, task.preprocessor, task.labels, **task.arguments)
    after = task.evaluate(texts, references)
    if metrics.get("dataset") != dataset:  # a published score belongs to its own test texts
        metrics |= {"dataset": dataset, "published_score": None, "published_by": None}
    pictures = [path for path in (source / f"{name}.png" for name in STILL_TRUE) if path.exists()]
    metrics = {
        **{name: value for name, value in metrics.items() if name not in NOT_CARRIED},
        "pictures": [path.stem for path in pictures],
        "metric": metrics.get("metric", after["metric"]),
        "validation_score": None,
        "test_score": after["score"],
        "test_examples": len(texts),
        "scores": after,
        "milliseconds_per_sentence": milliseconds_per_sentence(task, texts),
        "float_test_score": before["score"],
        "float_megabytes": megabytes(source),
    }
    save(
        task,
        folder,
        metrics=metrics,
        weights_dtype=QUANTIZATION,
        pictures=pictures,
        changes=changes,
        quantized_from=exact_name(name_or_folder) if is_address(name_or_folder) else config["name"],
        **{name: config[name] for name in CARRIED if name in config},
    )
    return {**metrics, "megabytes": megabytes(Path(folder))}
