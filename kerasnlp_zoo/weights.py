"""Weights of a Keras model as a safetensors file, keyed by variable path; and read once for all steps of a loop."""

import keras
import numpy as np
import tensorflow as tf
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_file

LISTED = 8  # names listed in an error
SCALE = ":scale"  # behind the name of a matrix kept in int8: a float for each row
LEAST_INT8 = 2**13  # numbers of a matrix, below which int8 saves nothing worth its rounding


def save_weights(model, path, dtype="float32", weights=None):
    """Write the weights of `model`, whole or not at all.

    Args:
        model: `keras.Model`.
        path: file to write, *.safetensors.
        dtype: "float32"; "float16" for half the size; or "int8" for a quarter: large matrices with a float scale for
            each row, all else as it is. Whichever it is, they are float32 again when they are read. Weights that
            Keras quantized stay as they are, and so do their scales, which float16 cannot always hold.
        weights: list of the variables to write, None for all of the model.
    """
    values = {w.path: np.ascontiguousarray(w.value) for w in (model.weights if weights is None else weights)}
    with atomic_file(path) as temporary:
        temporary.write_bytes(save(_kept(values, dtype)))


def round_weights(model, dtype):
    """Give the weights of `model` the values that a file of this dtype would give back.

    Args:
        model: `keras.Model`.
        dtype: as for `save_weights`.
    """
    rounded = _restored(_kept({variable.path: np.array(variable) for variable in model.weights}, dtype))
    for variable in model.weights:
        variable.assign(rounded[variable.path].astype(variable.dtype))


def _kept(values, dtype):
    """Return the tensors by which a file keeps arrays, by name."""
    keras_scales = {f"{name}_scale" for name, value in values.items() if value.dtype == np.int8}
    tensors = {}
    for name, value in values.items():
        if value.dtype.kind != "f" or name in keras_scales:
            tensors[name] = value
        elif dtype != "int8":
            tensors[name] = value.astype(dtype)
        elif value.ndim < 2 or value.size < LEAST_INT8:
            tensors[name] = value
        else:
            largest = np.abs(value).max(axis=-1, keepdims=True).astype("float32")
            scale = np.where(largest > 0, largest, 1) / np.float32(np.iinfo("int8").max)
            tensors |= {name: np.round(value / scale).astype("int8"), name + SCALE: scale}
    return tensors


def _restored(tensors):
    """Return arrays by name from what `_kept` made of them."""
    return {
        name: value * tensors[name + SCALE] if name + SCALE in tensors else value
        for name, value in tensors.items()
        if not name.endswith(SCALE)
    }


def load_weights(model, path, skip=(), optional=()):
    """Set the weights of `model` from a file that `save_weights` wrote.

    Args:
        model: `keras.Model` with the same variable paths and shapes.
        path: *.safetensors file.
        skip: prefixes of variable paths that keep their fresh values, such as ("logits/",).
        optional: prefixes of variable paths that may be missing on either side.

    Returns:
        list of the variable paths that keep fresh values.

    Raises:
        InputError: if the file cannot be read, or its names or shapes differ from the model's.
    """
    return assign_weights(model, read_weights(path), path, skip, optional)


def read_weights(path):
    """Read a safetensors file: dict of variable path -> array.

    Raises:
        InputError: if it cannot be read to its end.
    """
    try:
        return _restored(load_file(path))
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(f"{path} holds no readable weights; expected a whole safetensors file. {error}") from error


def assign_weights(model, tensors, source, skip=(), optional=()):
    """Set the weights of `model` from arrays, and refuse gaps.

    Args:
        model: `keras.Model`.
        tensors: dict of variable path -> array.
        source: where they come from, for messages.
        skip, optional: as for `load_weights`.

    Returns:
        list of the variable paths that keep fresh values.

    Raises:
        InputError: if names or shapes differ from the model's.
    """
    weights = {w.path: w for w in model.weights}
    tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith(tuple(skip))}
    may_be_missing = (*skip, *optional)
    fresh = [name for name in weights if name not in tensors and name.startswith(may_be_missing)]
    missing = [f"missing {name}" for name in weights if name not in tensors and name not in fresh]
    unknown = [f"unknown {name}" for name in tensors if name not in weights and not name.startswith(tuple(optional))]
    shapes = [
        f"{name} is {list(tensors[name].shape)} in the file, {list(weight.shape)} in the model"
        for name, weight in weights.items()
        if name in tensors and tuple(tensors[name].shape) != tuple(weight.shape)
    ]
    if problems := missing + unknown + shapes:
        raise InputError(f"{source} does not fit the model {model.name}: {listed(problems)}")
    for name, weight in weights.items():
        if name not in fresh:
            weight.assign(tensors[name].astype(weight.dtype))
    return fresh


def read_once(model):
    """Read the weights of a model now, for what is traced within: not in every step of its loops, which is slower.

    Args:
        model: `keras.Model`.

    Returns:
        context manager.

    Example:

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="ones")])
    >>> with read_once(model):
    ...     tf.while_loop(lambda x: x[0, 0] < 20, lambda x: (model(x),), (tf.ones([1, 2]),))[0].numpy()
    array([[32., 32.]], dtype=float32)
    """
    return keras.StatelessScope([(variable, tf.convert_to_tensor(variable.value)) for variable in model.variables])


def listed(problems):
    """Return the first problems in a line.

    Example:

    >>> listed(["missing logits/bias", "unknown layer/kernel"])
    'missing logits/bias; unknown layer/kernel'
    """
    return "; ".join(problems[:LISTED]) + (" ..." if len(problems) > LISTED else "")
