"""A SavedModel that takes strings, proven in a process that knows nothing of this package."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np

from kerasnlp_zoo.files import atomic_folder

TOLERANCE = 1e-5

# Run by a fresh Python: loads the SavedModel as a server would and answers the texts on standard input.
RELOAD = """
import importlib, json, sys
import tensorflow as tf
for module in sys.argv[2:]:
    importlib.import_module(module)
serve = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
answers = serve(**{name: tf.constant(strings) for name, strings in json.load(sys.stdin).items()})
assert not any(name.split(".")[0] == "kerasnlp_zoo" for name in sys.modules)
decoded = lambda v: [decoded(x) for x in v] if isinstance(v, list) else v.decode() if isinstance(v, bytes) else v
print("\\n" + json.dumps({name: decoded(values.numpy().tolist()) for name, values in answers.items()}))
"""


def export_task(task, folder):
    """Write the task as a SavedModel into the next numbered folder.

    Args:
        task: Task.
        folder: the model's folder.

    Returns:
        Path of the numbered folder; it appears only when it is complete.
    """
    folder = Path(folder)
    versions = [int(path.name) for path in folder.glob("*") if path.name.isdecimal()]
    path = folder / str(max(versions, default=0) + 1)
    archive = keras.export.ExportArchive()
    archive.track(task.model)
    for resource in task.preprocessor.resources:
        archive.track(resource)
    archive.add_endpoint("serving_default", task.serve)
    with atomic_folder(path) as temporary:
        archive.write_out(temporary, verbose=False)
    return path


def check_export(task, path, texts):
    """Compare a SavedModel in a fresh process, which imports only TensorFlow, with `task.predict`.

    Models that read word pieces need tensorflow_text as well, whose operations TensorFlow Serving has built in.

    Args:
        task: Task that was exported.
        path: numbered folder of the SavedModel.
        texts: list of str.

    Returns:
        float, the largest difference between two numbers; of numbers above 1 as a share of them. Of `task.ranked`
        outputs the best are compared, and all their scores: rounding decides which of two equals comes first.

    Raises:
        RuntimeError: if the fresh process fails or gives other answers.
    """
    columns = dict(zip(task.preprocessor.inputs, task.columns(texts), strict=True))
    strings = {name: [text.decode("utf-8", "surrogatepass") for text in column] for name, column in columns.items()}
    command = [sys.executable, "-c", RELOAD, str(Path(path).absolute()), *task.preprocessor.modules]
    # From the parent folder, so that a source tree around here cannot be imported by accident.
    result = subprocess.run(
        command, input=json.dumps(strings), capture_output=True, text=True, check=False, cwd=Path(path).parent
    )
    if result.returncode:
        raise RuntimeError(f"The SavedModel in {path} does not answer in a fresh process:\n{result.stderr[-2000:]}")
    served = json.loads(result.stdout.splitlines()[-1])
    expected = task.outputs(texts)
    largest = 0.0
    for name, values in expected.items():
        if values.dtype.kind in "OS":
            answers, others = np.vectorize(bytes.decode, otypes=[object])(values), np.array(served[name], object)
            if name in task.ranked:
                answers, others = answers[:, :1], others[:, :1]
            same = np.array_equal(answers, others)
        else:
            apart = np.abs(np.subtract(values, served[name], dtype="float64")) / np.maximum(1.0, np.abs(values))
            difference = apart.max(initial=0.0)
            largest = max(largest, float(difference))
            same = difference <= TOLERANCE
        if not same:
            raise RuntimeError(f"The SavedModel in {path} gives other values for {name!r} than predict()")
    return largest


def serving_commands(task, path, text):
    """Return the shell lines that serve a SavedModel with TensorFlow Serving and ask it.

    Args:
        task: Task that was exported.
        path: numbered folder of the SavedModel.
        text: str, or a pair (str, str), an example.

    Returns:
        str.
    """
    folder = Path(path).absolute().parent
    mount = shlex.quote(f"{folder}:/models/text")
    names = task.preprocessor.inputs
    strings = [column[0].decode("utf-8", "surrogatepass") for column in task.columns([text])]
    instance = strings[0] if len(names) == 1 else dict(zip(names, strings, strict=True))
    request = shlex.quote(json.dumps({"instances": [instance]}, ensure_ascii=False))
    return (
        f"docker run --rm -p 8501:8501 -v {mount} -e MODEL_NAME=text tensorflow/serving\n"
        f"curl -d {request} http://localhost:8501/v1/models/text:predict"
    )
