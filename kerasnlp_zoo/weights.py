"""Weights of a Keras model as a safetensors file, keyed by variable path."""

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import written_whole

LISTED = 8  # names listed in an error


def save_weights(model, path, dtype="float32"):
    """Write the weights of `model`, whole or not at all.

    Args:
        model: `keras.Model`.
        path: file to write, *.safetensors.
        dtype: "float32", or "float16" for half the size. int8 weights stay as they are, and so do their
            scales, which float16 cannot always hold.
    """
    values = {w.path: np.ascontiguousarray(w.value) for w in model.weights}
    scales = {f"{name}_scale" for name, value in values.items() if value.dtype == np.int8}
    tensors = {n: v.astype(dtype) if v.dtype.kind == "f" and n not in scales else v for n, v in values.items()}
    with written_whole(path) as temporary:
        temporary.write_bytes(save(tensors))


def stored_dtype(path):
    """Return the dtype that a file of `save_weights` was written with: "float16" or "float32"."""
    return "float16" if any(tensor.dtype == np.float16 for tensor in load_file(path).values()) else "float32"


def load_weights(model, path, skip=None):
    """Set the weights of `model` from a file that `save_weights` wrote.

    Args:
        model: `keras.Model` with the same variable paths and shapes.
        path: *.safetensors file.
        skip: prefix of variable paths that keep their fresh values, such as "logits/", or None.

    Returns:
        list of the variable paths skipped.

    Raises:
        InputError: if the file cannot be read, or its names or shapes differ from the model's.
    """
    return assign_weights(model, read_tensors(path), path, skip)


def read_tensors(path):
    """Return the tensors of a safetensors file, a dict from names to arrays.

    Raises:
        InputError: if the file cannot be read.
    """
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(f"{path} holds no readable weights; expected a whole safetensors file. {error}") from error


def assign_weights(model, tensors, source, skip=None):
    """Set the weights of `model` from arrays, all of them or none.

    Args:
        model: `keras.Model`.
        tensors: dict from variable paths to arrays.
        source: what the arrays come from, for messages.
        skip: as for `load_weights`.

    Returns:
        list of the variable paths skipped.

    Raises:
        InputError: if the names or shapes differ from the model's.
    """
    skipped = [w.path for w in model.weights if skip and w.path.startswith(skip)]
    weights = {w.path: w for w in model.weights if w.path not in skipped}
    tensors = {name: tensor for name, tensor in tensors.items() if not (skip and name.startswith(skip))}
    missing = [f"missing {name}" for name in weights if name not in tensors]
    unknown = [f"unknown {name}" for name in tensors if name not in weights]
    shapes = [
        f"{name} is {list(tensors[name].shape)} in the file, {list(weights[name].shape)} in the model"
        for name in weights
        if name in tensors and tuple(tensors[name].shape) != tuple(weights[name].shape)
    ]
    if problems := missing + unknown + shapes:
        raise InputError(f"{source} does not fit the model {model.name}: {listed(problems)}")
    for name, weight in weights.items():
        weight.assign(tensors[name].astype(weight.dtype))
    return skipped


def listed(problems):
    """Return the first problems in a line.

    Example:

    >>> listed(["missing logits/bias", "unknown layer/kernel"])
    'missing logits/bias; unknown layer/kernel'
    """
    return "; ".join(problems[:LISTED]) + (" ..." if len(problems) > LISTED else "")
