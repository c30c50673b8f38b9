"""Read the tensors of a PyTorch file without PyTorch, and without running code of the file.

torch.save writes a zip file. NAME/data.pkl is a pickle that describes the tensors as views of storages; NAME/data/0,
NAME/data/1, ... are the storages. In general, a pickle can call any Python function. Here it can use only the few
names that tensors need, and each name is replaced by an object that only records its arguments. The tensors are
created from these records.
"""

import dataclasses
import io
import math
import pickle
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import FilePath

BFLOAT16 = "bfloat16"  # the upper half of a float32; NumPy does not support it
DTYPES = {
    "FloatStorage": "f4",
    "DoubleStorage": "f8",
    "HalfStorage": "f2",
    "BFloat16Storage": BFLOAT16,
    "LongStorage": "i8",
    "IntStorage": "i4",
    "BoolStorage": "?",
}
ADVICE = (
    "With PyTorch, save the model as safetensors, model.save_pretrained(folder), or write the file again: "
    "torch.save(torch.load(path, weights_only=True), path)"
)


def read_pytorch(path: FilePath) -> dict[str, np.ndarray]:
    """Read a state dict that torch.save of PyTorch 1.6 or later wrote.

    Args:
        path: file, such as pytorch_model.bin.

    Returns:
        Names -> arrays; bfloat16 is converted to float32.

    Raises:
        InputError: if the file is damaged or in the older format, or its pickle uses names that tensors do not need.
    """
    try:
        with zipfile.ZipFile(path) as file:
            return _tensors(file, path)
    except zipfile.BadZipFile as error:
        raise InputError(
            f"{path} is not a zip file: it is damaged, incomplete, or in the format of PyTorch before 1.6, which is "
            f"not supported. {ADVICE}. ({error})"
        ) from error


def _tensors(file: zipfile.ZipFile, path: FilePath) -> dict[str, np.ndarray]:
    """Return the tensors of an open zip file."""
    pickles = [name for name in file.namelist() if name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise InputError(
            f"{path} is not a file of torch.save. Expected: one data.pkl in it. Received: {len(pickles)}. {ADVICE}"
        )
    folder = pickles[0].removesuffix("data.pkl")
    big = f"{folder}byteorder" in file.namelist() and file.read(f"{folder}byteorder") == b"big"
    records = _unpickled(file.read(pickles[0]), path)
    if not isinstance(records, dict) or not all(isinstance(tensor, _Tensor) for tensor in records.values()):
        others = [str(name) for name, value in records.items() if not isinstance(value, _Tensor)] if records else []
        raise InputError(
            f"{path} is not a state dict. Expected: names and tensors, as torch.save(model.state_dict(), path) writes. "
            f"Received: {', '.join(others[:8]) or type(records).__name__}"
        )
    storages: dict[_Storage, np.ndarray] = {}
    for tensor in records.values():
        if tensor.storage not in storages:
            storages[tensor.storage] = _read_storage(file, folder, tensor.storage, big, path)
    return {str(name): _view(tensor, storages[tensor.storage], name, path) for name, tensor in records.items()}


def _unpickled(data: bytes, path: FilePath) -> Any:
    """Return the content of a pickle, with a record for each tensor."""
    try:
        return _Unpickler(io.BytesIO(data)).load()
    except InputError as error:
        raise InputError(f"{path} {error}") from error
    except Exception as error:  # a damaged pickle can raise any exception
        raise InputError(f"{path} contains a damaged pickle. {ADVICE}. ({error!r})") from error


class _Record:
    """An object that a pickle can create but not change: pickles change objects with `__setstate__`."""

    def __setstate__(self, state: Any) -> None:
        raise InputError("changes an object, which tensors do not need; this may be an attack. Do not use the file")


@dataclasses.dataclass(frozen=True)
class _Storage(_Record):
    """The numbers of one or more tensors: a file in the zip file."""

    dtype: str
    key: str
    size: int


@dataclasses.dataclass(frozen=True)
class _Tensor(_Record):
    """The shape of a tensor, and the position of its numbers in a storage."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Attributed(dict):
    """A dict that ignores attributes: the attributes of a state dict are only version numbers of PyTorch modules."""

    def __setstate__(self, state: Any) -> None:
        pass


class _Admitted(_Record):
    """A name that a pickle may call; the call runs `function`."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)


class _StorageType(_Record):
    """A name that a pickle may use but not call."""

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype


def _record_tensor(
    storage: Any,
    offset: int,
    shape: Sequence[int],
    strides: Sequence[int],
    requires_grad: Any,
    hooks: Any,
    metadata: Any = None,
) -> _Tensor:
    numbers = (offset, *shape, *strides)
    are_valid = all(isinstance(number, int) and number >= 0 for number in numbers)
    if not isinstance(storage, _Storage) or not are_valid or len(shape) != len(strides):
        raise InputError("describes an impossible tensor: it is damaged or malicious. Do not use the file")
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _record_parameter(tensor: Any, requires_grad: Any, hooks: Any) -> Any:
    return tensor


GLOBALS: dict[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor_v2"): _record_tensor,
    ("torch._utils", "_rebuild_parameter"): _record_parameter,
    ("collections", "OrderedDict"): _Attributed,
}


class _Unpickler(pickle.Unpickler):
    """An unpickler that accepts only the names in GLOBALS and DTYPES."""

    def find_class(self, module: str, name: str) -> Any:
        """Return the object that replaces a name."""
        if (module, name) in GLOBALS:
            return _Admitted(GLOBALS[module, name])
        if module == "torch" and name in DTYPES:
            return _StorageType(DTYPES[name])
        raise InputError(
            f"asks for {module}.{name}, which tensors do not need. None of its code was run. If you trust the file: "
            f"{ADVICE[0].lower()}{ADVICE[1:]}"
        )

    def persistent_load(self, identity: Any) -> _Storage:
        """Return a storage: torch.save writes it outside the pickle."""
        kind, storage_type, key, _, size = identity
        if kind != "storage" or not isinstance(storage_type, _StorageType) or not isinstance(size, int):
            raise InputError("describes an impossible storage: it is damaged or malicious. Do not use the file")
        return _Storage(storage_type.dtype, str(key), size)


def _read_storage(file: zipfile.ZipFile, folder: str, storage: _Storage, big: bool, path: FilePath) -> np.ndarray:
    """Return the numbers of a storage as an array [storage.size]; `big` means big-endian."""
    name = f"{folder}data/{storage.key}"
    dtype = np.dtype("u2" if storage.dtype == BFLOAT16 else storage.dtype).newbyteorder(">" if big else "<")
    # torch.save does not compress. A compressed file could be larger than the memory.
    if name not in file.namelist() or file.getinfo(name).compress_type != zipfile.ZIP_STORED:
        raise InputError(f"{path} is damaged: it has no uncompressed file {name}. {ADVICE}")
    data = file.read(name)
    if len(data) != storage.size * dtype.itemsize:
        raise InputError(
            f"{path} is damaged: {name} must contain {storage.size} numbers of {dtype.itemsize} bytes. "
            f"Received: {len(data)} bytes"
        )
    numbers = np.frombuffer(data, dtype).astype(dtype.newbyteorder("="), copy=False)
    return (numbers.astype("u4") << 16).view("f4") if storage.dtype == BFLOAT16 else numbers


def _view(tensor: _Tensor, numbers: np.ndarray, name: str, path: FilePath) -> np.ndarray:
    """Return the array that a record describes, from the numbers of its storage."""
    count = math.prod(tensor.shape)
    steps = [stride if size > 1 else 0 for size, stride in zip(tensor.shape, tensor.strides, strict=True)]
    last = tensor.offset + sum((size - 1) * step for size, step in zip(tensor.shape, steps, strict=True))
    if last >= len(numbers) or not 0 < count <= len(numbers):
        raise InputError(
            f"{path} is damaged: {name} of shape {list(tensor.shape)} needs {count} numbers, up to index {last}, but "
            f"its storage has {len(numbers)}"
        )
    strides = [step * numbers.itemsize for step in steps]
    return as_strided(numbers[tensor.offset :], tensor.shape, strides).copy()
