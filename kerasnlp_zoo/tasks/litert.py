"""Files for phones (.tflite), which LiteRT's interpreter runs."""

import re
import tempfile
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tasks.fresh_process import FreshProcess
from kerasnlp_zoo.tasks.number_formats import Answers, NumberFormat
from kerasnlp_zoo.tensorflow_log import closed_standard_error

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


def interpreter_process() -> FreshProcess:
    """Start a process that computes the answers of a .tflite file to rows of inputs; it imports no TensorFlow."""
    return FreshProcess(RUN, forbidden=["tensorflow", "keras", "kerasnlp_zoo"])


def to_litert(model: keras.Model, answers: Answers) -> bytes:
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


LITERT = NumberFormat(
    "LiteRT", "model.tflite", ("ai_edge_litert",), "litert", 1, to_litert, lambda: interpreter_process()
)  # the function is looked up when it is called, so that tests can keep one process for many files
