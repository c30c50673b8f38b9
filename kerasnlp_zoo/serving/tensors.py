"""JSON values to tensors and back, by the rules of TensorFlow Serving.

Shapes: N rows. A list of lists is a tensor if all lists of one level have the same length.

Reference: https://www.tensorflow.org/tfx/serving/api_rest
"""

import base64
import binascii
import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from kerasnlp_zoo.serving.refusals import Refusal

Arrays: TypeAlias = dict[str, np.ndarray]  # by name; strings are arrays of bytes objects
STRING = "string"
BASE64 = "b64"
BYTES = "_bytes"  # ends the name of an output whose strings are not text
TYPE_NAMES = {"float32": "float", "float64": "double"}  # of TensorFlow Serving's messages
JSON_NAMES = {dict: "Object", list: "Array", str: "String", bool: "Bool", type(None): "Null"}


@dataclasses.dataclass(frozen=True)
class Field:
    """The type and the shape of an input or output of a signature.

    Args:
        dtype: name of the type in TensorFlow, such as "string" or "float32".
        shape: a number for each dimension, None for one of any size. The first dimension is that of the rows.
    """

    dtype: str
    shape: tuple[int | None, ...]


Fields: TypeAlias = Mapping[str, Field]


def instances_to_arrays(instances: Any, fields: Fields) -> Arrays:
    """Convert the value of "instances": a list with a value, or an object of values by name, for each row.

    Raises:
        Refusal: if the rows are not what the signature takes.

    Example:

    >>> instances_to_arrays(["a film", "a book"], {"text": Field("string", (None,))})
    {'text': array([b'a film', b'a book'], dtype=object)}
    """
    if not isinstance(instances, list):
        raise Refusal(f"Expecting 'instances' to be a list. Received: {_json_type(instances)}")
    if not instances:
        raise Refusal("No values in 'instances'. Expected a list with at least one text or row")
    by_name = _is_object(instances[0])
    if not by_name and len(fields) > 1:
        raise Refusal(f"'instances' is a plain list. Expected a list of objects with the keys {', '.join(fields)}")
    found: dict[str, list[Any]] = {name: [] for name in fields}
    for row, item in enumerate(instances):
        if _is_object(item) != by_name:
            kind, other = ("object", "value or list") if by_name else ("value or list", "object")
            raise Refusal(f"Expecting {kind} but got {other} at item {row} of 'instances'. Do not mix both")
        if by_name and item.keys() != fields.keys():
            received = ", ".join(f"{key:.40}" for key in list(item)[:10])
            raise Refusal(
                f"Failed to process element {row} of 'instances': it must only have the keys {', '.join(fields)}. "
                f"Received: {received or 'no keys'}"
            )
        for name in fields:
            found[name].append(item[name] if by_name else item)
    arrays = {}
    for name, field in fields.items():
        try:
            arrays[name] = _array(found[name], field)
        except Refusal as error:
            raise Refusal(f"Failed to process 'instances', input {name!r}: {error.message}") from error
    return arrays


def inputs_to_arrays(inputs: Any, fields: Fields) -> Arrays:
    """Convert the value of "inputs": the tensor of the only input, or an object of tensors by name.

    Raises:
        Refusal: if the tensors are not what the signature takes, or have different numbers of rows.

    Example:

    >>> inputs_to_arrays({"text": ["a film"]}, {"text": Field("string", (None,))})
    {'text': array([b'a film'], dtype=object)}
    """
    if not _is_object(inputs):
        if len(fields) > 1:
            raise Refusal(f"'inputs' is a plain value. Expected an object with the keys {', '.join(fields)}")
        inputs = {next(iter(fields)): inputs}
    arrays = {}
    for name, field in fields.items():
        if name not in inputs:
            raise Refusal(f"Missing named input: {name} in 'inputs' object. Expected: {', '.join(fields)}")
        try:
            arrays[name] = _array(inputs[name], field)
        except Refusal as error:
            raise Refusal(f"Failed to process 'inputs', input {name!r}: {error.message}") from error
    counts = {name: len(values) for name, values in arrays.items()}
    if len(set(counts.values())) > 1:
        raise Refusal(f"The inputs have different numbers of rows: {counts}. Expected the same number")
    return arrays


def arrays_to_predictions(arrays: Arrays) -> list[Any]:
    """Return the value of "predictions": a value, or with several outputs an object of values, for each row.

    Example:

    >>> arrays_to_predictions({"label": np.array([b"good"], object), "score": np.array([0.5], "float32")})
    [{'label': 'good', 'score': 0.5}]
    """
    columns = {name: _json(name, values) for name, values in arrays.items()}
    if len(columns) == 1:
        return next(iter(columns.values()))
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def arrays_to_outputs(arrays: Arrays) -> Any:
    """Return the value of "outputs": a tensor, or with several outputs an object of tensors by name.

    Example:

    >>> arrays_to_outputs({"vector": np.array([[1, 2]], "float32")})
    [[1.0, 2.0]]
    """
    columns = {name: _json(name, values) for name, values in arrays.items()}
    return next(iter(columns.values())) if len(columns) == 1 else columns


def _is_object(value: Any) -> bool:
    """Return whether a value is an object, and not an encoded string."""
    return isinstance(value, dict) and not _is_base64(value)


def _is_base64(value: Any) -> bool:
    return isinstance(value, dict) and list(value) == [BASE64] and isinstance(value[BASE64], str)


def _array(value: Any, field: Field) -> np.ndarray:
    """Convert nested lists to an array of the shape and type of a field."""
    sizes: list[int] = []
    first = value
    while isinstance(first, list) and len(sizes) < len(field.shape):
        sizes.append(len(first))
        first = first[0] if first else None
    rank = len(field.shape)
    if len(sizes) < rank and (not sizes or sizes[-1] > 0):
        raise Refusal(f"expected lists nested to level {rank}. Received: {_json_type(first)} at level {len(sizes)}")
    sizes += [size or 0 for size in field.shape[len(sizes) :]]  # below an empty list
    shape = tuple(sizes)
    if any(expected not in (None, size) for expected, size in zip(field.shape, shape, strict=True)):
        raise Refusal(f"expecting shape {_shown(field.shape)} but got {_shown(shape)}")
    flat: list[Any] = []
    for row, item in enumerate(value):
        try:
            _fill(item, shape[1:], field.dtype, flat)
        except Refusal as error:
            raise Refusal(f"row {row}: {error.message}") from error
    if field.dtype == STRING:
        array = np.empty(len(flat), object)
        array[:] = flat
    else:
        array = np.array(flat, field.dtype)
    return array.reshape(shape)


def _fill(value: Any, shape: Sequence[int], dtype: str, flat: list[Any], level: int = 0) -> None:
    """Append the elements of nested lists to `flat`. The depth of the calls is the number of dimensions."""
    if level == len(shape):
        flat.append(_element(value, dtype))
        return
    if not isinstance(value, list):
        raise Refusal(f"expected a list at level {level} of the row. Received: {_json_type(value)}")
    if len(value) != shape[level]:
        raise Refusal(
            f"a list at level {level} has the unexpected size {len(value)}, expected size: {shape[level]}. "
            "All lists of a level must have the same size"
        )
    for item in value:
        _fill(item, shape, dtype, flat, level + 1)


def _element(value: Any, dtype: str) -> Any:
    """Convert a JSON value to an element of a tensor."""
    if dtype == STRING:
        return _string(value)
    kind = np.dtype(dtype).kind
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "f" and is_number:
        info = np.finfo(dtype)
        exact = 2 ** (info.nmant + 1)
        lossy = abs(value) >= exact if isinstance(value, int) else math.isfinite(value) and abs(value) > float(info.max)
        if lossy:
            raise Refusal(f"cannot convert {value!r:.40} to {TYPE_NAMES[dtype]} without loss of precision")
        return value
    if kind in "iu" and is_number and isinstance(value, int):
        limits = np.iinfo(dtype)
        if limits.min <= value <= limits.max:
            return value
    if kind == "b" and isinstance(value, bool):
        return value
    shown = f" {value!r:.40}" if is_number else ""
    raise Refusal(
        f"JSON Value:{shown} Type: {_json_type(value)} is not of expected type: {TYPE_NAMES.get(dtype, dtype)}"
    )


def _string(value: Any) -> bytes:
    """Convert a JSON string, or an object with a string in base64, to bytes."""
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError as error:
            raise Refusal(
                f"the text contains half of a character (\\u{ord(value[error.start]):04x}) at position {error.start}. "
                "Send complete characters, such as both halves of an emoji"
            ) from error
    if not _is_base64(value):
        raise Refusal(f"JSON Value: Type: {_json_type(value)} is not of expected type: string")
    try:
        return base64.b64decode(value[BASE64], validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refusal(f"unable to base64 decode: {error}") from error


def _json(name: str, values: np.ndarray) -> Any:
    """Return an array as nested lists of JSON values. A float32 is written with all digits of its double."""
    if values.dtype.kind not in "OS":
        return values.tolist()
    is_binary = name.endswith(BYTES)
    return _decoded(values.tolist(), is_binary)


def _decoded(value: Any, is_binary: bool) -> Any:
    if isinstance(value, list):
        return [_decoded(item, is_binary) for item in value]
    return {BASE64: base64.b64encode(value).decode()} if is_binary else value.decode("utf-8", "replace")


def _json_type(value: Any) -> str:
    return JSON_NAMES.get(type(value), "Number")


def _shown(shape: Sequence[int | None]) -> str:
    return f"[{','.join('-1' if size is None else str(size) for size in shape)}]"
