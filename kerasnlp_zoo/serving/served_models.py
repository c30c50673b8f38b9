"""Models that are served: exported SavedModels, and entries, which are exported into a temporary folder first.

So every answer is that of a SavedModel, and equal to what TensorFlow Serving returns for the same file.
"""

import gc
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from tensorflow.core.protobuf import saved_model_pb2

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.serving.model_names import SAVED_MODEL, Source
from kerasnlp_zoo.serving.refusals import Refusal
from kerasnlp_zoo.serving.signatures import Compute, ServedModel, Signature
from kerasnlp_zoo.serving.tensors import STRING, Arrays, Field
from kerasnlp_zoo.text.preprocessors.preprocessor import Preprocessor
from kerasnlp_zoo.zoo.entries import load
from kerasnlp_zoo.zoo.served import described_task, find_saved_model, load_signatures


def load_model(source: Source) -> ServedModel:
    """Load a model, and let it answer once, because the first answer takes longer.

    An entry is prepared as `predict` prepares it, so its answers are those of `kerasnlp-zoo predict`. A SavedModel
    takes texts as TensorFlow Serving does.

    Raises:
        InputError: if the model cannot be read.
    """
    if source.is_saved_model:
        version = find_saved_model(source.path)
        return _loaded(source.name, version, described_task(version).preprocessor.modules, None)
    task = load(source.path)
    preprocessor = task.preprocessor
    with tempfile.TemporaryDirectory(prefix="kerasnlp_zoo_serve_") as folder:
        version = str(task.export(folder))
        del task  # only the SavedModel stays in memory
        gc.collect()
        return _loaded(source.name, version, preprocessor.modules, _prepare(preprocessor))


def _loaded(name: str, folder: str, modules: Sequence[str], prepare: Compute | None) -> ServedModel:
    """Load the SavedModel of a folder."""
    signatures = {key: _signature(function) for key, function in load_signatures(folder, modules).items()}
    number = folder.rstrip("/").rpartition("/")[2]
    for signature in signatures.values():
        signature.compute({key: _example(field) for key, field in signature.inputs.items()})
    version = int(number) if number.isdecimal() else 1
    return ServedModel(name, version, signatures, _metadata(f"{folder}/{SAVED_MODEL}"), prepare)


def _signature(function: Any) -> Signature:
    """Return a function of a SavedModel as a function of arrays."""
    inputs, outputs = function.structured_input_signature[1], function.structured_outputs

    def compute(arrays: Arrays) -> Arrays:
        try:
            answers = function(**{name: tf.constant(arrays[name], spec.dtype) for name, spec in inputs.items()})
        except tf.errors.InvalidArgumentError as error:
            raise Refusal(f"The model cannot read this input. {str(error)[:300]}") from error
        return {name: answers[name].numpy() for name in sorted(answers)}

    return Signature(_fields(inputs), _fields(outputs), compute)


def _fields(specs: Mapping[str, tf.TensorSpec]) -> dict[str, Field]:
    return {name: Field(spec.dtype.name, tuple(spec.shape)) for name, spec in specs.items()}


def _example(field: Field) -> np.ndarray:
    """Return one row for a warm-up: an empty text, or zeros."""
    shape = (1, *(size or 1 for size in field.shape[1:]))
    return np.full(shape, b"", object) if field.dtype == STRING else np.zeros(shape, field.dtype)


def _metadata(path: str) -> dict[str, Any]:
    """Return the signatures in the file of a SavedModel as JSON values."""
    content = saved_model_pb2.SavedModel()
    with tf.io.gfile.GFile(path, "rb") as file:
        content.ParseFromString(file.read())
    signatures = content.meta_graphs[0].signature_def
    return {
        name: MessageToDict(
            signatures[name], preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
        for name in sorted(signatures)
    }


def _prepare(preprocessor: Preprocessor) -> Compute | None:
    """Return the function that prepares the arrays of a request as `predict` prepares its texts."""
    if type(preprocessor).prepare is Preprocessor.prepare:
        return None

    def prepare(arrays: Arrays) -> Arrays:
        try:
            return {name: _prepared(preprocessor, values) for name, values in arrays.items()}
        except InputError as error:
            raise Refusal(str(error)) from error

    return prepare


def _prepared(preprocessor: Preprocessor, texts: np.ndarray) -> np.ndarray:
    if texts.dtype != object:
        return texts
    result = np.empty(len(texts), object)
    result[:] = [text.encode() for text in preprocessor.prepare([text.decode("utf-8", "replace") for text in texts])]
    return result
