"""A .tflite file for phones: token ids in, numbers out, proven in LiteRT's own interpreter.

LiteRT has no string operations, so an app prepares the ids and names the labels itself. Everything
else of the answer is inside: the outputs are those of `Task.answer` without its strings, such as
probabilities rather than logits. Beside model.tflite stand vocabulary.txt (a token's id is the number
of its line, from 0) and config.json: labels, preprocessing, names and shapes of inputs and outputs,
and examples to test the app against.
"""

import importlib.util
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_folder, write_json
from kerasnlp_zoo.tasks.golden_texts import golden_texts
from kerasnlp_zoo.tensorflow_log import closed_standard_error

FORMAT_VERSION = 1
FILES = ("config.json", "model.tflite", "vocabulary.txt")
TOLERANCE = 1e-4

# Run by a fresh Python: answers inputs on standard input as an app would.
RUN = """
import json, sys
import numpy
from ai_edge_litert.interpreter import Interpreter
interpreter = Interpreter(sys.argv[1])
answer = interpreter.get_signature_runner("serving_default")
kinds = {name: details["dtype"] for name, details in answer.get_input_details().items()}
rows = [answer(**{name: numpy.array(row[name], kinds[name]) for name in kinds}) for row in json.load(sys.stdin)]
assert not {"tensorflow", "keras", "kerasnlp_zoo"} & set(sys.modules)
print("\\n" + json.dumps([{name: values.tolist() for name, values in row.items()} for row in rows]))
"""


def export_litert(task, folder):
    """Write the folder that an app needs, after proving the file in a fresh process.

    Args:
        task: Task.
        folder: folder to write; an earlier LiteRT export there is replaced.

    Returns:
        Path of the folder; it appears only when it is complete and proven.

    Raises:
        InputError: if ai-edge-litert is not installed, the folder holds other files, or the model
            computes in half precision or needs an operation that LiteRT lacks.
        RuntimeError: if the file gives other answers than the task.
    """
    if importlib.util.find_spec("ai_edge_litert") is None:
        raise InputError(
            "A LiteRT export is tried in LiteRT's interpreter, which is not installed: pip install ai-edge-litert, "
            'or pip install "kerasnlp-zoo[litert]"'
        )
    if task.needs_strings:
        raise InputError(
            f"LiteRT has no strings, and the answers of {task.name} are places in a text or words. "
            "Export it as a SavedModel (--format saved_model)"
        )
    halves = {layer.compute_dtype for layer in task.model.layers} & {"float16", "bfloat16"}
    if halves:
        raise InputError(
            f"The model {task.model.name} computes in {halves.pop()}, which LiteRT cannot. Load it in float32"
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


def check_litert(task, folder, texts):
    """Compare a LiteRT export with `task.predict`, in a fresh process that imports LiteRT and NumPy only.

    Args:
        task: Task that was exported.
        folder: what `export_litert` wrote.
        texts: list of str.

    Returns:
        float, the largest difference between two numbers.

    Raises:
        RuntimeError: if the fresh process fails or gives other answers.
    """
    return _largest_difference(Path(folder), _examples(task, texts))


def to_litert(model, answers):
    """Convert a function of a model's inputs to the bytes of a .tflite file.

    One text at a time and of any length, as an app asks; one dimension left open is also what the
    converter handles without TensorFlow's own operations.

    Args:
        model: functional `keras.Model` with inputs [B, T].
        answers: function, dict of inputs -> dict of number tensors.

    Returns:
        bytes.

    Raises:
        InputError: if an operation has no counterpart in LiteRT.
    """
    inputs = model.inputs
    signature = [tf.TensorSpec([1, *tensor.shape[1:]], tensor.dtype, name=tensor.name) for tensor in inputs]

    @tf.function(input_signature=signature, autograph=False)
    def serve(*tensors):
        return answers({tensor.name: value for tensor, value in zip(inputs, tensors, strict=True)})

    # Not model.export(format="litert"): it gives logits without a name, and quietly leaves operations in
    # the file that only TensorFlow can run. By way of a SavedModel, as it does, because a converter given
    # the function itself leaves the weights out.
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", serve)
    with tempfile.TemporaryDirectory() as folder, closed_standard_error():
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if _are_float16(model.get_weights()):  # half the size and nothing lost: they stay float32 in use
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        try:
            return converter.convert()
        except Exception as error:  # the converter's own class has no public name
            raise InputError(_cause(model, str(error))) from error


def _numbers(answer):
    return {name: values for name, values in answer.items() if values.dtype != tf.string}


def _are_float16(weights):
    with np.errstate(over="ignore"):
        return all(np.array_equal(w, w.astype("float16").astype(w.dtype)) for w in weights if w.dtype == np.float32)


def _cause(model, message):
    """Say in one line why the converter failed."""
    missing = re.findall(r"(?:TF Select|Custom) ops: (.+)", message)
    if missing:
        cause = f"LiteRT's interpreter has no {', '.join(missing)}"
    else:
        cause = f"the converter says: {' '.join(message.split())[:300]}"
    return (
        f"The model {model.name} cannot become a .tflite file: {cause}. "
        "Export it as a SavedModel (--format saved_model), or build the layer in question from other operations"
    )


def _examples(task, texts):
    """Return, for each text, the inputs an app must prepare and the outputs it will get."""
    examples = []
    for text in texts:
        features = task.preprocessor(*task.columns([text]))
        outputs = _numbers(task.answer_features(features))
        inputs = {tensor.name: features[tensor.name].numpy().tolist() for tensor in task.model.inputs}
        outputs = {name: values.numpy().tolist() for name, values in outputs.items()}
        examples.append({"text": text, "inputs": inputs, "outputs": outputs})
    return examples


def _largest_difference(folder, examples):
    """Run the file in `folder` on the examples; return how far its outputs are from theirs."""
    result = subprocess.run(
        [sys.executable, "-c", RUN, str(folder.absolute() / "model.tflite")],
        input=json.dumps([example["inputs"] for example in examples]),
        capture_output=True,
        text=True,
        check=False,
        # From the export itself, so that a source tree around here cannot be imported by accident.
        cwd=folder if folder.is_dir() else None,
    )
    if result.returncode:
        raise RuntimeError(f"{folder / 'model.tflite'} does not answer in a fresh process:\n{result.stderr[-2000:]}")
    largest = 0.0
    for example, received in zip(examples, json.loads(result.stdout.splitlines()[-1]), strict=True):
        for name, values in example["outputs"].items():
            difference = float(np.abs(np.subtract(values, received[name], dtype="float64")).max(initial=0.0))
            if not difference <= TOLERANCE:  # true of NaN as well
                raise RuntimeError(
                    f"{folder / 'model.tflite'} gives other values for {name!r} than predict(): "
                    f"{received[name]} instead of {values} for {example['text']!r}"
                )
            largest = max(largest, difference)
    return largest


def _config(task, examples):
    return {
        "format_version": FORMAT_VERSION,
        "task": task.name,
        "model": task.model.name,
        "language": task.preprocessor.language,
        "labels": task.labels,
        "preprocessing": {"class": type(task.preprocessor).__name__, "config": task.preprocessor.get_config()},
        "max_sequence_length": task.preprocessor.max_sequence_length,
        "inputs": {
            tensor.name: {"dtype": tensor.dtype, "shape": [1, *tensor.shape[1:]]} for tensor in task.model.inputs
        },
        "outputs": list(examples[0]["outputs"]),
        "examples": examples,
    }


def _require_replaceable(folder):
    """Refuse a folder with anything but an earlier export in it: it would be replaced as a whole."""
    others = [folder] if folder.is_file() else [path for path in folder.glob("*") if path.name not in FILES]
    if others:
        raise InputError(
            f"A LiteRT export is a folder of its own, and {folder} holds other files, such as {others[0].name}. "
            "Give a new folder"
        )
