"""Read the tensors of a PyTorch file without PyTorch, and without running code of the file.

torch.save writes a zip file. NAME/data.pkl is a pickle that describes the tensors as views of storages; NAME/data/0,
NAME/data/1, ... are the storages. torch.save compresses nothing: a compressed member could be larger than the memory.
"""

import math
import os
import zipfile

import numpy as np
from numpy.lib.stride_tricks import as_strided

from kerasnlp_zoo.convert.tensor_pickle import ADVICE, BFLOAT16, Storage, Tensor, read_pickle, tensors_of
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import require_regular
from kerasnlp_zoo.memory_limit import require_memory
from kerasnlp_zoo.types import FilePath

LARGEST_PICKLE = 2**22  # bytes
MOST_VIEWS = 8  # bytes of all tensors together for each byte of the file; bfloat16 doubles, tied weights are shared


def read_pytorch(path: FilePath) -> dict[str, np.ndarray]:
    """Read a state dict that torch.save of PyTorch 1.6 or later wrote.

    Args:
        path: file, such as pytorch_model.bin.

    Returns:
        Names -> arrays; bfloat16 is converted to float32.

    Raises:
        InputError: if the file is damaged or in the older format, its pickle uses names that tensors do not need, or
            its tensors are much larger than the file.
    """
    require_regular(path)
    try:
        with zipfile.ZipFile(path) as file:
            return _tensors(file, path)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is not a zip file that can be read: it is missing, damaged, encrypted, or in the format of "
            f"PyTorch before 1.6, which is not supported. {ADVICE}. ({error})"
        ) from error


def _tensors(file: zipfile.ZipFile, path: FilePath) -> dict[str, np.ndarray]:
    """Return the tensors of an open zip file."""
    pickles = [name for name in file.namelist() if name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise InputError(
            f"{path} is not a file of torch.save. Expected: one data.pkl in it. Received: {len(pickles)}. {ADVICE}"
        )
    folder = pickles[0].removesuffix("data.pkl")
    byteorder = f"{folder}byteorder"
    big = byteorder in file.namelist() and _read_member(file, byteorder, path) == b"big"
    size = file.getinfo(pickles[0]).file_size
    if size > LARGEST_PICKLE:  # an instruction of one byte can allocate an object of 64 bytes
        raise InputError(
            f"{path} describes its tensors in {size:,} bytes. Expected at most {LARGEST_PICKLE:,}, enough for 20,000 "
            f"tensors. {ADVICE}"
        )
    data = _read_member(file, pickles[0], path)
    try:
        records = dict(tensors_of(read_pickle(data)))
    except InputError as error:
        raise InputError(f"{path} {error}") from error
    _require_worth(records, path)
    storages: dict[Storage, np.ndarray] = {}
    for tensor in records.values():
        if tensor.storage not in storages:
            storages[tensor.storage] = _read_storage(file, folder, tensor.storage, big, path)
    return {name: _view(tensor, storages[tensor.storage], name, path) for name, tensor in records.items()}


def _require_worth(records: dict[str, Tensor], path: FilePath) -> None:
    """Raise InputError if the tensors need much more memory than the file: thousands may be views of one storage."""
    numbers = sum(math.prod(tensor.shape) for tensor in records.values())
    size = os.path.getsize(path)
    if 4 * numbers > MOST_VIEWS * size:
        raise InputError(
            f"{path} has {size:,} bytes, but its tensors need {numbers:,} numbers: it is damaged or malicious. Do not "
            "use the file"
        )
    require_memory(4 * numbers, path)


def _read_member(file: zipfile.ZipFile, name: str, path: FilePath) -> bytes:
    """Return the content of a member of the zip file, which must not be compressed."""
    try:
        member = file.getinfo(name)  # of a dict: a file may have as many names as storages
    except KeyError:
        raise InputError(f"{path} is damaged: it has no uncompressed file {name}. {ADVICE}") from None
    size = max(member.file_size, member.compress_size)  # as the file states it
    if member.compress_type != zipfile.ZIP_STORED or size > os.path.getsize(path):
        raise InputError(f"{path} is damaged: it has no uncompressed file {name}. {ADVICE}")
    return file.read(name)


def _read_storage(file: zipfile.ZipFile, folder: str, storage: Storage, big: bool, path: FilePath) -> np.ndarray:
    """Return the numbers of a storage as an array [storage.size]; `big` means big-endian."""
    name = f"{folder}data/{storage.key}"
    dtype = np.dtype("u2" if storage.dtype == BFLOAT16 else storage.dtype).newbyteorder(">" if big else "<")
    data = _read_member(file, name, path)
    if len(data) != storage.size * dtype.itemsize:
        raise InputError(
            f"{path} is damaged: {name} must contain {storage.size} numbers of {dtype.itemsize} bytes. "
            f"Received: {len(data)} bytes"
        )
    numbers = np.frombuffer(data, dtype).astype(dtype.newbyteorder("="), copy=False)
    return (numbers.astype("u4") << 16).view("f4") if storage.dtype == BFLOAT16 else numbers


def _view(tensor: Tensor, numbers: np.ndarray, name: str, path: FilePath) -> np.ndarray:
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
