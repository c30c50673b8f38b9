"""Write an entry again with int8 weights, scored before and after."""

import json
from pathlib import Path

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models.quantization import QUANTIZATION, quantize_model
from kerasnlp_zoo.tasks import TASKS
from kerasnlp_zoo.tasks.speed import milliseconds_per_sentence
from kerasnlp_zoo.weights import round_weights
from kerasnlp_zoo.zoo.folders import find, megabytes, read_config
from kerasnlp_zoo.zoo.loading import load_entry
from kerasnlp_zoo.zoo.saving import save

CARRIED = ("data", "weights_licence", "commercial_use", "command", "seed", "versions")  # from config to config
STILL_TRUE = ("curves", "alignment")  # pictures that int8 weights leave as they are, to the eye
# In metrics: what was measured of the float entry.
NOT_CARRIED = (
    "pictures",
    "export_difference",
    "macro_f1",
    "expected_calibration_error",
    "calibration_bins",
    "confusion_matrix",
)


def require_quantizable(name_or_folder, folder):
    """Refuse, before anything is measured, an entry that is quantized or a folder in use.

    Raises:
        InputError: saying which; or if the task has no score.
    """
    config = read_config(name_or_folder)
    if TASKS[config["task"]].main_score is None:
        scored = ", ".join(name for name, task in TASKS.items() if task.main_score is not None)
        raise InputError(
            f"{config['name']}, {config['task']}, has no score by which its weights could be judged before and after. "
            f"Expected an entry of {scored}"
        )
    if "quantization" in config:
        raise InputError(
            f"{config['name']} is quantized already ({config['quantization']}). "
            f"Give the entry it was made from{': ' + config['quantized_from'] if 'quantized_from' in config else ''}"
        )
    folder = Path(folder)
    if folder.is_file() or any(folder.glob("*")):
        raise InputError(f"The quantized entry is a folder of its own, and {folder} is in use. Give a new folder")


def quantize_entry(name_or_folder, folder, texts, labels, dataset):
    """Write an entry with int8 weights, scored beside the one it is made from.

    Args:
        name_or_folder: name or folder of the entry to quantize.
        folder: the new entry's folder.
        texts, labels: what the task's `evaluate` takes, test examples.
        dataset: name of the data the texts are from.

    Returns:
        dict, the new entry's metrics: test_score and megabytes, and both for the float entry.

    Raises:
        InputError: if the entry is quantized already or cannot be, or the folder is in use.
    """
    require_quantizable(name_or_folder, folder)
    source = find(name_or_folder)
    config, metrics = read_config(source), json.loads((source / "metrics.json").read_text("utf-8"))
    task = load_entry(source)
    key, factor = task.main_score
    key = metrics.get("score", key)
    float_score = factor * task.evaluate(texts, labels)[key]
    quantize_model(task.model)
    round_weights(task.model, QUANTIZATION)  # what Keras cannot quantize, such as recurrent kernels
    task = type(task)(task.model, task.preprocessor, task.labels)  # what was compiled has the float weights
    scores = task.evaluate(texts, labels)
    if metrics.get("dataset") != dataset:  # a published score belongs to its own test texts
        metrics |= {"dataset": dataset, "published_score": None, "published_by": None}
    pictures = [path for path in (source / f"{name}.png" for name in STILL_TRUE) if path.exists()]
    metrics = {
        **{name: value for name, value in metrics.items() if name not in NOT_CARRIED},
        "pictures": [path.stem for path in pictures],
        "metric": metrics.get("metric", key),
        "validation_score": None,
        "test_score": factor * scores[key],
        "test_examples": len(texts),
        "scores": scores,
        "milliseconds_per_sentence": milliseconds_per_sentence(task, texts),
        "float_test_score": float_score,
        "float_megabytes": megabytes(source),
    }
    save(
        task,
        folder,
        metrics=metrics,
        weights_dtype=QUANTIZATION,
        pictures=pictures,
        quantized_from=config["name"],
        **{name: config[name] for name in CARRIED if name in config},
    )
    return {**metrics, "megabytes": megabytes(folder)}
