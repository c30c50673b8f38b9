"""Write a .tflite file for phones, from token ids to numbers, and check it in LiteRT's interpreter.

LiteRT has no string operations: an app prepares the ids and looks up the labels itself. The outputs are the numbers of
`Task.answer`, such as probabilities.

The folder also contains vocabulary.txt (a token's id is its line number, counted from 0) and config.json: labels,
preprocessing, names and shapes of inputs and outputs, and examples to test the app.
"""

import importlib.util
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_folder, write_json
from kerasnlp_zoo.tasks.exportable import Exportable, Texts
from kerasnlp_zoo.tasks.fresh_process import FreshProcess
from kerasnlp_zoo.tasks.golden_texts import golden_texts
from kerasnlp_zoo.tensorflow_log import closed_standard_error
from kerasnlp_zoo.types import Config, FilePath

FORMAT_VERSION = 1
FILES = ("config.json", "model.tflite", "vocabulary.txt")
TOLERANCE = 1e-4

# The program of the new Python process. It answers rows of inputs as an app does.
RUN = """
import numpy
from ai_edge_litert.interpreter import Interpreter

def answer(request):
    run = Interpreter(request["path"]).get_signature_runner("serving_default")
    kinds = {name: details["dtype"] for name, details in run.get_input_details().items()}
    rows = [run(**{name: numpy.array(row[name], kinds[name]) for name in kinds}) for row in request["rows"]]
    return [{name: values.tolist() for name, values in row.items()} for row in rows]
"""


def export_litert(task: Exportable, folder: FilePath) -> Path:
    """Write the folder that an app needs, and check the file in a new process.

    Args:
        task: task to export.
        folder: folder to write. An earlier LiteRT export in it is replaced.

    Returns:
        Path of the folder. The folder appears only when it is complete and checked.

    Raises:
        InputError: if ai-edge-litert is not installed, the folder contains other files, or the model computes in half
            precision or needs an operation that LiteRT lacks.
        RuntimeError: if the answers of the file differ from the answers of the task.
    """
    if importlib.util.find_spec("ai_edge_litert") is None:
        raise InputError(
            "A LiteRT export is checked in LiteRT's interpreter, which is not installed. Install it: "
            'pip install ai-edge-litert, or pip install "kerasnlp-zoo[litert]"'
        )
    if task.needs_strings:
        raise InputError(
            f"LiteRT has no strings, but the answers of {task.name} are words or positions in a text. "
            "Export it as a SavedModel (--format saved_model)"
        )
    halves = {layer.compute_dtype for layer in task.model.layers} & {"float16", "bfloat16"}
    if halves:
        raise InputError(
            f"The model {task.model.name} computes in {halves.pop()}, which LiteRT does not support. Load it in float32"
        )
    folder = Path(folder)
    _require_replaceable(folder)
    converted = to_litert(task.model, lambda features: _numbers(task.answer_features(features)))
    examples = _examples(task, golden_texts(task))
    with atomic_folder(folder) as new:
        (new / "model.tflite").write_bytes(converted)
        task.preprocessor.vocabulary.save(new / "vocabulary.txt")
        difference = _largest_difference(new, examples)
        write_json(new / "config.json", {**_config(task, examples), "largest_difference": difference})
    return folder


def interpreter_process() -> FreshProcess:
    """Start a process that computes the answers of a .tflite file to rows of inputs. It imports only LiteRT and NumPy.

    Its requests are dicts: the file's "path", and "rows", a list with a dict of inputs for each text.
    """
    return FreshProcess(RUN, forbidden=["tensorflow", "keras", "kerasnlp_zoo"])


def check_litert(task: Exportable, folder: FilePath, texts: Texts) -> float:
    """Compare the answers of a LiteRT export with `task.predict`, in a new process that imports only LiteRT and NumPy.

    Args:
        task: task that was exported.
        folder: folder that `export_litert` wrote.
        texts: texts to answer.

    Returns:
        The largest difference between two numbers.

    Raises:
        RuntimeError: if the new process fails or its answers differ.
    """
    return _largest_difference(Path(folder), _examples(task, texts))


def to_litert(model: keras.Model, answers: Callable[[dict[str, tf.Tensor]], dict[str, tf.Tensor]]) -> bytes:
    """Convert a function of a model's inputs to the bytes of a .tflite file.

    The file takes one text of any length at a time. With a single unknown dimension, the converter does not need
    TensorFlow's own operations.

    Args:
        model: functional `keras.Model` with inputs [B, T].
        answers: function from the model's inputs to numeric tensors.

    Raises:
        InputError: if LiteRT lacks an operation.
    """
    inputs = model.inputs
    signature = [tf.TensorSpec([1, *tensor.shape[1:]], tensor.dtype, name=tensor.name) for tensor in inputs]

    @tf.function(input_signature=signature, autograph=False)
    def serve(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
        return answers({tensor.name: value for tensor, value in zip(inputs, tensors, strict=True)})

    # model.export(format="litert") is not used: its output is logits without a name, and without an error it writes
    # operations that only TensorFlow can run. The SavedModel is needed: without it, the converter omits the weights.
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", serve)
    with tempfile.TemporaryDirectory() as folder, closed_standard_error():
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if _are_float16(model.get_weights()):  # half the size without loss; LiteRT converts them to float32
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        try:
            return converter.convert()
        except Exception as error:  # the converter's own class has no public name
            raise InputError(_cause(model, str(error))) from error


def _numbers(answer: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    return {name: values for name, values in answer.items() if values.dtype != tf.string}


def _are_float16(weights: Sequence[np.ndarray]) -> bool:
    with np.errstate(over="ignore"):
        return all(np.array_equal(w, w.astype("float16").astype(w.dtype)) for w in weights if w.dtype == np.float32)


def _cause(model: keras.Model, message: str) -> str:
    """Return the reason why the converter failed, in one line."""
    missing = re.findall(r"(?:TF Select|Custom) ops: (.+)", message)
    if missing:
        cause = f"LiteRT's interpreter has no {', '.join(missing)}"
    else:
        cause = f"the converter says: {' '.join(message.split())[:300]}"
    return (
        f"The model {model.name} cannot be converted to a .tflite file: {cause}. "
        "Export it as a SavedModel (--format saved_model), or build the layer from other operations"
    )


def _examples(task: Exportable, texts: Texts) -> list[dict[str, Any]]:
    """Return, for each text, the inputs that an app must prepare and the outputs that it must get."""
    examples = []
    for text in texts:
        features = task.preprocessor(*task.columns([text]))
        outputs = _numbers(task.answer_features(features))
        inputs = {tensor.name: features[tensor.name].numpy().tolist() for tensor in task.model.inputs}
        outputs = {name: values.numpy().tolist() for name, values in outputs.items()}
        examples.append({"text": text, "inputs": inputs, "outputs": outputs})
    return examples


def _largest_difference(folder: Path, examples: Sequence[Mapping[str, Any]]) -> float:
    """Run the file in `folder` on the examples; return the largest difference of an output."""
    path = folder.absolute() / "model.tflite"
    with interpreter_process() as process:
        try:
            rows = process.ask({"path": str(path), "rows": [example["inputs"] for example in examples]})
        except RuntimeError as error:
            raise RuntimeError(f"{folder / 'model.tflite'} fails in a new process:\n{error}") from error
    largest = 0.0
    for example, received in zip(examples, rows, strict=True):
        for name, values in example["outputs"].items():
            difference = float(np.abs(np.subtract(values, received[name], dtype="float64")).max(initial=0.0))
            if not difference <= TOLERANCE:  # also true if the difference is NaN
                raise RuntimeError(
                    f"{folder / 'model.tflite'} returns other values for {name!r} than predict(): "
                    f"{received[name]} instead of {values} for {example['text']!r}"
                )
            largest = max(largest, difference)
    return largest


def _config(task: Exportable, examples: Sequence[Mapping[str, Any]]) -> Config:
    return {
        "format_version": FORMAT_VERSION,
        "task": task.name,
        "model": task.model.name,
        "language": task.preprocessor.language,
        "labels": task.labels,
        **task.arguments,
        "preprocessing": {"class": type(task.preprocessor).__name__, "config": task.preprocessor.get_config()},
        "max_sequence_length": task.preprocessor.max_sequence_length,
        "inputs": {
            tensor.name: {"dtype": tensor.dtype, "shape": [1, *tensor.shape[1:]]} for tensor in task.model.inputs
        },
        "outputs": list(examples[0]["outputs"]),
        "examples": examples,
    }


def _require_replaceable(folder: Path) -> None:
    """Raise InputError if a folder contains other files than an earlier export, because the folder is replaced."""
    others = [folder] if folder.is_file() else [path for path in folder.glob("*") if path.name not in FILES]
    if others:
        raise InputError(
            f"A LiteRT export needs a folder of its own, but {folder} contains other files, such as {others[0].name}. "
            "Give a new folder"
        )
