"""The weights of a Keras model: in safetensors files, keyed by variable path, and as constants of a loop."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

import keras
import numpy as np
import tensorflow as tf
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_file, require_regular
from kerasnlp_zoo.memory_limit import require_memory
from kerasnlp_zoo.types import FilePath

WeightDtype: TypeAlias = Literal["float32", "float16", "int8"]
LISTED = 8  # names listed in an error
# What damaged files raise, and files with numbers of a type that NumPy lacks.
UNREADABLE = (SafetensorError, OSError, ValueError, TypeError, LookupError, AttributeError)
SCALE = ":scale"  # suffix of the name of the float scales of an int8 matrix, one for each row
LEAST_INT8 = 2**13  # minimum size of a matrix that is written as int8; smaller ones would save too little


def save_weights(
    model: keras.Model,
    path: FilePath,
    dtype: WeightDtype = "float32",
    weights: Iterable[keras.Variable] | None = None,
) -> None:
    """Write the weights of `model` atomically.

    Args:
        model: the model.
        path: file to write, *.safetensors.
        dtype: "float32"; "float16" for half the size; "int8" for a quarter of the size. int8 rounds only large
            matrices, with a float scale for each row. `read_weights` returns all of them as floats. Weights that
            Keras quantized are written unchanged, with their scales, which can be too large for float16.
        weights: the variables to write; None writes all variables of the model.
    """
    write_weights({w.path: np.array(w.value) for w in (model.weights if weights is None else weights)}, path, dtype)


def write_weights(values: Mapping[str, np.ndarray], path: FilePath, dtype: WeightDtype = "float32") -> None:
    """Write arrays by variable path atomically; the arguments are those of `save_weights`."""
    with atomic_file(path) as temporary:
        temporary.write_bytes(save(_kept(values, dtype)))


def round_weights(model: keras.Model, dtype: WeightDtype) -> None:
    """Round the weights of `model` to the values that they would have after saving in a dtype and loading.

    Args:
        model: the model.
        dtype: as for `save_weights`.
    """
    rounded = rounded_arrays({variable.path: np.array(variable) for variable in model.weights}, dtype)
    for variable in model.weights:
        variable.assign(rounded[variable.path].astype(variable.dtype))


def rounded_arrays(values: Mapping[str, np.ndarray], dtype: WeightDtype) -> dict[str, np.ndarray]:
    """Return arrays by variable path as they would be after writing in a dtype and reading."""
    return _restored(_kept(values, dtype))


def _kept(values: Mapping[str, np.ndarray], dtype: WeightDtype) -> dict[str, np.ndarray]:
    """Return the tensors that are written to a file, by name, for arrays by name."""
    keras_scales = {f"{name}_scale" for name, value in values.items() if value.dtype == np.int8}
    tensors: dict[str, np.ndarray] = {}
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


def _restored(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return arrays by name from the tensors that `_kept` returned."""
    return {
        name: value * tensors[name + SCALE] if name + SCALE in tensors else value
        for name, value in tensors.items()
        if not name.endswith(SCALE)
    }


def load_weights(
    model: keras.Model, path: FilePath, skip: Sequence[str] = (), optional: Sequence[str] = ()
) -> list[str]:
    """Set the weights of `model` from a file that `save_weights` wrote.

    Args:
        model: model with the same variable paths and shapes.
        path: *.safetensors file.
        skip: prefixes of variable paths that keep their initial values, such as ("logits/",).
        optional: prefixes of variable paths that may be missing in the file or in the model.

    Returns:
        The variable paths that keep their initial values.

    Raises:
        InputError: if the file cannot be read, or its names or shapes differ from the model's.
    """
    return assign_weights(model, read_weights(path), path, skip, optional)


def read_weights(path: FilePath) -> dict[str, np.ndarray]:
    """Return the arrays of a safetensors file by variable path; bfloat16 is converted to float32.

    Raises:
        InputError: if the file cannot be read or is incomplete, scales do not fit their matrix, or a number is NaN or
            infinite; or if the file is larger than the memory for reading a file.
    """
    require_regular(path)
    if os.path.isfile(path):
        require_memory(os.path.getsize(path), path)
    try:
        tensors = load_file(path)
    except UNREADABLE as error:
        raise InputError(
            f"{path} contains no readable weights. Expected a complete safetensors file. {error}"
        ) from error
    for name, value in tensors.items():
        if value.dtype.name == "bfloat16":
            tensors[name] = value.astype("float32")
    _require_scales(tensors, path)
    restored = _restored(tensors)
    require_finite(restored, path)
    return restored


def require_finite(tensors: Mapping[str, np.ndarray], source: object) -> None:
    """Raise InputError if a number in the arrays of `source` is NaN, infinite, or too large for float32."""
    for name, value in tensors.items():
        if value.dtype.kind != "f":
            continue
        with np.errstate(over="ignore"):
            as_float32 = value.astype("float32", copy=False)
        if not np.isfinite(as_float32).all():
            raise InputError(
                f"{source} contains NaN or infinity in {name}, or a number too large for float32: it is damaged, or "
                "its training diverged. Copy or train it again"
            )


def weight_shapes(path: FilePath) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the arrays in a safetensors file by variable path, without reading the arrays.

    Raises:
        InputError: if the file cannot be read or is incomplete.
    """
    try:
        with safe_open(path, "numpy") as file:
            names = [name for name in file.keys() if not name.endswith(SCALE)]  # noqa: SIM118, it is no dict
            return {name: tuple(file.get_slice(name).get_shape()) for name in names}
    except UNREADABLE as error:
        raise InputError(
            f"{path} contains no readable weights. Expected a complete safetensors file. {error}"
        ) from error


def _require_scales(tensors: Mapping[str, np.ndarray], path: FilePath) -> None:
    """Raise InputError unless every scale belongs to a row of an int8 matrix: other shapes could fill the memory."""
    for name, scale in tensors.items():
        if not name.endswith(SCALE):
            continue
        matrix = tensors.get(name.removesuffix(SCALE))
        if matrix is None or matrix.dtype != np.int8 or scale.shape != (*matrix.shape[:-1], 1):
            shape = "missing" if matrix is None else f"{matrix.dtype} {list(matrix.shape)}"
            raise InputError(
                f"{path} is damaged: {name} of shape {list(scale.shape)} must have a scale for each row of an int8 "
                f"matrix. Received: {shape}. Copy or train the entry again"
            )


def assign_weights(
    model: keras.Model,
    tensors: Mapping[str, np.ndarray],
    source: object,
    skip: Sequence[str] = (),
    optional: Sequence[str] = (),
) -> list[str]:
    """Set the weights of `model` from arrays; every weight needs an array.

    Args:
        model: the model.
        tensors: variable path -> array.
        source: where the arrays come from, for error messages.
        skip, optional: as for `load_weights`.

    Returns:
        The variable paths that keep their initial values.

    Raises:
        InputError: if names or shapes differ from the model's, or floats are in the place of integers.
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
    kinds = [
        f"{name} is {tensors[name].dtype} in the file, {weight.dtype} in the model"
        for name, weight in weights.items()
        if name in tensors and (tensors[name].dtype.kind == "f") != keras.backend.is_float_dtype(weight.dtype)
    ]
    if problems := missing + unknown + shapes + kinds:
        raise InputError(f"{source} does not fit the model {model.name}: {listed(problems)}")
    for name, weight in weights.items():
        if name not in fresh:
            weight.assign(tensors[name].astype(weight.dtype))
    return fresh


def read_once(model: keras.Model) -> keras.StatelessScope:
    """Return a context in which a traced loop reads the weights of a model once instead of in every step, as floats.

    Args:
        model: the model.

    Example:

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="ones")])
    >>> with read_once(model):
    ...     tf.while_loop(lambda x: x[0, 0] < 20, lambda x: (model(x),), (tf.ones([1, 2]),))[0].numpy()
    array([[32., 32.]], dtype=float32)
    """
    scope = keras.StatelessScope()
    for variable in model.variables:
        value = tf.convert_to_tensor(variable.value)
        # A layer with int8 weights converts them to float at each use; the value of the scope may have another dtype.
        scope.add_update((variable, tf.cast(value, "float32") if value.dtype == tf.int8 else value))
    return scope


def listed(problems: Sequence[str]) -> str:
    """Return the first problems in one line.

    Example:

    >>> listed(["missing logits/bias", "unknown layer/kernel"])
    'missing logits/bias; unknown layer/kernel'
    """
    return "; ".join(problems[:LISTED]) + (" ..." if len(problems) > LISTED else "")
