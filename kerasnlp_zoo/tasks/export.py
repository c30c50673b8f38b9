"""Write a SavedModel that takes strings, and check it in a process that does not import this package."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasnlp_zoo.files import atomic_folder, write_json
from kerasnlp_zoo.tasks.description import DESCRIPTION, EXTRA, VOCABULARY, describe
from kerasnlp_zoo.tasks.exportable import Exportable, Texts
from kerasnlp_zoo.tasks.fresh_process import FreshProcess
from kerasnlp_zoo.tasks.system_errors import system_errors
from kerasnlp_zoo.types import FilePath

TOLERANCE = 1e-5

# The program of the new Python process. It loads a SavedModel as a server does.
SERVE = """
import importlib
import tensorflow as tf
for module in sys.argv[1:]:
    importlib.import_module(module)

def answer(request):
    serve = tf.saved_model.load(request["path"]).signatures["serving_default"]
    answers = serve(**{name: tf.constant(values) for name, values in request["inputs"].items()})
    return {name: decoded(values.numpy().tolist()) for name, values in answers.items()}

def decoded(value):
    if isinstance(value, list):
        return [decoded(item) for item in value]
    return value.decode() if isinstance(value, bytes) else value
"""


def export_task(task: Exportable, folder: FilePath) -> Path:
    """Write the task as a SavedModel into the next numbered folder.

    Args:
        task: task to export.
        folder: folder of the model.

    Returns:
        Path of the numbered folder. The folder appears only when it is complete.

    Raises:
        OSError: if the folder cannot be written, for example because the disk is full.
    """
    folder = Path(folder)
    versions = [int(path.name) for path in folder.glob("*") if path.name.isdecimal()]
    path = folder / str(max(versions, default=0) + 1)
    archive = keras.export.ExportArchive()
    archive.track(task.model)
    for resource in task.preprocessor.resources:
        archive.track(resource)
    archive.add_endpoint("serving_default", task.serve)
    with atomic_folder(path) as temporary, system_errors(temporary):
        archive.write_out(temporary, verbose=False)
        if hasattr(task.model, "builder_config"):
            task.preprocessor.vocabulary.save(temporary / EXTRA / VOCABULARY)
            write_json(temporary / EXTRA / DESCRIPTION, {**describe(task), "windows": task.windows})
    return path


def serving_process(modules: Sequence[str] = ()) -> FreshProcess:
    """Start a process that computes the answers of a SavedModel to strings. It imports only TensorFlow and `modules`.

    Its requests are dicts: the SavedModel's "path", and its "inputs", a dict of lists of strings or of rows of numbers.
    """
    return FreshProcess(SERVE, arguments=modules, forbidden=["kerasnlp_zoo"])


def check_export(task: Exportable, path: FilePath, texts: Texts) -> float:
    """Compare the answers of a SavedModel in a new process, which imports only TensorFlow, with `task.predict`.

    For a model that reads word pieces, the process also imports tensorflow_text, whose operations are built into
    TensorFlow Serving.

    Args:
        task: task that was exported.
        path: numbered folder of the SavedModel.
        texts: texts to answer.

    Returns:
        The largest difference between two numbers, relative for numbers above 1. For `task.ranked_outputs`, only the
        best texts and all scores are compared, because the order of ties depends on rounding.

    Raises:
        RuntimeError: if the new process fails or its answers differ.
    """
    inputs = dict(zip(task.preprocessor.inputs, _json_columns(task, texts), strict=True))
    with serving_process(task.preprocessor.modules) as process:
        try:
            served = process.ask({"path": str(Path(path).absolute()), "inputs": inputs})
        except RuntimeError as error:
            raise RuntimeError(f"The SavedModel in {path} fails in a new process:\n{error}") from error
    expected = task.outputs(texts)
    largest = 0.0
    for name, values in expected.items():
        if values.dtype.kind in "OS":
            answers, others = np.vectorize(bytes.decode, otypes=[object])(values), np.array(served[name], object)
            if name in task.ranked_outputs:
                answers, others = answers[:, :1], others[:, :1]
            same = np.array_equal(answers, others)
        else:
            apart = np.abs(np.subtract(values, served[name], dtype="float64")) / np.maximum(1.0, np.abs(values))
            difference = apart.max(initial=0.0)
            largest = max(largest, float(difference))
            same = difference <= TOLERANCE
        if not same:
            raise RuntimeError(f"The SavedModel in {path} returns other values for {name!r} than predict()")
    return largest


def serving_commands(task: Exportable, path: FilePath, text: str | tuple[str, ...]) -> str:
    """Return the shell commands that start TensorFlow Serving with a SavedModel and send it a request.

    Args:
        task: task that was exported.
        path: numbered folder of the SavedModel.
        text: text, or pair of texts, of the request.
    """
    folder = Path(path).absolute().parent
    mount = shlex.quote(f"{folder}:/models/text")
    names = task.preprocessor.inputs
    values = [column[0] for column in _json_columns(task, [text])]
    instance = values[0] if len(names) == 1 else dict(zip(names, values, strict=True))
    request = shlex.quote(json.dumps({"instances": [instance]}, ensure_ascii=False))
    return (
        f"docker run --rm -p 8501:8501 -v {mount} -e MODEL_NAME=text tensorflow/serving\n"
        f"curl -d {request} http://localhost:8501/v1/models/text:predict"
    )


def _json_columns(task: Exportable, texts: Texts) -> list[list[Any]]:
    """Return the inputs of the graph as JSON values: strings instead of bytes."""
    return [
        [value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value for value in column]
        for column in task.columns(texts)
    ]
