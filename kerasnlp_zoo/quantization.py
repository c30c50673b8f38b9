"""int8 weights by Keras' own quantization, scored before and after: word vectors in a quarter of float32's bytes."""

import json
from pathlib import Path

import keras

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import SharedEmbedding
from kerasnlp_zoo.tasks import TASKS

QUANTIZATION = "int8"
# The layers that Keras can quantize and that models here are made of; the others stay float.
QUANTIZABLE = (
    keras.layers.Dense,
    keras.layers.EinsumDense,
    keras.layers.Embedding,
    keras.layers.ReversibleEmbedding,
    SharedEmbedding,
)
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


def quantize_model(model):
    """Turn the weights of Dense and Embedding layers into int8 with a float scale a row, in place.

    Weights only, activations stay float: so LiteRT can run the result, which lacks Keras' int8
    products, and sums are as exact as before. An embedding's rows are scaled after look-up.

    Args:
        model: functional `keras.Model`; a task made from it earlier must be made anew.

    Raises:
        InputError: if the model is quantized already, has no such layer, or computes in float16.

    Example:

    >>> from kerasnlp_zoo.models import text_cnn
    >>> model = text_cnn(vocabulary_size=20, num_classes=2, embedding_dim=8, num_filters=4)
    >>> quantize_model(model)
    >>> model.get_layer("token_embedding").embeddings.dtype
    'int8'
    """
    if is_quantized(model):
        raise InputError(f"The model {model.name} is quantized already. Quantize the float one it was made from")
    if not any(type(layer) in QUANTIZABLE for layer in model.layers):
        names = ", ".join(layer.__name__ for layer in QUANTIZABLE)
        raise InputError(f"The model {model.name} has nothing that can be quantized. Expected a layer {names}")
    if any(layer.compute_dtype == "float16" for layer in model.layers):
        raise InputError(
            f"The model {model.name} computes in float16, which overflows on the scales of int8 weights. "
            "Expected float32 or mixed_bfloat16"
        )
    weights_only = keras.quantizers.Int8QuantizationConfig(activation_quantizer=None)
    # Their types are not checked by Keras, which knows no SharedEmbedding.
    model.quantize(config=weights_only, type_check=False, filters=lambda layer: type(layer) in QUANTIZABLE)
    model.quantization = QUANTIZATION


def is_quantized(model):
    """Tell whether any layer holds quantized weights, by `quantize_model` or by Keras' own call."""
    return any(layer.quantization_mode for layer in model.layers)


def require_quantizable(name_or_folder, folder):
    """Refuse, before anything is measured, an entry that is quantized or a folder in use.

    Raises:
        InputError: saying which; or if the task has no score.
    """
    config = zoo.read_config(name_or_folder)
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
    from kerasnlp_zoo.training.kept_tasks import milliseconds_per_sentence
    from kerasnlp_zoo.weights import round_weights

    require_quantizable(name_or_folder, folder)
    source = zoo.find(name_or_folder)
    config, metrics = zoo.read_config(source), json.loads((source / "metrics.json").read_text("utf-8"))
    task = zoo.load(source)
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
        "float_megabytes": zoo.megabytes(source),
    }
    zoo.save(
        task,
        folder,
        metrics=metrics,
        weights_dtype=QUANTIZATION,
        pictures=pictures,
        quantized_from=config["name"],
        **{name: config[name] for name in CARRIED if name in config},
    )
    return {**metrics, "megabytes": zoo.megabytes(folder)}
