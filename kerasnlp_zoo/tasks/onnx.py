"""ONNX files (.onnx), which ONNX Runtime runs, also in other languages, and which other tools convert further."""

import logging
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tasks.fresh_process import FreshProcess
from kerasnlp_zoo.tasks.number_formats import Answers, NumberFormat

OPSET = 17  # of 2022: every runtime of today reads it

# The program of the new Python process. It answers rows of inputs as a server does.
RUN = """
import numpy
import onnxruntime

def answer(request):
    session = onnxruntime.InferenceSession(request["path"], providers=["CPUExecutionProvider"])
    kinds = {"tensor(int32)": "int32", "tensor(int64)": "int64", "tensor(float)": "float32", "tensor(bool)": "bool"}
    inputs = {each.name: kinds[each.type] for each in session.get_inputs()}
    names = [each.name for each in session.get_outputs()]
    rows = []
    for row in request["rows"]:
        values = session.run(names, {name: numpy.array(row[name], kind) for name, kind in inputs.items()})
        rows.append({name: value.tolist() for name, value in zip(names, values)})
    return rows
"""


def runtime_process() -> FreshProcess:
    """Start a process that computes the answers of an .onnx file to rows of inputs. It imports no TensorFlow."""
    return FreshProcess(RUN, forbidden=["tensorflow", "keras", "kerasnlp_zoo"])


def to_onnx(model: keras.Model, answers: Answers) -> bytes:
    """Convert a function of a model's inputs to the bytes of an .onnx file.

    The file takes any number of texts of any length.

    Args:
        model: functional `keras.Model` with inputs [B, T].
        answers: function from the model's inputs to numeric tensors.

    Raises:
        InputError: if ONNX lacks an operation.
    """
    import onnx
    import tf2onnx

    inputs = model.inputs
    signature = [tf.TensorSpec(tensor.shape, tensor.dtype, name=tensor.name) for tensor in inputs]

    @tf.function(input_signature=signature, autograph=False)
    def serve(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
        numbers = answers({tensor.name: value for tensor, value in zip(inputs, tensors, strict=True)})
        return {name: tf.identity(values, name=name) for name, values in numbers.items()}

    # model.export(format="onnx") is not used: its outputs have no names, and its inputs are those of the last call.
    log = logging.getLogger("tf2onnx")
    level = log.level
    log.setLevel(logging.CRITICAL)  # it logs a traceback before it raises the error
    try:
        converted, _ = tf2onnx.convert.from_function(
            serve, input_signature=signature, opset=OPSET, custom_op_handlers={"Erfc": (_one_minus_erf, [])}
        )
        onnx.checker.check_model(converted)  # an operation that the converter does not know is copied as it is
    except Exception as error:  # the converter raises errors of many classes
        raise InputError(
            f"The model {model.name} cannot be converted to an .onnx file: {' '.join(str(error).split())[:300]}. "
            "Export it as a SavedModel (--format saved_model)"
        ) from error
    finally:
        log.setLevel(level)
    return converted.SerializeToString()


def _one_minus_erf(context: Any, node: Any, name: str, arguments: Any) -> Any:
    """Return the node 1 - erf(x): ONNX has erf, but not the complement with which TensorFlow computes GELU."""
    node.type = "Erf"
    output = node.output[0]
    one = context.make_const(f"{name}/one", np.ones((), "float32")).output[0]
    context.insert_new_node_on_output("Sub", output, name=f"{name}/complement", inputs=[one, output])
    return node


ONNX = NumberFormat(
    "ONNX", "model.onnx", ("tf2onnx", "onnx", "onnxruntime"), "onnx", None, to_onnx, lambda: runtime_process()
)  # the function is looked up when it is called, so that tests can keep one process for many files
